//! Modbus TCP, RTU and RTU over TCP.
//!
//! `address` says where, `value` what the registers mean, `plan` which requests that takes, `line_time` how long they
//! take, `session` asks one question safely, `driver` puts them under the contract.

mod address;
mod crc;
mod driver;
pub mod line_time;
mod plan;
mod session;
pub mod value;
mod wire;

pub use address::{Address, Kind, Order, Table};
pub use crc::crc;
pub use driver::ModbusDriver;
pub use line_time::{LineShare, LineTime, ScanCost};
pub use plan::{Block, ReadPlan};
