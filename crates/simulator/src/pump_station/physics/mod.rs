//! The physics of the pump station: tanks, pump, heat exchanger. Pure: `step(dt)` and numbers.

pub(crate) mod exchanger;
pub(crate) mod noise;
pub(crate) mod pump;
pub(crate) mod tank;
