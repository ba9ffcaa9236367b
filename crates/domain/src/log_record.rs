//! The layout of one record of the log, version 2: bytes to nouns and back. Parcels to the hub carry the same bytes.
//!
//! A record tells its length in front, its epoch, and its CRC32C at the end. So a reader that lost its place finds the next
//! record, and a flipped bit costs one record. To understand a scan, the definition of its group is needed and, for a packed one,
//! the packing that it names; both are records of the same stream that come before it ([`Meanings`] keeps them for whoever
//! reads a stream). A packing is told again at the start of every file of the log and a second time soon after, so that damage
//! to one of its records costs nothing. All numbers are little-endian; `varint` is LEB128, `zigzag` maps signed to unsigned
//! before it.
//!
//! ```text
//! version u8 = 2 | kind and stream u8 (kind * 16 + stream) | length u32, of the whole record | epoch u64
//! | seq varint | body | crc32c u32 over everything before it
//! kind  0 scan  1 definition of a group  2 step of the clock  3 something dropped  4 packing  5 packed scan
//! ```
//!
//! Version 1 had no kinds 4 and 5 and was the same otherwise; it is read as well.

mod meaning;
mod packed;
mod packing;
mod scan;
mod wire;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::meaning::{Meaning, Meanings};
pub use self::packing::{Field, MAX_BITS, Packing, Steps};
pub use self::scan::ScanView;
use self::wire::{Reader, put_text, put_varint, put_zigzag};
use crate::{GroupId, Scan, SeriesId, TagPath, Timestamp, ValueType};

/// The version that is written.
pub const VERSION: u8 = 2;
/// The oldest that is read.
pub const OLDEST_VERSION: u8 = 1;
/// Bytes before the sequence number.
const HEAD: usize = 14;
/// Bytes of the CRC at the end.
const CRC: usize = 4;
/// No record is longer: a scan of 10,000 texts of 1 KiB stays below it.
pub const MAX_RECORD: usize = 64 << 20;

/// One of the two sequences of the log. (The streams `change` and `alarm` belong to the SQL side.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// What devices gave.
    Data,
    /// What models made of it.
    Prediction,
}

impl Stream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Data, Self::Prediction];

    /// Its name, as in the glossary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Prediction => "prediction",
        }
    }

    /// Its place in [`Stream::ALL`], and its number in a record.
    pub const fn index(self) -> usize {
        match self {
            Self::Data => 0,
            Self::Prediction => 1,
        }
    }

    /// The stream with this number in a record.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }
}

/// `value = raw * factor + offset`. Where it holds exactly, the log and history keep the small raw number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearScale {
    /// Engineering units per count.
    pub factor: f64,
    /// Engineering value at count zero.
    pub offset: f64,
}

/// What a series number means. A change of any field is a new series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesDef {
    /// The tag's name.
    pub tag: TagPath,
    /// The tag's declared type.
    pub value_type: ValueType,
    /// The tag's unit, empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The tag's scale, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<LinearScale>,
}

/// The series of a group, told in a stream before its first scan.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupDef {
    /// The number of the list.
    pub group: GroupId,
    /// The list, in the order of each scan's values.
    pub series: Vec<(SeriesId, SeriesDef)>,
}

/// The wall clock stepped by more than two seconds: order across this mark is by sequence, not by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockEra {
    /// What the clock said last.
    pub before: Timestamp,
    /// What it says now.
    pub after: Timestamp,
}

/// Stands for records or history that are no longer here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropRecord {
    /// First sequence number that is gone.
    pub first: u64,
    /// Last sequence number that is gone.
    pub last: u64,
    /// Earliest arrival among them, as far as known.
    pub from: Timestamp,
    /// Latest arrival among them, as far as known.
    pub to: Timestamp,
    /// Why.
    pub reason: DropReason,
}

/// Why records or history are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// The disk was nearly full.
    DiskFull,
    /// The bytes were damaged.
    Damaged,
    /// History reached its configured size.
    TooLarge,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum LogBody {
    /// One scan of one group.
    Scan(Scan),
    /// The meaning of a group.
    Define(GroupDef),
    /// A step of the clock.
    Era(ClockEra),
    /// Something that is no longer here.
    Drop(DropRecord),
    /// How scans that follow are packed.
    Packing(Packing),
}

/// Kind of a record, without decoding its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// [`LogBody::Scan`], packed or not
    Scan,
    /// [`LogBody::Define`]
    Define,
    /// [`LogBody::Era`]
    Era,
    /// [`LogBody::Drop`]
    Drop,
    /// [`LogBody::Packing`]
    Packing,
}

/// The number of a packed scan's kind; the others are those of [`RecordKind`].
const PACKED_SCAN: u8 = 5;

/// Whose record it is and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHead {
    /// The life of the store that wrote it.
    pub epoch: u64,
    /// Its sequence.
    pub stream: Stream,
    /// Its number in the sequence, from 1, without holes.
    pub seq: u64,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The bytes end before the record does.
    Short,
    /// A version this program does not know.
    Version(u8),
    /// The CRC does not fit: a bit flipped, or this is not the start of a record.
    Checksum,
    /// The CRC fits, the contents do not: written by something else.
    Layout(&'static str),
    /// The packing with this number was not told yet.
    Packing(u64),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("the record ends too early"),
            Self::Version(version) => write!(f, "the record has version {version}, this program knows {VERSION}"),
            Self::Checksum => f.write_str("the record's checksum does not fit"),
            Self::Layout(what) => write!(f, "the record's {what} makes no sense"),
            Self::Packing(number) => write!(f, "the record needs packing {number}, which is not known here"),
        }
    }
}

impl std::error::Error for RecordError {}

/// Appends one scan as a record to `out`. `scales` are those of the group's series; whoever reads it needs the same.
pub fn encode_scan(head: RecordHead, scan: &Scan, scales: &[Option<LinearScale>], out: &mut Vec<u8>) {
    encode_with(head, RecordKind::Scan as u8, out, |out| scan::encode(scan, scales, out));
}

/// Appends one scan as a packed record to `out`; whoever reads it needs the same packing. Gives how many values did not fit
/// into it and are told in full.
pub fn encode_packed_scan(head: RecordHead, scan: &Scan, packing: &Packing, out: &mut Vec<u8>) -> usize {
    let mut misses = 0;
    encode_with(head, PACKED_SCAN, out, |out| misses = scan::encode_packed(scan, packing, out));
    misses
}

/// Appends any record to `out`.
pub fn encode(head: RecordHead, body: &LogBody, out: &mut Vec<u8>) {
    match body {
        LogBody::Scan(scan) => encode_scan(head, scan, &[], out),
        LogBody::Define(group) => encode_with(head, RecordKind::Define as u8, out, |out| encode_group(group, out)),
        LogBody::Era(era) => encode_with(head, RecordKind::Era as u8, out, |out| {
            put_zigzag(out, era.before.micros());
            put_zigzag(out, era.after.micros());
        }),
        LogBody::Drop(gone) => encode_with(head, RecordKind::Drop as u8, out, |out| {
            put_varint(out, gone.first);
            put_varint(out, gone.last);
            put_zigzag(out, gone.from.micros());
            put_zigzag(out, gone.to.micros());
            out.push(gone.reason as u8);
        }),
        LogBody::Packing(packing) => {
            encode_with(head, RecordKind::Packing as u8, out, |out| packing.encode(out));
        }
    }
}

fn encode_with(head: RecordHead, kind: u8, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let stream = u8::try_from(head.stream.index()).unwrap_or(u8::MAX);
    out.extend_from_slice(&[VERSION, kind * 16 + stream, 0, 0, 0, 0]);
    out.extend_from_slice(&head.epoch.to_le_bytes());
    put_varint(out, head.seq);
    body(out);
    let len = u32::try_from(out.len() - start + CRC).unwrap_or(u32::MAX);
    out[start + 2..start + 6].copy_from_slice(&len.to_le_bytes());
    let crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

fn encode_group(group: &GroupDef, out: &mut Vec<u8>) {
    put_varint(out, u64::from(group.group.0));
    put_varint(out, group.series.len() as u64);
    for (id, def) in &group.series {
        put_varint(out, u64::from(id.0));
        put_text(out, def.tag.as_str());
        out.push(def.value_type as u8);
        put_text(out, &def.unit);
        out.push(u8::from(def.scale.is_some()));
        if let Some(scale) = def.scale {
            out.extend_from_slice(&scale.factor.to_le_bytes());
            out.extend_from_slice(&scale.offset.to_le_bytes());
        }
    }
}

/// A record whose CRC fits, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// Whose and where.
    pub head: RecordHead,
    /// What kind.
    pub kind: RecordKind,
    /// All its bytes, as they travel.
    pub bytes: &'a [u8],
    body: &'a [u8],
    packed: bool,
}

/// The record at the start of `bytes`, which may go on behind it. Checks the CRC, decodes nothing.
pub fn parse(bytes: &[u8]) -> Result<RawRecord<'_>, RecordError> {
    let whole = frame(bytes)?;
    let (content, crc) = whole.split_at(whole.len() - CRC);
    if crc32c::crc32c(content).to_le_bytes() == crc { open(whole) } else { Err(RecordError::Checksum) }
}

/// The same for bytes that this program encoded itself and kept in memory: the CRC guards against disks and wires, and is not
/// checked.
pub fn parse_kept(bytes: &[u8]) -> Result<RawRecord<'_>, RecordError> {
    open(frame(bytes)?)
}

/// All bytes of the first record.
fn frame(bytes: &[u8]) -> Result<&[u8], RecordError> {
    let mut reader = Reader::new(bytes);
    let version = reader.u8()?;
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(RecordError::Version(version));
    }
    reader.u8()?;
    let len = reader.u32()? as usize;
    if !(HEAD + 1 + CRC..=MAX_RECORD).contains(&len) {
        return Err(RecordError::Checksum);
    }
    bytes.get(..len).ok_or(RecordError::Short)
}

fn open(whole: &[u8]) -> Result<RawRecord<'_>, RecordError> {
    let mut reader = Reader::new(&whole[1..whole.len() - CRC]);
    let kind = reader.u8()?;
    reader.u32()?;
    let epoch = reader.u64()?;
    let seq = reader.varint()?;
    let stream = Stream::from_index(usize::from(kind % 16)).ok_or(RecordError::Layout("stream"))?;
    let packed = kind / 16 == PACKED_SCAN;
    let kind = match kind / 16 {
        0 | PACKED_SCAN => RecordKind::Scan,
        1 => RecordKind::Define,
        2 => RecordKind::Era,
        3 => RecordKind::Drop,
        4 => RecordKind::Packing,
        _ => return Err(RecordError::Layout("kind")),
    };
    Ok(RawRecord { head: RecordHead { epoch, stream, seq }, kind, bytes: whole, body: reader.rest(), packed })
}

impl<'a> RawRecord<'a> {
    /// CRC32C of what it says, whatever its epoch: over everything but the epoch and the CRC at its end.
    pub fn content_crc(&self) -> u32 {
        let (front, rest) = self.bytes.split_at(6);
        let rest = rest.get(8..rest.len().saturating_sub(CRC)).unwrap_or_default();
        crc32c::crc32c_append(crc32c::crc32c(front), rest)
    }

    /// Appends the same record as one of another epoch: what a store still holds from before goes on in the new one.
    pub fn put_in_epoch(&self, epoch: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes[..self.bytes.len() - CRC]);
        out[start + 6..start + HEAD].copy_from_slice(&epoch.to_le_bytes());
        let crc = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    /// The scan inside, to take single columns out of it. An error for other kinds.
    pub fn scan(&self) -> Result<ScanView<'a>, RecordError> {
        if self.kind == RecordKind::Scan {
            ScanView::new(self.body, self.packed)
        } else {
            Err(RecordError::Layout("kind"))
        }
    }

    /// Everything inside. `meaning` is that of the group; only a scan needs it.
    pub fn decode(&self, meaning: Meaning<'_>) -> Result<LogBody, RecordError> {
        let mut reader = Reader::new(self.body);
        Ok(match self.kind {
            RecordKind::Scan => LogBody::Scan(self.scan()?.to_scan(meaning)?),
            RecordKind::Packing => LogBody::Packing(Packing::decode(&mut reader)?),
            RecordKind::Define => LogBody::Define(decode_group(&mut reader)?),
            RecordKind::Era => LogBody::Era(ClockEra { before: reader.timestamp()?, after: reader.timestamp()? }),
            RecordKind::Drop => LogBody::Drop(DropRecord {
                first: reader.varint()?,
                last: reader.varint()?,
                from: reader.timestamp()?,
                to: reader.timestamp()?,
                reason: match reader.u8()? {
                    0 => DropReason::DiskFull,
                    1 => DropReason::Damaged,
                    2 => DropReason::TooLarge,
                    _ => return Err(RecordError::Layout("reason")),
                },
            }),
        })
    }
}

fn decode_group(reader: &mut Reader<'_>) -> Result<GroupDef, RecordError> {
    let group = GroupId(reader.varint_u32()?);
    let count = reader.count()?;
    let mut series = Vec::with_capacity(count);
    for _ in 0..count {
        let id = SeriesId(reader.varint_u32()?);
        let tag = reader.text()?.parse().map_err(|_| RecordError::Layout("tag"))?;
        let value_type = match reader.u8()? {
            0 => ValueType::Bool,
            1 => ValueType::I64,
            2 => ValueType::U64,
            3 => ValueType::F64,
            4 => ValueType::Text,
            _ => return Err(RecordError::Layout("value type")),
        };
        let unit = reader.text()?.to_owned();
        let scale = match reader.u8()? {
            0 => None,
            _ => Some(LinearScale { factor: reader.f64()?, offset: reader.f64()? }),
        };
        series.push((id, SeriesDef { tag, value_type, unit, scale }));
    }
    Ok(GroupDef { group, series })
}
