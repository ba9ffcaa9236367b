//! The web app: packages into `web/node_modules`, pages into `web/dist`, where the server embeds them from.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::step;
use crate::paths;
use crate::shell::{npm, output, run_logged};
use crate::stamp::{Stamp, fingerprint};

/// What the pages are made of. Anything newer than `web/dist` builds them again.
const SOURCES: [&str; 8] =
    ["src", "public", "scripts", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];

/// Installs exactly what `package-lock.json` says.
pub(crate) fn install_packages() -> Result<()> {
    let lock =
        fs::read_to_string(paths::web().join("package-lock.json")).context("cannot read web/package-lock.json")?;
    let node = output(Command::new("node").arg("--version"))?;
    let stamp = Stamp::new("web-packages", format!("{node}{lock}"));
    if stamp.is_current() && paths::web().join("node_modules").is_dir() {
        return Ok(());
    }
    step("web packages (npm ci)", || {
        run_logged("npm-ci", "setup: web packages", npm().args(["ci", "--no-audit", "--no-fund"]))
    })?;
    stamp.set()
}

/// Builds the pages when their sources changed.
pub(super) fn build() -> Result<()> {
    install_packages()?;
    let stamp = Stamp::new("web-pages", fingerprint(&SOURCES.map(|name| paths::web().join(name)))?);
    if stamp.is_current() && paths::web().join("dist/index.html").is_file() {
        return Ok(());
    }
    step("web pages (vite build)", || run_logged("web-build", "setup: web pages", npm().args(["run", "build"])))?;
    stamp.set()
}
