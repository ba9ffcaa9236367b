//! Reading single scans of the tail out of the log.

use std::io;

use crate::log::Row;
use crate::view::Segments;

/// Bytes read ahead when scans lie close together.
const AHEAD: usize = 32 << 10;

/// Reads scans in the order of their places, some ahead where that pays.
#[derive(Debug)]
pub(crate) struct TailReader<'a> {
    segments: &'a Segments,
    /// Segment and place of what is in `bytes`.
    at: (u32, u64),
    bytes: Vec<u8>,
}

impl<'a> TailReader<'a> {
    pub(crate) fn new(segments: &'a Segments) -> Self {
        Self { segments, at: (0, 0), bytes: Vec::new() }
    }

    /// The bytes of a record. `next` is the one that will be asked for next.
    pub(crate) fn read(&mut self, row: &Row, next: Option<&Row>) -> io::Result<&[u8]> {
        read_into(self.segments, &mut self.at, &mut self.bytes, row, next)
    }
}

/// The same for whoever keeps segments and buffer apart.
pub(crate) fn read_into<'b>(
    segments: &Segments,
    at: &mut (u32, u64),
    bytes: &'b mut Vec<u8>,
    row: &Row,
    next: Option<&Row>,
) -> io::Result<&'b [u8]> {
    let (offset, len) = (u64::from(row.offset), row.len as usize);
    let inside = at.0 == row.segment && offset >= at.1 && offset + len as u64 <= at.1 + bytes.len() as u64;
    if !inside {
        let segment = segments.get(&u64::from(row.segment)).ok_or(io::ErrorKind::NotFound)?;
        let near = next.is_some_and(|next| {
            next.segment == row.segment && next.offset >= row.offset && (next.offset - row.offset) as usize <= len * 4
        });
        let room = usize::try_from(segment.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        bytes.resize(if near { len.max(AHEAD.min(room)) } else { len }, 0);
        bytes.shrink_to(AHEAD.max(len));
        *at = (row.segment, offset);
        if let Err(error) = segment.read(bytes, offset) {
            bytes.clear();
            return Err(error);
        }
    }
    let start = usize::try_from(offset - at.1).unwrap_or(0);
    Ok(&bytes[start..start + len])
}
