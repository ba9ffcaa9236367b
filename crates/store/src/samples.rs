//! All samples of some series over a range, in order, without ever holding more than a few chunks per group.
//!
//! The range is walked in windows; for each window a consistent copy of the places is taken, so that a sealing between two
//! windows neither loses nor doubles anything. Within a window the chunks and the tail of every group are merged by
//! (arrival, group, order of writing).

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::io;
use std::sync::Arc;

use domain::log_record::{Meaning, Packing};
use domain::{Problem, Sample, SeriesId, Timestamp};

use crate::chunk::Chunk;
use crate::chunk::column::Column;
use crate::counters::DamagedAt;
use crate::day::Lane;
use crate::dictionary::Group;
use crate::latest::source_of;
use crate::log::Row;
use crate::store::Inner;
use crate::tail::TailReader;
use crate::view::{ChunkRef, Snapshot, lanes_of};

/// Width of a window, µs.
const WINDOW: i64 = 6 * 3_600_000_000;

/// See [`crate::Store::samples`]. After an error it ends.
#[derive(Debug)]
pub struct Samples {
    inner: Arc<Inner>,
    series: Vec<SeriesId>,
    /// Where the next window begins.
    at: i64,
    to: i64,
    window: Option<Window>,
    ready: VecDeque<Sample>,
}

impl Samples {
    pub(crate) fn new(inner: Arc<Inner>, series: &[SeriesId], from: Timestamp, to: Timestamp) -> Self {
        let mut series = series.to_vec();
        series.sort_unstable();
        series.dedup();
        Self { inner, series, at: from.micros(), to: to.micros(), window: None, ready: VecDeque::new() }
    }

    fn advance(&mut self) -> io::Result<bool> {
        loop {
            if let Some(window) = &mut self.window {
                if window.step(&self.inner, &mut self.ready)? {
                    return Ok(true);
                }
                self.window = None;
            }
            if self.at >= self.to {
                return Ok(false);
            }
            let lanes = lanes_of(&self.inner.view(), &self.series);
            let end = self.at.saturating_add(WINDOW).min(self.to);
            let snapshot = take(&self.inner, &lanes, (self.at, end))?;
            if snapshot.first().is_some() {
                self.window = Some(Window::open(&self.inner, &self.series, snapshot, (self.at, end)));
                self.at = end;
            } else {
                // nothing near: where does it go on?
                let first = take(&self.inner, &lanes, (end, self.to))?.first();
                self.at = first.map_or(self.to, |first| first.max(end));
            }
        }
    }
}

fn take(inner: &Inner, lanes: &[Lane], range: (i64, i64)) -> io::Result<Snapshot> {
    Snapshot::take(&inner.view, &inner.indexes, lanes, range, |day, place| {
        inner.counters.damaged(DamagedAt::Day(day, place));
    })
}

impl Iterator for Samples {
    type Item = Result<Sample, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(sample) = self.ready.pop_front() {
            return Some(Ok(sample));
        }
        match self.advance() {
            Ok(true) => self.ready.pop_front().map(Ok),
            Ok(false) => None,
            Err(error) => {
                self.window = None;
                self.at = self.to;
                Some(Err(self.inner.problem("reading history", &error)))
            }
        }
    }
}

/// Arrival, group, stream, order of writing, number of the source: the order in which scans come out.
type Key = (i64, u32, usize, (u64, u64), usize);
/// The tail comes after all chunks.
const TAIL_ORDER: (u64, u64) = (u64::MAX, u64::MAX);

#[derive(Debug)]
struct Window {
    from: i64,
    to: i64,
    lanes: Vec<LaneColumns>,
    /// Chunks that are not needed yet, the next one last: lane number and chunk.
    waiting: Vec<(usize, ChunkRef)>,
    sources: Vec<Option<Source>>,
    heap: BinaryHeap<Reverse<Key>>,
}

/// A lane with the positions that are asked for.
#[derive(Debug)]
struct LaneColumns {
    lane: Lane,
    positions: Vec<usize>,
    series: Vec<SeriesId>,
    /// What scans of the tail are read with.
    group: Option<Arc<Group>>,
    packings: Arc<Vec<Arc<Packing>>>,
}

impl LaneColumns {
    fn meaning(&self) -> Meaning<'_> {
        Meaning { scales: self.group.as_ref().map_or(&[], |group| &group.scales), packings: &self.packings }
    }
}

/// Something scans come from.
#[derive(Debug)]
enum Source {
    Chunk {
        lane: usize,
        order: (u64, u64),
        arrivals: Vec<i64>,
        sources: Column,
        columns: Vec<Option<Column>>,
        row: usize,
        end: usize,
    },
    Tail {
        lane: usize,
        rows: Vec<Row>,
        next: usize,
        reader: TailReader,
    },
}

impl Source {
    /// Puts the samples of its next scan into `ready`.
    fn emit(&mut self, inner: &Inner, lanes: &[LaneColumns], ready: &mut VecDeque<Sample>) -> io::Result<()> {
        match self {
            Source::Chunk { lane, arrivals, sources, columns, row, .. } => {
                let arrival = Timestamp::from_micros(arrivals[*row]);
                let source = source_of(sources, *row, arrivals[*row]);
                for (series, column) in lanes[*lane].series.iter().zip(columns) {
                    if let Some(column) = column {
                        let (value, quality) = column.cell(*row);
                        ready.push_back(Sample { series: *series, arrival, source, value, quality });
                    }
                }
                *row += 1;
            }
            Source::Tail { lane, rows, next, reader } => {
                let asked = &lanes[*lane];
                let row = &rows[*next];
                let taken = reader.read(row, rows.get(*next + 1))?.and_then(|scan| {
                    scan.columns(&asked.positions, asked.meaning(), |at, value, quality| {
                        let series = asked.series[at];
                        ready.push_back(Sample { series, arrival: scan.arrival, source: scan.source, value, quality });
                    })
                });
                if taken.is_err() {
                    ready.clear();
                    inner.counters.damaged(DamagedAt::Segment(u64::from(row.segment), u64::from(row.offset)));
                }
                *next += 1;
            }
        }
        Ok(())
    }

    fn lane(&self) -> usize {
        match self {
            Self::Chunk { lane, .. } | Self::Tail { lane, .. } => *lane,
        }
    }

    /// When its next scan arrived; none when it is used up.
    fn arrival(&self) -> Option<i64> {
        match self {
            Self::Chunk { arrivals, row, end, .. } => (row < end).then(|| arrivals[*row]),
            Self::Tail { rows, next, .. } => rows.get(*next).map(|row| row.arrival),
        }
    }

    fn order(&self) -> (u64, u64) {
        match self {
            Self::Chunk { order, .. } => *order,
            Self::Tail { .. } => TAIL_ORDER,
        }
    }
}

impl Window {
    fn open(inner: &Inner, series: &[SeriesId], snapshot: Snapshot, (from, to): (i64, i64)) -> Self {
        let groups: Vec<_> = {
            let view = inner.view();
            snapshot.parts.iter().map(|part| view.dictionary.group(part.lane.1)).collect()
        };
        let mut window =
            Self { from, to, lanes: Vec::new(), waiting: Vec::new(), sources: Vec::new(), heap: BinaryHeap::new() };
        for (number, (part, group)) in snapshot.parts.into_iter().zip(groups).enumerate() {
            let all = group.as_ref().map(|group| Arc::clone(&group.series)).unwrap_or_default();
            let wanted = all.iter().enumerate().filter(|(_, id)| series.binary_search(id).is_ok());
            let (positions, wanted): (Vec<usize>, Vec<SeriesId>) = wanted.map(|(position, id)| (position, *id)).unzip();
            window.lanes.push(LaneColumns {
                lane: part.lane,
                positions,
                series: wanted,
                group,
                packings: part.packings,
            });
            window.waiting.extend(part.chunks.into_iter().map(|chunk| (number, chunk)));
            if !part.rows.is_empty() {
                let reader = part.places.reader();
                window.push(Source::Tail { lane: number, rows: part.rows, next: 0, reader });
            }
        }
        window.waiting.sort_by_key(|(_, chunk)| Reverse((chunk.at.from, chunk.order())));
        window
    }

    fn push(&mut self, source: Source) {
        let free = self.sources.iter().position(Option::is_none);
        let number = free.unwrap_or(self.sources.len());
        if free.is_none() {
            self.sources.push(None);
        }
        if let Some(arrival) = source.arrival() {
            let (stream, group) = self.lanes[source.lane()].lane;
            self.heap.push(Reverse((arrival, group.0, stream.index(), source.order(), number)));
            self.sources[number] = Some(source);
        }
    }

    /// Puts the samples of the next scan into `ready`. False when there is none.
    fn step(&mut self, inner: &Inner, ready: &mut VecDeque<Sample>) -> io::Result<bool> {
        while ready.is_empty() {
            let next = self.heap.peek().map(|Reverse(key)| key.0);
            while let Some((lane, chunk)) =
                self.waiting.pop_if(|(_, chunk)| next.is_none_or(|next| chunk.at.from <= next))
            {
                self.open_chunk(inner, lane, &chunk)?;
                if next.is_none() {
                    break;
                }
            }
            let Some(mut top) = self.heap.peek_mut() else {
                if self.waiting.is_empty() {
                    return Ok(false);
                }
                continue;
            };
            let Reverse(key) = *top;
            if self.waiting.last().is_some_and(|(_, chunk)| chunk.at.from <= key.0) {
                continue; // the chunk that was opened is not the only one that may come first
            }
            let source = self.sources[key.4].as_mut();
            let next = source.map(|source| source.emit(inner, &self.lanes, ready).map(|()| source.arrival()));
            if let Some(arrival) = next.transpose()?.flatten() {
                top.0.0 = arrival;
            } else {
                PeekMut::pop(top);
                self.sources[key.4] = None;
            }
        }
        Ok(true)
    }

    fn open_chunk(&mut self, inner: &Inner, lane: usize, chunk: &ChunkRef) -> io::Result<()> {
        let asked = &self.lanes[lane];
        let damaged =
            |series: u32| inner.counters.damaged(DamagedAt::Column(chunk.day.number, chunk.at.offset, series));
        let read = Chunk::open(&chunk.day.file, chunk.at.offset, chunk.at.front_len)?;
        let times = read.and_then(|read| {
            let arrivals = read.arrivals()?;
            Some((read.sources()?, arrivals, read))
        });
        let Some((sources, arrivals, read)) = times else {
            damaged(u32::MAX);
            return Ok(());
        };
        let mut columns = Vec::with_capacity(asked.positions.len());
        for (position, series) in asked.positions.iter().zip(&asked.series) {
            let column = read.column(*position, *series)?;
            if column.is_none() {
                damaged(series.0);
            }
            columns.push(column);
        }
        let row = arrivals.partition_point(|arrival| *arrival < self.from);
        let end = arrivals.partition_point(|arrival| *arrival < self.to);
        self.push(Source::Chunk { lane, order: chunk.order(), arrivals, sources, columns, row, end });
        Ok(())
    }
}
