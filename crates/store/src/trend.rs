//! A series over a range of time in equal buckets, and the gaps in it.

use std::sync::Arc;

use domain::trend::{Sum, usual_step};
use domain::{Problem, Quality, SeriesId, Timestamp, Value};

use crate::chunk::{Chunk, Entry, read_entry};
use crate::counters::DamagedAt;
use crate::store::Inner;
use crate::types::{GapReason, Trend};
use crate::view::{ChunkRef, LanePart, Mark, Snapshot};

/// What a chunk says of all its rows.
fn add_chunk(sum: &mut Sum, rows: u32, entry: &Entry) {
    sum.count += u64::from(rows);
    sum.good += u64::from(entry.good);
    sum.worst = sum.worst.worst(Quality::from_code(entry.worst));
    if entry.numbers > 0 {
        sum.min = sum.min.min(entry.min);
        sum.max = sum.max.max(entry.max);
        sum.total += entry.sum;
        sum.numbers += u64::from(entry.numbers);
    }
}

struct Drawing<'a> {
    inner: &'a Inner,
    series: SeriesId,
    drawn: domain::trend::Drawing,
    damaged: Vec<(i64, i64)>,
}

pub(crate) fn trend(
    inner: &Inner,
    series: SeriesId,
    from: Timestamp,
    to: Timestamp,
    buckets: u32,
) -> Result<Trend, Problem> {
    let Some(drawn) = domain::trend::Drawing::new(from, to, buckets) else { return Ok(Trend::default()) };
    let (lanes, marks) = {
        let view = inner.view();
        (view.lanes_of(series), view.marks.clone())
    };
    let positions: Vec<usize> = lanes.iter().map(|(_, position)| *position).collect();
    let lanes: Vec<_> = lanes.into_iter().map(|(lane, _)| lane).collect();
    let failed = |error| inner.problem("reading history", &error);
    let snapshot = Snapshot::take(&inner.view, &inner.indexes, &lanes, (drawn.from(), drawn.to()), |day, place| {
        inner.counters.damaged(DamagedAt::Day(day, place));
    });
    let snapshot = snapshot.map_err(failed)?;
    let mut drawing = Drawing { inner, series, drawn, damaged: Vec::new() };
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

    /// False when what is needed of it is damaged.
    fn chunk(&mut self, chunk: &ChunkRef, position: usize) -> std::io::Result<bool> {
        let at = &chunk.at;
        let (from, to) = (self.drawn.from(), self.drawn.to());
        let bucket = self.drawn.bucket(at.from);
        if at.from >= from && at.to < to && bucket == self.drawn.bucket(at.to) {
            let entry = read_entry(chunk.day.file.as_ref(), at.offset, position, self.series)?;
            let Some(entry) = entry else { return Ok(false) };
            if let Some(sum) = self.drawn.sum(bucket) {
                add_chunk(sum, at.rows, &entry);
            }
            let pause = (at.from + i64::from(at.pause_at_ms) * 1000, i64::from(at.pause_ms) * 1000);
            self.drawn.stretch(at.from, at.to, i64::from(at.usual_ms) * 1000, Some(pause));
            return Ok(true);
        }
        let Some(read) = Chunk::open(&chunk.day.file, at.offset, at.front_len)? else { return Ok(false) };
        let Some(arrivals) = read.arrivals() else { return Ok(false) };
        let Some(column) = read.column(position, self.series)? else { return Ok(false) };
        let first = arrivals.partition_point(|arrival| *arrival < from);
        let last = arrivals.partition_point(|arrival| *arrival < to);
        let Some(inside) = arrivals.get(first..last).filter(|inside| !inside.is_empty()) else { return Ok(true) };
        let mut row = first;
        while row < last {
            // one bucket after the other, so that the inner loops are plain
            let bucket = self.drawn.bucket(arrivals[row]);
            let until = self.drawn.end_of(bucket);
            let end = row + arrivals[row..last].partition_point(|arrival| *arrival < until);
            let Some(sum) = self.drawn.sum(bucket) else { break };
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
        self.drawn.arrivals(inside, i64::from(at.usual_ms) * 1000);
        Ok(true)
    }

    fn rows(&mut self, part: &LanePart, position: usize) -> std::io::Result<()> {
        let group = self.inner.view().dictionary.group(part.lane.1);
        let (rows, meaning) = (&part.rows, part.meaning(group.as_deref()));
        let mut reader = part.places.reader();
        for (number, row) in rows.iter().enumerate() {
            let scan = reader.read(row, rows.get(number + 1))?;
            let bucket = self.drawn.bucket(row.arrival);
            let Some(sum) = self.drawn.sum(bucket) else { continue };
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
        self.drawn.arrivals(&arrivals, usual_step(&arrivals));
        Ok(())
    }

    /// The reason of a gap is the one that covers most of it.
    fn finish(self, marks: &[Mark]) -> Trend {
        let Self { drawn, damaged, .. } = self;
        drawn.finish(|from, to| {
            let covered = |(a, b): (i64, i64)| b.min(to).saturating_sub(a.max(from));
            let damaged = damaged.iter().map(|range| (covered(*range), GapReason::Damaged));
            let marks = marks.iter().map(|mark| (covered((mark.from.micros(), mark.to.micros())), mark.reason));
            let reasons = marks.chain(damaged).filter(|(covered, _)| *covered > 0);
            reasons.max_by_key(|(covered, _)| *covered).map(|(_, reason)| reason)
        })
    }
}

/// So that a trend can be made from several threads at once.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<Inner>>();
};
