//! Small facts in two equal files of checked lines: the dictionary, cursors, marks. One damaged line costs nothing,
//! because its twin has it; so does a whole damaged file.
//!
//! A line is `crc32c number json`. Numbers ascend; the twins are merged by them. Later facts replace earlier ones; that is
//! for whoever reads them. When a file has grown far beyond what still counts, it is written anew.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::{Disk, DiskFile};

/// Below this size a file is never written anew.
const SMALL: u64 = 256 << 10;

/// Two twins of one list of facts.
#[derive(Debug)]
pub(crate) struct Notes {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    twins: [Twin; 2],
    next: u64,
    /// Size after the last rewrite.
    base: u64,
    dirty: bool,
}

#[derive(Debug)]
struct Twin {
    name: String,
    file: Arc<dyn DiskFile>,
    len: u64,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    /// Facts in order.
    pub(crate) facts: Vec<T>,
    /// Lines that were damaged in one of the twins.
    pub(crate) damaged: u64,
    /// Lines that were damaged and have no twin, or that this program does not understand.
    pub(crate) lost: u64,
}

impl Notes {
    /// Opens or makes `<name>.a` and `<name>.b` in `dir`.
    pub(crate) fn open<T: DeserializeOwned>(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        name: &str,
    ) -> io::Result<(Self, Loaded<T>)> {
        let mut lines = BTreeMap::new();
        let mut open = |suffix: &str| -> io::Result<(Twin, Seen)> {
            let name = format!("{name}.{suffix}");
            let file = disk.open(&dir.join(&name), true)?;
            let len = file.size()?;
            let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
            file.read_at(&mut bytes, 0)?;
            let seen = read_lines(&bytes, &mut lines);
            Ok((Twin { name, file, len }, seen))
        };
        let (first, in_first) = open("a")?;
        let (second, in_second) = open("b")?;
        if first.len == 0 || second.len == 0 {
            disk.sync_dir(dir)?;
        }
        let whole = in_first.is_whole(lines.len(), first.len) && in_second.is_whole(lines.len(), second.len);
        let next = lines.last_key_value().map_or(0, |(number, _)| number + 1);
        let holes = next - lines.first_key_value().map_or(next, |(number, _)| *number) - lines.len() as u64;
        // what a power cut took out of both was not synced
        let holes = if in_first.torn || in_second.torn { 0 } else { holes };
        let damaged = in_first.bad + in_second.bad;
        let mut lost = holes;
        let facts: Vec<T> =
            lines.values().filter_map(|line| serde_json::from_str(line).inspect_err(|_| lost += 1).ok()).collect();
        let base = first.len;
        let mut notes =
            Self { disk: Arc::clone(disk), dir: dir.to_owned(), twins: [first, second], next, base, dirty: true };
        if !whole {
            // numbered afresh, so that what is lost is told once
            let text: String = lines.values().zip(next..).map(|(line, number)| format_line(number, line)).collect();
            notes.next = next + lines.len() as u64;
            notes.replace(&text)?;
        }
        Ok((notes, Loaded { facts, damaged: damaged.max(holes), lost }))
    }

    /// Adds one fact. It is on the disk after the next [`Notes::sync`].
    pub(crate) fn add(&mut self, fact: &impl Serialize) -> io::Result<()> {
        let line = format_line(self.next, &serde_json::to_string(fact).map_err(io::Error::other)?);
        let written = self.twins.iter().try_for_each(|twin| twin.file.write_at(line.as_bytes(), twin.len));
        if let Err(error) = written {
            for twin in &self.twins {
                drop(twin.file.set_len(twin.len)); // as far as it goes: a piece of a line is passed over
            }
            return Err(error);
        }
        for twin in &mut self.twins {
            twin.len += line.len() as u64;
        }
        self.next += 1;
        self.dirty = true;
        Ok(())
    }

    /// What was added is on the disk when this returns.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            for twin in &self.twins {
                twin.file.sync()?;
            }
            self.dirty = false;
        }
        Ok(())
    }

    /// Whether most of the files is facts that no longer count.
    pub(crate) fn has_grown(&self) -> bool {
        self.bytes() / 2 > SMALL.max(self.base * 4)
    }

    /// Writes the files anew with only these facts.
    pub(crate) fn rewrite(&mut self, facts: impl IntoIterator<Item = impl Serialize>) -> io::Result<()> {
        let mut text = String::new();
        for fact in facts {
            let json = serde_json::to_string(&fact).map_err(io::Error::other)?;
            text.push_str(&format_line(self.next, &json));
            self.next += 1;
        }
        self.replace(&text)
    }

    /// The text of a file that holds these facts and nothing else.
    pub(crate) fn text(facts: impl IntoIterator<Item = impl Serialize>) -> io::Result<String> {
        let mut text = String::new();
        for (fact, number) in facts.into_iter().zip(0..) {
            text.push_str(&format_line(number, &serde_json::to_string(&fact).map_err(io::Error::other)?));
        }
        Ok(text)
    }

    /// Bytes of both files.
    pub(crate) fn bytes(&self) -> u64 {
        self.twins.iter().map(|twin| twin.len).sum()
    }

    /// One twin after the other, so that one is whole at any moment.
    fn replace(&mut self, text: &str) -> io::Result<()> {
        for twin in &mut self.twins {
            let path = self.dir.join(&twin.name);
            let fresh = self.dir.join(format!("{}.new", twin.name));
            let file = self.disk.open(&fresh, true)?;
            file.set_len(0)?;
            file.write_at(text.as_bytes(), 0)?;
            file.sync()?;
            self.disk.rename(&fresh, &path)?;
            self.disk.sync_dir(&self.dir)?;
            twin.file = file;
            twin.len = text.len() as u64;
        }
        self.base = text.len() as u64;
        self.dirty = false;
        Ok(())
    }
}

fn format_line(number: u64, json: &str) -> String {
    let content = format!("{number} {json}");
    format!("{:08x} {content}\n", crc32c::crc32c(content.as_bytes()))
}

/// What one of the twins looks like.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    good: usize,
    /// Bytes of good lines.
    bytes: u64,
    bad: u64,
    /// A power cut left pieces of writes that were not synced.
    torn: bool,
}

impl Seen {
    fn is_whole(&self, lines: usize, len: u64) -> bool {
        self.good == lines && self.bytes == len
    }
}

/// Collects the good lines and counts the bad ones. An unfinished last line is not bad, unless all that is wrong with it is
/// its end. Pages that never came after a power cut are zeros: a line with zeros is not bad either.
fn read_lines(bytes: &[u8], lines: &mut BTreeMap<u64, String>) -> Seen {
    let mut seen = Seen::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mended = || [line.split_last().map_or(&[][..], |(_, front)| front), b"\n"].concat();
        if let Some((number, json)) = read_line(line) {
            lines.insert(number, json);
            seen.good += 1;
            seen.bytes += line.len() as u64;
        } else if line.contains(&0) {
            seen.torn = true;
        } else if line.ends_with(b"\n") {
            seen.bad += 1;
        } else if let Some((number, json)) = read_line(&mended()) {
            lines.insert(number, json);
            seen.bad += 1;
        } else {
            seen.torn = true;
        }
    }
    seen
}

fn read_line(line: &[u8]) -> Option<(u64, String)> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (crc, content) = line.split_once(' ')?;
    if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(content.as_bytes()) {
        return None;
    }
    let (number, json) = content.split_once(' ')?;
    Some((number.parse().ok()?, json.to_owned()))
}
