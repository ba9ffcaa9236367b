//! Walking through a segment, past damaged places.

use std::io;
use std::ops::ControlFlow;

use domain::log_record::{MAX_RECORD, OLDEST_VERSION, RawRecord, VERSION, parse};

use super::Segment;
use crate::bytes::looks_torn;

/// Bytes read at once.
const WINDOW: usize = 256 << 10;
/// Version, kind, length and epoch of a record: enough to suspect one.
const SIGN: usize = 14;

/// What lies at a place of a segment.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A record whose CRC fits.
    Record(u64, RawRecord<'a>),
    /// Bytes between two records that are none: where they begin, how many they are, and whether a power cut did it.
    Damaged { place: u64, len: u64, torn: bool },
}

/// Calls `take` for what lies in `segment` from `offset` until `end`. Gives the place behind the last record: bytes from
/// there to `end` are no record.
pub(crate) fn scan(
    segment: &Segment,
    offset: u64,
    end: u64,
    mut take: impl FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<u64> {
    let mut window = Window { segment, end, base: 0, bytes: Vec::new() };
    let mut at = offset;
    let mut last = offset;
    while at < end {
        if last < at {
            if window.record(at)?.is_none() {
                at = window.suspect(at + 1)?;
                continue;
            }
            let torn = looks_torn(window.at(last, usize::try_from(at - last).unwrap_or(WINDOW).min(WINDOW))?, last);
            if take(Found::Damaged { place: last, len: at - last, torn }).is_break() {
                return Ok(last);
            }
        }
        let Some(record) = window.record(at)? else {
            at = window.suspect(at + 1)?;
            continue;
        };
        let len = record.bytes.len() as u64;
        let flow = take(Found::Record(at, record));
        at += len;
        last = at;
        if flow.is_break() {
            break;
        }
    }
    Ok(last)
}

/// Whether the bytes behind the last record look like a write that power cut short, and not like a damaged record.
pub(crate) fn ends_torn(segment: &Segment, from: u64, end: u64) -> io::Result<bool> {
    let mut window = Window { segment, end, base: 0, bytes: Vec::new() };
    if looks_torn(window.at(from, usize::try_from(end - from).unwrap_or(WINDOW).min(WINDOW))?, from) {
        return Ok(true);
    }
    // A piece of a record is an unfinished write, too, unless only its length is wrong.
    let Some(len) = window.sign(from)? else { return Ok(end - from < SIGN as u64) };
    if from + len <= end {
        return Ok(false);
    }
    let mut rest = window.at(from, usize::try_from(end - from).unwrap_or(usize::MAX))?.to_vec();
    let right = u32::try_from(rest.len()).unwrap_or(u32::MAX).to_le_bytes();
    rest[2..6].copy_from_slice(&right);
    Ok(parse(&rest).is_err())
}

fn is_version(byte: u8) -> bool {
    (OLDEST_VERSION..=VERSION).contains(&byte)
}

struct Window<'a> {
    segment: &'a Segment,
    end: u64,
    base: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes from `at` on, as many as asked for or as there are.
    fn at(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let want = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX).min(want);
        let have = self.base..self.base + self.bytes.len() as u64;
        if at < have.start || at + want as u64 > have.end {
            let len = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX).min(want.max(WINDOW));
            self.bytes.resize(len, 0);
            self.base = at;
            self.segment.read(&mut self.bytes, at)?;
        }
        let start = usize::try_from(at - self.base).unwrap_or(0);
        Ok(&self.bytes[start..start + want])
    }

    /// The length of the record that seems to begin here.
    fn sign(&mut self, at: u64) -> io::Result<Option<u64>> {
        let epoch = self.segment.epoch.to_le_bytes();
        let bytes = self.at(at, SIGN)?;
        let seems = bytes.len() == SIGN && is_version(bytes[0]) && bytes[6..] == epoch;
        Ok(seems.then(|| u64::from(u32::from_le_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]))))
    }

    fn record(&mut self, at: u64) -> io::Result<Option<RawRecord<'_>>> {
        match self.sign(at)? {
            Some(len) if len <= MAX_RECORD as u64 && at + len <= self.end => {
                let bytes = self.at(at, usize::try_from(len).unwrap_or(usize::MAX))?;
                Ok(parse(bytes).ok())
            }
            _ => Ok(None),
        }
    }

    /// The next place at or behind `at` where a record may begin, or the end.
    fn suspect(&mut self, at: u64) -> io::Result<u64> {
        let mut at = at;
        while at + (SIGN as u64) <= self.end {
            let epoch = self.segment.epoch.to_le_bytes();
            let bytes = self.at(at, WINDOW)?;
            let place = bytes.windows(SIGN).position(|window| is_version(window[0]) && window[6..] == epoch);
            match place {
                Some(place) => return Ok(at + place as u64),
                None => at += (bytes.len() - SIGN + 1) as u64,
            }
        }
        Ok(self.end)
    }
}
