//! The scenarios, one file each. `cargo xtask scenario NAME` runs one, `cargo xtask scenario all` every one.

mod broken;
mod demo;
mod kill;
