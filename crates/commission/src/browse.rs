//! `device browse`: what is there to read. Modbus cannot tell; then only addresses that a person named are tried.

use domain::{Problems, Timestamp};
use drivers::DeviceUrl;
use serde::Serialize;

use crate::read::{Line, read};

/// What a device tells about its addresses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Browse {
    /// Whether the protocol can list addresses.
    pub can_browse: bool,
    /// What that means here, in words.
    pub words: &'static str,
    /// What was found at the addresses that were named.
    pub found: Vec<Line>,
}

/// Lists what the device has. A protocol without a list says so, and reads `addresses` instead: never any other.
pub async fn browse(url: &str, addresses: &[String], now: Timestamp) -> Result<Browse, Problems> {
    let parsed: DeviceUrl = url.parse()?;
    let words = match &parsed {
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) | DeviceUrl::ModbusRtu(_) if addresses.is_empty() => {
            "Modbus has no list of addresses: take them from the PLC program or the manual of the device. \
             Addresses that you name are tried and nothing else is."
        }
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) | DeviceUrl::ModbusRtu(_) => {
            "Modbus has no list of addresses; these are the ones that you named."
        }
    };
    let found = if addresses.is_empty() { Vec::new() } else { read(url, addresses, now).await? };
    Ok(Browse { can_browse: false, words, found })
}
