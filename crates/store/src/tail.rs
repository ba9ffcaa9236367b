//! Reading single scans of the tail: out of memory, where the newest are kept, or out of the log's files.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use domain::log_record::{RecordError, ScanView, parse, parse_kept};

use crate::day::Lane;
use crate::log::Row;
use crate::view::Segments;

/// Bytes read ahead when scans lie close together.
const AHEAD: usize = 32 << 10;
/// Scans and bytes of a block at most: small enough to be copied when somebody reads it meanwhile.
const BLOCK_SCANS: usize = 64;
const BLOCK_BYTES: usize = 32 << 10;

/// Some scans of one lane as they are in the log, one behind the other, so that memory is read straight ahead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// Where each is in the log, and where here. Ascends.
    scans: Vec<((u32, u32), u32)>,
    bytes: Vec<u8>,
}

impl Block {
    fn has_room(&self) -> bool {
        self.scans.len() < BLOCK_SCANS && self.bytes.len() < BLOCK_BYTES
    }

    fn size(&self) -> usize {
        self.bytes.capacity() + self.scans.capacity() * size_of::<((u32, u32), u32)>() + size_of::<Self>()
    }

    fn first(&self) -> (u32, u32) {
        self.scans.first().map_or((0, 0), |(place, _)| *place)
    }

    fn holds(&self, at: usize, place: (u32, u32)) -> bool {
        self.scans.get(at).is_some_and(|scan| scan.0 == place)
    }
}

/// The newest scans of all lanes, `limit` bytes of them, about: what most trends of the last minutes need, without a call to
/// the system for every scan.
#[derive(Debug)]
pub(crate) struct Recent {
    lanes: HashMap<Lane, VecDeque<Arc<Block>>>,
    /// Whose block was begun first, second, and so on.
    begun: VecDeque<Lane>,
    bytes: usize,
    limit: usize,
}

impl Recent {
    pub(crate) fn new(limit: usize) -> Self {
        Self { lanes: HashMap::new(), begun: VecDeque::new(), bytes: 0, limit }
    }

    /// Takes a scan that was just synced to the disk.
    pub(crate) fn push(&mut self, lane: Lane, row: &Row, bytes: &[u8]) {
        let blocks = self.lanes.entry(lane).or_default();
        if !blocks.back().is_some_and(|block| block.has_room()) {
            if let Some(full) = blocks.back_mut() {
                let before = full.size();
                let full = Arc::make_mut(full);
                full.bytes.shrink_to_fit();
                full.scans.shrink_to_fit();
                self.bytes = self.bytes + full.size() - before;
            }
            blocks.push_back(Arc::default());
            self.begun.push_back(lane);
            self.bytes += Block::default().size();
        }
        if let Some(block) = blocks.back_mut() {
            let before = block.size();
            let block = Arc::make_mut(block);
            let start = u32::try_from(block.bytes.len()).unwrap_or(u32::MAX);
            block.scans.push((row.place(), start));
            block.bytes.extend_from_slice(bytes);
            self.bytes = self.bytes + block.size() - before;
        }
        while self.bytes > self.limit {
            let Some(lane) = self.begun.pop_front() else { break };
            let oldest = self.lanes.get_mut(&lane).and_then(VecDeque::pop_front);
            self.bytes -= oldest.map_or(0, |block| block.size());
        }
    }

    /// Those of a lane from this place of the log on.
    fn from(&self, lane: Lane, place: (u32, u32)) -> Vec<Arc<Block>> {
        let Some(blocks) = self.lanes.get(&lane) else { return Vec::new() };
        let behind = blocks.partition_point(|block| block.first() <= place);
        blocks.range(behind.saturating_sub(1)..).cloned().collect()
    }
}

/// Where the scans of one lane are read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The files they lie in.
    segments: Arc<Segments>,
    /// Those of them that are in memory.
    recent: Vec<Arc<Block>>,
}

impl Places {
    /// For rows of this lane that lie in these files.
    pub(crate) fn new(segments: Arc<Segments>, recent: &Recent, lane: Lane, rows: &[Row]) -> Self {
        let first = rows.iter().map(Row::place).min();
        Self { segments, recent: first.map(|first| recent.from(lane, first)).unwrap_or_default() }
    }

    /// Reads them; best in the order of their places.
    pub(crate) fn reader(&self) -> TailReader {
        TailReader { places: self.clone(), near: (0, 0), ahead: Ahead::default() }
    }
}

/// Reads scans of one lane, those in files some ahead where that pays.
#[derive(Debug)]
pub(crate) struct TailReader {
    places: Places,
    /// The block, and the scan in it, behind the one that was read last.
    near: (usize, usize),
    ahead: Ahead,
}

/// What was read from a file last.
#[derive(Debug, Default)]
struct Ahead {
    segment: u32,
    offset: u64,
    bytes: Vec<u8>,
}

impl TailReader {
    /// A scan of the tail, unless its record is damaged. `next` is the one that will be asked for next.
    pub(crate) fn read(&mut self, row: &Row, next: Option<&Row>) -> io::Result<Result<ScanView<'_>, RecordError>> {
        let Self { places, near, ahead } = self;
        if let Some(bytes) = find(&places.recent, row, near) {
            return Ok(parse_kept(bytes).and_then(|record| record.scan()));
        }
        let bytes = ahead.read(&places.segments, row, next)?;
        Ok(parse(bytes).and_then(|record| record.scan()))
    }
}

/// The record of a row, if it is in memory.
fn find<'a>(blocks: &'a [Arc<Block>], row: &Row, near: &mut (usize, usize)) -> Option<&'a [u8]> {
    let place = row.place();
    let here = |(block, scan): (usize, usize)| blocks.get(block).is_some_and(|block| block.holds(scan, place));
    let (number, scan) = if let Some(near) = [*near, (near.0 + 1, 0)].into_iter().find(|near| here(*near)) {
        near
    } else {
        let number = blocks.partition_point(|block| block.first() <= place).checked_sub(1)?;
        (number, blocks[number].scans.binary_search_by_key(&place, |scan| scan.0).ok()?)
    };
    *near = (number, scan + 1);
    let block = &blocks[number];
    let start = block.scans[scan].1 as usize;
    block.bytes.get(start..start + row.len as usize)
}

impl Ahead {
    fn read(&mut self, segments: &Segments, row: &Row, next: Option<&Row>) -> io::Result<&[u8]> {
        let (offset, len) = (u64::from(row.offset), row.len as usize);
        let inside = self.segment == row.segment
            && offset >= self.offset
            && offset + len as u64 <= self.offset + self.bytes.len() as u64;
        if !inside {
            let segment = segments.get(&u64::from(row.segment)).ok_or(io::ErrorKind::NotFound)?;
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
