//! A bundle as a folder on the data scientist's disk, before it is packed.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Problem, Problems};

use crate::check::{file_problem, read_contract};
use crate::golden::check_golden;
use crate::{Contract, GoldenCase};

/// The file every bundle has.
pub const CONTRACT_FILE: &str = "contract.toml";
/// Largest contract that is read.
pub(crate) const MAX_CONTRACT: u64 = 4 << 20;
/// Largest golden data that is read.
pub(crate) const MAX_GOLDEN: u64 = 64 << 20;
/// Largest model that is read.
pub(crate) const MAX_MODEL: u64 = 512 << 20;

/// A folder in which nothing is wrong.
#[derive(Clone, Debug)]
pub struct Folder {
    /// What the model needs and gives.
    pub contract: Contract,
    /// contract.toml as it is.
    pub contract_text: String,
    /// The ONNX file.
    pub model: Vec<u8>,
    /// The golden data, if there is any.
    pub golden: Vec<GoldenCase>,
    /// The golden file as it is.
    pub golden_text: Option<String>,
}

/// Reads a bundle's folder and checks all of it; all problems of all files at once.
pub fn check_folder(folder: &Path) -> Result<Folder, Problems> {
    let contract_text =
        text(&folder.join(CONTRACT_FILE), CONTRACT_FILE, MAX_CONTRACT, "run `lastmile bundle new` to begin one")?;
    let (contract, mut problems) = read_contract(&contract_text, CONTRACT_FILE)?;
    let known_shape = !problems.0.iter().any(touches_shape);
    let model = read_model(folder, &contract).map_err(|found| problems.0.extend(found)).unwrap_or_default();
    let golden_text = read_golden(folder, &contract).map_err(|found| problems.0.extend(found.0)).unwrap_or_default();
    let mut golden = Vec::new();
    if let (Some(file), Some(text), true) = (&contract.golden, &golden_text, known_shape) {
        golden =
            check_golden(text, &file.file, &contract).map_err(|found| problems.0.extend(found.0)).unwrap_or_default();
    }
    problems.into_result(Folder { contract, contract_text, model, golden, golden_text })
}

/// Whether a problem of the contract leaves open which shape golden data must have.
fn touches_shape(problem: &Problem) -> bool {
    let whole = ["contract.syntax", "contract.missing-key", "contract.wrong-type"].contains(&problem.code.as_str());
    whole || ["feature.", "tensor.", "window.", "signal."].iter().any(|noun| problem.code.starts_with(noun))
}

/// The model, unless its name is none: then the contract has a problem already.
fn read_model(folder: &Path, contract: &Contract) -> Result<Vec<u8>, Option<Problem>> {
    if file_problem(&contract.model).is_some() {
        return Err(None);
    }
    let hint = "put the exported model there, or correct `model` in contract.toml";
    let model = bytes(&folder.join(&contract.model), &contract.model, MAX_MODEL, hint)?;
    model_problem(&model, &contract.model).map_or(Ok(model), |problem| Err(Some(problem)))
}

fn read_golden(folder: &Path, contract: &Contract) -> Result<Option<String>, Problems> {
    let Some(golden) = contract.golden.as_ref().filter(|golden| file_problem(&golden.file).is_none()) else {
        return Ok(None);
    };
    let hint = "write golden data there, or remove [golden] from contract.toml";
    text(&folder.join(&golden.file), &golden.file, MAX_GOLDEN, hint).map(Some)
}

/// A model file that cannot be one. Whether it is one is known when it is loaded.
pub(crate) fn model_problem(model: &[u8], file: &str) -> Option<Problem> {
    let what = "the model is an empty file";
    model.is_empty().then(|| Problem::new("model.empty", file, what).hint("export the model to ONNX again"))
}

fn text(path: &Path, name: &str, limit: u64, hint: &str) -> Result<String, Problems> {
    let bytes = bytes(path, name, limit, hint)?;
    config::node::text_of(&bytes, name).map(str::to_owned)
}

/// A file of at most `limit` bytes.
pub(crate) fn bytes(path: &Path, name: &str, limit: u64, hint: &str) -> Result<Vec<u8>, Problem> {
    let missing = |error: std::io::Error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file `{}`", path.display()),
            _ => format!("`{}` cannot be read: {error}", path.display()),
        };
        Problem::new("bundle.no-file", name, what).hint(hint)
    };
    let file = fs::File::open(path).map_err(missing)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(missing)?;
    if bytes.len() as u64 > limit {
        let what = format!("`{}` is larger than {} MiB", path.display(), limit >> 20);
        return Err(Problem::new("bundle.too-large", name, what).hint("see whether this is the file that was meant"));
    }
    Ok(bytes)
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        let what = format!("`{}` cannot be written: {error}", path.display());
        Problem::new("bundle.cannot-write", path.display().to_string(), what)
            .hint("see whether the folder exists, may be written and has room")
    };
    let temporary = beside(path);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _gone = fs::remove_file(&temporary);
        failed(error)
    })
}

/// A name beside `path` that nobody else uses.
pub(crate) fn beside(path: &Path) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()))
}
