//! Reads everything that opening needs, and no more: heads of all files, the last day, the log from the first scan that
//! is not sealed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use domain::log_record::{DropReason, DropRecord, LogBody, Meaning, RecordKind};
use domain::{GroupId, Stream, Timestamp};

use crate::chunk::Head;
use crate::counters::{Counters, DamagedAt};
use crate::day::{Day, DayIndex, Lane, Summary, day_name, lane_of, recover};
use crate::dictionary::{Dictionary, Found as FoundDictionary};
use crate::disk::Disk;
use crate::log::{self, Found, Row, Segment, ends_torn, scan, segment_number, segment_path};
use crate::notes::Notes;
use crate::packer::LanePacker;
use crate::tail::Recent;
use crate::types::{Dropped, OpenReport, StoreOptions};
use crate::view::{Segments, Tail, View};
use crate::writer::{Fact, Writer};

/// The newest scans take this part of the memory for caches.
const RECENT: u64 = 4;

/// Why nothing was opened.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// The disk failed; trying again may help.
    Disk(io::Error),
    /// What is there cannot be understood any more.
    Unreadable(String),
    /// What is there will be understood by a newer program.
    Newer(u32),
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) view: View,
    pub(crate) writer: Writer,
    pub(crate) last_arrival: Option<Timestamp>,
    pub(crate) torn: u64,
    /// Records that say what is lost.
    pub(crate) lost: Vec<(Stream, LogBody)>,
}

/// The facts file, the latest of each.
#[derive(Debug, Default)]
struct Facts {
    cursors: BTreeMap<(String, Stream), u64>,
    marks: Vec<crate::view::Mark>,
    dropped: Vec<(Stream, Dropped)>,
    days: HashMap<u64, Summary>,
    sealed_day: u64,
    first_segment: u64,
    sealed: HashMap<Lane, (u64, Option<i64>)>,
}

pub(crate) fn load(
    disk: &Arc<dyn Disk>,
    options: &StoreOptions,
    counters: &Counters,
    report: &mut OpenReport,
) -> Result<Loaded, Unopened> {
    let (log_dir, day_dir) = (options.dir.join("log"), options.dir.join("day"));
    disk.create_dir(&log_dir)?;
    disk.create_dir(&day_dir)?;
    for dir in [&options.dir, &log_dir, &day_dir] {
        disk.sync_dir(dir)?;
    }
    let segment_names: Vec<u64> = disk.list(&log_dir)?.iter().filter_map(|name| segment_number(name)).collect();
    let day_names: BTreeMap<u64, i64> = disk.list(&day_dir)?.iter().filter_map(|name| day_name(name)).collect();
    let dictionary =
        open_dictionary(disk, options, counters, report, segment_names.is_empty() && day_names.is_empty())?;
    let (notes, facts) = open_facts(disk, &options.dir, counters)?;
    let mut loading = Loading {
        disk,
        counters,
        epoch: dictionary.epoch,
        lives: dictionary.lives.iter().map(|(epoch, _)| *epoch).collect(),
        view: View {
            dictionary,
            segments: Segments::new(),
            recent: Recent::new(usize::try_from(options.memory / RECENT).unwrap_or(usize::MAX)),
            tails: HashMap::new(),
            days: BTreeMap::new(),
            current: DayIndex::default(),
            next: [1; 2],
            cursors: facts.cursors.clone(),
            marks: Vec::new(),
            dropped: Default::default(),
        },
        last_arrival: None,
        torn: 0,
        lost: Vec::new(),
        append_to: None,
    };
    for mark in &facts.marks {
        loading.view.mark(*mark);
    }
    for (stream, range) in &facts.dropped {
        loading.view.drop_unread(*stream, *range);
    }
    loading.open_segments(&log_dir, &segment_names)?;
    loading.open_days(&day_dir, &day_names, &facts)?;
    loading.read_log(facts.first_segment)?;
    let next_segment = segment_names.iter().max().map_or(1, |last| last + 1);
    let next_day = day_names.keys().max().map_or(1, |last| last + 1);
    let mut writer = Writer::new(notes, next_segment, next_day);
    writer.segment = loading.append_to;
    for (lane, tail) in &mut loading.view.tails {
        tail.forget_packings();
        writer.packers.insert(*lane, LanePacker::new(tail.packings.last().cloned()));
    }
    let mut view = loading.view;
    if options.new_life && !report.created {
        view.dictionary.begin(options.new_epoch, view.next)?;
        writer.segment = None;
    }
    Ok(Loaded { view, writer, last_arrival: loading.last_arrival, torn: loading.torn, lost: loading.lost })
}

fn open_dictionary(
    disk: &Arc<dyn Disk>,
    options: &StoreOptions,
    counters: &Counters,
    report: &mut OpenReport,
    empty: bool,
) -> Result<Dictionary, Unopened> {
    let (mut dictionary, found) = Dictionary::open(disk, &options.dir)?;
    match found {
        FoundDictionary::Known { damaged, lost } => {
            for number in 0..damaged.max(lost) {
                counters.damaged(DamagedAt::Notes("dictionary", number));
            }
        }
        FoundDictionary::Nothing if empty => {
            dictionary.begin(options.new_epoch, [1; 2])?;
            disk.sync_dir(&options.dir)?;
            report.created = true;
        }
        FoundDictionary::Nothing => {
            return Err(Unopened::Unreadable("both copies of the dictionary are lost".into()));
        }
        FoundDictionary::Newer(format) => return Err(Unopened::Newer(format)),
    }
    Ok(dictionary)
}

fn open_facts(disk: &Arc<dyn Disk>, dir: &Path, counters: &Counters) -> io::Result<(Notes, Facts)> {
    let (notes, loaded) = Notes::open::<Fact>(disk, dir, "facts")?;
    for number in 0..loaded.damaged.max(loaded.lost) {
        counters.damaged(DamagedAt::Notes("facts", number));
    }
    let mut facts = Facts::default();
    for fact in loaded.facts {
        match fact {
            Fact::Cursor { name, stream, seq: Some(seq) } => drop(facts.cursors.insert((name, stream), seq)),
            Fact::Cursor { name, stream, seq: None } => drop(facts.cursors.remove(&(name, stream))),
            Fact::Mark(mark) => facts.marks.push(mark),
            Fact::Dropped { stream, range } => facts.dropped.push((stream, range)),
            Fact::Day(summary) => drop(facts.days.insert(summary.number, summary)),
            Fact::Sealed { day, segment, lanes } => {
                facts.sealed_day = day;
                facts.first_segment = segment;
                for (stream, group, seq, until) in lanes {
                    facts.sealed.insert((stream, GroupId(group)), (seq, until));
                }
            }
        }
    }
    Ok((notes, facts))
}

struct Loading<'a> {
    disk: &'a Arc<dyn Disk>,
    counters: &'a Counters,
    epoch: u64,
    /// Of every life, the present one last.
    lives: Vec<u64>,
    view: View,
    last_arrival: Option<Timestamp>,
    torn: u64,
    lost: Vec<(Stream, LogBody)>,
    /// The last segment, when it may be appended to.
    append_to: Option<Arc<Segment>>,
}

impl Loading<'_> {
    /// Heads of all segments. Where a head is damaged, the records tell.
    fn open_segments(&mut self, dir: &Path, names: &[u64]) -> io::Result<()> {
        let mut names = names.to_vec();
        names.sort_unstable();
        let last = names.last().copied();
        let mut first_behind = None;
        for number in names.into_iter().rev() {
            let (mut segment, first) = Segment::open(self.disk.as_ref(), dir, number, &self.lives)?;
            if first.is_none() {
                let found = first_records(&mut segment, &self.lives)?;
                if found == [None; 2] && Some(number) == last {
                    // begun and not finished: nothing was in it
                    self.torn += segment.size()?;
                    self.disk.remove(&segment_path(dir, number))?;
                    continue;
                }
                self.counters.damaged(DamagedAt::Segment(number, 0));
                segment.first = [0, 1].map(|stream: usize| {
                    found[stream].or(first_behind.map(|behind: [u64; 2]| behind[stream])).unwrap_or(1)
                });
            }
            first_behind = Some(segment.first);
            self.view.segments.insert(number, Arc::new(segment));
        }
        Ok(())
    }

    fn open_days(&mut self, dir: &Path, names: &BTreeMap<u64, i64>, facts: &Facts) -> io::Result<()> {
        let days = self.begun_days(dir, names)?;
        let last = days.last().map(|day| day.number);
        for (lane, (seq, until)) in &facts.sealed {
            self.view.tails.insert(*lane, Tail { sealed: *seq, sealed_until: *until, ..Tail::default() });
        }
        let oldest = self.view.segments.first_key_value().map_or([u64::MAX; 2], |(_, segment)| segment.first);
        let in_log = |head: &Head| oldest.get(usize::from(head.stream)).is_some_and(|oldest| head.first >= *oldest);
        for day in days {
            let number = &day.number;
            let is_last = Some(*number) == last;
            if let (false, true, Some(summary)) = (is_last, *number < facts.sealed_day, facts.days.get(number)) {
                self.view.days.insert(*number, (Arc::new(day), *summary));
                continue;
            }
            let limit = if is_last { u64::MAX } else { facts.days.get(number).map_or(u64::MAX, |summary| summary.len) };
            let recovered = recover(&day, is_last, limit, in_log)?;
            for place in &recovered.damaged {
                self.counters.damaged(DamagedAt::Day(*number, *place));
            }
            self.torn += recovered.torn;
            for head in &recovered.heads {
                self.sealed(head);
            }
            if is_last {
                self.view.current = recovered.index;
                self.last_arrival = (recovered.summary.to >= recovered.summary.from)
                    .then(|| Timestamp::from_micros(recovered.summary.to));
            }
            self.view.days.insert(day.number, (Arc::new(day), recovered.summary));
        }
        Ok(())
    }

    /// Day files without those that were begun and not finished: nothing was in them.
    fn begun_days(&mut self, dir: &Path, names: &BTreeMap<u64, i64>) -> io::Result<Vec<Day>> {
        let mut days = Vec::new();
        for (number, date) in names {
            let day = Day::open(self.disk.as_ref(), dir, *number, *date)?;
            let size = day.file.size()?;
            let has_head = day.has_its_head(&self.lives)?;
            if size <= crate::day::HEAD && !has_head {
                self.torn += size;
                day.remove(self.disk.as_ref(), dir)?;
                continue;
            }
            if !has_head {
                self.counters.damaged(DamagedAt::Day(*number, 0));
            }
            days.push(day);
        }
        Ok(days)
    }

    fn sealed(&mut self, head: &Head) {
        if let Some(lane) = lane_of(head) {
            let tail = self.view.tails.entry(lane).or_default();
            tail.sealed = tail.sealed.max(head.last);
            if !head.overlay {
                tail.sealed_until = tail.sealed_until.max(Some(head.to));
            }
            let next = &mut self.view.next[lane.0.index()];
            *next = (*next).max(head.last + 1);
        }
    }

    /// The log from the first segment that may hold unsealed scans.
    fn read_log(&mut self, first: u64) -> io::Result<()> {
        let segments: Vec<Arc<Segment>> = self.view.segments.values().map(Arc::clone).collect();
        for segment in &segments {
            self.view.next = max_of(self.view.next, segment.first);
        }
        for (number, segment) in segments.iter().enumerate() {
            if segment.number < first && number + 1 < segments.len() {
                continue;
            }
            let behind = segments.get(number + 1).map(|next| next.first);
            let (end, seen) = self.read_segment(segment, behind)?;
            match behind {
                Some(behind) => {
                    let missing = (0..2)
                        .any(|stream| seen[stream] + 1 < behind[stream] && seen[stream] + 1 >= segment.first[stream]);
                    if missing {
                        self.counters.damaged(DamagedAt::Segment(segment.number, end));
                    }
                }
                None => self.end_of_log(segment, end)?,
            }
        }
        Ok(())
    }

    /// The scans of one segment. Gives where its last record ends, and the last sequence number of each stream.
    fn read_segment(&mut self, segment: &Segment, behind: Option<[u64; 2]>) -> io::Result<(u64, [u64; 2])> {
        let mut seen = segment.first.map(|first| first.saturating_sub(1));
        let mut last_arrival = None;
        let mut damaged = None;
        let (view, counters, torn_bytes) = (&mut self.view, self.counters, &mut self.torn);
        let end = scan(segment, log::HEAD, segment.size()?, |found| {
            let (offset, record) = match found {
                Found::Damaged { place, len, torn } => {
                    damaged = Some((place, len, torn));
                    return ControlFlow::Continue(());
                }
                Found::Record(offset, record) => (offset, record),
            };
            let stream = record.head.stream.index();
            // a write that failed was repeated in the next segment
            if behind.is_some_and(|behind| record.head.seq >= behind[stream]) {
                return ControlFlow::Continue(());
            }
            match damaged.take() {
                Some((_, len, true)) => *torn_bytes += len,
                Some((place, _, false)) => counters.damaged(DamagedAt::Segment(segment.number, place)),
                None => {}
            }
            seen[stream] = seen[stream].max(record.head.seq);
            if record.kind == RecordKind::Packing {
                match record.decode(Meaning::default()) {
                    Ok(LogBody::Packing(packing)) => {
                        let lane = (record.head.stream, packing.group);
                        view.tails.entry(lane).or_default().know(Arc::new(packing));
                    }
                    _ => counters.damaged(DamagedAt::Segment(segment.number, offset)),
                }
            }
            if record.kind != RecordKind::Scan {
                return ControlFlow::Continue(());
            }
            let scan = record.scan().ok().filter(|scan| view.dictionary.group(scan.group).is_some());
            let row = scan.and_then(|scan| {
                let row = Row::new(&record, scan.arrival.micros(), segment.number, offset)?;
                Some(((record.head.stream, scan.group), row, scan.arrival))
            });
            let Some((lane, row, arrival)) = row else {
                counters.damaged(DamagedAt::Segment(segment.number, offset));
                return ControlFlow::Continue(());
            };
            last_arrival = Some(arrival);
            let tail = view.tails.entry(lane).or_default();
            if row.seq > tail.sealed {
                tail.rows.push(row);
                view.recent.push(lane, &row, record.bytes); // the walk has checked it
            }
            ControlFlow::Continue(())
        })?;
        self.view.next = max_of(self.view.next, seen.map(|seq| seq + 1));
        self.last_arrival = last_arrival.or(self.last_arrival);
        Ok((end, seen))
    }

    /// A segment is not gone on with in another life.
    fn in_this_life(&self, segment: &Arc<Segment>) -> Option<Arc<Segment>> {
        (segment.epoch == self.epoch).then(|| Arc::clone(segment))
    }

    /// What is behind the last record: nothing, an unfinished write, or a damaged record.
    fn end_of_log(&mut self, segment: &Arc<Segment>, end: u64) -> io::Result<()> {
        let size = segment.size()?;
        if end >= size {
            segment.cut(end)?; // which syncs: what a killed program wrote may not be on the disk yet
            self.append_to = self.in_this_life(segment);
            return Ok(());
        }
        if ends_torn(segment, end, size)? {
            self.torn += size - end;
            segment.cut(end)?;
            self.append_to = self.in_this_life(segment);
            return Ok(());
        }
        // Acknowledged records may have been there: their numbers are not given again.
        self.counters.damaged(DamagedAt::Segment(segment.number, end));
        let most = (size - end) / 32 + 1;
        let from = self.last_arrival.unwrap_or_default();
        for stream in super::STREAMS {
            let next = &mut self.view.next[stream.index()];
            let lost = DropRecord { first: *next, last: *next + most - 1, from, to: from, reason: DropReason::Damaged };
            *next += most;
            self.lost.push((stream, LogBody::Drop(lost)));
        }
        Ok(())
    }
}

fn max_of(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

/// The first sequence number of each stream that a segment holds whose head is damaged; finds its life, too.
fn first_records(segment: &mut Segment, lives: &[u64]) -> io::Result<[Option<u64>; 2]> {
    let mut first = [None; 2];
    for epoch in lives.iter().rev() {
        segment.epoch = *epoch;
        scan(segment, log::HEAD, segment.size()?, |found| {
            if let Found::Record(_, record) = found {
                first[record.head.stream.index()].get_or_insert(record.head.seq);
            }
            if first.iter().all(Option::is_some) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if first != [None; 2] {
            break;
        }
    }
    Ok(first)
}
