//! Verbs for commissioning one device by its URL, without an edge: check, browse, read and write.
//!
//! They open their own connection, end by themselves and give results that print as JSON. Nothing is scanned: only
//! endpoints and addresses that a person named are asked.

mod browse;
mod check;
mod read;
mod target;
mod write;

pub use browse::{Browse, browse};
pub use check::{Check, ScanTime, Speed, check};
pub use read::{Line, Reader, read};
pub use write::{Prepared, Written, prepare_write};
