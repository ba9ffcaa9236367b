//! The last day file after a crash: what was not synced is cut off, what is damaged is passed over.

use std::io;

use super::index::{Index, LINE, load_index, summarize, write_index};
use super::{Day, DayIndex, HEAD, Summary};
use crate::chunk::{Head, is_whole};

/// What a day file holds.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) index: DayIndex,
    pub(crate) summary: Summary,
    pub(crate) heads: Vec<Head>,
    /// Places where it is damaged.
    pub(crate) damaged: Vec<u64>,
    /// Bytes of an unfinished sealing that were cut off.
    pub(crate) torn: u64,
}

/// Reads a day file. `in_log` tells whether all scans of a chunk are still in the log, so that it can be sealed again;
/// only then, and only behind the end of the index, may anything be cut off.
pub(crate) fn recover(day: &Day, last: bool, limit: u64, in_log: impl Fn(&Head) -> bool) -> io::Result<Recovered> {
    let mut index = load_index(day, last, limit)?;
    let size = day.file.size()?.min(limit);
    let mut torn = 0;
    if last {
        let keep = whole_until(day, &index)?;
        let can_be_sealed_again = index.places[keep..].iter().all(|place| in_log(&place.head));
        if can_be_sealed_again {
            let end = keep.checked_sub(1).map_or(HEAD, |last| index.places[last].end());
            if end < size {
                torn = size - end;
                day.file.set_len(end)?;
            }
            index.places.truncate(keep);
            index.end = end;
            index.damaged.retain(|place| *place < end || *place == u64::MAX);
        } else {
            index.end = size;
        }
        day.file.sync()?; // what a killed program wrote may not be on the disk yet
    } else if index.end < size {
        index.damaged.push(index.end);
    }
    let index_len = (index.places.len() * LINE) as u64;
    let complete = index.damaged.is_empty() && index.listed == index.places.len();
    if !complete || day.index.size()? != index_len {
        write_index(day, &index.places)?;
    }
    let mut built = DayIndex::default();
    for place in &index.places {
        built.add(&place.head, place.offset);
    }
    Ok(Recovered {
        summary: summarize(day.number, &index, index_len),
        heads: index.places.iter().map(|place| place.head).collect(),
        index: built,
        damaged: index.damaged,
        torn,
    })
}

/// How many chunks, counted from the first, are certainly whole: those of the index, and behind it those whose every
/// byte fits and whose sealing is complete.
fn whole_until(day: &Day, index: &Index) -> io::Result<usize> {
    let mut keep = index.listed;
    let mut end = keep.checked_sub(1).map_or(HEAD, |last| index.places[last].end());
    let mut at = keep;
    while let Some(place) = index.places.get(at) {
        if place.offset != end || !is_whole(&day.file, place.offset, &place.head)? {
            break;
        }
        end = place.end();
        at += 1;
        if place.head.parts_left == 0 {
            keep = at;
        }
    }
    Ok(keep)
}
