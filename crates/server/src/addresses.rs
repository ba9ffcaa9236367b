//! What the drivers know of device URLs and addresses, for whoever checks a configuration.

use config::{AddressCheck, AddressFacts, Span};
use domain::Problem;
use drivers::modbus::Kind;
use drivers::{Address, DeviceUrl};

/// Asks the drivers; no device is reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses;

impl AddressCheck for Addresses {
    fn url(&self, url: &str) -> Result<(), Problem> {
        parsed(url).map(drop)
    }

    fn address(&self, url: &str, address: &str) -> Result<AddressFacts, Problem> {
        let address = parsed(url)?.parse_address(address)?;
        let Address::Modbus(place) = address;
        let whole = !matches!(place.kind, Kind::Bit(_));
        let span = Span { table: place.table.name(), first: place.offset.into(), end: place.end() };
        let (value_type, writable) = (address.value_type(), address.writable());
        Ok(AddressFacts { value_type, writable, span: Some(span).filter(|_| whole) })
    }
}

fn parsed(url: &str) -> Result<DeviceUrl, Problem> {
    url.parse::<DeviceUrl>().map_err(|problems| {
        let first = problems.0.into_iter().next();
        first.unwrap_or_else(|| Problem::new("url.invalid", url, "This is no device URL."))
    })
}
