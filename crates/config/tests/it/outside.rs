//! A small plant's drivers and bundles, to look addresses up in.

use config::site::BundleRef;
use config::{AddressCheck, AddressFacts, Span};
use domain::{Problem, ValueType};

pub(crate) struct Outside;

impl AddressCheck for Outside {
    fn url(&self, url: &str) -> Result<(), Problem> {
        let known = url.starts_with("modbus-tcp://");
        let problem = || Problem::new("device.unknown-protocol", "", format!("`{url}` is of no known protocol"));
        if known { Ok(()) } else { Err(problem()) }
    }

    fn address(&self, _: &str, address: &str) -> Result<AddressFacts, Problem> {
        let mut parts = address.split(':');
        let table = parts.next().unwrap_or_default();
        let offset = parts.next().and_then(|offset| offset.parse::<u16>().ok());
        if !["holding", "input", "coil"].contains(&table) || offset.is_none() {
            let what = format!("`{address}` is not a Modbus address");
            return Err(Problem::new("address.malformed", address, what)
                .hint("write table, offset and type: holding:100:float32"));
        }
        let first = offset.map_or(0, u32::from);
        let named = ["holding", "input", "coil"].into_iter().find(|known| *known == table).unwrap_or("holding");
        let span = Some(Span { table: named, first, end: first + 1 });
        let value_type = match (table, parts.next()) {
            ("coil", _) => ValueType::Bool,
            (_, Some("text")) => ValueType::Text,
            _ => ValueType::F64,
        };
        Ok(AddressFacts { value_type, writable: table != "input", span })
    }

    fn bundle(&self, bundle: &BundleRef) -> Result<(), Problem> {
        let gone = *bundle == BundleRef::Path("nowhere.tar".to_owned());
        let problem = || Problem::new("bundle.not-found", "", format!("there is no file `{bundle}`"));
        if gone { Err(problem()) } else { Ok(()) }
    }
}
