//! Day files: the chunks that were sealed on one day, one behind the other, and beside them an index of their heads.
//!
//! A day file is only appended to, and deleted whole; that is all that retention does. Late data of older days lies in the
//! file of the day it was sealed on. The index can be lost: the chunks describe themselves.

mod index;
mod recover;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{GroupId, Stream};

pub(crate) use self::index::{Place, load_index};
pub(crate) use self::recover::recover;
use crate::bytes::{Reader, seal_with_crc, sealed_content};
use crate::chunk::Head;
use crate::disk::{Disk, DiskFile};

const MAGIC: &[u8; 8] = b"LMDAY\0\0\x01";
/// Bytes before the first chunk.
pub(crate) const HEAD: u64 = 36;
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Scans of one group in one stream: what is sealed together.
pub(crate) type Lane = (Stream, GroupId);

/// One day file.
#[derive(Debug)]
pub(crate) struct Day {
    /// Ascends with every file that is begun.
    pub(crate) number: u64,
    /// Days since 1970 when it was begun, by the clock of then.
    pub(crate) date: i64,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) index: Arc<dyn DiskFile>,
}

/// What is known of a day file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Summary {
    pub(crate) number: u64,
    /// Earliest and latest arrival, µs; `from > to` when it is empty.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Bytes of chunks and index.
    pub(crate) len: u64,
    pub(crate) index_len: u64,
    /// First and last sequence number per stream; 0 for none.
    pub(crate) first: [u64; 2],
    pub(crate) last: [u64; 2],
}

impl Summary {
    pub(crate) fn empty(number: u64) -> Self {
        Self { number, from: i64::MAX, to: i64::MIN, len: HEAD, index_len: 0, first: [0; 2], last: [0; 2] }
    }

    pub(crate) fn add(&mut self, head: &Head) {
        self.from = self.from.min(head.from);
        self.to = self.to.max(head.to);
        let stream = usize::from(head.stream).min(1);
        self.first[stream] = if self.first[stream] == 0 { head.first } else { self.first[stream].min(head.first) };
        self.last[stream] = self.last[stream].max(head.last);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.len + self.index_len
    }
}

/// A chunk in a day file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkAt {
    pub(crate) offset: u64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) rows: u32,
    pub(crate) front_len: u32,
    pub(crate) usual_ms: u32,
    pub(crate) pause_at_ms: u32,
    pub(crate) pause_ms: u32,
}

impl ChunkAt {
    pub(crate) fn new(head: &Head, offset: u64) -> Self {
        Self {
            offset,
            from: head.from,
            to: head.to,
            rows: head.rows,
            front_len: head.front_len,
            usual_ms: head.usual_ms,
            pause_at_ms: head.pause_at_ms,
            pause_ms: head.pause_ms,
        }
    }

    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.from < to && self.to >= from
    }
}

/// The chunks of one day file by lane, in the order they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct DayIndex {
    pub(crate) lanes: HashMap<Lane, Vec<ChunkAt>>,
    pub(crate) chunks: usize,
}

impl DayIndex {
    pub(crate) fn add(&mut self, head: &Head, offset: u64) {
        if let Some(lane) = lane_of(head) {
            self.lanes.entry(lane).or_default().push(ChunkAt::new(head, offset));
            self.chunks += 1;
        }
    }

    /// Bytes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        self.chunks * size_of::<ChunkAt>() * 3 / 2 + self.lanes.len() * 64
    }
}

pub(crate) fn lane_of(head: &Head) -> Option<Lane> {
    Some((Stream::from_index(usize::from(head.stream))?, GroupId(head.group)))
}

impl Day {
    pub(crate) fn create(disk: &dyn Disk, dir: &Path, number: u64, day: i64, epoch: u64) -> io::Result<Self> {
        let created = Self::open_files(disk, dir, number, day, true)?;
        created.file.set_len(0)?;
        created.index.set_len(0)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&epoch.to_le_bytes());
        head.extend_from_slice(&number.to_le_bytes());
        head.extend_from_slice(&day.to_le_bytes());
        seal_with_crc(&mut head);
        created.file.write_at(&head, 0)?;
        created.file.sync()?;
        disk.sync_dir(dir)?;
        Ok(created)
    }

    /// Opens one that is there; its index may be missing.
    pub(crate) fn open(disk: &dyn Disk, dir: &Path, number: u64, day: i64) -> io::Result<Self> {
        Self::open_files(disk, dir, number, day, false)
    }

    fn open_files(disk: &dyn Disk, dir: &Path, number: u64, day: i64, create: bool) -> io::Result<Self> {
        let file = disk.open(&day_path(dir, number, day), create)?;
        let index = disk.open(&index_path(dir, number, day), true)?;
        Ok(Self { number, date: day, file, index })
    }

    /// Whether the head is as it was written in one of these lives. What it says is in the name, too.
    pub(crate) fn has_its_head(&self, lives: &[u64]) -> io::Result<bool> {
        let mut bytes = [0; 36];
        if self.file.size()? < HEAD {
            return Ok(false);
        }
        self.file.read_at(&mut bytes, 0)?;
        let content = sealed_content(&bytes).and_then(|content| content.strip_prefix(MAGIC));
        Ok(content.and_then(|content| Reader::new(content).u64()).is_some_and(|epoch| lives.contains(&epoch)))
    }

    /// Of its files, below the folder of the store.
    pub(crate) fn names(&self) -> [String; 2] {
        let date = date(self.date);
        ["chunks", "index"].map(|ending| format!("day/{:08}-{date}.{ending}", self.number))
    }

    pub(crate) fn remove(&self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        disk.remove(&day_path(dir, self.number, self.date))?;
        disk.remove(&index_path(dir, self.number, self.date))
    }
}

fn day_path(dir: &Path, number: u64, day: i64) -> PathBuf {
    dir.join(format!("{number:08}-{}.chunks", date(day)))
}

fn index_path(dir: &Path, number: u64, day: i64) -> PathBuf {
    dir.join(format!("{number:08}-{}.index", date(day)))
}

/// Number and day in the name of a day file.
pub(crate) fn day_name(name: &str) -> Option<(u64, i64)> {
    let (number, date) = name.strip_suffix(".chunks")?.split_once('-')?;
    Some((number.parse().ok()?, parse_date(date)?))
}

/// `2026-11-22`, for people who look into the folder; days before year 0 and beyond 9999 are plain numbers.
fn date(day: i64) -> String {
    let (year, month, of_month) = civil(day);
    if (0..=9999).contains(&year) { format!("{year:04}-{month:02}-{of_month:02}") } else { format!("d{day}") }
}

fn parse_date(text: &str) -> Option<i64> {
    if let Some(day) = text.strip_prefix('d') {
        return day.parse().ok();
    }
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, of_month) = (parts.next()??, parts.next()??, parts.next()??);
    Some(days_from_civil(year, month, of_month))
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": `civil_from_days`.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, of_year - (153 * month + 2) / 5 + 1)
}

/// The same author's `days_from_civil`.
fn days_from_civil(year: i64, month: i64, of_month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_number_and_day_both_ways() {
        for day in [-800_000, -1, 0, 59, 60, 20_000, 20_779, 47_541, 3_000_000, i64::MAX / MICROS_PER_DAY] {
            let path = day_path(Path::new(""), 12, day);
            assert_eq!(day_name(path.to_str().unwrap()), Some((12, day)));
        }
        assert_eq!(day_path(Path::new(""), 3, 20_779), Path::new("00000003-2026-11-22.chunks"));
    }
}
