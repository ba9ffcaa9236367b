//! A data folder: what of it belongs into a backup beside what its owner copies in ways of its own, and how one comes back.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use domain::Problem;
use domain::said::backup as said;

use crate::{Manifest, Part, Passphrase};

/// Small files: keys, settings, certificates. So many of them are held open at once.
const MOST: usize = 200;
const LARGEST: u64 = 64 << 20;
/// Folders in folders.
const DEPTH: usize = 8;

/// Every file of `data` that is not left out, held open. `left_out` judges paths below the folder, with `/`, of files and of
/// folders. Backups, and what begins with a dot, are left out always.
pub fn small_files(data: &Path, left_out: &dyn Fn(&str) -> bool) -> Result<Vec<Part>, Problem> {
    let mut parts = Vec::new();
    walk(data, "", DEPTH, left_out, &mut parts)?;
    Ok(parts)
}

fn walk(
    folder: &Path,
    above: &str,
    depth: usize,
    left_out: &dyn Fn(&str) -> bool,
    parts: &mut Vec<Part>,
) -> Result<(), Problem> {
    let failed = |name: &str, error: &io::Error| {
        said::PART.problem(folder.display().to_string(), [("part", name.into())]).why(error.to_string())
    };
    let mut entries: Vec<_> =
        fs::read_dir(folder).and_then(Iterator::collect::<io::Result<_>>).map_err(|error| failed(above, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_name().to_string_lossy().starts_with('.') || left_out(&name) {
            continue;
        }
        // a folder elsewhere that is linked here is not ours
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth > 0 {
            walk(&entry.path(), &format!("{name}/"), depth - 1, left_out, parts)?;
        }
        let kind = match fs::metadata(entry.path()) {
            Ok(kind) if kind.is_file() => kind,
            Ok(_) => continue,
            // it was on its way to another name
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&name, &error)),
        };
        let mut file = File::open(entry.path()).map_err(|error| failed(&name, &error))?;
        let mut beginning = [0; 32];
        let read = file.read(&mut beginning).map_err(|error| failed(&name, &error))?;
        if crate::begins_like_one(beginning.get(..read).unwrap_or_default()) {
            continue;
        }
        if kind.len() > LARGEST {
            let args = [("part", name.as_str().into()), ("most_bytes", LARGEST.into())];
            return Err(said::TOO_LARGE_FILE.problem(folder.display().to_string(), args));
        }
        if parts.len() >= MOST {
            return Err(said::TOO_MANY_FILES.problem(folder.display().to_string(), [("most", MOST.into())]));
        }
        parts.push(Part::file(name.clone(), file).map_err(|error| failed(&name, &error))?);
    }
    Ok(())
}

/// A folder beside the one that a backup is restored to. Gone again unless it was put in its place.
#[derive(Debug)]
pub struct Restoring {
    target: PathBuf,
    beside: PathBuf,
    placed: bool,
}

impl Restoring {
    /// Nothing may be in `target`; it may be missing.
    pub fn to(target: &Path) -> Result<Self, Problem> {
        let place = target.display().to_string();
        let failed = |error: io::Error| said::FILE.problem(place.clone(), []).why(error.to_string());
        match fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(said::NOT_EMPTY.problem(place, [])),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let target = std::path::absolute(target).map_err(failed)?;
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let beside = target.with_file_name(format!(".{name}.restoring-{:08x}", rand::random::<u32>()));
        fs::create_dir_all(&beside).map_err(failed)?;
        Ok(Self { target, beside, placed: false })
    }

    /// Where it is until then.
    pub fn folder(&self) -> &Path {
        &self.beside
    }

    /// Proves the whole backup and unpacks it. `file` names it in problems. Blocking.
    pub fn unpack(&self, file: &Path, passphrase: &Passphrase) -> Result<Manifest, Problem> {
        let place = file.display().to_string();
        let opened = open_file(file)?;
        crate::unpack(opened, passphrase, &self.beside).map_err(|error| error.problem(&place))
    }

    /// Gives it its name. When this returns it survives a power cut.
    pub fn put_in_place(mut self) -> Result<(), Problem> {
        let place = self.target.display().to_string();
        let failed = |error: io::Error| said::FILE.problem(place.clone(), []).why(error.to_string());
        crate::read::sync_folders(&self.beside).map_err(failed)?;
        match fs::remove_dir(&self.target) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(said::NOT_EMPTY.problem(place, []));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::rename(&self.beside, &self.target).map_err(failed)?;
        self.placed = true;
        let above = self.target.parent().unwrap_or(Path::new("/"));
        // a folder cannot be opened where names are durable by themselves
        File::open(above).map_or(Ok(()), |above| above.sync_all()).map_err(failed)
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        if !self.placed {
            // what cannot be removed begins with a dot, and is nobody's
            let _left = fs::remove_dir_all(&self.beside);
        }
    }
}

/// A backup as a file.
pub fn open_file(file: &Path) -> Result<File, Problem> {
    File::open(file).map_err(|error| said::FILE.problem(file.display().to_string(), []).why(error.to_string()))
}
