//! Room on the disk: what is kept, what is dropped, and when nothing more is taken.
//!
//! The disk is never filled. Below the reserve the oldest day goes, one per commit; when there is none left, records that
//! only wait for upload; below half of the reserve appends are refused and the ballast is given back, so that the rest of
//! the edge can still write the little it must.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::log_record::{DropReason, DropRecord, LogBody};
use domain::{Problem, Stream, Timestamp};

use crate::day::{Day, MICROS_PER_DAY, Summary};
use crate::open::BALLAST;
use crate::store::Inner;
use crate::types::{Dropped, GapReason, Retained, Retention, StoreStats};
use crate::view::{Mark, View};
use crate::writer::{Fact, Writer};

/// No sample is older than this program: 2020-01-01. Clocks without a battery begin in 1970, 2000 or 2010.
const EARLIEST: i64 = 1_577_836_800_000_000;
/// A step of the clock that is longer than a computer sleeps means that the time before it was wrong.
const FAR: Duration = Duration::from_hours(24);
/// Less history than this says nothing about a rate.
const RATE_SPAN: i64 = 600_000_000;

impl Inner {
    /// Before each commit: an error when there is no room for it.
    pub(crate) fn make_room(&self, writer: &mut Writer) -> Result<(), Problem> {
        let Ok(free) = self.disk.free(&self.options.dir) else { return Ok(()) };
        if free >= self.options.reserve {
            if !writer.ballast && self.options.ballast > 0 && free >= self.options.reserve + self.options.ballast {
                writer.ballast = self.take_ballast().is_ok();
            }
            return Ok(());
        }
        if !self.drop_oldest_day(writer, DropReason::DiskFull)? {
            self.drop_oldest_segment(writer, DropReason::DiskFull)?;
        }
        let free = self.disk.free(&self.options.dir).unwrap_or(free);
        if free >= self.options.reserve / 2 {
            return Ok(());
        }
        drop(self.disk.remove(&self.ballast()));
        writer.ballast = false;
        let (free, reserve) = (free / 1_000_000, self.options.reserve / 1_000_000);
        let what =
            format!("the disk has only {free} MB free; nothing more is recorded until it has {} MB", reserve / 2);
        Err(Problem::new("disk.full", self.options.dir.display().to_string(), what)
            .why("a disk that is really full would damage more than history")
            .hint("make room on this disk, or keep less history (history.max_size)"))
    }

    fn ballast(&self) -> PathBuf {
        self.options.dir.join(BALLAST)
    }

    /// A file of real bytes, not a hole.
    fn take_ballast(&self) -> std::io::Result<()> {
        let file = self.disk.open(&self.ballast(), true)?;
        let block = vec![0xb5; 1 << 20];
        let mut at = file.size()?;
        while at < self.options.ballast {
            let len = usize::try_from(self.options.ballast - at).unwrap_or(usize::MAX).min(block.len());
            file.write_at(&block[..len], at)?;
            at += len as u64;
        }
        file.sync()
    }

    pub(crate) fn retain(&self, now: Timestamp, policy: &Retention) -> Result<Retained, Problem> {
        let mut writer = self.writer();
        let mut retained = Retained::default();
        let before = self.view().bytes();
        let too_old = now.minus(policy.keep).micros();
        let old = self.view().received(now).into_iter().filter(|(_, received)| *received < too_old);
        for (number, _) in old {
            retained.days += usize::from(self.drop_day(&mut writer, number, GapReason::Retention, None)?);
        }
        // What only waits to be sent on never takes more than half of the room from history.
        while self.view().log_bytes() > policy.max_bytes / 2
            && self.drop_oldest_segment(&mut writer, DropReason::TooLarge)?
        {}
        while self.view().bytes() > policy.max_bytes && self.drop_oldest_day(&mut writer, DropReason::TooLarge)? {
            retained.days += 1;
        }
        while self.view().bytes() > policy.max_bytes && self.drop_oldest_segment(&mut writer, DropReason::TooLarge)? {}
        retained.bytes = before.saturating_sub(self.view().bytes());
        self.commit_pending(&mut writer)?;
        Ok(retained)
    }

    fn drop_oldest_day(&self, writer: &mut Writer, reason: DropReason) -> Result<bool, Problem> {
        let oldest = self.view().days.first_key_value().map(|(number, _)| *number);
        oldest.map_or(Ok(false), |number| self.drop_day(writer, number, reason.into(), Some(reason)))
    }

    /// Drops a day file, never the last one. `record` is also told in the log.
    fn drop_day(
        &self,
        writer: &mut Writer,
        number: u64,
        reason: GapReason,
        record: Option<DropReason>,
    ) -> Result<bool, Problem> {
        let oldest: Option<(Arc<Day>, Summary)> = {
            let mut view = self.view_mut();
            let is_last = view.days.last_key_value().is_none_or(|(last, _)| *last == number);
            if is_last { None } else { view.days.remove(&number) }
        };
        let Some((day, summary)) = oldest else { return Ok(false) };
        let removed = day.remove(self.disk.as_ref(), &self.day_dir());
        removed.map_err(|error| self.problem("deleting old history", &error))?;
        self.counters.count(|counters| counters.days_dropped += 1);
        if summary.from > summary.to {
            return Ok(true);
        }
        let (from, to) = (Timestamp::from_micros(summary.from), Timestamp::from_micros(summary.to));
        self.add_mark(writer, Mark { from, to, reason })?;
        if let Some(reason) = record {
            tracing::warn!(from = summary.from, to = summary.to, ?reason, "a day of history was dropped");
            for stream in Stream::ALL.into_iter().filter(|stream| summary.last[stream.index()] > 0) {
                let (first, last) = (summary.first[stream.index()], summary.last[stream.index()]);
                writer.pending.push((stream, LogBody::Drop(DropRecord { first, last, from, to, reason })));
            }
        }
        Ok(true)
    }

    /// Drops the oldest file of the log that is only kept because a cursor has not read it.
    fn drop_oldest_segment(&self, writer: &mut Writer, reason: DropReason) -> Result<bool, Problem> {
        let current = writer.segment.as_ref().map(|segment| segment.number);
        let oldest = {
            let view = self.view();
            let needed = crate::writer::first_needed(&view);
            let oldest = view
                .segments
                .values()
                .next()
                .filter(|segment| segment.number < needed && Some(segment.number) != current);
            oldest.map(|segment| {
                (segment.number, segment.first, Stream::ALL.map(|stream| view.last_in(segment.number, stream)))
            })
        };
        let Some((number, first, last)) = oldest else { return Ok(false) };
        self.remove_segment(number)?;
        for stream in Stream::ALL {
            let (first, last) = (first[stream.index()], last[stream.index()]);
            let read = self.view().cursors.iter().filter(|((_, of), _)| *of == stream).map(|(_, seq)| *seq).min();
            let first = first.max(read.unwrap_or(u64::MAX).saturating_add(1));
            if first <= last {
                self.counters.count(|counters| counters.records_dropped += last - first + 1);
                let range = Dropped { first, last, reason };
                self.view_mut().drop_unread(stream, range);
                self.add_fact(writer, &Fact::Dropped { stream, range })?;
                let unknown = Timestamp::default();
                let gone = DropRecord { first, last, from: unknown, to: unknown, reason };
                writer.pending.push((stream, LogBody::Drop(gone)));
            }
        }
        Ok(true)
    }

    pub(crate) fn stats(&self, policy: &Retention) -> Result<StoreStats, Problem> {
        let free = self.disk.free(&self.options.dir);
        let free = free.map_err(|error| self.problem("asking for the room on the disk", &error))?;
        let (notes, ballast) = {
            let writer = self.writer();
            (writer.facts.bytes(), if writer.ballast { self.options.ballast } else { 0 })
        };
        let view = self.view();
        let (series, groups) = view.dictionary.counts();
        let used = view.bytes();
        let room = policy.max_bytes.saturating_sub(used).min(free.saturating_sub(self.options.reserve));
        let by_size = view.bytes_per_day().map(|rate| room as f64 / rate);
        let kept = days(policy.keep);
        Ok(StoreStats {
            log_bytes: view.log_bytes(),
            history_bytes: view.history_bytes(),
            notes_bytes: notes + view.dictionary.bytes(),
            ballast_bytes: ballast,
            free_bytes: free,
            days_left: by_size.map(|days| days.min(kept)),
            oldest: view.oldest().map(Timestamp::from_micros),
            unsealed_scans: view.tails.values().map(|tail| tail.rows.len() as u64).sum(),
            series,
            groups,
        })
    }
}

fn days(duration: Duration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

impl View {
    /// When the newest of each day file was received, µs, as far as that can be known: a clock may have been wrong, but the
    /// files stand in the order in which they were written. See `docs/decisions/0006-log.md`.
    fn received(&self, now: Timestamp) -> Vec<(u64, i64)> {
        let far = |mark: &&Mark| mark.reason == GapReason::ClockStep && mark.to.since(mark.from) > FAR;
        let steps: Vec<&Mark> = self.marks.iter().filter(far).collect();
        // A time that can't be is taken from the file behind, and one that was corrected meanwhile is corrected, too.
        let mut behind = now.micros();
        let mut received = Vec::with_capacity(self.days.len());
        for (number, (_, summary)) in self.days.iter().rev() {
            if (EARLIEST..=now.micros()).contains(&summary.to) {
                behind = steps.iter().fold(summary.to, |time, step| {
                    let (from, to) = (step.from.micros(), step.to.micros());
                    if time <= from { time.saturating_add(to - from).min(now.micros()) } else { time }
                });
            }
            received.push((*number, behind));
        }
        received.reverse();
        // Nothing is older than what was received before it.
        let mut before = i64::MIN;
        for (_, time) in &mut received {
            before = before.max(*time);
            *time = before;
        }
        received
    }

    fn history_bytes(&self) -> u64 {
        self.days.values().map(|(_, summary)| summary.bytes()).sum()
    }

    fn log_bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len()).sum()
    }

    fn bytes(&self) -> u64 {
        self.history_bytes() + self.log_bytes()
    }

    fn oldest(&self) -> Option<i64> {
        let sealed = self.days.values().filter(|(_, day)| day.from <= day.to).map(|(_, day)| day.from).min();
        let tail = self.tails.values().flat_map(|tail| &tail.rows).map(|row| row.arrival).min();
        sealed.into_iter().chain(tail).min()
    }

    /// Bytes that a day of history takes, from the last files.
    fn bytes_per_day(&self) -> Option<f64> {
        let last = self.days.values().rev().map(|(_, day)| day).filter(|day| day.from < day.to).take(3);
        let (mut bytes, mut span) = (0, 0);
        for day in last {
            bytes += day.bytes();
            span += day.to.saturating_sub(day.from).min(2 * MICROS_PER_DAY);
        }
        (span >= RATE_SPAN && bytes > 0).then(|| bytes as f64 * MICROS_PER_DAY as f64 / span as f64)
    }
}
