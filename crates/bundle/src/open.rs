//! From one file to a bundle: everything is counted, limited and verified before it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use domain::{Problem, Problems};

use crate::folder::{CONTRACT_FILE, MAX_CONTRACT, MAX_GOLDEN, MAX_MODEL, model_problem};
use crate::golden::check_golden;
use crate::oci::{self, Descriptor, Index, Manifest};
use crate::{Contract, GoldenCase, check_contract};

/// A bundle has five or six files; more are a different thing.
const MAX_ENTRIES: usize = 64;
/// Manifests and indexes are small.
const MAX_JSON: u64 = 1 << 20;
const MAX_FILE: u64 = MAX_MODEL + MAX_GOLDEN + MAX_CONTRACT + (1 << 20);

/// A bundle whose digests were verified and whose contract has no problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// `sha256:...` of its manifest.
    pub digest: String,
    /// What the model needs and gives.
    pub contract: Contract,
    /// contract.toml as it is.
    pub contract_text: String,
    /// The ONNX file.
    pub model: Vec<u8>,
    /// The golden data; empty when there is none.
    pub golden: Vec<GoldenCase>,
    /// The golden file as it is.
    pub golden_text: Option<String>,
}

/// Opens a packed bundle. Blocking.
pub fn open(path: &Path) -> Result<Bundle, Problems> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let hint = "write the path of a bundle that `lastmile bundle pack` made";
    open_bytes(&crate::folder::bytes(path, &name, MAX_FILE, hint)?, &name)
}

/// Opens a packed bundle that is in memory; `name` is what places call it.
pub fn open_bytes(bytes: &[u8], name: &str) -> Result<Bundle, Problems> {
    let layout = Layout { name, files: files(bytes, name)? };
    let (digest, manifest) = layout.manifest()?;
    let mut problems = Problems::default();
    let mut layers = BTreeMap::new();
    for layer in &manifest.layers {
        match layout.layer(layer) {
            Ok(bytes) if layers.insert(layer.media_type.as_str(), (layer, bytes)).is_some() => {
                problems.push(
                    layout.problem("two-of-a-kind", format!("the manifest has two layers `{}`", layer.media_type)),
                );
            }
            Ok(_) => {}
            Err(problem) => problems.push(problem),
        }
    }
    for (media_type, what) in [(oci::CONTRACT, "contract"), (oci::MODEL, "model")] {
        if !manifest.layers.iter().any(|layer| layer.media_type == media_type) {
            problems.push(layout.problem("no-layer", format!("the manifest has no {what} (`{media_type}`)")));
        }
    }
    let mut take = |media_type: &str| layers.remove(media_type).map(|(_, bytes)| bytes);
    let (contract, model, golden) = (take(oci::CONTRACT), take(oci::MODEL), take(oci::GOLDEN));
    let (Some(contract), Some(model), true) = (contract, model, problems.is_empty()) else { return Err(problems) };
    assemble(digest, contract, model, golden)
}

fn assemble(digest: String, contract: &[u8], model: &[u8], golden: Option<&[u8]>) -> Result<Bundle, Problems> {
    let contract_text = config::node::text_of(contract, CONTRACT_FILE)?.to_owned();
    let contract = check_contract(&contract_text, CONTRACT_FILE)?;
    let mut problems = Problems::default();
    problems.0.extend(model_problem(model, &contract.model));
    let mut bundle =
        Bundle { digest, contract, contract_text, model: model.to_vec(), golden: Vec::new(), golden_text: None };
    match (&bundle.contract.golden, golden) {
        (Some(file), Some(bytes)) => {
            let read = config::node::text_of(bytes, &file.file)
                .and_then(|text| Ok((text.to_owned(), check_golden(text, &file.file, &bundle.contract)?)));
            match read {
                Ok((text, cases)) => (bundle.golden_text, bundle.golden) = (Some(text), cases),
                Err(found) => problems.0.extend(found.0),
            }
        }
        (Some(file), None) => {
            let what = format!("the contract names the golden data `{}`, and the bundle has none", file.file);
            problems.push(Problem::new("bundle.no-layer", CONTRACT_FILE, what).hint(REPACK));
        }
        (None, _) => {}
    }
    problems.into_result(bundle)
}

const REPACK: &str = "pack the bundle again with `lastmile bundle pack`, or get the file again";

struct Layout<'a> {
    name: &'a str,
    files: BTreeMap<String, &'a [u8]>,
}

impl<'a> Layout<'a> {
    fn problem(&self, cause: &str, what: impl Into<String>) -> Problem {
        Problem::new(format!("bundle.{cause}"), self.name, what).hint(REPACK)
    }

    fn file(&self, path: &str, limit: u64) -> Result<&'a [u8], Problem> {
        let bytes = *self
            .files
            .get(path)
            .ok_or_else(|| self.problem("no-file", format!("`{path}` is missing in the bundle")))?;
        if bytes.len() as u64 > limit {
            return Err(self.problem("too-large", format!("`{path}` is larger than {} KiB", limit >> 10)));
        }
        Ok(bytes)
    }

    fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        let bytes = self.file(path, MAX_JSON)?;
        serde_json::from_slice(bytes)
            .map_err(|error| self.problem("unreadable", format!("`{path}` cannot be read: {error}")))
    }

    /// The one manifest, with its digest verified.
    fn manifest(&self) -> Result<(String, Manifest), Problem> {
        let layout: serde_json::Value = self.json(oci::LAYOUT_FILE)?;
        let version = layout.get("imageLayoutVersion").and_then(serde_json::Value::as_str).unwrap_or_default();
        if version != "1.0.0" {
            return Err(
                self.problem("unknown-layout", format!("the layout has the version `{version}` instead of 1.0.0"))
            );
        }
        let index: Index = self.json(oci::INDEX_FILE)?;
        let [pointer] = index.manifests.as_slice() else {
            return Err(
                self.problem("not-one", format!("the file holds {} bundles instead of one", index.manifests.len()))
            );
        };
        self.verified(pointer, MAX_JSON)?;
        let manifest: Manifest = self.json(&oci::blob_path(&pointer.digest))?;
        if manifest.artifact_type != oci::ARTIFACT {
            let what = format!("this is no bundle but `{}`", manifest.artifact_type);
            return Err(self.problem("wrong-kind", what));
        }
        Ok((pointer.digest.clone(), manifest))
    }

    fn layer(&self, layer: &Descriptor) -> Result<&'a [u8], Problem> {
        let limit = match layer.media_type.as_str() {
            oci::CONTRACT => MAX_CONTRACT,
            oci::GOLDEN => MAX_GOLDEN,
            _ => MAX_MODEL,
        };
        self.verified(layer, limit)
    }

    /// A blob that is what its descriptor says.
    fn verified(&self, descriptor: &Descriptor, limit: u64) -> Result<&'a [u8], Problem> {
        let shown = descriptor.annotations.get(oci::TITLE).map_or(descriptor.media_type.as_str(), String::as_str);
        if !is_digest(&descriptor.digest) {
            return Err(self
                .problem("bad-digest", format!("`{}` of {shown} is not a digest", descriptor.digest.escape_debug())));
        }
        let bytes = self.file(&oci::blob_path(&descriptor.digest), limit)?;
        let found = oci::digest(bytes);
        if found != descriptor.digest || bytes.len() as u64 != descriptor.size {
            let what = format!(
                "{shown} was altered: it should be {} ({} bytes), and is {found} ({} bytes)",
                descriptor.digest,
                descriptor.size,
                bytes.len()
            );
            return Err(self.problem("wrong-digest", what));
        }
        Ok(bytes)
    }
}

fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// The files of the tar by their paths. Nothing is written to disk, and only paths of a layout are taken.
fn files<'a>(bytes: &'a [u8], name: &str) -> Result<BTreeMap<String, &'a [u8]>, Problems> {
    let broken = |what: String| Problem::new("bundle.not-a-bundle", name, what).hint(REPACK);
    let cut = |error: std::io::Error| broken(format!("the file is no tar, or it is cut off: {error}"));
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    let mut files = BTreeMap::new();
    let mut wrong = BTreeSet::new();
    // raw: no extensions that give an entry another name, size or content than its header
    let entries = archive.entries().map_err(cut)?.raw(true);
    for (number, entry) in entries.enumerate() {
        let entry = entry.map_err(cut)?;
        if number >= MAX_ENTRIES {
            return Err(broken(format!("the file has more than {MAX_ENTRIES} entries")).into());
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        let (kind, size) = (entry.header().entry_type(), entry.size());
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() || !belongs(&path) {
            wrong.insert(path);
            continue;
        }
        let content = content(bytes, entry.raw_file_position(), size)
            .ok_or_else(|| broken(format!("the file is cut off within `{path}`")))?;
        if files.insert(path.clone(), content).is_some() {
            return Err(broken(format!("`{path}` is in the file twice")).into());
        }
    }
    if !wrong.is_empty() {
        let problem = |path: String| broken(format!("`{}` does not belong into a bundle", path.escape_debug()));
        return Err(Problems(wrong.into_iter().map(problem).collect()));
    }
    if files.is_empty() {
        return Err(broken("the file is empty, or no tar".to_owned()).into());
    }
    Ok(files)
}

fn content(bytes: &[u8], position: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(position).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

fn belongs(path: &str) -> bool {
    let blob = |rest: &str| is_digest(&format!("sha256:{rest}"));
    path == oci::LAYOUT_FILE || path == oci::INDEX_FILE || path.strip_prefix("blobs/sha256/").is_some_and(blob)
}
