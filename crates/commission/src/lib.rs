//! Verbs for commissioning one device by its URL, without an edge: check, browse, read and write; and for many tags:
//! import what another system has, and check it before it is saved.
//!
//! They open their own connection, end by themselves and give results that print as JSON. Nothing is scanned: only
//! endpoints and addresses that a person named are asked.

mod browse;
mod check;
pub mod import;
mod read;
mod tag_check;
mod target;
mod write;

pub use browse::{Browse, browse};
pub use check::{Check, ScanTime, Speed, check};
pub use import::import;
pub use read::{Line, Reader, read};
pub use tag_check::{Against, Change, Fix, Level, TagDraft, TagFinding, check_tags, free_name, own_name};
pub use write::{Prepared, Written, prepare_write};
