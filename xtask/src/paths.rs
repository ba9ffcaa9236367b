//! Where things are in this repository.

use std::path::PathBuf;

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().map(PathBuf::from).unwrap_or(xtask)
}

/// Installed tools, stamps and logs; never in git.
pub(crate) fn scratch() -> PathBuf {
    root().join(".scratch")
}

pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The `lastmile` program as built for development.
pub(crate) fn lastmile() -> PathBuf {
    target().join("debug").join(format!("lastmile{}", std::env::consts::EXE_SUFFIX))
}

/// The same as shipped.
pub(crate) fn lastmile_release() -> PathBuf {
    target().join("release").join(format!("lastmile{}", std::env::consts::EXE_SUFFIX))
}

/// What builds [`lastmile`] alone, quickest.
pub(crate) const BUILD_LASTMILE: [&str; 3] = ["build", "--package", "lastmile"];

/// What builds it together with every test: other features of shared parts, so the two builds share less than one hopes.
pub(crate) const BUILD_ALL: [&str; 3] = ["build", "--workspace", "--all-targets"];

/// Python with the test peers installed.
pub(crate) fn python() -> PathBuf {
    scratch().join("venv/bin/python")
}

/// The ONNX Runtime library that the worker process loads.
pub(crate) fn onnxruntime() -> PathBuf {
    scratch().join("onnxruntime/libonnxruntime.so")
}
