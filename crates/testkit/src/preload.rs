//! A disk and a clock that misbehave on command: a small C library (`preload/preload.c`) loaded before a program's own.
//!
//! The program is started with [`Preload::environment`] and broken, while it runs, by the methods here. After it was
//! killed, [`Preload::cut_power`] takes back what a power cut would have taken. Linux only, as its library is.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Bytes of the control file; more than `struct control` has.
const CONTROL: usize = 4096;
/// What a disk writes whole or not at all.
const PAGE: usize = 4096;

/// What goes wrong on the disk, from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskFault {
    /// Writes and truncations fail with this error number; 0 = they work.
    pub write: u32,
    /// `fsync` and `fdatasync` fail.
    pub sync: u32,
    /// Renaming fails.
    pub rename: u32,
    /// Only one chance in so many is taken, drawn from the seed; 0 and 1 = each.
    pub one_in: u32,
    /// A write that fails leaves its first half behind.
    pub torn: bool,
}

impl DiskFault {
    /// "Input/output error".
    pub const IO: u32 = 5;
    /// "No space left on device".
    pub const NO_SPACE: u32 = 28;
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskCounts {
    /// Writes that failed.
    pub failed_writes: u64,
    /// Syncs that failed.
    pub failed_syncs: u64,
    /// Renames that failed.
    pub failed_renames: u64,
    /// All writes.
    pub writes: u64,
    /// All syncs.
    pub syncs: u64,
}

/// What a power cut takes of what was never synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of it.
    Everything,
    /// About half of its pages, drawn from a seed.
    Half(u64),
}

/// The library, built, and the files it is told by.
#[derive(Debug)]
pub struct Preload {
    library: PathBuf,
    disk: PathBuf,
    control: File,
    folder: TempDir,
}

impl Preload {
    /// Builds the library with `cc`. `disk` is the folder whose files it breaks, as the program names it: absolute.
    pub fn build(disk: &Path, seed: u32) -> Result<Self> {
        ensure!(disk.is_absolute(), "{} is not absolute", disk.display());
        let folder = tempfile::tempdir()?;
        let library = folder.path().join("preload.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("preload/preload.c");
        let built = Command::new("cc")
            .args(["-std=gnu17", "-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source)
            .output()
            .context("starting cc (Debian package build-essential)")?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        fs::create_dir(folder.path().join("unsynced"))?;
        let control = folder.path().join("control");
        let control = OpenOptions::new().read(true).write(true).create_new(true).open(control)?;
        control.set_len(CONTROL as u64)?;
        control.write_all_at(&seed.to_ne_bytes(), 28)?;
        Ok(Self { library, disk: disk.to_owned(), control, folder })
    }

    /// What a program must be started with.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let folder = self.folder.path();
        vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("LASTMILE_PRELOAD_CONTROL", folder.join("control").into()),
            ("LASTMILE_PRELOAD_FOLDER", self.disk.clone().into()),
            ("LASTMILE_PRELOAD_UNSYNCED", folder.join("unsynced").into()),
        ]
    }

    /// How far the wall clock is ahead of the computer's, µs.
    pub fn set_clock(&self, ahead: i64) -> Result<()> {
        Ok(self.control.write_all_at(&ahead.to_ne_bytes(), 0)?)
    }

    /// Breaks the disk, or heals it with `DiskFault::default()`.
    pub fn set_disk(&self, fault: DiskFault) -> Result<()> {
        let words = [fault.write, fault.sync, fault.rename, fault.one_in, u32::from(fault.torn)];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        Ok(self.control.write_all_at(&bytes, 8)?)
    }

    /// What was counted so far.
    pub fn counts(&self) -> Result<DiskCounts> {
        let mut bytes = [0; 40];
        self.control.read_exact_at(&mut bytes, 32)?;
        let mut numbers = bytes.chunks_exact(8).map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap_or_default()));
        let mut next = || numbers.next().unwrap_or_default();
        Ok(DiskCounts {
            failed_writes: next(),
            failed_syncs: next(),
            failed_renames: next(),
            writes: next(),
            syncs: next(),
        })
    }

    /// After a plain kill: what was written is there, as the system's cache survives its programs.
    pub fn keep_all(&self) -> Result<()> {
        for notes in fs::read_dir(self.folder.path().join("unsynced"))? {
            fs::remove_file(notes?.path())?;
        }
        Ok(())
    }

    /// After a kill: makes the disk what it would be after a power cut. Gives the number of files that lost something.
    pub fn cut_power(&self, cut: Cut) -> Result<usize> {
        let mut coin = Coin::of(cut);
        let mut changed = 0;
        for path in files_below(&self.disk)? {
            let inode = fs::metadata(&path)?.ino();
            let notes = self.folder.path().join("unsynced").join(inode.to_string());
            let Ok(bytes) = fs::read(&notes) else { continue };
            if let Some(notes) = Notes::read(&bytes) {
                notes.take_back(&path, &mut coin).with_context(|| path.display().to_string())?;
                changed += 1;
            }
        }
        self.keep_all()?;
        Ok(changed)
    }
}

/// Every file below a folder, in order, so that a seed always means the same.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            found.extend(files_below(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// What one file was at its last sync, as far as it was changed since.
struct Notes {
    size: u64,
    /// By number of the page.
    pages: HashMap<u64, Vec<u8>>,
}

impl Notes {
    /// None when everything was synced. A note that a kill cut off stands before a write that never came.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (size, mut rest) = number(bytes)?;
        let mut pages = HashMap::new();
        while let Some((offset, (length, after))) =
            number(rest).and_then(|(offset, rest)| Some((offset, number(rest)?)))
        {
            let length = usize::try_from(length).ok()?;
            let Some((page, after)) = after.split_at_checked(length) else { break };
            pages.entry(offset / PAGE as u64).or_insert_with(|| page.to_vec());
            rest = after;
        }
        Some(Self { size, pages })
    }

    fn take_back(&self, path: &Path, coin: &mut Coin) -> Result<()> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let now = file.metadata()?.len();
        let size = if coin.lost() { self.size } else { now };
        let pages = size.max(now).div_ceil(PAGE as u64);
        for number in 0..pages {
            let at = number * PAGE as u64;
            match self.pages.get(&number) {
                // where the file had been cut off there is nothing new to keep
                Some(before) if at >= now || coin.lost() => file.write_all_at(before, at)?,
                // beyond the synced size nothing was there; a page that did not come reads as zeros
                None if at >= self.size && coin.lost() => {
                    let end = (at + PAGE as u64).min(now.max(at));
                    file.write_all_at(&vec![0; usize::try_from(end - at)?], at)?;
                }
                _ => {}
            }
        }
        file.set_len(size)?;
        Ok(())
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_ne_bytes(*number), rest))
}

/// Whether a page is lost.
struct Coin(Option<u64>);

impl Coin {
    fn of(cut: Cut) -> Self {
        match cut {
            Cut::Everything => Self(None),
            Cut::Half(seed) => Self(Some(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)),
        }
    }

    fn lost(&mut self) -> bool {
        let Some(state) = &mut self.0 else { return true };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state & 4 == 0
    }
}

#[cfg(test)]
mod tests;
