//! Rows of one series to a trend, one row at a time, by what an edge draws with as well ([`domain::trend`]).

use domain::trend::{self, usual_step};
use domain::{Timestamp, Value};

use super::row::Row;
use super::unpack::{Mark, Reason};

/// A series in equal buckets.
pub type Trend = trend::Trend<Reason>;
/// A stretch of time without a sample.
pub type Gap = trend::Gap<Reason>;

/// So many samples in a row tell what is usual.
const BLOCK: usize = 600;

/// A trend that is being drawn. Holds the buckets, and a stretch for each [`BLOCK`] and gap.
pub struct Drawing {
    drawn: trend::Drawing,
    block: Vec<i64>,
}

impl Drawing {
    /// Of `from` to before `to`. None when that, or the number of buckets, is nothing.
    pub fn new(from: Timestamp, to: Timestamp, buckets: u32) -> Option<Self> {
        Some(Self { drawn: trend::Drawing::new(from, to, buckets)?, block: Vec::with_capacity(BLOCK) })
    }

    /// The next row, in order of arrival. One outside of what was asked is left aside.
    pub fn push(&mut self, row: &Row) {
        let arrival = row.arrival.micros();
        if !(self.drawn.from()..self.drawn.to()).contains(&arrival) {
            return;
        }
        let bucket = self.drawn.bucket(arrival);
        let Some(sum) = self.drawn.sum(bucket) else { return };
        sum.quality(row.quality);
        if let Some(number) = row.value.as_ref().and_then(Value::as_f64) {
            sum.number(number);
        }
        self.block.push(arrival);
        if self.block.len() >= BLOCK {
            self.end_block();
        }
    }

    /// The trend, with reasons of gaps from these marks: the one that covers most of it. A mark of which one end only is known is a
    /// point in the gap.
    pub fn finish(mut self, marks: &[Mark]) -> Trend {
        self.end_block();
        self.drawn.finish(|from, to| {
            let covered = |mark: &Mark| {
                let (first, last) = (mark.from.micros().max(from), mark.to.micros().min(to));
                (first <= last).then(|| (last.saturating_sub(first), mark.reason))
            };
            marks.iter().filter_map(covered).max().map(|(_, reason)| reason)
        })
    }

    fn end_block(&mut self) {
        self.drawn.arrivals(&self.block, usual_step(&self.block));
        self.block.clear();
    }
}
