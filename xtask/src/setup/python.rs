//! A Python environment in `.scratch/venv`, and the ONNX Runtime library from its pinned, hash-checked wheel.

use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::step;
use crate::paths;
use crate::shell::{output, run_logged};
use crate::stamp::Stamp;

/// Version and hashes of the wheel; `pip` refuses any other.
const WHEEL: &str = "xtask/onnxruntime.txt";
const REQUIREMENTS: &str = "tests/peers/requirements.txt";

/// Puts `libonnxruntime.so` into `.scratch/onnxruntime`. Only the shared library is used, never the Python package,
/// so one wheel fits every Python.
pub(super) fn onnxruntime() -> Result<()> {
    let pinned = fs::read_to_string(paths::root().join(WHEEL)).with_context(|| format!("cannot read {WHEEL}"))?;
    let stamp = Stamp::new("onnxruntime", format!("{ARCH}\n{pinned}"));
    if stamp.is_current() && paths::onnxruntime().is_file() {
        return Ok(());
    }
    if !["x86_64", "aarch64"].contains(&ARCH) {
        bail!("there is no pinned ONNX Runtime for {ARCH}; lastmile runs on x86_64 and aarch64");
    }
    environment()?;
    step("ONNX Runtime library (20 MB, PyPI)", || {
        let folder = paths::scratch().join("onnxruntime");
        let wheels = folder.join("wheel");
        let _ = fs::remove_dir_all(&wheels);
        fs::create_dir_all(&wheels)?;
        let platform = format!("manylinux_2_28_{ARCH}");
        let mut pip = Command::new(paths::python());
        pip.args(["-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"])
            .args(["--disable-pip-version-check", "--python-version", "3.12", "--platform", &platform])
            .arg("-r")
            .arg(paths::root().join(WHEEL))
            .arg("-d")
            .arg(&wheels);
        run_logged("onnxruntime", "setup: ONNX Runtime library", &mut pip)?;
        let wheel = only_file(&wheels)?;
        let mut unpack = Command::new(paths::python());
        unpack.arg("-c").arg(UNPACK).arg(&wheel).arg(paths::onnxruntime());
        run_logged("onnxruntime-unpack", "setup: ONNX Runtime library", &mut unpack)?;
        fs::remove_dir_all(&wheels)?;
        Ok(())
    })?;
    stamp.set()
}

/// Takes the one library out of the wheel (a zip file) and puts it in place in one step.
const UNPACK: &str = "\
import os, sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    [name] = [n for n in archive.namelist() if n.startswith('onnxruntime/capi/libonnxruntime.so')]
    with archive.open(name) as source, open(target + '.new', 'wb') as copy:
        while block := source.read(1 << 20):
            copy.write(block)
os.replace(target + '.new', target)
";

/// Installs the peers that the tests talk to.
pub(super) fn peers() -> Result<()> {
    environment()?;
    let wanted = fs::read_to_string(paths::root().join(REQUIREMENTS))?;
    let version = output(Command::new(paths::python()).arg("--version"))?;
    let stamp = Stamp::new("peers", format!("{version}{wanted}"));
    if stamp.is_current() {
        return Ok(());
    }
    step("Python peers for the tests (about 500 MB unpacked, PyPI)", || {
        let mut pip = Command::new(paths::python());
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]).arg(paths::root().join(REQUIREMENTS));
        run_logged("peers", "setup: Python peers", &mut pip)
    })?;
    stamp.set()
}

/// Makes the virtual environment when it is not there.
fn environment() -> Result<()> {
    if paths::python().is_file() {
        return Ok(());
    }
    let folder = paths::scratch().join("venv");
    step("Python environment in .scratch/venv", || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&folder);
        run_logged("venv", "setup: Python environment", &mut venv).inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder); // half an environment would be taken for a whole one
        })
    })
    .context("python3 cannot make a virtual environment; on Debian and Ubuntu: `apt-get install python3-venv`")
}

fn only_file(folder: &PathBuf) -> Result<PathBuf> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    match files.as_slice() {
        [file] => Ok(file.clone()),
        other => bail!("expected one wheel in {}, found {}", folder.display(), other.len()),
    }
}
