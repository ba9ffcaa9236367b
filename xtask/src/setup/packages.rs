//! Debian packages that only the tests need: their line is shown, then run as root or by sudo if one is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::step;
use crate::part::Part;
use crate::shell::{find_program, is_root, run_logged, say};

/// A Debian package, the part that needs it, and how to see that it is there.
struct Package {
    name: &'static str,
    part: Part,
    is_there: fn() -> bool,
}

const PACKAGES: [Package; 4] = [
    Package { name: "postgresql", part: Part::Postgres, is_there: || postgres_programs().is_some() },
    Package { name: "mosquitto", part: Part::Mosquitto, is_there: || find_program("mosquitto").is_some() },
    Package { name: "socat", part: Part::Socat, is_there: || find_program("socat").is_some() },
    Package { name: "chromium", part: Part::Browser, is_there: || browser().is_some() },
];

/// Installs what is missing and wanted.
pub(super) fn install(without: &[Part]) -> Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !without.contains(&package.part) && !(package.is_there)())
        .map(|package| package.name)
        .collect();
    install_missing(&missing)
}

/// Packages that only a bench needs, each with a file that shows that it is there.
pub(crate) fn for_bench(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|(_, file)| !Path::new(file).exists()).map(|(name, _)| *name).collect();
    install_missing(&missing)
}

/// Shows the line, then runs it.
fn install_missing(missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install --no-install-recommends -y {}", missing.join(" "));
    say(&format!("setup: packages of this machine are needed:\n    {line}"));
    let sudo = !is_root();
    if sudo && find_program("sudo").is_none() {
        bail!("run that line as root; tests may leave parts out by `--without`");
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if sudo { "sudo" } else { "apt-get" });
        if sudo {
            command.arg("apt-get");
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    step(&format!("packages {}", missing.join(", ")), || {
        run_logged("apt-update", "setup: apt-get update", &mut apt(&["update"]))?;
        let mut words = vec!["install", "--no-install-recommends", "-y"];
        words.extend(missing);
        run_logged("apt-install", "setup: apt-get install", &mut apt(&words))
    })
    .context("packages of this machine")
}

/// The folder of `initdb` and `pg_ctl`, of the newest version installed. Debian keeps them off the search path.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs).or_else(|| {
        let initdb = find_program("initdb")?;
        initdb.parent().map(Path::to_path_buf)
    })
}

/// A browser for the page tests.
pub(crate) fn browser() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find_program)
}
