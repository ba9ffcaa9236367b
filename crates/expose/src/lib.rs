//! Tags out: so far the core of a Modbus server. A register image answers; what fills it is another's business.

pub mod modbus;
