//! Tags out: the Modbus server.
