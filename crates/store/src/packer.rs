//! The writing side of packings: which one a lane's scans are written with, where it was told, and when a new one is due.

use std::io;
use std::sync::Arc;

use domain::log_record::{LogBody, Packing, RecordHead, encode_packed_scan, encode_scan};
use domain::{LinearScale, Scan, Value};

use crate::chunk::column::Cell;
use crate::day::Lane;
use crate::dictionary::Group;
use crate::learn;
use crate::log::Row;
use crate::store::Inner;
use crate::view::Tail;
use crate::writer::Writer;

/// Scans that have to be there before the first packing is made.
const FIRST: u32 = 24;
/// Scans looked at for a packing: so many of the newest, and as many spread over those before.
const LOOK: usize = 32;
/// How many before.
const BACK: usize = 568;
/// Scans between two packings at least.
const REST: u32 = 60;
/// Of so many values one may have to be told in full before a new packing is due.
const MISSES: u64 = 40;
/// Packings that scans in the tail may need; with so many, the last one stays until they are sealed.
const PACKINGS: usize = 64;
/// Lanes that get a new packing in one call.
const LANES: usize = 16;
/// A packing is told so often in one file of the log, in different commits.
const TELL: u8 = 2;

/// Bits of an average value without any packing.
const UNPACKED: f64 = 18.0;
/// Bits of a value that does not fit.
const MISS: f64 = 32.0;

/// Bits that the newest of these scans take on average.
fn cost(packing: &Packing, columns: &[Vec<Cell>]) -> f64 {
    let mut misses = 0.0;
    for (field, cells) in packing.fields().iter().zip(columns) {
        let newest = &cells[cells.len().saturating_sub(LOOK)..];
        let missed = newest.iter().filter(|(value, _)| value.as_ref().is_none_or(|value| !field.fits(value))).count();
        misses += missed as f64 / newest.len().max(1) as f64;
    }
    f64::from(packing.bits()) + misses * MISS
}

/// How one lane is written.
#[derive(Debug, Default)]
pub(crate) struct LanePacker {
    packing: Option<Arc<Packing>>,
    /// The file of the log it was told in, and how often.
    told_in: u64,
    told: u8,
    /// Scans and values since it was made, and values that did not fit.
    scans: u32,
    values: u64,
    misses: u64,
}

impl LanePacker {
    pub(crate) fn new(packing: Option<Arc<Packing>>) -> Self {
        Self { packing, ..Self::default() }
    }

    /// The packing, if it has to be told in this file of the log before the next scan.
    pub(crate) fn untold(&mut self, segment: u64) -> Option<LogBody> {
        let packing = self.packing.as_ref()?;
        if self.told_in != segment {
            (self.told_in, self.told) = (segment, 0);
        }
        if self.told == TELL {
            return None;
        }
        self.told += 1;
        Some(LogBody::Packing(Packing::clone(packing)))
    }

    /// Appends a scan, packed where that is shorter.
    pub(crate) fn encode(&mut self, head: RecordHead, scan: &Scan, group: &Group, out: &mut Vec<u8>) {
        self.scans = self.scans.saturating_add(1);
        let Some(packing) = &self.packing else { return encode_scan(head, scan, &group.scales, out) };
        let start = out.len();
        let misses = encode_packed_scan(head, scan, packing, out);
        self.values += scan.values.len() as u64;
        self.misses += misses as u64;
        if misses * 4 > scan.values.len() {
            out.truncate(start);
            encode_scan(head, scan, &group.scales, out);
        }
    }

    fn is_due(&self, waiting: usize) -> bool {
        match self.packing {
            None => waiting >= FIRST as usize && self.scans >= FIRST,
            Some(_) => self.scans >= REST && self.misses * MISSES > self.values,
        }
    }

    fn set(&mut self, packing: Arc<Packing>) {
        *self = Self::new(Some(packing));
    }

    /// Nothing was learned: not to be tried again at once.
    fn rest(&mut self) {
        (self.scans, self.values, self.misses) = (0, 0, 0);
    }
}

impl Inner {
    /// Makes packings for some of the lanes that need one.
    pub(crate) fn pack_due(&self, writer: &mut Writer) -> io::Result<()> {
        let due: Vec<Lane> = {
            let view = self.view();
            let waiting = |lane: &Lane| view.tails.get(lane).map_or(0, |tail| tail.rows.len());
            writer.packers.iter().filter(|(lane, packer)| packer.is_due(waiting(lane))).map(|(lane, _)| *lane).collect()
        };
        for lane in due.into_iter().take(LANES) {
            self.pack(writer, lane)?;
        }
        Ok(())
    }

    /// Makes a packing from the newest scans of a lane, and uses it from the next scan on if they would have been a tenth
    /// shorter with it.
    pub(crate) fn pack(&self, writer: &mut Writer, lane: Lane) -> io::Result<()> {
        let (tail, group, number) = {
            let view = self.view();
            let tail = view.tails.get(&lane).cloned().unwrap_or_default();
            (tail, view.dictionary.group(lane.1), view.next[lane.0.index()])
        };
        let (Some(group), true) = (group, tail.rows.len() >= FIRST as usize && tail.packings.len() < PACKINGS) else {
            return Ok(());
        };
        let columns = self.newest(lane, &tail, &group)?;
        let packer = writer.packers.entry(lane).or_default();
        let before = packer.packing.clone();
        let field = |(position, cells): (usize, &Vec<Cell>)| {
            let values: Vec<&Value> = cells.iter().filter_map(|(value, _)| value.as_ref()).collect();
            let scale: Option<LinearScale> = group.scales.get(position).copied().flatten();
            learn::field(&values, scale, before.as_ref().and_then(|packing| packing.fields().get(position)))
        };
        let packing = Packing::new(lane.1, number, columns.iter().enumerate().map(field).collect());
        let packing = packing.filter(|packing| match &before {
            None => cost(packing, &columns) < UNPACKED * group.series.len() as f64,
            Some(before) => packing.number > before.number && cost(packing, &columns) < 0.9 * cost(before, &columns),
        });
        let Some(packing) = packing.map(Arc::new) else {
            packer.rest();
            return Ok(());
        };
        packer.set(Arc::clone(&packing));
        self.view_mut().tails.entry(lane).or_default().know(packing);
        Ok(())
    }

    /// Some of the newest scans, by columns. Damaged ones are passed over; sealing counts them.
    fn newest(&self, lane: Lane, tail: &Tail, group: &Group) -> io::Result<Vec<Vec<Cell>>> {
        let (before, newest) = tail.rows.split_at(tail.rows.len().saturating_sub(LOOK));
        let before = &before[before.len().saturating_sub(BACK)..];
        let step = before.len().div_ceil(LOOK).max(1);
        let rows: Vec<Row> = before.iter().step_by(step).chain(newest).copied().collect();
        let mut reader = self.view().places_of(lane, &rows).reader();
        let wanted: Vec<usize> = (0..group.series.len()).collect();
        let mut columns: Vec<Vec<Cell>> = wanted.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in &rows {
            let take = |at: usize, value, quality| columns[at].push((value, quality));
            let read = reader.read(row, None)?.and_then(|scan| scan.columns(&wanted, tail.meaning(group), take));
            if read.is_err() {
                columns.iter_mut().for_each(Vec::clear); // a column may have got more than the others
            }
        }
        Ok(columns)
    }
}
