//! Room on the disk that is kept for the acts that must always work: switching off, acknowledging, signing in.
//!
//! A file of real bytes lies in the data folder. When the disk is full, such an act gives its room back and is tried once
//! more; other acts are refused until the room can be taken again, so that nothing ordinary ever eats it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::Problem;
use domain::said::act as said;

/// Bytes that are kept: an act takes some pages of the write-ahead log, so this is enough for hundreds.
const BYTES: u64 = 4 << 20;
/// Written at a time.
const BLOCK: usize = 1 << 16;

/// The file. None of it when the state is not on this disk (PostgreSQL).
#[derive(Debug)]
pub(crate) struct Reserve {
    file: Option<PathBuf>,
    whole: Mutex<bool>,
}

impl Reserve {
    /// Of a database in `folder`; takes the room when it is there. A disk without it is told by the first ordinary act.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let reserve = Self { file: Some(folder.join("reserve")), whole: Mutex::new(false) };
        if let Err(problem) = reserve.take() {
            tracing::warn!(%problem, "no room is kept for switching off");
        }
        reserve
    }

    /// For a database elsewhere.
    pub(crate) fn none() -> Self {
        Self { file: None, whole: Mutex::new(true) }
    }

    /// Makes sure that the room is there; in words when it is not.
    pub(crate) fn take(&self) -> Result<(), Problem> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if *whole {
            return Ok(());
        }
        match fill(file) {
            Ok(()) => *whole = true,
            Err(error) => {
                // what was taken of it is room that somebody needs more
                let _gone = fs::remove_file(file);
                let problem = said::DISK_FULL.problem(file.display().to_string(), []);
                return Err(problem.why(error.to_string()));
            }
        }
        Ok(())
    }

    /// Gives the room to whoever needs it now. False when there was none left to give.
    pub(crate) fn give(&self) -> bool {
        let Some(file) = &self.file else { return false };
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let given = fs::remove_file(file).is_ok();
        *whole = false;
        if given {
            tracing::error!("the disk is full; the room kept for switching off is given back");
        }
        given
    }

    /// The same before the database is open: it cannot be opened on a disk without any room.
    pub(crate) fn give_in(folder: &Path) -> bool {
        fs::remove_file(folder.join("reserve")).is_ok()
    }
}

fn fill(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| there.len() == BYTES) {
        return Ok(());
    }
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    // no zeros: a disk that compresses would keep no room for them
    let block: Vec<u8> = (0..BLOCK).map(|at| u8::try_from(at * 31 % 251).unwrap_or_default()).collect();
    for _ in 0..BYTES / BLOCK as u64 {
        file.write_all(&block)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_taken_given_once_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::in_folder(folder.path());
        assert_eq!(fs::metadata(folder.path().join("reserve")).unwrap().len(), BYTES);
        assert!(reserve.give());
        assert!(!reserve.give(), "it is given once");
        assert!(!folder.path().join("reserve").exists());
        reserve.take().unwrap();
        assert!(reserve.give());
    }

    #[test]
    fn a_disk_without_room_refuses_in_words_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve { file: Some(folder.path().join("missing/reserve")), whole: Mutex::new(false) };
        let problem = reserve.take().unwrap_err();
        assert_eq!(problem.code, "disk.full");
        assert!(problem.hint.contains("Switching off"), "{problem}");
    }
}
