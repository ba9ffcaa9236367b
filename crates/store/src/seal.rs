//! The sealer: the tail of one lane after the other becomes chunks, then the log behind it is trimmed.
//!
//! Everything of one lane that is unsealed is sealed at once, so that a single number says how far it is. Scans in order
//! become one chunk; late ones and those on the other side of a long pause become chunks of their own (parts), so that
//! each chunk covers little time.

use std::io;
use std::sync::Arc;

use domain::Timestamp;

use crate::chunk::column::Cell;
use crate::chunk::{Head, Part, build};
use crate::counters::DamagedAt;
use crate::day::{Day, Lane, MICROS_PER_DAY, Place, Summary};
use crate::dictionary::Group;
use crate::log::Row;
use crate::store::Inner;
use crate::tail::Places;
use crate::types::Sealed;
use crate::view::{Tail, View};
use crate::writer::{Fact, Writer, sealed_fact};
use domain::Problem;

/// Scans that a chunk of a usual group holds.
const ROWS: u32 = 600;
/// No chunk holds more.
const MAX_ROWS: usize = 4096;
/// Time that a chunk of a fast group covers at least.
const SPAN: i64 = 540_000_000;
/// A scan waits at most this long, however slow its group is.
const MAX_AGE: i64 = 3_600_000_000;
/// Scans of one lane that are sealed at once.
const MAX_SCANS: usize = 8 * MAX_ROWS;
/// Parts of one sealing: their number is a byte.
const MAX_PARTS: usize = 255;
/// A pause this long ends a chunk.
const PAUSE: i64 = 3_600_000_000;

/// One lane's tail on its way into a day file.
struct Sealing {
    lane: Lane,
    places: Vec<Place>,
    /// Sequence number of the last scan in it.
    last: u64,
    sealed_until: Option<i64>,
    scans: u64,
}

impl Inner {
    pub(crate) fn seal(&self, now: Timestamp, budget: usize, all: bool) -> Result<Sealed, Problem> {
        let mut writer = self.writer();
        let mut sealed = Sealed::default();
        self.pack_due(&mut writer).map_err(|error| self.problem("reading the log", &error))?;
        loop {
            let due = due_lanes(&self.view(), now, all);
            sealed.waiting = due.len().saturating_sub(budget);
            if due.is_empty() {
                break;
            }
            for lane in &due[..due.len().min(budget)] {
                let better = self.pack(&mut writer, *lane);
                better.map_err(|error| self.problem("reading the log", &error))?;
            }
            let result = self.seal_lanes(&mut writer, now, &due[..due.len().min(budget)], &mut sealed);
            result.map_err(|error| {
                writer.day_broken = true;
                self.counters.count(|counters| counters.write_failures += 1);
                self.problem("sealing history", &error)
            })?;
            if !all {
                break;
            }
        }
        self.trim(&mut writer)?;
        Ok(sealed)
    }

    fn seal_lanes(&self, writer: &mut Writer, now: Timestamp, lanes: &[Lane], sealed: &mut Sealed) -> io::Result<()> {
        let (day, start) = self.day_for(writer, now)?;
        let mut end = start;
        let mut done = Vec::new();
        for lane in lanes {
            let written = self.write_lane(&day, *lane, &mut end);
            match written {
                Ok(Some(sealing)) => done.push(sealing),
                Ok(None) => {}
                Err(error) => {
                    drop(day.file.set_len(start)); // as far as it goes; a new day file is begun anyway
                    return Err(error);
                }
            }
        }
        day.file.sync().inspect_err(|_| drop(day.file.set_len(start)))?;
        self.publish(&day, end, &done);
        let mut index = Vec::new();
        for place in done.iter().flat_map(|sealing| &sealing.places) {
            place.encode(&mut index);
        }
        self.append_index(writer, &day, &index);
        let chunks: usize = done.iter().map(|sealing| sealing.places.len()).sum();
        sealed.groups += done.len();
        sealed.chunks += chunks;
        sealed.scans += done.iter().map(|sealing| sealing.scans).sum::<u64>();
        sealed.bytes += end - start;
        let overlays = done.iter().flat_map(|sealing| &sealing.places).filter(|place| place.head.overlay).count();
        self.counters.count(|counters| {
            counters.chunks += chunks as u64;
            counters.chunk_bytes += end - start;
            counters.overlay_chunks += overlays as u64;
        });
        Ok(())
    }

    /// The day file of today and where it ends, a new one if the last is of another day.
    fn day_for(&self, writer: &mut Writer, now: Timestamp) -> io::Result<(Arc<Day>, u64)> {
        let today = now.micros().div_euclid(MICROS_PER_DAY);
        let last = self.view().days.last_key_value().map(|(_, (day, summary))| (Arc::clone(day), *summary));
        if let Some((day, summary)) = &last
            && day.date == today
            && !writer.day_broken
        {
            return Ok((Arc::clone(day), summary.len));
        }
        // What the old one holds must be known before the new one makes it old.
        let sealed = sealed_fact(&self.view());
        if let Some((old, summary)) = &last {
            old.index.sync()?;
            writer.facts.add(&Fact::Day(*summary))?;
        }
        writer.facts.add(&sealed)?;
        writer.facts.sync()?;
        let number = writer.next_day;
        writer.next_day += 1; // also when this fails: a piece of it may stay
        let day = Arc::new(Day::create(self.disk.as_ref(), &self.day_dir(), number, today, self.epoch)?);
        writer.day_broken = false;
        writer.index_broken = false;
        let mut view = self.view_mut();
        let old = std::mem::take(&mut view.current);
        view.days.insert(number, (Arc::clone(&day), Summary::empty(number)));
        drop(view);
        if let Some((old_day, _)) = last {
            self.indexes.keep(old_day.number, Arc::new(old));
        }
        let len = Summary::empty(number).len;
        Ok((day, len))
    }

    /// Writes the chunks of one lane at `end` and moves it.
    fn write_lane(&self, day: &Day, lane: Lane, end: &mut u64) -> io::Result<Option<Sealing>> {
        let (tail, group) = {
            let view = self.view();
            (view.tails.get(&lane).cloned().unwrap_or_default(), view.dictionary.group(lane.1))
        };
        let parts = split(&tail);
        let last = parts.iter().flat_map(|part| &part.rows).map(|row| row.seq).max();
        let (Some(first), Some(last), Some(group)) = (tail.rows.first(), last, group) else { return Ok(None) };
        let places = self.view().places_of(lane, &tail.rows);
        let mut sealing = Sealing { lane, places: Vec::new(), last, sealed_until: tail.sealed_until, scans: 0 };
        for (number, part) in parts.iter().enumerate() {
            let head = Head {
                stream: u8::try_from(lane.0.index()).unwrap_or(u8::MAX),
                group: lane.1.0,
                overlay: part.late,
                parts_left: u8::try_from(parts.len() - 1 - number).unwrap_or(u8::MAX),
                epoch: self.epoch,
                first: first.seq,
                last,
                ..Head::default()
            };
            let bytes = self.build_chunk(&places, head, &group, (&tail, &part.rows))?;
            day.file.write_at(&bytes, *end)?;
            let head =
                Head::decode(&bytes).ok_or_else(|| io::Error::other("a chunk that was just built is damaged"))?;
            sealing.places.push(Place { head, offset: *end });
            sealing.scans += u64::from(head.rows);
            *end += bytes.len() as u64;
            if !part.late {
                sealing.sealed_until = sealing.sealed_until.max(Some(head.to));
            }
        }
        Ok(Some(sealing))
    }

    /// Reads the scans of one part from the log, some columns at a time. Damaged ones are passed over.
    fn build_chunk(
        &self,
        places: &Places,
        head: Head,
        group: &Group,
        (tail, rows): (&Tail, &[Row]),
    ) -> io::Result<Vec<u8>> {
        let mut kept = Vec::with_capacity(rows.len());
        let (mut arrivals, mut sources) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        let mut reader = places.reader();
        for (number, row) in rows.iter().enumerate() {
            let scan = reader.read(row, rows.get(number + 1))?.and_then(|scan| {
                // the packing it names is known
                scan.columns(&[], tail.meaning(group), |_, _, _| ()).map(|()| scan)
            });
            if let Ok(scan) = scan {
                arrivals.push(scan.arrival.micros());
                sources.push(scan.source.map(Timestamp::micros));
                kept.push(*row);
            } else {
                self.counters.damaged(DamagedAt::Segment(u64::from(row.segment), u64::from(row.offset)));
            }
        }
        let steps = tail.steps(group);
        let part = Part { head, series: &group.series, steps: &steps, arrivals: &arrivals, sources: &sources };
        build(&part, |positions| {
            let wanted: Vec<usize> = positions.collect();
            let mut columns: Vec<Vec<Cell>> = wanted.iter().map(|_| Vec::with_capacity(kept.len())).collect();
            let mut reader = places.reader();
            for (number, row) in kept.iter().enumerate() {
                let scan = reader.read(row, kept.get(number + 1))?.map_err(io::Error::other)?;
                let take = |at: usize, value, quality| columns[at].push((value, quality));
                scan.columns(&wanted, tail.meaning(group), take).map_err(io::Error::other)?;
            }
            Ok::<_, io::Error>(columns)
        })
    }

    /// From the tail into history, at once for every reader.
    fn publish(&self, day: &Day, end: u64, done: &[Sealing]) {
        let mut view = self.view_mut();
        let view = &mut *view;
        let Some((_, summary)) = view.days.get_mut(&day.number) else { return };
        summary.len = end;
        for sealing in done {
            for place in &sealing.places {
                summary.add(&place.head);
                view.current.add(&place.head, place.offset);
            }
            if let Some(tail) = view.tails.get_mut(&sealing.lane) {
                let count = tail.rows.partition_point(|row| row.seq <= sealing.last);
                tail.rows.drain(..count);
                tail.rows.shrink_to(ROWS as usize * 3 / 2);
                tail.sealed = sealing.last;
                tail.sealed_until = sealing.sealed_until;
                tail.forget_packings();
            }
        }
    }

    /// The index may lag behind: what is missing at its end is read from the chunks themselves. So nothing is added to it any
    /// more once a write has failed.
    fn append_index(&self, writer: &mut Writer, day: &Day, lines: &[u8]) {
        if writer.index_broken {
            return;
        }
        let len = self.view().days.get(&day.number).map_or(0, |(_, summary)| summary.index_len);
        writer.index_broken = day.index.write_at(lines, len).is_err();
        if let (false, Some((_, summary))) = (writer.index_broken, self.view_mut().days.get_mut(&day.number)) {
            summary.index_len += lines.len() as u64;
        }
    }

    /// Deletes segments of which everything is sealed and behind every cursor.
    pub(crate) fn trim(&self, writer: &mut Writer) -> Result<(), Problem> {
        let current = writer.segment.as_ref().map(|segment| segment.number);
        let (unneeded, fact) = {
            let view = self.view();
            let needed = first_needed(&view);
            let unneeded: Vec<u64> = view
                .segments
                .keys()
                .copied()
                .take_while(|number| *number < needed && Some(*number) != current)
                .collect();
            (unneeded, sealed_fact(&view))
        };
        if unneeded.is_empty() {
            return Ok(());
        }
        self.add_fact(writer, &fact)?;
        writer.facts.sync().map_err(|error| self.problem("writing marks and cursors", &error))?;
        for number in unneeded {
            self.remove_segment(number)?;
        }
        Ok(())
    }

    pub(crate) fn remove_segment(&self, number: u64) -> Result<(), Problem> {
        self.view_mut().segments.remove(&number);
        let removed = self.disk.remove(&crate::log::segment_path(&self.log_dir(), number));
        removed.map_err(|error| self.problem("deleting a file of the log", &error))
    }
}

/// The first segment that is needed by a scan that is not sealed, or by a cursor.
fn first_needed(view: &View) -> u64 {
    let mut needed = crate::writer::first_needed(view);
    for ((_, stream), seq) in &view.cursors {
        let unread = view.segments.keys().find(|number| view.last_in(**number, *stream) > *seq);
        needed = unread.map_or(needed, |number| needed.min(*number));
    }
    needed
}

/// Lanes to seal now, those with the oldest scans first.
fn due_lanes(view: &View, now: Timestamp, all: bool) -> Vec<Lane> {
    let mut due: Vec<(u64, Lane)> = Vec::new();
    for (lane, tail) in &view.tails {
        if let Some(first) = tail.rows.first()
            && (all || is_due(tail, *lane, now.micros()))
        {
            due.push((first.seq, *lane));
        }
    }
    due.sort_unstable();
    due.into_iter().map(|(_, lane)| lane).collect()
}

fn is_due(tail: &Tail, lane: Lane, now: i64) -> bool {
    let (Some(first), Some(last)) = (tail.rows.first(), tail.rows.last()) else { return false };
    // The first chunks differ in length, so that groups which began together are not sealed together for ever.
    let rows = if tail.sealed == 0 { ROWS / 2 + lane.1.0.wrapping_mul(37) % (ROWS / 2) } else { ROWS };
    let span = SPAN / i64::from(ROWS) * i64::from(rows);
    let waited = now.saturating_sub(first.arrival).saturating_abs();
    tail.rows.len() >= MAX_ROWS
        || (tail.rows.len() >= rows as usize && last.arrival.saturating_sub(first.arrival).saturating_abs() >= span)
        || waited >= MAX_AGE
}

/// Scans that become one chunk, in order of arrival.
struct PartRows {
    rows: Vec<Row>,
    late: bool,
}

/// The scans to seal now, at most so many that their parts can be counted; the rest stays in the tail.
fn split(tail: &Tail) -> Vec<PartRows> {
    let parts = split_rows(tail, MAX_SCANS);
    if parts.len() > MAX_PARTS { split_rows(tail, MAX_PARTS) } else { parts }
}

fn split_rows(tail: &Tail, limit: usize) -> Vec<PartRows> {
    let mut rows = tail.rows[..tail.rows.len().min(limit)].to_vec();
    rows.sort_by_key(|row| (row.arrival, row.seq));
    let late = |row: &Row| tail.sealed_until.is_some_and(|until| row.arrival <= until);
    let mut parts: Vec<PartRows> = Vec::new();
    for row in rows {
        let fits =
            parts.last().and_then(|part| part.rows.last().map(|last| (part, last))).is_some_and(|(part, last)| {
                let near = row.arrival.saturating_sub(last.arrival) < PAUSE;
                near && part.late == late(&row) && part.rows.len() < MAX_ROWS
            });
        match parts.last_mut() {
            Some(part) if fits => part.rows.push(row),
            _ => parts.push(PartRows { late: late(&row), rows: vec![row] }),
        }
    }
    parts
}
