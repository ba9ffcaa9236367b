//! What the tests need from outside: the ONNX Runtime library and models made by its Python package.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use inference::{Patience, WorkerSpec};
use serde_json::Value as Json;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn python() -> PathBuf {
    std::env::var_os("LASTMILE_PYTHON").map_or_else(|| workspace().join(".scratch/venv/bin/python"), PathBuf::from)
}

/// The library that `LASTMILE_ONNXRUNTIME` names, else the one in the Python environment of the tests.
pub(crate) fn library() -> PathBuf {
    if let Some(named) = std::env::var_os(inference::LIBRARY_VARIABLE) {
        return PathBuf::from(named);
    }
    let script = "import onnxruntime, pathlib; print(pathlib.Path(onnxruntime.__file__).parent / 'capi')";
    let said = Command::new(python()).args(["-c", script]).output().expect("run `cargo xtask setup` first");
    assert!(said.status.success(), "run `cargo xtask setup` first: {}", String::from_utf8_lossy(&said.stderr));
    let folder = PathBuf::from(String::from_utf8(said.stdout).unwrap().trim());
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("libonnxruntime.so")).unwrap()
}

/// A worker of the test program, with deadlines for a busy machine.
pub(crate) fn spec() -> WorkerSpec {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    WorkerSpec {
        program: PathBuf::from(env!("CARGO_BIN_EXE_inference-test-worker")),
        args: vec![OsString::from("worker")],
        library: LIBRARY.get_or_init(library).clone(),
        load_deadline: Duration::from_mins(1),
        run_deadline: Duration::from_secs(30),
        patience: Patience { first_wait: Duration::ZERO, ..Patience::default() },
        ..WorkerSpec::this_program(PathBuf::new())
    }
}

/// One model of the peers.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) model: PathBuf,
    pub(crate) inputs: Json,
    pub(crate) outputs: Json,
}

struct Models {
    _folder: tempfile::TempDir,
    equal: Vec<Case>,
    hostile: Vec<Case>,
}

fn models() -> &'static Models {
    static MODELS: OnceLock<Models> = OnceLock::new();
    MODELS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let script = workspace().join("tests/peers/onnx/make_models.py");
        let mut making = Command::new(python());
        making.arg(script).arg(folder.path()).args(["few", "types", "zipmap", "hostile"]);
        let said = making.output().expect("run `cargo xtask setup` first");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let text = std::fs::read_to_string(folder.path().join("manifest.json")).unwrap();
        let manifest: Json = serde_json::from_str(&text).unwrap();
        let cases = |key: &str| {
            let list = manifest[key].as_array().unwrap().iter();
            list.map(|one| Case {
                name: one["name"].as_str().unwrap().to_owned(),
                model: folder.path().join(one["model"].as_str().unwrap()),
                inputs: one["inputs"].clone(),
                outputs: one["outputs"].clone(),
            })
        };
        let equal = cases("few").chain(cases("types")).collect();
        let hostile = cases("hostile").chain(cases("zipmap")).collect();
        Models { equal, hostile, _folder: folder }
    })
}

/// Models with what onnxruntime's Python package makes of them. The whole zoo is for the scenarios.
pub(crate) fn equal() -> &'static [Case] {
    &models().equal
}

/// Models that mean harm, by name.
pub(crate) fn hostile(name: &str) -> &'static Case {
    models().hostile.iter().find(|case| case.name == name).unwrap()
}

/// An ordinary model by name.
pub(crate) fn ordinary(name: &str) -> &'static Case {
    models().equal.iter().find(|case| case.name == name).unwrap()
}
