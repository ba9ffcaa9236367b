//! Drivers against servers that nobody here wrote, over links that misbehave.

mod modbus;
mod modbus_bad_reply;
mod modbus_late_reply;
