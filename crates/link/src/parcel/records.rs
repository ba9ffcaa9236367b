//! The records in a parcel, one after the other. Those of the log tell their own number; those of SQL stand in frames:
//!
//! ```text
//! length u32, of the whole frame | number u64 | bytes as SQL keeps them | crc32c u32 over everything before it
//! ```

use domain::log_record::{self, RawRecord};

use super::ParcelError;
use crate::Stream;

/// Bytes around the content of a frame.
const FRAME: usize = 4 + 8 + 4;

/// Appends a record of `alarm` or `change`.
pub fn frame(number: u64, content: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&u32::try_from(content.len() + FRAME).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(content);
    let crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// How long the frame of a content is.
pub(crate) const fn framed(content: usize) -> usize {
    content + FRAME
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number in the stream.
    pub number: u64,
    /// CRC of what it says, the same in every life.
    pub crc: u32,
    /// All its bytes; of a frame, the content.
    pub bytes: &'a [u8],
    /// For `data` and `prediction`: as a record of the log.
    pub raw: Option<RawRecord<'a>>,
}

/// Walks records of a stream. Ends after the first one that cannot be read.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    stream: Stream,
    rest: &'a [u8],
}

/// The records in `bytes`.
pub fn read(stream: Stream, bytes: &[u8]) -> Records<'_> {
    Records { stream, rest: bytes }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, ParcelError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = if self.stream.of_log().is_some() { of_log(self.rest) } else { of_sql(self.rest) };
        match read {
            Ok((record, rest)) => {
                self.rest = rest;
                Some(Ok(record))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

fn of_log(bytes: &[u8]) -> Result<(Record<'_>, &[u8]), ParcelError> {
    let raw = log_record::parse(bytes)?;
    let rest = bytes.get(raw.bytes.len()..).unwrap_or_default();
    Ok((Record { number: raw.head.seq, crc: raw.content_crc(), bytes: raw.bytes, raw: Some(raw) }, rest))
}

fn of_sql(bytes: &[u8]) -> Result<(Record<'_>, &[u8]), ParcelError> {
    let damaged = ParcelError::Contents("frame");
    let length = bytes.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    if length < FRAME {
        return Err(damaged);
    }
    let (whole, rest) = bytes.split_at_checked(length).ok_or(damaged.clone())?;
    let (inner, crc) = whole.split_last_chunk::<4>().ok_or(damaged.clone())?;
    let crc = u32::from_le_bytes(*crc);
    if crc32c::crc32c(inner) != crc {
        return Err(damaged);
    }
    let (number, content) = inner.get(4..).and_then(<[u8]>::split_first_chunk::<8>).ok_or(damaged)?;
    Ok((Record { number: u64::from_le_bytes(*number), crc, bytes: content, raw: None }, rest))
}
