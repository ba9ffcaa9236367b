//! Tags out: to an MQTT broker, and from a Modbus server. What is sent or shown comes in; nothing here reaches a device.

pub mod modbus;
pub mod mqtt;
