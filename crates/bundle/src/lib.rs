//! The package of a model: its contract, packing and opening it, its golden data, and how its signals fit a site's tags.
//!
//! A bundle is an OCI image layout in one tar; its digest is its manifest's. Nothing here runs a model.

mod cache;
mod check;
pub mod contract;
mod folder;
pub mod golden;
pub mod mapping;
mod oci;
mod open;
mod pack;
mod read;
mod show;
mod skeleton;

pub use cache::unpack;
pub use check::{check_contract, check_model};
pub use contract::Contract;
pub use folder::{CONTRACT_FILE, Folder, check_folder};
pub use golden::{GoldenCase, TensorData, check_golden};
pub use open::{Bundle, open, open_bytes};
pub use pack::{Packed, pack, pack_to};
pub use show::{show, show_json};
pub use skeleton::new;
