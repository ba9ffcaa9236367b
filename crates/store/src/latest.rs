//! The last sample before a time.

use domain::{Problem, Sample, SeriesId, Timestamp};

use crate::chunk::Chunk;
use crate::counters::DamagedAt;
use crate::store::Inner;
use crate::view::{ChunkRef, LanePart, Snapshot};

/// Looks back this far first, then four times as far, and so on.
const FIRST_LOOK: i64 = 3_600_000_000;

pub(crate) fn latest_before(inner: &Inner, series: SeriesId, t: Timestamp) -> Result<Option<Sample>, Problem> {
    let (lanes, oldest) = {
        let view = inner.view();
        let days = view.days.values().filter(|(_, day)| day.from <= day.to).map(|(_, day)| day.from);
        let tails = view.tails.values().flat_map(|tail| &tail.rows).map(|row| row.arrival);
        (view.lanes_of(series), days.chain(tails).min())
    };
    let Some(oldest) = oldest else { return Ok(None) };
    let to = t.micros().saturating_add(1);
    let names: Vec<_> = lanes.iter().map(|(lane, _)| *lane).collect();
    let failed = |error| inner.problem("reading history", &error);
    let mut look = FIRST_LOOK;
    loop {
        let from = to.saturating_sub(look);
        let snapshot = Snapshot::take(&inner.view, &inner.indexes, &names, (from, to), |day, place| {
            inner.counters.damaged(DamagedAt::Day(day, place));
        });
        let snapshot = snapshot.map_err(failed)?;
        let mut best: Option<Sample> = None;
        for (part, (_, position)) in snapshot.parts.iter().zip(&lanes) {
            let found = in_lane(inner, series, part, *position, to).map_err(failed)?;
            best = later(best, found);
        }
        if best.as_ref().is_some_and(|sample| sample.arrival.micros() >= from) || from <= oldest {
            return Ok(best);
        }
        look = look.saturating_mul(4);
    }
}

/// The later one; the second of two that came together.
fn later(a: Option<Sample>, b: Option<Sample>) -> Option<Sample> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.arrival > b.arrival { a } else { b }),
        (a, b) => a.or(b),
    }
}

fn in_lane(
    inner: &Inner,
    series: SeriesId,
    part: &LanePart,
    position: usize,
    to: i64,
) -> std::io::Result<Option<Sample>> {
    let mut best = None;
    let mut chunks: Vec<&ChunkRef> = part.chunks.iter().collect();
    chunks.sort_by_key(|chunk| (chunk.at.to, chunk.order()));
    for chunk in chunks.into_iter().rev() {
        let known = best.as_ref().map(|(sample, _): &(Sample, _)| sample.arrival.micros());
        if known.is_some_and(|known| known > chunk.at.to) {
            break;
        }
        match in_chunk(chunk, series, position, to)? {
            Ok(Some(sample)) => {
                let better = best.as_ref().is_none_or(|(known, order): &(Sample, (u64, u64))| {
                    (known.arrival, *order) < (sample.arrival, chunk.order())
                });
                if better {
                    best = Some((sample, chunk.order()));
                }
            }
            Ok(None) => {}
            Err(Damaged) => inner.counters.damaged(DamagedAt::Column(chunk.day.number, chunk.at.offset, series.0)),
        }
    }
    let best = best.map(|(sample, _)| sample);
    let known = best.as_ref().map(|sample| sample.arrival.micros());
    let group = inner.view().dictionary.group(part.lane.1);
    let meaning = part.meaning(group.as_deref());
    let mut reader = part.places.reader();
    for row in part.rows.iter().rev().take_while(|row| known.is_none_or(|known| row.arrival >= known)) {
        let mut found = None;
        let read = reader.read(row, None)?.and_then(|scan| {
            scan.columns(&[position], meaning, |_, value, quality| {
                found = Some(Sample { series, arrival: scan.arrival, source: scan.source, value, quality });
            })
        });
        match (read, found) {
            (Ok(()), Some(sample)) => return Ok(later(best, Some(sample))),
            _ => inner.counters.damaged(DamagedAt::Segment(u64::from(row.segment), u64::from(row.offset))),
        }
    }
    Ok(best)
}

struct Damaged;

fn in_chunk(
    chunk: &ChunkRef,
    series: SeriesId,
    position: usize,
    to: i64,
) -> std::io::Result<Result<Option<Sample>, Damaged>> {
    let Some(read) = Chunk::open(&chunk.day.file, chunk.at.offset, chunk.at.front_len)? else {
        return Ok(Err(Damaged));
    };
    let Some(arrivals) = read.arrivals() else { return Ok(Err(Damaged)) };
    let Some(row) = arrivals.partition_point(|arrival| *arrival < to).checked_sub(1) else { return Ok(Ok(None)) };
    let Some(column) = read.column(position, series)? else { return Ok(Err(Damaged)) };
    let Some(sources) = read.sources() else { return Ok(Err(Damaged)) };
    let (value, quality) = column.cell(row);
    let source = source_of(&sources, row, arrivals[row]);
    Ok(Ok(Some(Sample { series, arrival: Timestamp::from_micros(arrivals[row]), source, value, quality })))
}

/// The source time of one scan, kept as the difference to its arrival.
pub(crate) fn source_of(sources: &crate::chunk::column::Column, row: usize, arrival: i64) -> Option<Timestamp> {
    match sources.cell(row).0 {
        Some(domain::Value::I64(difference)) => Some(Timestamp::from_micros(arrival.wrapping_add(difference))),
        _ => None,
    }
}
