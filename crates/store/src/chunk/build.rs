//! Scans of one group into the bytes of a chunk.

use std::ops::Range;

use domain::log_record::Steps;
use domain::{SeriesId, Value};

use super::column::{self, Cell, Summary, pack_integers};
use super::{ENTRY, Entry, HEAD, Head};
use crate::bytes::as_u32;

/// How hard pco tries. Higher gains nothing on a few hundred values.
const LEVEL: usize = 8;
/// Values in memory at once while transposing.
const CELLS: usize = 100_000;

/// What becomes one chunk.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    /// Stream, group, overlay, parts left, epoch and sequence numbers; the rest is filled in.
    pub(crate) head: Head,
    pub(crate) series: &'a [SeriesId],
    /// What numbers of each are likely to be told exactly by.
    pub(crate) steps: &'a [Option<Steps>],
    /// Arrival of each scan, ascending, µs.
    pub(crate) arrivals: &'a [i64],
    pub(crate) sources: &'a [Option<i64>],
}

/// Builds a chunk. `columns` gives the cells of some positions, one list of rows per position; it is asked for few at once.
pub(crate) fn build<E>(
    part: &Part<'_>,
    mut columns: impl FnMut(Range<usize>) -> Result<Vec<Vec<Cell>>, E>,
) -> Result<Vec<u8>, E> {
    let times = encode_times(part.arrivals);
    let sources = encode_sources(part.arrivals, part.sources);
    let front_len = HEAD + part.series.len() * ENTRY + times.len() + sources.len();
    let mut directory = Vec::with_capacity(part.series.len() * ENTRY);
    let mut body = Vec::new();
    let slice = (CELLS / part.arrivals.len().max(1)).max(1);
    for start in (0..part.series.len()).step_by(slice) {
        let range = start..(start + slice).min(part.series.len());
        for (position, cells) in range.clone().zip(columns(range)?) {
            let bytes = column::encode(&cells, part.steps.get(position).copied().flatten(), LEVEL);
            let summary = Summary::of(&cells);
            let entry = Entry {
                series: part.series[position].0,
                offset: as_u32(front_len + body.len()),
                len: as_u32(bytes.len()),
                crc: crc32c::crc32c(&bytes),
                numbers: summary.numbers,
                good: summary.good,
                worst: summary.worst.code(),
                min: summary.min,
                max: summary.max,
                sum: summary.sum,
            };
            entry.encode(&mut directory);
            body.extend_from_slice(&bytes);
        }
    }
    let (usual_ms, pause_at_ms, pause_ms) = rhythm(part.arrivals);
    let head = Head {
        series: as_u32(part.series.len()),
        rows: as_u32(part.arrivals.len()),
        front_len: as_u32(front_len),
        frame_len: as_u32(front_len + body.len()),
        time_len: as_u32(times.len()),
        time_crc: crc32c::crc32c(&times),
        source_len: as_u32(sources.len()),
        source_crc: crc32c::crc32c(&sources),
        usual_ms,
        pause_at_ms,
        pause_ms,
        from: part.arrivals.first().copied().unwrap_or_default(),
        to: part.arrivals.last().copied().unwrap_or_default(),
        ..part.head
    };
    Ok([head.encode(), directory, times, sources, body].concat())
}

/// A unit (0: ms, 1: µs) and pco of the arrivals in it.
fn encode_times(arrivals: &[i64]) -> Vec<u8> {
    let in_millis = arrivals.iter().all(|micros| micros % 1000 == 0);
    let unit = if in_millis { 1000 } else { 1 };
    let numbers: Vec<i64> = arrivals.iter().map(|micros| micros / unit).collect();
    let mut out = vec![u8::from(!in_millis)];
    out.append(&mut pack_integers(&numbers, LEVEL));
    out
}

/// A column of the differences to the arrivals; nothing when no scan has a source time.
fn encode_sources(arrivals: &[i64], sources: &[Option<i64>]) -> Vec<u8> {
    if sources.iter().all(Option::is_none) {
        return Vec::new();
    }
    let cell = |(arrival, source): (&i64, &Option<i64>)| {
        (source.map(|source| Value::I64(source.wrapping_sub(*arrival))), domain::Quality::GOOD)
    };
    let cells: Vec<Cell> = arrivals.iter().zip(sources).map(cell).collect();
    column::encode(&cells, None, LEVEL)
}

/// The usual time between two scans, and where the longest one is and how long, in ms.
fn rhythm(arrivals: &[i64]) -> (u32, u32, u32) {
    let steps = arrivals.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let mut sorted: Vec<i64> = steps.clone().collect();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let pause = steps.enumerate().max_by_key(|(_, step)| *step);
    let in_millis = |micros: i64| u32::try_from(micros / 1000).unwrap_or(u32::MAX);
    let at = pause.map_or(0, |(row, _)| in_millis(arrivals[row].saturating_sub(arrivals[0])));
    (in_millis(usual), at, pause.map_or(0, |(_, step)| in_millis(step)))
}
