//! Reading single scans of the tail: out of the newest commits, which stay in memory, or out of the log's files.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use domain::log_record::{RecordError, ScanView, parse, parse_kept};

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

impl Commit {
    fn place(&self) -> (u32, u32) {
        (self.segment, self.offset)
    }
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
        let behind = self.commits.partition_point(|commit| commit.place() <= place);
        RecentPart(self.commits.range(behind.saturating_sub(1)..).cloned().collect())
    }
}

/// Some of the newest commits, in order.
#[derive(Debug, Default)]
pub(crate) struct RecentPart(Vec<Commit>);

impl RecentPart {
    /// The record of a row. `near` is where the one before was found; the next one of a group is mostly one commit on.
    fn find(&self, row: &Row, near: &mut usize) -> Option<&[u8]> {
        let begins = |place: usize| self.0.get(place).is_some_and(|commit| commit.place() <= row.place());
        let holds = |place: usize| begins(place) && !begins(place + 1);
        *near = match [*near + 1, *near].into_iter().find(|place| holds(*place)) {
            Some(place) => place,
            None => self.0.partition_point(|commit| commit.place() <= row.place()).checked_sub(1)?,
        };
        let commit = self.0.get(*near).filter(|commit| commit.segment == row.segment)?;
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

/// What was read last.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// Which of the commits in memory.
    commit: usize,
    /// From which place of which file.
    segment: u32,
    offset: u64,
    bytes: Vec<u8>,
}

/// A scan, unless its record is damaged.
pub(crate) type Read<'a> = Result<ScanView<'a>, RecordError>;

impl<'a> TailReader<'a> {
    pub(crate) fn new(places: &'a Places) -> Self {
        Self { places, ahead: Ahead::default() }
    }

    /// A scan of the tail. `next` is the one that will be asked for next.
    pub(crate) fn read(&mut self, row: &Row, next: Option<&Row>) -> io::Result<Read<'_>> {
        self.ahead.read(self.places, row, next)
    }
}

impl Ahead {
    /// The same for whoever keeps places and buffer apart.
    pub(crate) fn read<'b>(&'b mut self, places: &'b Places, row: &Row, next: Option<&Row>) -> io::Result<Read<'b>> {
        if let Some(bytes) = places.recent.find(row, &mut self.commit) {
            return Ok(parse_kept(bytes).and_then(|record| record.scan()));
        }
        let bytes = self.from_file(places, row, next)?;
        Ok(parse(bytes).and_then(|record| record.scan()))
    }

    fn from_file(&mut self, places: &Places, row: &Row, next: Option<&Row>) -> io::Result<&[u8]> {
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
