//! Several sorted sequences of rows as one, each sample once.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::row::Row;

/// Rows of all sources in the order of [`Row::order`]. Holds one row of each source.
pub struct Merge<I> {
    sources: Vec<I>,
    heap: BinaryHeap<Next>,
    last: Option<Row>,
}

/// The first row of a source. The heap gives the greatest, so the order is turned round.
struct Next {
    row: Row,
    source: usize,
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        other.row.order(&self.row).then_with(|| other.source.cmp(&self.source))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

impl<E, I: Iterator<Item = Result<Row, E>>> Merge<I> {
    /// Of sources that are sorted, each for itself.
    pub fn new(sources: Vec<I>) -> Result<Self, E> {
        let mut merge = Self { heap: BinaryHeap::with_capacity(sources.len()), sources, last: None };
        for source in 0..merge.sources.len() {
            merge.pull(source)?;
        }
        Ok(merge)
    }

    fn pull(&mut self, source: usize) -> Result<(), E> {
        if let Some(row) = self.sources.get_mut(source).and_then(Iterator::next) {
            self.heap.push(Next { row: row?, source });
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Row>, E> {
        while let Some(Next { row, source }) = self.heap.pop() {
            self.pull(source)?;
            if self.last.as_ref().is_none_or(|last| last.identity() != row.identity()) {
                self.last = Some(row.clone());
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

impl<E, I: Iterator<Item = Result<Row, E>>> Iterator for Merge<I> {
    type Item = Result<Row, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// Sorts rows and leaves each sample in once.
pub fn sort(rows: &mut Vec<Row>) {
    rows.sort_unstable_by(Row::order);
    rows.dedup_by(|later, earlier| later.identity() == earlier.identity());
}
