//! Modbus TCP, RTU and RTU over TCP.
//!
//! `address` says where, `value` what the registers mean, `plan` which requests that takes, `session` asks one
//! question safely, `driver` puts them under the contract.

mod address;
mod crc;
mod driver;
mod plan;
mod session;
pub mod value;
mod wire;

pub use address::{Address, Kind, Order, Table};
pub use crc::crc;
pub use driver::ModbusDriver;
pub use plan::{Block, ReadPlan};
