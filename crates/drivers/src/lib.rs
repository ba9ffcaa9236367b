//! Device to samples: one folder per protocol; [`driver`] is the contract.
//!
//! Drivers read and write. They never schedule, scale, store or retry across calls, and one task owns one driver.
//! The registry is [`DeviceUrl`]: an enum, and a `match` wherever a protocol has to be chosen.

pub mod backoff;
pub mod driver;
pub mod error;
pub mod modbus;
pub mod redundant;
pub mod url;

pub use backoff::Backoff;
pub use driver::{Address, AddressProblem, Driver, Identity, Limits, Planned, ReadGroup, Reading, RequestWords, Unit};
pub use error::{DriverError, Scope};
pub use redundant::AddressList;
pub use url::{DeviceUrl, LineKey, Parity, SerialLine, TcpGateway};
