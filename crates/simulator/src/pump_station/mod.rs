//! Line 2: a feed tank, Pump 7, a heat exchanger and a product tank, behind two PLCs of one gateway.
//!
//! `physics` knows no registers, `plant` runs it and measures, `faults` are the switches, `registers` the map of both
//! PLCs, `site` the edge's configuration for it. Deterministic by its seed; nothing here reads a clock.

mod faults;
mod physics;
mod plant;
pub mod registers;
mod site;

pub use faults::{Fault, FaultKind, Faults};
pub use plant::{Measured, Plant, Schedule};
pub use registers::{SIGNALS, Signal};
pub use site::site_toml;
