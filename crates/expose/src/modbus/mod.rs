//! A Modbus server, TCP, RTU over TCP and serial, that behaves like a PLC: unmapped addresses are refused with
//! exception 2, unknown functions with exception 1, units that do not exist stay silent.
//!
//! `registers` is the trait behind it, `image` the ordinary one, `tags` the one that shows tags, `answer` turns a request into a reply, `frame` is the
//! wire, `server` the connections. No write received here is ever passed on to a device.
//!
//! Built on tokio alone: the server of tokio-modbus 0.17 gives up the connection on function 8 (the echo by which
//! masters get back into step), and its decoder panics when a count overflows (16 with 32768 registers).

mod answer;
mod frame;
mod image;
mod registers;
mod server;
mod tags;

pub use frame::Framing;
pub use image::{Image, UnitImage};
pub use registers::{Identity, Manner, Refusal, Registers};
pub use server::{MAX_CONNECTIONS, ModbusServer};
pub use tags::{TagRegister, TagRegisters, Traffic, Writer};
