//! What goes out, against programs that nobody here wrote.

mod modbus;
mod mqtt;
