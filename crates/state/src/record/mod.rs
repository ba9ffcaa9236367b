//! The record of changes: one hash chain per node, from the first entry.
//!
//! An entry is hashed as the bytes that are stored and exported; whoever changes, removes or swaps one breaks the chain.

mod chain;
mod entry;
mod words;

pub(crate) use chain::{Chain, end_line};
pub use chain::{ChainFault, ChainReport, verify_export};
pub use entry::Entry;
pub(crate) use entry::{BEGINNING, VERSION, digest_of};
pub use words::said;
