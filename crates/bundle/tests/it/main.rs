//! Bundles as people break them, and as they come back from disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

mod broken;
mod fuzz;
mod golden;
mod mapping;
mod pack;
mod skeleton;

use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name)
}

/// The contract with every key.
fn valid() -> bundle::Contract {
    bundle::check_contract(include_str!("valid/contract.toml"), "contract.toml").unwrap()
}
