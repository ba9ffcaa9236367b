//! What is known in memory: where every scan of the tail and every chunk lies. Readers copy what they need and let go;
//! nobody holds the view while reading or writing files.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use domain::log_record::{Meaning, Packing, Steps};
use domain::{GroupId, LinearScale, SeriesId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

use crate::day::{ChunkAt, Day, DayIndex, Lane, Summary, load_index};
use crate::dictionary::{Dictionary, Group};
use crate::log::{Row, Segment};
use crate::tail::{Places, Recent};
use crate::types::{Dropped, GapReason};

/// Marks kept at most; the oldest go first.
const MARKS: usize = 4096;
/// Ranges of dropped records kept at most per stream; neighbours with one reason are one range.
const DROPPED: usize = 64;

/// A stretch of time of which it is known why nothing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Why.
    pub reason: GapReason,
}

/// Files of the log by their numbers.
pub(crate) type Segments = BTreeMap<u64, Arc<Segment>>;

/// The unsealed scans of one lane, in the order of their sequence numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) rows: Vec<Row>,
    /// Everything up to this number is sealed.
    pub(crate) sealed: u64,
    /// The latest arrival that was sealed; later ones are in order, earlier ones are late.
    pub(crate) sealed_until: Option<i64>,
    /// What packed ones of these scans are read with, ascending by number.
    pub(crate) packings: Arc<Vec<Arc<Packing>>>,
}

impl Tail {
    /// What its scans are read with.
    pub(crate) fn meaning<'a>(&'a self, group: &'a Group) -> Meaning<'a> {
        Meaning { scales: &group.scales, packings: &self.packings }
    }

    /// By which steps numbers of each series are likely told: as it was packed last, else by its scale.
    pub(crate) fn steps(&self, group: &Group) -> Vec<Option<Steps>> {
        let newest = self.packings.last().map_or(&[][..], |packing| packing.fields());
        let packed = |position: usize| newest.get(position).map(|field| field.steps);
        let steps = |(position, scale): (usize, &Option<LinearScale>)| match packed(position) {
            Some(steps @ (Steps::Linear(_) | Steps::Single(_))) => Some(steps),
            _ => scale.map(Steps::Linear),
        };
        group.scales.iter().enumerate().map(steps).collect()
    }

    /// Takes a packing into those that are known.
    pub(crate) fn know(&mut self, packing: Arc<Packing>) {
        let packings = Arc::make_mut(&mut self.packings);
        match packings.binary_search_by_key(&packing.number, |known| known.number) {
            Ok(place) => packings[place] = packing,
            Err(place) => packings.insert(place, packing),
        }
    }

    /// Forgets packings that nothing here needs: with no scan left all but the newest.
    pub(crate) fn forget_packings(&mut self) {
        if self.rows.is_empty() && self.packings.len() > 1 {
            let newest = self.packings.last().cloned();
            self.packings = Arc::new(newest.into_iter().collect());
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) dictionary: Dictionary,
    pub(crate) segments: Segments,
    /// The newest scans, still in memory.
    pub(crate) recent: Recent,
    pub(crate) tails: HashMap<Lane, Tail>,
    pub(crate) days: BTreeMap<u64, (Arc<Day>, Summary)>,
    /// The index of the last day.
    pub(crate) current: DayIndex,
    /// Sequence numbers that come next.
    pub(crate) next: [u64; 2],
    pub(crate) cursors: BTreeMap<(String, Stream), u64>,
    pub(crate) marks: Vec<Mark>,
    /// Of each stream: what was dropped unread.
    pub(crate) dropped: [Vec<Dropped>; 2],
}

impl View {
    pub(crate) fn mark(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS {
            self.marks.remove(0);
        }
        self.marks.push(mark);
    }

    pub(crate) fn drop_unread(&mut self, stream: Stream, range: Dropped) {
        let dropped = &mut self.dropped[stream.index()];
        match dropped.last_mut() {
            Some(last) if last.last + 1 == range.first && last.reason == range.reason => last.last = range.last,
            _ => dropped.push(range),
        }
        if dropped.len() > DROPPED {
            dropped.remove(0);
        }
    }

    /// Where these rows of a lane are read from.
    pub(crate) fn places_of(&self, lane: Lane, rows: &[Row]) -> Places {
        Places::new(self.segments_of(rows.iter()), &self.recent, lane, rows)
    }

    /// The files in which these rows lie.
    fn segments_of<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Arc<Segments> {
        let mut segments = Segments::new();
        let mut last = None;
        for row in rows {
            if last == Some(row.segment) {
                continue;
            }
            last = Some(row.segment);
            if let Some(segment) = self.segments.get(&u64::from(row.segment)) {
                segments.insert(segment.number, Arc::clone(segment));
            }
        }
        Arc::new(segments)
    }

    /// The lanes a series may be in, with its position there.
    pub(crate) fn lanes_of(&self, series: SeriesId) -> Vec<(Lane, usize)> {
        let groups = self.dictionary.groups_of(series);
        groups.flat_map(|(group, position)| Stream::ALL.map(|stream| ((stream, group), position))).collect()
    }

    /// The number of the last record of a stream in the segment `number`.
    pub(crate) fn last_in(&self, number: u64, stream: Stream) -> u64 {
        let next = self.segments.range(number + 1..).next().map_or(&self.next, |(_, segment)| &segment.first);
        next[stream.index()].saturating_sub(1)
    }
}

/// A chunk to read.
#[derive(Clone, Debug)]
pub(crate) struct ChunkRef {
    pub(crate) day: Arc<Day>,
    pub(crate) at: ChunkAt,
}

impl ChunkRef {
    /// Ascends in the order in which chunks were written.
    pub(crate) fn order(&self) -> (u64, u64) {
        (self.day.number, self.at.offset)
    }
}

/// What there is of one lane in a range of time.
#[derive(Clone, Debug)]
pub(crate) struct LanePart {
    pub(crate) lane: Lane,
    /// In the order of their first arrival.
    pub(crate) chunks: Vec<ChunkRef>,
    /// In the order of arrival, then sequence.
    pub(crate) rows: Vec<Row>,
    /// Where the rows are read from.
    pub(crate) places: Places,
    /// What packed ones of the rows are read with.
    pub(crate) packings: Arc<Vec<Arc<Packing>>>,
}

/// A consistent copy of where everything of some lanes lies.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) parts: Vec<LanePart>,
}

/// Indexes of older days that were needed lately.
#[derive(Debug)]
pub(crate) struct Indexes {
    /// The latest needed last.
    kept: Mutex<Vec<(u64, Arc<DayIndex>)>>,
    limit: usize,
}

impl Indexes {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: Mutex::default(), limit }
    }

    pub(crate) fn keep(&self, number: u64, index: Arc<DayIndex>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != number);
        kept.push((number, index));
        let mut weight: usize = kept.iter().map(|(_, index)| index.weight()).sum();
        while weight > self.limit && kept.len() > 1 {
            weight -= kept.remove(0).1.weight();
        }
    }

    /// The index of a day that is not the last one. `damaged` is told places that are.
    pub(crate) fn get(&self, day: &Day, summary: &Summary, mut damaged: impl FnMut(u64)) -> io::Result<Arc<DayIndex>> {
        let known = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().position(|(number, _)| *number == day.number).map(|place| {
                let entry = kept.remove(place);
                kept.push(entry.clone());
                entry.1
            })
        };
        if let Some(index) = known {
            return Ok(index);
        }
        let loaded = load_index(day, false, summary.len)?;
        loaded.damaged.iter().for_each(|place| damaged(*place));
        let mut index = DayIndex::default();
        for place in &loaded.places {
            index.add(&place.head, place.offset);
        }
        let index = Arc::new(index);
        self.keep(day.number, Arc::clone(&index));
        Ok(index)
    }
}

impl Snapshot {
    /// Everything of `lanes` that overlaps `[from, to)`, µs.
    pub(crate) fn take(
        view: &std::sync::RwLock<View>,
        indexes: &Indexes,
        lanes: &[Lane],
        (from, to): (i64, i64),
        mut damaged: impl FnMut(u64, u64),
    ) -> io::Result<Self> {
        let mut parts: Vec<LanePart> = lanes.iter().map(|lane| LanePart::of(*lane)).collect();
        let older = {
            let view = view.read().unwrap_or_else(PoisonError::into_inner);
            let mut older: Vec<(Arc<Day>, Summary)> = Vec::new();
            for (day, summary) in view.days.values() {
                if summary.from < to && summary.to >= from {
                    older.push((Arc::clone(day), *summary));
                }
            }
            if let Some((number, (day, _))) = view.days.last_key_value() {
                older.retain(|(day, _)| day.number != *number);
                for part in &mut parts {
                    part.add(day, &view.current, from, to);
                }
            }
            for part in &mut parts {
                let Some(tail) = view.tails.get(&part.lane) else { continue };
                part.rows.extend(tail.rows.iter().filter(|row| (from..to).contains(&row.arrival)));
                part.rows.sort_by_key(|row| (row.arrival, row.seq));
                part.packings = Arc::clone(&tail.packings);
            }
            let segments = view.segments_of(parts.iter().flat_map(|part| &part.rows));
            for part in &mut parts {
                part.places = Places::new(Arc::clone(&segments), &view.recent, part.lane, &part.rows);
            }
            older
        };
        for (day, summary) in &older {
            let index = indexes.get(day, summary, |place| damaged(day.number, place))?;
            for part in &mut parts {
                part.add(day, &index, from, to);
            }
        }
        for part in &mut parts {
            part.chunks.sort_by_key(|chunk| (chunk.at.from, chunk.order()));
        }
        Ok(Self { parts })
    }
}

impl Snapshot {
    /// The earliest arrival in it, or that of the chunk it lies in.
    pub(crate) fn first(&self) -> Option<i64> {
        let chunks = self.parts.iter().filter_map(|part| part.chunks.first()).map(|chunk| chunk.at.from);
        let rows = self.parts.iter().filter_map(|part| part.rows.first()).map(|row| row.arrival);
        chunks.chain(rows).min()
    }
}

impl LanePart {
    fn of(lane: Lane) -> Self {
        Self { lane, chunks: Vec::new(), rows: Vec::new(), places: Places::default(), packings: Arc::default() }
    }

    /// What its rows are read with.
    pub(crate) fn meaning<'a>(&'a self, group: Option<&'a Group>) -> Meaning<'a> {
        Meaning { scales: group.map_or(&[], |group| &group.scales), packings: &self.packings }
    }

    fn add(&mut self, day: &Arc<Day>, index: &DayIndex, from: i64, to: i64) {
        let chunks = index.lanes.get(&self.lane).map_or(&[][..], Vec::as_slice);
        let overlapping = chunks.iter().filter(|chunk| chunk.overlaps(from, to));
        self.chunks.extend(overlapping.map(|at| ChunkRef { day: Arc::clone(day), at: *at }));
    }
}

/// Group and stream of every lane that any of `series` may be in, each once.
pub(crate) fn lanes_of(view: &View, series: &[SeriesId]) -> Vec<Lane> {
    let mut groups: Vec<GroupId> = Vec::new();
    for series in series {
        groups.extend(view.dictionary.groups_of(*series).map(|(group, _)| group));
    }
    groups.sort_unstable();
    groups.dedup();
    groups.into_iter().flat_map(|group| Stream::ALL.map(|stream| (stream, group))).collect()
}
