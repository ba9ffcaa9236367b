//! What the drivers know of device URLs and addresses, for whoever checks a configuration.

use config::{AddressCheck, AddressFacts};
use domain::Problem;
use drivers::DeviceUrl;

/// Asks the drivers; no device is reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses;

impl AddressCheck for Addresses {
    fn url(&self, url: &str) -> Result<(), Problem> {
        parsed(url).map(drop)
    }

    fn address(&self, url: &str, address: &str) -> Result<AddressFacts, Problem> {
        let address = parsed(url)?.parse_address(address)?;
        Ok(AddressFacts { value_type: address.value_type(), writable: address.writable() })
    }
}

fn parsed(url: &str) -> Result<DeviceUrl, Problem> {
    url.parse::<DeviceUrl>().map_err(|problems| {
        let first = problems.0.into_iter().next();
        first.unwrap_or_else(|| Problem::new("url.invalid", url, "This is no device URL."))
    })
}
