//! How the server sees the running edge: the ports it declares, one file each.

pub(crate) mod backups;
pub(crate) mod deployments;
mod device_load;
mod device_test;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod history;
mod import;
pub(crate) mod link;
pub(crate) mod live;
pub(crate) mod outlets;
mod scan_time;
