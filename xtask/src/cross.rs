//! Whether the code holds for the other processors and systems that are kept possible, where their target is installed.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, find_program, output, run, say};

/// A target and the C compiler that its C dependencies (`SQLite`, zstd, ring) need.
struct Target {
    name: &'static str,
    c_compiler: &'static str,
    /// Everything is meant to hold there; else only what has no C in it and no worker process.
    whole: bool,
}

const TARGETS: [Target; 3] = [
    Target { name: "aarch64-unknown-linux-gnu", c_compiler: "aarch64-linux-gnu-gcc", whole: true },
    Target { name: "x86_64-pc-windows-gnu", c_compiler: "x86_64-w64-mingw32-gcc", whole: false },
    Target { name: "x86_64-pc-windows-msvc", c_compiler: "cl.exe", whole: false },
];

/// Crates without C in or below them.
const WITHOUT_C: [&str; 6] = ["domain", "access", "config", "drivers", "expose", "bundle"];

/// Checks what can be checked here, and says in one line each what cannot.
pub(crate) fn check() -> Result<()> {
    for target in TARGETS {
        if !installed(target.name)? {
            say(&format!("not checked: {0} is not installed (`rustup target add {0}`)", target.name));
            continue;
        }
        let mut command = cargo();
        command.args(["check", "--locked", "--target", target.name]);
        if target.whole && find_program(target.c_compiler).is_some() {
            command.args(["--workspace", "--exclude", "xtask"]);
        } else {
            say(&format!("{}: only crates without C ({} is missing or not needed)", target.name, target.c_compiler));
            command.args(WITHOUT_C.iter().flat_map(|name| ["--package", name]));
        }
        run(&mut command)?;
    }
    Ok(())
}

fn installed(target: &str) -> Result<bool> {
    let folder = output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))?;
    Ok(Path::new(folder.trim()).is_dir())
}
