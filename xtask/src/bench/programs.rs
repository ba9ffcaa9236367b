//! The programs that are measured, built for release.

use std::path::PathBuf;

use anyhow::Result;

use crate::paths;
use crate::shell::{cargo, run_logged, say};

/// The product.
pub(crate) fn lastmile() -> Result<PathBuf> {
    build("lastmile", &["--package", "lastmile"])?;
    Ok(paths::target().join("release/lastmile"))
}

/// An example of one of our crates.
pub(crate) fn example(package: &str, name: &str) -> Result<PathBuf> {
    build(&format!("{package}-{name}"), &["--package", package, "--example", name])?;
    Ok(paths::target().join("release/examples").join(name))
}

/// A Rust program under `bench/peers/`, which has its own `Cargo.lock` and is no part of the product's workspace.
pub(crate) fn rust_peer(name: &str) -> Result<PathBuf> {
    let folder = paths::root().join("bench/peers").join(name);
    let target = paths::target().join("peers");
    let manifest = folder.join("Cargo.toml").display().to_string();
    let target_text = target.display().to_string();
    build(name, &["--locked", "--manifest-path", &manifest, "--target-dir", &target_text])?;
    Ok(target.join("release").join(name))
}

/// The script of a peer under `bench/peers/`, for the Python of the test peers.
pub(crate) fn python_peer(name: &str) -> PathBuf {
    paths::root().join("bench/peers").join(name)
}

fn build(name: &str, words: &[&str]) -> Result<()> {
    say(&format!("building {name} for release; the first time takes some minutes …"));
    run_logged(
        &format!("bench-build-{name}"),
        &format!("building {name}"),
        cargo().args(["build", "--release"]).args(words),
    )
}
