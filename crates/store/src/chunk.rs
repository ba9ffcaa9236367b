//! A chunk: some scans of one group, transposed. One time column, then one column per series; a directory in front tells
//! of each series where its column lies and its minimum, maximum, sum and counts, so that a trend over months reads
//! only directories.
//!
//! ```text
//! head (100 bytes, see `Head`) | directory (56 bytes per series, see `Entry`) | times | [source times] | columns
//! ```
//!
//! Head, each directory entry, the times and each column have a CRC32C of their own: a flipped bit costs one column.

mod build;
pub(crate) mod column;
mod read;

pub(crate) use self::build::{Part, build};
pub(crate) use self::read::{Chunk, is_whole, read_entry};
use crate::bytes::{Reader, seal_with_crc, sealed_content};

pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LMCK");
const VERSION: u8 = 1;
/// Bytes of a head.
pub(crate) const HEAD: usize = 100;
/// Bytes of a directory entry.
const ENTRY: usize = 56;
const OVERLAY: u8 = 1;

/// The head of a chunk: all that an index has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of the stream.
    pub(crate) stream: u8,
    /// Holds scans older than what was sealed before.
    pub(crate) overlay: bool,
    /// Chunks of the same sealing that follow this one.
    pub(crate) parts_left: u8,
    pub(crate) group: u32,
    pub(crate) series: u32,
    pub(crate) rows: u32,
    /// Bytes of everything before the columns.
    pub(crate) front_len: u32,
    /// Bytes of the whole chunk.
    pub(crate) frame_len: u32,
    pub(crate) time_len: u32,
    pub(crate) time_crc: u32,
    pub(crate) source_len: u32,
    pub(crate) source_crc: u32,
    /// Usual time between two scans, in ms.
    pub(crate) usual_ms: u32,
    /// Where the longest time between two scans begins, in ms from `from`.
    pub(crate) pause_at_ms: u32,
    /// How long it is.
    pub(crate) pause_ms: u32,
    pub(crate) epoch: u64,
    /// Arrival of the first scan, µs.
    pub(crate) from: i64,
    /// Arrival of the last scan.
    pub(crate) to: i64,
    /// The sequence numbers that this sealing took out of the tail, the same in all its parts.
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Head {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD);
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&[VERSION, self.stream, u8::from(self.overlay) * OVERLAY, self.parts_left]);
        for field in [
            self.group,
            self.series,
            self.rows,
            self.front_len,
            self.frame_len,
            self.time_len,
            self.time_crc,
            self.source_len,
            self.source_crc,
            self.usual_ms,
            self.pause_at_ms,
            self.pause_ms,
        ] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.from.to_le_bytes());
        out.extend_from_slice(&self.to.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.last.to_le_bytes());
        seal_with_crc(&mut out);
        out
    }

    /// None when these bytes are no head.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(sealed_content(bytes.get(..HEAD)?)?);
        let (magic, version) = (reader.u32()?, reader.u8()?);
        let head = Self {
            stream: reader.u8()?,
            overlay: reader.u8()? & OVERLAY != 0,
            parts_left: reader.u8()?,
            group: reader.u32()?,
            series: reader.u32()?,
            rows: reader.u32()?,
            front_len: reader.u32()?,
            frame_len: reader.u32()?,
            time_len: reader.u32()?,
            time_crc: reader.u32()?,
            source_len: reader.u32()?,
            source_crc: reader.u32()?,
            usual_ms: reader.u32()?,
            pause_at_ms: reader.u32()?,
            pause_ms: reader.u32()?,
            epoch: reader.u64()?,
            from: reader.i64()?,
            to: reader.i64()?,
            first: reader.u64()?,
            last: reader.u64()?,
        };
        let fits = head.front_len <= head.frame_len && head.front_len as usize >= HEAD + head.series as usize * ENTRY;
        (magic == MAGIC && version == VERSION && fits).then_some(head)
    }
}

/// What the directory tells of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) series: u32,
    /// Where its column lies, from the start of the chunk.
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) crc: u32,
    /// Samples that have a number (booleans count as 0 and 1).
    pub(crate) numbers: u32,
    /// Samples of good quality.
    pub(crate) good: u32,
    /// The worst quality.
    pub(crate) worst: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
}

impl Entry {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut entry = Vec::with_capacity(ENTRY);
        for field in [self.series, self.offset, self.len, self.crc, self.numbers, self.good, self.worst] {
            entry.extend_from_slice(&field.to_le_bytes());
        }
        for field in [self.min, self.max, self.sum] {
            entry.extend_from_slice(&field.to_le_bytes());
        }
        seal_with_crc(&mut entry);
        out.append(&mut entry);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(sealed_content(bytes)?);
        Some(Self {
            series: reader.u32()?,
            offset: reader.u32()?,
            len: reader.u32()?,
            crc: reader.u32()?,
            numbers: reader.u32()?,
            good: reader.u32()?,
            worst: reader.u32()?,
            min: reader.f64()?,
            max: reader.f64()?,
            sum: reader.f64()?,
        })
    }
}
