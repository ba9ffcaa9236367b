//! How the server sees the running edge: the ports it declares, one file each.

pub mod deployments;
mod device_test;
pub mod devices;
pub mod doctor;
pub mod history;
pub mod live;
mod words;
