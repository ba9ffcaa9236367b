//! Reading the log as it was written, for whoever sends it on.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use domain::log_record::{LogBody, Meaning, Packing, RecordKind};
use domain::{Problem, Stream};

use crate::counters::DamagedAt;
use crate::log::{Found, HEAD, Segment, scan};
use crate::store::Inner;
use crate::types::LogSlice;

/// Where the record after `seq` begins, at the earliest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogPlace {
    seq: u64,
    segment: u64,
    offset: u64,
}

/// Where reads of one stream ended lately, the newest last: who follows the newest records and who makes up for older ones do not
/// lose each other's place.
#[derive(Debug, Default)]
pub(crate) struct LogPlaces(VecDeque<LogPlace>);

/// Places kept of one stream: two readers, each with its last two.
const PLACES: usize = 4;

impl LogPlaces {
    fn before(&self, seq: u64) -> Option<LogPlace> {
        self.0.iter().filter(|place| place.seq < seq).max_by_key(|place| place.seq).copied()
    }

    fn keep(&mut self, place: LogPlace) {
        self.0.retain(|known| known.seq != place.seq);
        self.0.push_back(place);
        if self.0.len() > PLACES {
            self.0.pop_front();
        }
    }
}

pub(crate) fn read_log(inner: &Inner, stream: Stream, from_seq: u64, max_bytes: usize) -> Result<LogSlice, Problem> {
    let from_seq = from_seq.max(1);
    let index = stream.index();
    let (segments, next) = {
        let view = inner.view();
        // the last segment that begins at or before this number, and all behind it
        let start = view.segments.values().rev().find(|segment| segment.first[index] <= from_seq);
        let start = start.map_or(0, |segment| segment.number);
        let segments: Vec<Arc<Segment>> =
            view.segments.range(start..).map(|(_, segment)| Arc::clone(segment)).collect();
        (segments, view.next[index])
    };
    let known = inner.log_places.lock().unwrap_or_else(PoisonError::into_inner)[index].before(from_seq);
    let mut slice = LogSlice::default();
    let mut place = None;
    for (number, segment) in segments.iter().enumerate() {
        let behind = segments.get(number + 1).map_or(next, |next| next.first[index]);
        let (start, mut seen) = match known {
            Some(known) if known.segment == segment.number => (known.offset, known.seq),
            _ => (HEAD, segment.first[index].saturating_sub(1)),
        };
        let mut full = false;
        let end = scan(segment, start, segment.len(), |found| {
            let (offset, record) = match found {
                Found::Damaged { torn: true, .. } => return ControlFlow::Continue(()),
                Found::Damaged { place, .. } => {
                    inner.counters.damaged(DamagedAt::Segment(segment.number, place));
                    return ControlFlow::Continue(());
                }
                Found::Record(offset, record) => (offset, record),
            };
            let seq = record.head.seq;
            if record.head.stream != stream || seq >= behind {
                return ControlFlow::Continue(());
            }
            seen = seen.max(seq);
            if seq < from_seq {
                return ControlFlow::Continue(());
            }
            if slice.count > 0 && slice.bytes.len() + record.bytes.len() > max_bytes {
                full = true;
                place = Some(LogPlace { seq: slice.last, segment: segment.number, offset });
                return ControlFlow::Break(());
            }
            slice.take(seq, record.bytes);
            ControlFlow::Continue(())
        });
        let end = end.map_err(|error| inner.problem("reading the log", &error))?;
        if full {
            break;
        }
        if seen + 1 < behind {
            inner.counters.damaged(DamagedAt::Segment(segment.number, end));
        }
        if slice.count > 0 {
            place = Some(LogPlace { seq: slice.last, segment: segment.number, offset: end.max(HEAD) });
        }
    }
    if let Some(place) = place {
        inner.log_places.lock().unwrap_or_else(PoisonError::into_inner)[index].keep(place);
    }
    let end = if slice.count > 0 { slice.last + 1 } else { next };
    slice.missing = end.saturating_sub(from_seq).saturating_sub(slice.count);
    Ok(slice)
}

/// Packings that were told in the file of the log that holds this number, up to it, in the order of their telling.
pub(crate) fn packings_for(inner: &Inner, stream: Stream, seq: u64) -> Result<Vec<Packing>, Problem> {
    let index = stream.index();
    let segment = {
        let view = inner.view();
        view.segments.values().rev().find(|segment| segment.first[index] <= seq).map(Arc::clone)
    };
    let Some(segment) = segment else { return Ok(Vec::new()) };
    let mut told = Vec::new();
    let walked = scan(&segment, HEAD, segment.len(), |found| {
        let Found::Record(_, record) = found else { return ControlFlow::Continue(()) };
        if record.head.stream != stream {
            return ControlFlow::Continue(());
        }
        if record.head.seq > seq {
            return ControlFlow::Break(());
        }
        if record.kind == RecordKind::Packing
            && let Ok(LogBody::Packing(packing)) = record.decode(Meaning::default())
        {
            told.push(packing);
        }
        ControlFlow::Continue(())
    });
    walked.map_err(|error| inner.problem("reading the log", &error))?;
    Ok(told)
}

impl LogSlice {
    fn take(&mut self, seq: u64, bytes: &[u8]) {
        if self.count == 0 {
            self.first = seq;
        }
        self.last = seq;
        self.count += 1;
        self.bytes.extend_from_slice(bytes);
    }
}
