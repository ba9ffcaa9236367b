//! The index beside a day file: a head and a place per chunk. Appended after the chunks are synced, and itself synced only
//! when its day is over.

use std::io;

use super::{Day, HEAD, Summary};
use crate::bytes::{looks_torn, seal_with_crc, sealed_content};
use crate::chunk::{HEAD as CHUNK_HEAD, Head, MAGIC};

/// Bytes of a line: head of the chunk, place, CRC.
pub(crate) const LINE: usize = CHUNK_HEAD + 8 + 4;
/// Bytes searched at once.
const WINDOW: usize = 256 << 10;

/// A chunk's head and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) head: Head,
    pub(crate) offset: u64,
}

impl Place {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut line = self.head.encode();
        line.extend_from_slice(&self.offset.to_le_bytes());
        seal_with_crc(&mut line);
        out.append(&mut line);
    }

    fn decode(line: &[u8]) -> Option<Self> {
        let content = sealed_content(line)?;
        let (head, offset) = content.split_last_chunk::<8>()?;
        Some(Self { head: Head::decode(head)?, offset: u64::from_le_bytes(*offset) })
    }

    pub(crate) fn end(&self) -> u64 {
        self.offset + u64::from(self.head.frame_len)
    }
}

/// What an index and the file behind it tell.
#[derive(Debug)]
pub(crate) struct Index {
    /// In the order of their places.
    pub(crate) places: Vec<Place>,
    /// How many of them come from the index; the others were found in the file behind its end.
    pub(crate) listed: usize,
    /// Places where the file or the index is damaged.
    pub(crate) damaged: Vec<u64>,
    /// Where the last chunk ends; bytes behind it are none.
    pub(crate) end: u64,
}

/// Reads the index of a day; what it lacks is read from the file, and what is damaged in it is built anew. Nothing
/// behind `limit` counts. The index of the last day is not synced: a power cut may have torn it.
pub(crate) fn load_index(day: &Day, last: bool, limit: u64) -> io::Result<Index> {
    let size = day.file.size()?.min(limit);
    let mut bytes = vec![0; usize::try_from(day.index.size()?).map_err(io::Error::other)?];
    day.index.read_at(&mut bytes, 0)?;
    let mut places = Vec::with_capacity(bytes.len() / LINE);
    let mut damaged = Vec::new();
    let mut at = HEAD;
    let whole = bytes.chunks_exact(LINE).all(|line| match Place::decode(line) {
        // an index of what is not there is one that outlived a cut
        Some(place) if place.offset >= at && place.end() <= size => {
            at = place.end();
            places.push(place);
            true
        }
        _ => false,
    });
    if !whole {
        let bad = places.len() * LINE;
        if !last || !looks_torn(&bytes[bad..(bad + 2 * LINE).min(bytes.len())], bad as u64) {
            damaged.push(u64::MAX);
        }
        places.clear();
        at = HEAD;
    }
    let listed = places.len();
    let end = find_chunks(day, at, size, &mut places, &mut damaged)?;
    Ok(Index { places, listed, damaged, end })
}

/// Heads of chunks between `at` and `size`. Gives the end of the last one.
fn find_chunks(day: &Day, at: u64, size: u64, places: &mut Vec<Place>, damaged: &mut Vec<u64>) -> io::Result<u64> {
    let mut at = at;
    let mut end = at;
    while at + CHUNK_HEAD as u64 <= size {
        let mut bytes = [0; CHUNK_HEAD];
        day.file.read_at(&mut bytes, at)?;
        let head = Head::decode(&bytes).filter(|head| at + u64::from(head.frame_len) <= size);
        if let Some(head) = head {
            if end < at {
                damaged.push(end);
            }
            places.push(Place { head, offset: at });
            at += u64::from(head.frame_len);
            end = at;
        } else {
            at = find_magic(day, at + 1, size)?;
        }
    }
    Ok(end)
}

fn find_magic(day: &Day, at: u64, size: u64) -> io::Result<u64> {
    let mut at = at;
    let mut bytes = Vec::new();
    while at + 4 <= size {
        bytes.resize(usize::try_from(size - at).unwrap_or(usize::MAX).min(WINDOW), 0);
        day.file.read_at(&mut bytes, at)?;
        match bytes.windows(4).position(|window| window == MAGIC.to_le_bytes()) {
            Some(place) => return Ok(at + place as u64),
            None => at += (bytes.len() - 3) as u64,
        }
    }
    Ok(size)
}

/// Writes the index anew.
pub(crate) fn write_index(day: &Day, places: &[Place]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(places.len() * LINE);
    for place in places {
        place.encode(&mut bytes);
    }
    day.index.set_len(0)?;
    day.index.write_at(&bytes, 0)?;
    day.index.sync()
}

/// What is known of a day from its chunks.
pub(crate) fn summarize(number: u64, index: &Index, index_len: u64) -> Summary {
    let mut summary = Summary::empty(number);
    for place in &index.places {
        summary.add(&place.head);
    }
    summary.len = index.end;
    summary.index_len = index_len;
    summary
}
