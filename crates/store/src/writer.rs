//! The writing side: one commit at a time. What is on the disk becomes visible only after its sync.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::log_record::{ClockEra, LogBody, RecordHead, encode};
use domain::{GroupId, Problem, Scan, Stream, Timestamp};
use serde::{Deserialize, Serialize};

use crate::day::{Lane, Summary};
use crate::dictionary::Group;
use crate::log::{Row, Segment};
use crate::notes::Notes;
use crate::packer::LanePacker;
use crate::store::Inner;
use crate::types::{Dropped, GapReason, Synced};
use crate::view::{Mark, View};

/// One line of the facts file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fact {
    /// A cursor moved, or was removed.
    Cursor { name: String, stream: Stream, seq: Option<u64> },
    /// Why something is not there.
    Mark(Mark),
    /// Records that no reader will see.
    Dropped { stream: Stream, range: Dropped },
    /// A day file that gets no more chunks.
    Day(Summary),
    /// How far everything was sealed when the day file `day` was the last and `segment` the first one needed.
    Sealed { day: u64, segment: u64, lanes: Vec<(Stream, u32, u64, Option<i64>)> },
}

/// What only the writer needs.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) facts: Notes,
    /// The segment that is appended to.
    pub(crate) segment: Option<Arc<Segment>>,
    /// The next segment's number.
    pub(crate) next_segment: u64,
    /// The next day file's number.
    pub(crate) next_day: u64,
    /// The last day file must not be written any more, because a sync failed.
    pub(crate) day_broken: bool,
    /// The last day file's index ends before the file does.
    pub(crate) index_broken: bool,
    /// Bytes of the last commit: about what the next one takes.
    commit_len: usize,
    /// Lanes whose meaning was told in their stream since the store was opened.
    announced: HashSet<Lane>,
    /// How each lane is written.
    pub(crate) packers: HashMap<Lane, LanePacker>,
    /// Records to write with the next commit.
    pub(crate) pending: Vec<(Stream, LogBody)>,
    /// The ballast file is there.
    pub(crate) ballast: bool,
    /// Arrival of the first scan that was refused, while appends are refused.
    refused_since: Option<Timestamp>,
}

/// Records of one commit before they are written.
#[derive(Debug)]
struct Batch {
    epoch: u64,
    bytes: Vec<u8>,
    next: [u64; 2],
    /// Lane, sequence number, arrival, place and length of each scan.
    rows: Vec<(Lane, u64, i64, usize, usize)>,
    announced: Vec<Lane>,
}

impl Batch {
    fn new(epoch: u64, next: [u64; 2], len: usize) -> Self {
        Self { epoch, bytes: Vec::with_capacity(len + len / 8), next, rows: Vec::new(), announced: Vec::new() }
    }

    fn head(&mut self, stream: Stream) -> RecordHead {
        let next = &mut self.next[stream.index()];
        *next += 1;
        RecordHead { epoch: self.epoch, stream, seq: *next - 1 }
    }

    fn body(&mut self, stream: Stream, body: &LogBody) {
        let head = self.head(stream);
        encode(head, body, &mut self.bytes);
    }

    fn scan(&mut self, lane: Lane, scan: &Scan, group: &Group, packer: &mut LanePacker, segment: u64) {
        if let Some(packing) = packer.untold(segment) {
            self.body(lane.0, &packing);
        }
        let head = self.head(lane.0);
        let place = self.bytes.len();
        packer.encode(head, scan, group, &mut self.bytes);
        self.rows.push((lane, head.seq, scan.arrival.micros(), place, self.bytes.len() - place));
    }
}

impl Writer {
    pub(crate) fn new(facts: Notes, next_segment: u64, next_day: u64) -> Self {
        Self {
            facts,
            segment: None,
            next_segment,
            next_day,
            day_broken: false,
            index_broken: false,
            commit_len: 0,
            announced: HashSet::new(),
            packers: HashMap::new(),
            pending: Vec::new(),
            ballast: false,
            refused_since: None,
        }
    }
}

impl Inner {
    pub(crate) fn append(&self, scans: &[(Stream, &Scan)]) -> Result<Synced, Problem> {
        let groups = self.check(scans)?;
        let mut writer = self.writer();
        let newest = scans.iter().map(|(_, scan)| scan.arrival).max();
        if let Err(full) = self.make_room(&mut writer) {
            self.counters.count(|counters| counters.appends_refused += 1);
            writer.refused_since = writer.refused_since.or(newest);
            return Err(full);
        }
        let mut batch = self.begin(&writer);
        let segment = if scans.is_empty() { 0 } else { self.ready_segment(&mut writer)?.number };
        for ((stream, scan), group) in scans.iter().zip(&groups) {
            let lane = (*stream, scan.group);
            if !writer.announced.contains(&lane) && !batch.announced.contains(&lane) {
                let definition = self.view().dictionary.definition(scan.group);
                if let Some(definition) = definition {
                    batch.body(*stream, &LogBody::Define(definition));
                }
                batch.announced.push(lane);
            }
            let packer = writer.packers.entry(lane).or_default();
            batch.scan(lane, scan, group, packer, segment);
        }
        let synced = self.commit(&mut writer, batch)?;
        if let (Some(from), Some(to)) = (writer.refused_since.take(), newest) {
            self.mark_kept(&mut writer, Mark { from, to, reason: GapReason::DiskFull });
        }
        self.counters.count(|counters| {
            counters.scans += scans.len() as u64;
            counters.samples += scans.iter().map(|(_, scan)| scan.values.len() as u64).sum::<u64>();
        });
        Ok(synced)
    }

    pub(crate) fn mark_era(&self, era: ClockEra, skipped: Option<(Timestamp, Timestamp)>) -> Result<Synced, Problem> {
        let mut writer = self.writer();
        let mut batch = self.begin(&writer);
        for stream in Stream::ALL {
            batch.body(stream, &LogBody::Era(era));
        }
        let synced = self.commit(&mut writer, batch)?;
        if let Some((from, to)) = skipped {
            self.mark_kept(&mut writer, Mark { from, to, reason: GapReason::ClockStep });
        }
        Ok(synced)
    }

    /// Writes records that wait, without any scan.
    pub(crate) fn commit_pending(&self, writer: &mut Writer) -> Result<(), Problem> {
        if writer.pending.is_empty() {
            return Ok(());
        }
        let batch = self.begin(writer);
        self.commit(writer, batch).map(drop)
    }

    fn begin(&self, writer: &Writer) -> Batch {
        let mut batch = Batch::new(self.epoch, self.view().next, writer.commit_len);
        for (stream, body) in &writer.pending {
            batch.body(*stream, body);
        }
        batch
    }

    /// The group of each scan, or what is wrong with a scan.
    fn check(&self, scans: &[(Stream, &Scan)]) -> Result<Vec<Arc<Group>>, Problem> {
        let view = self.view();
        scans.iter().map(|(_, scan)| Self::fits(&view, scan)).collect()
    }

    /// The group of a scan, or why there is none that it fits.
    pub(crate) fn fits(view: &View, scan: &Scan) -> Result<Arc<Group>, Problem> {
        let GroupId(number) = scan.group;
        let group = view
            .dictionary
            .group(scan.group)
            .ok_or_else(|| Problem::new("group.unknown", "scan", format!("nobody defined group {number}")))?;
        if group.series.len() != scan.values.len() || group.series.len() != scan.qualities.len() {
            let what = format!(
                "group {number} has {} series, the scan {} values and {} qualities",
                group.series.len(),
                scan.values.len(),
                scan.qualities.len()
            );
            return Err(Problem::new("scan.wrong-length", "scan", what));
        }
        Ok(group)
    }

    fn commit(&self, writer: &mut Writer, batch: Batch) -> Result<Synced, Problem> {
        let synced = Synced { data: batch.next[0] - 1, prediction: batch.next[1] - 1 };
        if batch.bytes.is_empty() {
            return Ok(synced);
        }
        let written = self.write(writer, &batch);
        let (segment, start) = written.map_err(|error| self.write_failed(writer, &error))?;
        let mut view = self.view_mut();
        for (lane, seq, arrival, place, len) in &batch.rows {
            let row = Row {
                seq: *seq,
                arrival: *arrival,
                segment: u32::try_from(segment.number).unwrap_or(u32::MAX),
                offset: u32::try_from(start + *place as u64).unwrap_or(u32::MAX),
                len: u32::try_from(*len).unwrap_or(u32::MAX),
            };
            view.tails.entry(*lane).or_default().rows.push(row);
            view.recent.push(*lane, &row, &batch.bytes[*place..*place + *len]);
        }
        view.next = batch.next;
        let len = batch.bytes.len();
        drop(view);
        writer.commit_len = len;
        writer.announced.extend(batch.announced);
        writer.pending.clear();
        self.counters.count(|counters| {
            counters.commits += 1;
            counters.log_bytes += len as u64;
        });
        Ok(synced)
    }

    /// The batch on the disk: where it begins.
    fn write(&self, writer: &mut Writer, batch: &Batch) -> std::io::Result<(Arc<Segment>, u64)> {
        if batch.bytes.len() > u32::MAX as usize / 2 {
            return Err(std::io::Error::other("one commit of more than 2 GiB"));
        }
        self.view_mut().dictionary.sync()?;
        let segment = self.segment(writer)?;
        let start = segment.len();
        segment.append(&batch.bytes)?;
        Ok((segment, start))
    }

    /// The file that the next commit goes to; a new one when the last is full or must not be used any more.
    fn ready_segment(&self, writer: &mut Writer) -> Result<Arc<Segment>, Problem> {
        self.segment(writer).map_err(|error| self.write_failed(writer, &error))
    }

    fn segment(&self, writer: &mut Writer) -> std::io::Result<Arc<Segment>> {
        let current = writer.segment.take().filter(|segment| segment.len() < self.options.segment.min(1 << 31));
        let segment = match current {
            Some(segment) => segment,
            None => self.begin_segment(writer)?,
        };
        writer.segment = Some(Arc::clone(&segment));
        Ok(segment)
    }

    fn write_failed(&self, writer: &mut Writer, error: &std::io::Error) -> Problem {
        writer.segment = None;
        self.counters.count(|counters| counters.write_failures += 1);
        self.problem("writing the log", error)
    }

    fn begin_segment(&self, writer: &mut Writer) -> std::io::Result<Arc<Segment>> {
        let next = self.view().next;
        let number = writer.next_segment;
        let segment = Arc::new(Segment::create(self.disk.as_ref(), &self.log_dir(), number, self.epoch, next)?);
        writer.next_segment += 1;
        self.view_mut().segments.insert(number, Arc::clone(&segment));
        Ok(segment)
    }

    /// Marks what a commit that is on the disk has shown. Without its file the mark lasts until the end of the program: no
    /// reason to say that the commit failed, because then its scans would be written twice.
    fn mark_kept(&self, writer: &mut Writer, mark: Mark) {
        if let Err(problem) = self.add_mark(writer, mark) {
            tracing::warn!(%problem, "A gap has no reason after the next start");
        }
    }

    pub(crate) fn add_mark(&self, writer: &mut Writer, mark: Mark) -> Result<(), Problem> {
        self.view_mut().mark(mark);
        self.add_fact(writer, &Fact::Mark(mark))
    }

    pub(crate) fn set_cursor(&self, name: &str, stream: Stream, seq: Option<u64>) -> Result<(), Problem> {
        let mut writer = self.writer();
        let key = (name.to_owned(), stream);
        match seq {
            Some(seq) => self.view_mut().cursors.insert(key, seq),
            None => self.view_mut().cursors.remove(&key),
        };
        self.add_fact(&mut writer, &Fact::Cursor { name: name.to_owned(), stream, seq })
    }

    pub(crate) fn add_fact(&self, writer: &mut Writer, fact: &Fact) -> Result<(), Problem> {
        let mut added = writer.facts.add(fact);
        if added.is_ok() && writer.facts.has_grown() {
            let facts = live_facts(&self.view());
            added = writer.facts.rewrite(facts);
        }
        added.map_err(|error| self.problem("writing marks and cursors", &error))
    }
}

/// All facts that still count.
pub(crate) fn live_facts(view: &View) -> Vec<Fact> {
    let mut facts: Vec<Fact> = view.marks.iter().map(|mark| Fact::Mark(*mark)).collect();
    for ((name, stream), seq) in &view.cursors {
        facts.push(Fact::Cursor { name: name.clone(), stream: *stream, seq: Some(*seq) });
    }
    for stream in Stream::ALL {
        let dropped = view.dropped[stream.index()].iter();
        facts.extend(dropped.map(|range| Fact::Dropped { stream, range: *range }));
    }
    let last = view.days.last_key_value().map(|(number, _)| *number);
    facts
        .extend(view.days.values().filter(|(day, _)| Some(day.number) != last).map(|(_, summary)| Fact::Day(*summary)));
    facts.push(sealed_fact(view));
    facts
}

/// How far everything is sealed now.
pub(crate) fn sealed_fact(view: &View) -> Fact {
    let lanes = view.tails.iter().filter(|(_, tail)| tail.sealed > 0);
    Fact::Sealed {
        day: view.days.last_key_value().map_or(0, |(number, _)| *number),
        segment: first_needed(view),
        lanes: lanes.map(|((stream, group), tail)| (*stream, group.0, tail.sealed, tail.sealed_until)).collect(),
    }
}

/// The first segment that holds scans which are not sealed.
pub(crate) fn first_needed(view: &View) -> u64 {
    let oldest = view.tails.values().filter_map(|tail| tail.rows.first()).map(|row| u64::from(row.segment)).min();
    let last = view.segments.last_key_value().map_or(0, |(number, _)| *number);
    oldest.unwrap_or(last).min(last)
}
