//! The package of a model: its contract, packing and opening it, its golden data, and how its signals fit a site's tags.
//!
//! A bundle is an OCI image layout in one tar; its digest is its manifest's. Nothing here runs a model.

pub mod contract;
pub mod golden;

pub use contract::Contract;
pub use golden::{GoldenCase, TensorData};
