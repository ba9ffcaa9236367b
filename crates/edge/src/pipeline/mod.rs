//! The data path, one file per noun, in the order in which data flows.

/// Asks a line for the scan groups that are due, and knows what each device is doing.
pub mod device;

/// Raw readings → samples: scale, quality, dead band.
pub mod sample;

/// The latest value of every tag; hands each scan on to whoever follows it.
pub mod tag_table;
