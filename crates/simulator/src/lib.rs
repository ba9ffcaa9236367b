//! Machines with physics and fault switches on real protocols.
//!
//! A machine is one module tree with its physics, its switches and its register map; [`Simulator`] lets it run and
//! answer. So far there is one: [`pump_station`].

pub mod pump_station;
mod simulator;

pub use simulator::{FaultState, Simulator};
