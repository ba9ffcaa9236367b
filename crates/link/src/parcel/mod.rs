//! A parcel: a unit of upload. Its bytes are a contract; `crates/link/tests/vectors` holds examples.
//!
//! A parcel covers the numbers `first` to `last` of one stream without holes: each is either one of its records or in one
//! of its gone ranges. Records of `data` and `prediction` are the bytes of the log; those of `alarm` and `change` are
//! bytes that SQL keeps, framed by [`records::frame`]. All numbers are little-endian:
//!
//! ```text
//! version u8 = 1 | stream u8 | flags u8 (1: the body is zstd) | edge 16 bytes | epoch u64 | first u64 | last u64 | count u32
//! | prev_crc u32 | crc u32 | gone u16, each (first u64, last u64, reason u8)
//! | told u32, records u32: lengths of the two parts of the body | body u32: its length as it travels | body crc32c u32
//! | crc32c u32 over everything before it | body: told, then records
//! ```
//!
//! `told` are records of the log that say what groups and packings mean, for a receiver that was not told them yet: after a jump
//! over an owed range, and in a new connection. They have no part in the numbering.

mod check;
mod error;
mod layout;
pub mod records;

#[cfg(test)]
mod tests;

use domain::Id;
use serde::{Deserialize, Serialize};

pub use self::check::{Contents, Meaning};
pub use self::error::ParcelError;
use crate::Stream;

/// The version that is written, and the only one so far.
pub const VERSION: u8 = 1;
/// No body is longer, unpacked: one record of the largest size, or very many of the usual.
pub const MAX_BODY: usize = domain::log_record::MAX_RECORD + (1 << 20);
/// No parcel says more gone ranges.
pub const MAX_GONE: usize = 256;

/// What stands in front of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose records.
    pub edge: Id,
    /// The life of the edge's store.
    pub epoch: u64,
    /// Which sequence.
    pub stream: Stream,
    /// First number that it covers.
    pub first: u64,
    /// Last number that it covers.
    pub last: u64,
    /// How many records there are; the other numbers are gone.
    pub count: u32,
    /// What stands for the content at `first - 1`: see [`crc_of_gone`]. 0 at the beginning.
    pub prev_crc: u32,
    /// The same at `last`.
    pub crc: u32,
    /// Numbers that the edge no longer has, ascending.
    pub gone: Vec<Gone>,
}

impl Header {
    /// CRC of the record at `last`; none when that number is gone: what stands for it there is no record's.
    pub fn last_record_crc(&self) -> Option<u32> {
        (!self.ends_gone()).then_some(self.crc)
    }

    /// The edge no longer has the record at `last`: it had to drop it after it told of it.
    pub(crate) fn ends_gone(&self) -> bool {
        self.gone.last().is_some_and(|gone| gone.last == self.last)
    }
}

/// A drop record: a range that the edge no longer has. It stands for the records and shows as a marked gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
    /// Why.
    pub reason: GoneReason,
}

/// Why records will never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoneReason {
    /// The edge's disk was nearly full.
    DiskFull,
    /// The bytes were damaged.
    Damaged,
    /// The edge's log or history reached its size.
    TooLarge,
    /// The hub had them once and was restored from an older backup; the edge had let them go.
    Released,
    /// The edge was restored from an older backup before it had sent them.
    Restored,
}

impl GoneReason {
    const ALL: [Self; 5] = [Self::DiskFull, Self::Damaged, Self::TooLarge, Self::Released, Self::Restored];
}

impl From<domain::log_record::DropReason> for GoneReason {
    fn from(reason: domain::log_record::DropReason) -> Self {
        use domain::log_record::DropReason;
        match reason {
            DropReason::DiskFull => Self::DiskFull,
            DropReason::Damaged => Self::Damaged,
            DropReason::TooLarge => Self::TooLarge,
        }
    }
}

/// A parcel with its body unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// What it covers.
    pub header: Header,
    /// Records of the log that say what the others mean.
    pub told: Vec<u8>,
    /// The records, in order of their numbers.
    pub records: Vec<u8>,
}

/// What stands for the content of a stream at a number: the CRC of the record there, without its epoch; for one that is gone, that
/// of its number. Two streams that agree in it are the same up to there as far as anybody can tell.
pub fn crc_of_gone(number: u64) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(b"gone"), &number.to_le_bytes())
}
