//! Which requests a group of addresses takes, and what the device has taught us about them.
//!
//! Pure. Contiguous addresses share a block; addresses nobody asked for are not read unless holes are allowed; a value
//! of several registers is never torn apart. A block that the device refuses is split until the bad address stands alone.

use std::ops::Range;
use std::time::Duration;

use domain::said::device as said;

use crate::driver::{Limits, RequestWords, Unit};

use super::address::{Address, Table};

/// A prepared reading of one unit.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    unit: Unit,
    /// How long to wait for one answer.
    pub(crate) timeout: Duration,
    /// How long to leave the device alone between two requests.
    pub(crate) pause: Duration,
    limits: Limits,
    items: Vec<Option<Address>>,
    blocks: Vec<Block>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Block {
    table: Table,
    /// Sorted by start; what was asked for within the block.
    spans: Vec<Span>,
    /// How often in a row the device has refused it, once it cannot be split any more.
    refusals: u32,
    /// Readings to leave it out of.
    resting: u32,
}

/// Addresses that are exactly the same registers.
#[derive(Clone, Debug)]
struct Span {
    start: u32,
    end: u32,
    items: Vec<usize>,
}

impl Block {
    fn new(table: Table, spans: Vec<Span>) -> Self {
        Self { table, spans, refusals: 0, resting: 0 }
    }

    /// Which table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// First position and the one behind the last.
    pub fn range(&self) -> Range<u32> {
        let start = self.spans.first().map_or(0, |span| span.start);
        start..self.spans.iter().map(|span| span.end).max().unwrap_or(start)
    }

    /// For people.
    pub(crate) fn in_words(&self) -> RequestWords {
        let (range, table) = (self.range(), self.table);
        let (function, sentence) = match table {
            Table::Coil => (1_u64, said::BITS),
            Table::Discrete => (2, said::BITS),
            Table::Holding => (3, said::REGISTERS),
            Table::Input => (4, said::REGISTERS),
        };
        let words = sentence.say([
            ("table", table.name().into()),
            ("from", u64::from(range.start).into()),
            ("to", u64::from(range.end.saturating_sub(1)).into()),
            ("function", function.into()),
            ("count", range.len().into()),
        ]);
        RequestWords { words, brings: self.items().map(|(item, _)| item).collect() }
    }

    /// First position, as sent.
    pub(crate) fn start(&self) -> u16 {
        u16::try_from(self.range().start).unwrap_or(u16::MAX)
    }

    /// Nothing to split: one address, or several that are the same registers.
    pub(crate) fn is_single(&self) -> bool {
        self.spans.len() < 2
    }

    /// How many, as sent.
    pub(crate) fn count(&self) -> u16 {
        let range = self.range();
        u16::try_from(range.end - range.start).unwrap_or(u16::MAX)
    }

    /// The addresses in it, by their index in the group, and where each begins within the block.
    pub(crate) fn items(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let start = self.range().start;
        self.spans.iter().flat_map(move |span| {
            let offset = usize::try_from(span.start - start).unwrap_or(usize::MAX);
            span.items.iter().map(move |item| (*item, offset))
        })
    }

    /// Whether to leave it out this time. Counts the readings it has been left out of.
    pub(crate) fn rests(&mut self) -> bool {
        let rests = self.resting > 0;
        self.resting = self.resting.saturating_sub(1);
        rests
    }

    /// The device gave it.
    pub(crate) fn given(&mut self) {
        self.refusals = 0;
    }

    /// The device refused it whole and there is nothing to split: ask again ever more seldom, because a PLC program
    /// may be changed under us, but a wrong address must not cost a request on every scan.
    pub(crate) fn rest(&mut self) {
        const MAX_DOUBLINGS: u32 = 6;
        self.refusals = self.refusals.saturating_add(1);
        self.resting = (1 << self.refusals.min(MAX_DOUBLINGS)) - 1;
    }

    /// Two parts: at the widest hole if it has holes, else in the middle. None for a single address.
    fn split(&self) -> Option<(Self, Self)> {
        if self.is_single() {
            return None;
        }
        let mut reach = 0;
        let mut widest = (0, self.spans.len() / 2);
        for (index, span) in self.spans.iter().enumerate() {
            let hole = if index == 0 { 0 } else { span.start.saturating_sub(reach) };
            if hole > widest.0 {
                widest = (hole, index);
            }
            reach = reach.max(span.end);
        }
        let (left, right) = self.spans.split_at(widest.1);
        Some((Self::new(self.table, left.to_vec()), Self::new(self.table, right.to_vec())))
    }
}

impl ReadPlan {
    /// Plans the addresses; a none keeps its place and is never read, nor is a value wider than the device's block.
    pub fn new(unit: Unit, addresses: impl IntoIterator<Item = Option<Address>>, limits: &Limits) -> Self {
        let items: Vec<Option<Address>> = addresses.into_iter().collect();
        let mut blocks = Vec::new();
        for table in Table::ALL {
            let cap = cap(table, limits);
            let spans = spans(&items, table, cap);
            blocks.extend(merge(spans, cap, limits.holes).into_iter().map(|spans| Block::new(table, spans)));
        }
        Self { unit, timeout: limits.timeout, pause: limits.pause, limits: limits.clone(), items, blocks }
    }

    /// How many readings come back.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// No addresses at all.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whose addresses.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The requests of one reading, in the order they are sent.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Bytes of data in all answers: two per register, eight bits in one.
    pub(crate) fn answer_bytes(&self) -> u32 {
        let bytes = |block: &Block| {
            if block.table.is_bits() { u32::from(block.count()).div_ceil(8) } else { u32::from(block.count()) * 2 }
        };
        self.blocks.iter().map(bytes).sum()
    }

    pub(crate) fn block_mut(&mut self, index: usize) -> Option<&mut Block> {
        self.blocks.get_mut(index)
    }

    pub(crate) fn item(&self, index: usize) -> Option<&Address> {
        self.items.get(index).and_then(Option::as_ref)
    }

    /// Replaces a refused block by its two parts, for good. False when there is nothing to split.
    pub(crate) fn split(&mut self, index: usize) -> bool {
        let Some((left, right)) = self.blocks.get(index).and_then(Block::split) else { return false };
        self.blocks.splice(index..=index, [left, right]);
        true
    }

    /// After `blocks` (the parts of one refused block) have all been tried: joins the good ones left and right of a bad
    /// address again, so that one bad address costs two requests more and not a dozen. Parts without a bad address
    /// among them stay apart: then it was the length that the device refused.
    /// Gives the index behind the last of them as they are now.
    pub(crate) fn settle(&mut self, blocks: Range<usize>) -> usize {
        let parts = self.blocks.get(blocks.clone()).unwrap_or_default();
        let bad = parts.iter().any(|part| part.refusals > 0);
        let Some(table) = parts.first().map(Block::table).filter(|_| bad) else { return blocks.end };
        let mut settled: Vec<Block> = Vec::new();
        let mut good: Vec<Span> = Vec::new();
        let cap = cap(table, &self.limits);
        let flush = |good: &mut Vec<Span>, settled: &mut Vec<Block>| {
            let runs = merge(std::mem::take(good), cap, self.limits.holes);
            settled.extend(runs.into_iter().map(|spans| Block::new(table, spans)));
        };
        for part in parts {
            if part.refusals > 0 {
                flush(&mut good, &mut settled);
                settled.push(part.clone());
            } else {
                good.extend(part.spans.iter().cloned());
            }
        }
        flush(&mut good, &mut settled);
        let end = blocks.start + settled.len();
        self.blocks.splice(blocks, settled);
        end
    }
}

/// The most positions of this table in one request.
fn cap(table: Table, limits: &Limits) -> u32 {
    let device = u32::from(limits.max_block.max(1)) * if table.is_bits() { 16 } else { 1 };
    device.min(u32::from(table.read_limit()))
}

/// What is asked of one table, sorted, same registers once.
fn spans(items: &[Option<Address>], table: Table, cap: u32) -> Vec<Span> {
    let mut spans: Vec<Span> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| item.filter(|address| address.table == table).map(|address| (index, address)))
        .map(|(index, address)| Span { start: u32::from(address.offset), end: address.end(), items: vec![index] })
        .filter(|span| span.end - span.start <= cap)
        .collect();
    spans.sort_by_key(|span| (span.start, span.end));
    spans.dedup_by(|later, earlier| {
        let same = later.start == earlier.start && later.end == earlier.end;
        if same {
            earlier.items.append(&mut later.items);
        }
        same
    });
    spans
}

/// Sorted spans to runs that fit one request each and skip at most `holes` positions at a time.
fn merge(spans: Vec<Span>, cap: u32, holes: u16) -> Vec<Vec<Span>> {
    let mut runs: Vec<Vec<Span>> = Vec::new();
    let mut reach = 0;
    for span in spans {
        let joined = runs.last_mut().filter(|run| {
            let start = run.first().map_or(0, |first| first.start);
            span.start <= reach + u32::from(holes) && reach.max(span.end) - start <= cap
        });
        if let Some(run) = joined {
            reach = reach.max(span.end);
            run.push(span);
        } else {
            reach = span.end;
            runs.push(vec![span]);
        }
    }
    runs
}

#[cfg(test)]
mod tests;
