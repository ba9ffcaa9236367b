//! What was done already: a small file per step that holds a fingerprint of the step's inputs.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::paths;

pub(crate) struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    pub(crate) fn new(step: &str, fingerprint: String) -> Self {
        Self { file: paths::scratch().join("stamps").join(step), fingerprint }
    }

    /// Was the step done with exactly these inputs?
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.fingerprint)
    }

    pub(crate) fn set(&self) -> Result<()> {
        let folder = self.file.parent().context("a stamp lies in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&self.file, &self.fingerprint).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// A fingerprint of files and folders by name, size and time of change.
pub(crate) fn fingerprint(paths: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.hash(hasher);
    let Ok(about) = fs::metadata(path) else {
        return Ok(()); // an absent file counts as absent
    };
    if about.is_dir() {
        let mut children: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        children.sort();
        for child in children {
            add(&child, hasher)?;
        }
        return Ok(());
    }
    about.len().hash(hasher);
    about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().hash(hasher);
    Ok(())
}
