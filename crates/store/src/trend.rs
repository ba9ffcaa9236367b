//! A series over a range of time in equal buckets, and the gaps in it.

use std::sync::Arc;
use std::time::Duration;

use domain::{Problem, Quality, QualityClass, SeriesId, Timestamp, Value};

use crate::chunk::{Chunk, Entry, read_entry};
use crate::counters::DamagedAt;
use crate::store::Inner;
use crate::types::{Bucket, Gap, GapReason, Trend};
use crate::view::{ChunkRef, LanePart, Mark, Snapshot};

/// No trend has more buckets.
const MAX_BUCKETS: u32 = 100_000;
/// Scans further apart than so many times the usual have a gap between them.
const GAP_STEPS: i64 = 3;
/// And this far, whatever is usual.
const GAP_LEAST: i64 = 2_000_000;

/// What is added up in one bucket.
#[derive(Clone, Copy)]
struct Sum {
    min: f64,
    max: f64,
    total: f64,
    numbers: u64,
    count: u64,
    good: u64,
    worst: Quality,
}

impl Sum {
    const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        total: 0.0,
        numbers: 0,
        count: 0,
        good: 0,
        worst: Quality::GOOD,
    };

    #[inline]
    fn number(&mut self, number: f64) {
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.total += number;
        self.numbers += 1;
    }

    #[inline]
    fn quality(&mut self, quality: Quality) {
        self.count += 1;
        self.good += u64::from(quality.class() == QualityClass::Good);
        self.worst = self.worst.worst(quality);
    }

    fn chunk(&mut self, rows: u32, entry: &Entry) {
        self.count += u64::from(rows);
        self.good += u64::from(entry.good);
        self.worst = self.worst.worst(Quality::from_code(entry.worst));
        if entry.numbers > 0 {
            self.min = self.min.min(entry.min);
            self.max = self.max.max(entry.max);
            self.total += entry.sum;
            self.numbers += u64::from(entry.numbers);
        }
    }
}

/// Scans without a gap between them, for finding the gaps.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: i64,
    to: i64,
    usual: i64,
}

struct Drawing<'a> {
    inner: &'a Inner,
    series: SeriesId,
    from: i64,
    to: i64,
    width: i64,
    sums: Vec<Sum>,
    stretches: Vec<Stretch>,
    damaged: Vec<(i64, i64)>,
}

pub(crate) fn trend(
    inner: &Inner,
    series: SeriesId,
    from: Timestamp,
    to: Timestamp,
    buckets: u32,
) -> Result<Trend, Problem> {
    let (from, to) = (from.micros(), to.micros());
    if from >= to || buckets == 0 {
        return Ok(Trend::default());
    }
    let span = to.saturating_sub(from);
    let buckets = i64::from(buckets.min(MAX_BUCKETS));
    let width = span / buckets + i64::from(span % buckets != 0);
    let count = usize::try_from(span / width + i64::from(span % width != 0)).unwrap_or(0);
    let (lanes, marks) = {
        let view = inner.view();
        (view.lanes_of(series), view.marks.clone())
    };
    let positions: Vec<usize> = lanes.iter().map(|(_, position)| *position).collect();
    let lanes: Vec<_> = lanes.into_iter().map(|(lane, _)| lane).collect();
    let failed = |error| inner.problem("reading history", &error);
    let snapshot = Snapshot::take(&inner.view, &inner.indexes, &lanes, (from, to), |day, place| {
        inner.counters.damaged(DamagedAt::Day(day, place));
    });
    let snapshot = snapshot.map_err(failed)?;
    let mut drawing = Drawing {
        inner,
        series,
        from,
        to,
        width,
        sums: vec![Sum::EMPTY; count],
        stretches: Vec::new(),
        damaged: Vec::new(),
    };
    for (part, position) in snapshot.parts.iter().zip(positions) {
        drawing.lane(part, position).map_err(failed)?;
    }
    Ok(drawing.finish(&marks))
}

impl Drawing<'_> {
    fn lane(&mut self, part: &LanePart, position: usize) -> std::io::Result<()> {
        for chunk in &part.chunks {
            if !self.chunk(chunk, position)? {
                self.inner.counters.damaged(DamagedAt::Column(chunk.day.number, chunk.at.offset, self.series.0));
                self.damaged.push((chunk.at.from, chunk.at.to));
            }
        }
        self.rows(part, position)
    }

    #[inline]
    fn bucket(&self, at: i64) -> usize {
        usize::try_from(at.saturating_sub(self.from) / self.width).unwrap_or(usize::MAX)
    }

    /// False when what is needed of it is damaged.
    fn chunk(&mut self, chunk: &ChunkRef, position: usize) -> std::io::Result<bool> {
        let at = &chunk.at;
        let whole = at.from >= self.from && at.to < self.to;
        if whole && self.bucket(at.from) == self.bucket(at.to) {
            let entry = read_entry(chunk.day.file.as_ref(), at.offset, position, self.series)?;
            let Some(entry) = entry else { return Ok(false) };
            let bucket = self.bucket(at.from);
            self.sums[bucket].chunk(at.rows, &entry);
            self.stretch_of_chunk(chunk);
            return Ok(true);
        }
        let Some(read) = Chunk::open(&chunk.day.file, at.offset, at.front_len)? else { return Ok(false) };
        let Some(arrivals) = read.arrivals() else { return Ok(false) };
        let Some(column) = read.column(position, self.series)? else { return Ok(false) };
        let first = arrivals.partition_point(|arrival| *arrival < self.from);
        let last = arrivals.partition_point(|arrival| *arrival < self.to);
        let Some(inside) = arrivals.get(first..last).filter(|inside| !inside.is_empty()) else { return Ok(true) };
        let mut row = first;
        while row < last {
            // one bucket after the other, so that the inner loops are plain
            let bucket = self.bucket(arrivals[row]);
            let until =
                self.from.saturating_add(self.width.saturating_mul(i64::try_from(bucket).unwrap_or(i64::MAX) + 1));
            let end = row + arrivals[row..last].partition_point(|arrival| *arrival < until);
            let sum = &mut self.sums[bucket];
            if let Some(numbers) = column.plain_numbers() {
                for number in &numbers[row..end] {
                    sum.number(*number);
                }
                sum.count += (end - row) as u64;
                sum.good += (end - row) as u64;
            } else {
                for row in row..end {
                    sum.quality(column.quality(row));
                    if let Some(number) = column.number(row) {
                        sum.number(number);
                    }
                }
            }
            row = end.max(row + 1);
        }
        self.stretches_of(inside, i64::from(at.usual_ms) * 1000);
        Ok(true)
    }

    fn stretch_of_chunk(&mut self, chunk: &ChunkRef) {
        let at = &chunk.at;
        let usual = i64::from(at.usual_ms) * 1000;
        let pause = i64::from(at.pause_ms) * 1000;
        if pause > limit(usual) {
            let begins = at.from + i64::from(at.pause_at_ms) * 1000;
            self.stretches.push(Stretch { from: at.from, to: begins, usual });
            self.stretches.push(Stretch { from: (begins + pause).min(at.to), to: at.to, usual });
        } else {
            self.stretches.push(Stretch { from: at.from, to: at.to, usual });
        }
    }

    /// Ascending arrivals.
    fn stretches_of(&mut self, arrivals: &[i64], usual: i64) {
        let mut parts = arrivals.chunk_by(|a, b| b - a <= limit(usual));
        self.stretches
            .extend(parts.by_ref().filter_map(|part| Some(Stretch { from: *part.first()?, to: *part.last()?, usual })));
    }

    fn rows(&mut self, part: &LanePart, position: usize) -> std::io::Result<()> {
        let group = self.inner.view().dictionary.group(part.lane.1);
        let (rows, meaning) = (&part.rows, part.meaning(group.as_deref()));
        let mut reader = part.places.reader();
        for (number, row) in rows.iter().enumerate() {
            let scan = reader.read(row, rows.get(number + 1))?;
            let bucket = self.bucket(row.arrival);
            let sum = &mut self.sums[bucket];
            let taken = scan.and_then(|scan| {
                scan.columns(&[position], meaning, |_, value, quality| {
                    sum.quality(quality);
                    if let Some(number) = value.as_ref().and_then(Value::as_f64) {
                        sum.number(number);
                    }
                })
            });
            if taken.is_err() {
                self.inner.counters.damaged(DamagedAt::Segment(u64::from(row.segment), u64::from(row.offset)));
                self.damaged.push((row.arrival, row.arrival));
            }
        }
        let arrivals: Vec<i64> = rows.iter().map(|row| row.arrival).collect();
        let mut steps: Vec<i64> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        let usual = steps.get(steps.len() / 2).copied().unwrap_or_default();
        self.stretches_of(&arrivals, usual);
        Ok(())
    }

    fn finish(mut self, marks: &[Mark]) -> Trend {
        let mut trend = Trend { width: Duration::from_micros(self.width.unsigned_abs()), ..Trend::default() };
        for (number, sum) in self.sums.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
            let has_numbers = sum.numbers > 0;
            let t = self.from + self.width * i64::try_from(number).unwrap_or(0);
            trend.buckets.push(Bucket {
                t: Timestamp::from_micros(t),
                min: has_numbers.then_some(sum.min),
                max: has_numbers.then_some(sum.max),
                mean: has_numbers.then(|| sum.total / sum.numbers as f64),
                count: sum.count,
                good: sum.good,
                worst: sum.worst,
            });
        }
        self.stretches.sort_unstable_by_key(|stretch| stretch.from);
        let mut last: Option<Stretch> = None;
        for stretch in &self.stretches {
            let (from, usual) =
                last.map_or((self.from, stretch.usual), |last| (last.to, last.usual.max(stretch.usual)));
            if stretch.from.saturating_sub(from) > limit(usual) {
                trend.gaps.push(self.gap(from, stretch.from, marks));
            }
            last = Some(match last {
                Some(last) if last.to > stretch.to => last,
                _ => *stretch,
            });
        }
        let (from, usual) = last.map_or((self.from, 0), |last| (last.to, last.usual));
        if self.to.saturating_sub(from) > limit(usual) {
            trend.gaps.push(self.gap(from, self.to, marks));
        }
        trend
    }

    /// The reason is the one that covers most of it.
    fn gap(&self, from: i64, to: i64, marks: &[Mark]) -> Gap {
        let covered = |(a, b): (i64, i64)| b.min(to).saturating_sub(a.max(from));
        let damaged = self.damaged.iter().map(|range| (covered(*range), GapReason::Damaged));
        let marks = marks.iter().map(|mark| (covered((mark.from.micros(), mark.to.micros())), mark.reason));
        let reason = marks.chain(damaged).filter(|(covered, _)| *covered > 0).max_by_key(|(covered, _)| *covered);
        Gap {
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            reason: reason.map(|(_, reason)| reason),
        }
    }
}

fn limit(usual: i64) -> i64 {
    usual.saturating_mul(GAP_STEPS).max(GAP_LEAST)
}

/// So that a trend can be made from several threads at once.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<Inner>>();
};
