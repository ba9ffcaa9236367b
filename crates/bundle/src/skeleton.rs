//! The beginning of a new bundle: a contract that teaches, and is right but for the model that is still missing.

use std::fs;
use std::path::Path;

use domain::{Problem, Problems};

use crate::folder::{CONTRACT_FILE, write_whole};

const SKELETON: &str = include_str!("skeleton.toml");

/// Writes `contract.toml` for a new bundle into `folder`, which is made if it is not there. A contract that is there
/// already stays as it is.
pub fn new(folder: &Path, name: &str) -> Result<(), Problems> {
    let text = SKELETON.replace("NAME", name);
    crate::check_contract(&text, CONTRACT_FILE)?;
    let file = folder.join(CONTRACT_FILE);
    if file.exists() {
        let what = format!("`{}` is there already", file.display());
        return Err(Problem::new("bundle.exists", CONTRACT_FILE, what).hint("choose another folder").into());
    }
    fs::create_dir_all(folder).map_err(|error| {
        let what = format!("the folder `{}` cannot be made: {error}", folder.display());
        Problem::new("bundle.cannot-write", name, what).hint("choose a folder that you may write")
    })?;
    Ok(write_whole(&file, text.as_bytes())?)
}
