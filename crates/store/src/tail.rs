//! Reading single scans of the tail: out of the newest commits, which stay in memory, or out of the log's files.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use crate::log::Row;
use crate::view::Segments;

/// Bytes read ahead when scans lie close together.
const AHEAD: usize = 32 << 10;

/// The bytes of one commit as they are in the log.
#[derive(Clone, Debug)]
struct Commit {
    segment: u32,
    offset: u32,
    bytes: Arc<Vec<u8>>,
}

/// The newest commits, at most `limit` bytes of them: what most trends of the last minutes need, without a call to the
/// system for every scan.
#[derive(Debug)]
pub(crate) struct Recent {
    commits: VecDeque<Commit>,
    bytes: usize,
    limit: usize,
}

impl Recent {
    pub(crate) fn new(limit: usize) -> Self {
        Self { commits: VecDeque::new(), bytes: 0, limit }
    }

    /// Takes what was just synced to the disk at this place.
    pub(crate) fn push(&mut self, segment: u64, offset: u64, mut bytes: Vec<u8>) {
        let (Ok(segment), Ok(offset)) = (u32::try_from(segment), u32::try_from(offset)) else { return };
        bytes.shrink_to_fit();
        self.bytes += bytes.len();
        self.commits.push_back(Commit { segment, offset, bytes: Arc::new(bytes) });
        while self.bytes > self.limit {
            let Some(oldest) = self.commits.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }

    /// The commits from this place of the log on.
    pub(crate) fn from(&self, place: (u32, u32)) -> RecentPart {
        let behind = self.commits.partition_point(|commit| (commit.segment, commit.offset) <= place);
        RecentPart(self.commits.range(behind.saturating_sub(1)..).cloned().collect())
    }
}

/// Some of the newest commits, in order.
#[derive(Debug, Default)]
pub(crate) struct RecentPart(Vec<Commit>);

impl RecentPart {
    fn find(&self, row: &Row) -> Option<&[u8]> {
        let behind = self.0.partition_point(|commit| (commit.segment, commit.offset) <= row.place());
        let commit = self.0.get(behind.checked_sub(1)?).filter(|commit| commit.segment == row.segment)?;
        let start = (row.offset - commit.offset) as usize;
        commit.bytes.get(start..start + row.len as usize)
    }
}

/// Where some rows are read from.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The files they lie in.
    pub(crate) segments: Segments,
    /// Those of them that are in memory.
    pub(crate) recent: RecentPart,
}

/// Reads scans in the order of their places, some ahead where that pays.
#[derive(Debug)]
pub(crate) struct TailReader<'a> {
    places: &'a Places,
    ahead: Ahead,
}

/// What was read from a file last.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    segment: u32,
    offset: u64,
    bytes: Vec<u8>,
}

impl<'a> TailReader<'a> {
    pub(crate) fn new(places: &'a Places) -> Self {
        Self { places, ahead: Ahead::default() }
    }

    /// The bytes of a record. `next` is the one that will be asked for next.
    pub(crate) fn read(&mut self, row: &Row, next: Option<&Row>) -> io::Result<&[u8]> {
        self.ahead.read(self.places, row, next)
    }
}

impl Ahead {
    /// The same for whoever keeps places and buffer apart.
    pub(crate) fn read<'b>(&'b mut self, places: &'b Places, row: &Row, next: Option<&Row>) -> io::Result<&'b [u8]> {
        if let Some(bytes) = places.recent.find(row) {
            return Ok(bytes);
        }
        let (offset, len) = (u64::from(row.offset), row.len as usize);
        let inside = self.segment == row.segment
            && offset >= self.offset
            && offset + len as u64 <= self.offset + self.bytes.len() as u64;
        if !inside {
            let segment = places.segments.get(&u64::from(row.segment)).ok_or(io::ErrorKind::NotFound)?;
            let near = next.is_some_and(|next| {
                next.segment == row.segment
                    && next.offset >= row.offset
                    && (next.offset - row.offset) as usize <= len * 4
            });
            let room = usize::try_from(segment.len().saturating_sub(offset)).unwrap_or(usize::MAX);
            self.bytes.resize(if near { len.max(AHEAD.min(room)) } else { len }, 0);
            self.bytes.shrink_to(AHEAD.max(len));
            (self.segment, self.offset) = (row.segment, offset);
            if let Err(error) = segment.read(&mut self.bytes, offset) {
                self.bytes.clear();
                return Err(error);
            }
        }
        let start = usize::try_from(offset - self.offset).unwrap_or(0);
        Ok(&self.bytes[start..start + len])
    }
}
