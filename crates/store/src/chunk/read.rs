//! Reading as little of a chunk as is needed, and never what its CRC does not cover.

use std::io;
use std::sync::Arc;

use domain::SeriesId;

use super::column::{Column, MAX_ROWS, unpacked};
use super::{ENTRY, Entry, HEAD, Head};
use crate::disk::DiskFile;

/// A chunk whose head, directory and times are in memory.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) head: Head,
    file: Arc<dyn DiskFile>,
    offset: u64,
    /// Head, directory, times, source times.
    front: Vec<u8>,
}

/// `Ok(None)` everywhere below: those bytes are damaged.
type Damaged<T> = io::Result<Option<T>>;

impl Chunk {
    pub(crate) fn open(file: &Arc<dyn DiskFile>, offset: u64, front_len: u32) -> Damaged<Self> {
        let mut front = vec![0; front_len as usize];
        file.read_at(&mut front, offset)?;
        Ok(Head::decode(&front).filter(|head| head.front_len == front_len).map(|head| Self {
            head,
            file: Arc::clone(file),
            offset,
            front,
        }))
    }

    /// Arrivals, µs, ascending. None when damaged.
    pub(crate) fn arrivals(&self) -> Option<Vec<i64>> {
        let start = HEAD + self.head.series as usize * ENTRY;
        let bytes = self.front.get(start..start + self.head.time_len as usize)?;
        let rows = self.head.rows as usize;
        if crc32c::crc32c(bytes) != self.head.time_crc || rows > MAX_ROWS {
            return None;
        }
        let (unit, packed) = bytes.split_first()?;
        let mut arrivals: Vec<i64> = unpacked(packed, rows)?;
        if *unit == 0 {
            for arrival in &mut arrivals {
                *arrival = arrival.checked_mul(1000)?;
            }
        }
        Some(arrivals)
    }

    /// The difference of source time to arrival per scan; empty when no scan has one, none when damaged.
    pub(crate) fn sources(&self) -> Option<Column> {
        if self.head.source_len == 0 {
            return Some(Column::empty());
        }
        let start = HEAD + self.head.series as usize * ENTRY + self.head.time_len as usize;
        let bytes = self.front.get(start..start + self.head.source_len as usize)?;
        if crc32c::crc32c(bytes) != self.head.source_crc {
            return None;
        }
        Column::decode(bytes, self.head.rows as usize)
    }

    /// What the directory tells of the series at `position`. None when damaged.
    pub(crate) fn entry(&self, position: usize, series: SeriesId) -> Option<Entry> {
        let start = HEAD + position * ENTRY;
        if position >= self.head.series as usize {
            return None;
        }
        Entry::decode(self.front.get(start..start + ENTRY)?).filter(|entry| entry.series == series.0)
    }

    /// The column of the series at `position`.
    pub(crate) fn column(&self, position: usize, series: SeriesId) -> Damaged<Column> {
        let Some(entry) = self.entry(position, series) else { return Ok(None) };
        if u64::from(entry.offset) + u64::from(entry.len) > u64::from(self.head.frame_len) {
            return Ok(None);
        }
        let mut bytes = vec![0; entry.len as usize];
        self.file.read_at(&mut bytes, self.offset + u64::from(entry.offset))?;
        if crc32c::crc32c(&bytes) != entry.crc {
            return Ok(None);
        }
        Ok(Column::decode(&bytes, self.head.rows as usize))
    }
}

/// What the directory of a chunk at `offset` tells of one series, without reading anything else.
pub(crate) fn read_entry(file: &dyn DiskFile, offset: u64, position: usize, series: SeriesId) -> Damaged<Entry> {
    let mut bytes = [0; ENTRY];
    file.read_at(&mut bytes, offset + (HEAD + position * ENTRY) as u64)?;
    Ok(Entry::decode(&bytes).filter(|entry| entry.series == series.0))
}

/// Whether every byte of the chunk at `offset` is as it was written.
pub(crate) fn is_whole(file: &Arc<dyn DiskFile>, offset: u64, head: &Head) -> io::Result<bool> {
    let Some(chunk) = Chunk::open(file, offset, head.front_len)? else { return Ok(false) };
    if chunk.head != *head || chunk.arrivals().is_none() || chunk.sources().is_none() {
        return Ok(false);
    }
    for position in 0..head.series as usize {
        let start = HEAD + position * ENTRY;
        let entry = chunk.front.get(start..start + ENTRY).and_then(Entry::decode);
        let Some(entry) = entry else { return Ok(false) };
        if chunk.column(position, SeriesId(entry.series))?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
