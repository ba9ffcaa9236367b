//! Bundles unpacked by their digest, for what needs them as files.

use std::fs;
use std::path::{Path, PathBuf};

use domain::Problem;

use crate::Bundle;
use crate::folder::{CONTRACT_FILE, beside};
use crate::oci::digest;

/// Writes a bundle's files into `cache/sha256-<digits>/` and gives that folder. A folder that is there already is used
/// when its model is still the right one, else made anew. Blocking.
pub fn unpack(bundle: &Bundle, cache: &Path) -> Result<PathBuf, Problem> {
    let folder = cache.join(bundle.digest.replacen(':', "-", 1));
    let model = folder.join(&bundle.contract.model);
    if fs::read(&model).is_ok_and(|bytes| digest(&bytes) == digest(&bundle.model)) {
        return Ok(folder);
    }
    let temporary = beside(&folder);
    write(bundle, &temporary, &folder).map_err(|error| {
        let _gone = fs::remove_dir_all(&temporary);
        let what = format!("the bundle cannot be unpacked into `{}`: {error}", folder.display());
        Problem::new("bundle.cannot-write", &bundle.contract.name, what)
            .hint("see whether the folder may be written and has room")
    })?;
    Ok(folder)
}

fn write(bundle: &Bundle, temporary: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(temporary)?;
    fs::write(temporary.join(CONTRACT_FILE), &bundle.contract_text)?;
    fs::write(temporary.join(&bundle.contract.model), &bundle.model)?;
    if let Some((golden, text)) = bundle.contract.golden.as_ref().zip(bundle.golden_text.as_ref()) {
        fs::write(temporary.join(&golden.file), text)?;
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(temporary, folder)
}
