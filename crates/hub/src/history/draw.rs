//! Rows of one series to a trend: equal buckets, and the gaps between them with their reasons. Pure, and one row at a time.
//!
//! It draws as an edge does: the same samples give the same buckets, and gaps by the same measure.

use std::time::Duration;

use domain::{Quality, QualityClass, Timestamp, Value};

use super::row::Row;
use super::unpack::{Mark, Reason};

/// No trend has more buckets.
pub const MAX_BUCKETS: u32 = 100_000;
/// Samples further apart than so many times the usual have a gap between them.
const GAP_STEPS: i64 = 3;
/// And this far, whatever is usual.
const GAP_LEAST: i64 = 2_000_000;
/// So many samples in a row tell what is usual.
const BLOCK: usize = 600;

/// A trend: the buckets that hold samples, and the gaps between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Width of a bucket.
    pub width: Duration,
    /// Ascending; a bucket without a sample is left out.
    pub buckets: Vec<Bucket>,
    /// Stretches without samples, ascending.
    pub gaps: Vec<Gap>,
}

/// One bucket of a trend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Where it begins; it ends one width later.
    pub t: Timestamp,
    /// Smallest number; none when no number is in it.
    pub min: Option<f64>,
    /// Largest number.
    pub max: Option<f64>,
    /// Arithmetic mean of the numbers.
    pub mean: Option<f64>,
    /// Samples in it, with and without value.
    pub count: u64,
    /// Those of good quality.
    pub good: u64,
    /// The worst quality in it.
    pub worst: Quality,
}

/// A stretch of time without a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last sample before it, or the start of what was asked.
    pub from: Timestamp,
    /// The first sample after it, or the end of what was asked.
    pub to: Timestamp,
    /// Why, where it is known.
    pub reason: Option<Reason>,
}

/// What is added up in one bucket.
#[derive(Clone, Copy)]
struct Sum {
    min: f64,
    max: f64,
    total: f64,
    numbers: u64,
    count: u64,
    good: u64,
    worst: Quality,
}

impl Sum {
    const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        total: 0.0,
        numbers: 0,
        count: 0,
        good: 0,
        worst: Quality::GOOD,
    };

    fn add(&mut self, row: &Row) {
        self.count += 1;
        self.good += u64::from(row.quality.class() == QualityClass::Good);
        self.worst = self.worst.worst(row.quality);
        if let Some(number) = row.value.as_ref().and_then(Value::as_f64) {
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            self.total += number;
            self.numbers += 1;
        }
    }

    fn bucket(&self, t: Timestamp) -> Bucket {
        let has_numbers = self.numbers > 0;
        Bucket {
            t,
            min: has_numbers.then_some(self.min),
            max: has_numbers.then_some(self.max),
            mean: has_numbers.then(|| self.total / self.numbers as f64),
            count: self.count,
            good: self.good,
            worst: self.worst,
        }
    }
}

/// Samples without a gap between them.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: i64,
    to: i64,
    usual: i64,
}

/// A trend that is being drawn. Holds the buckets, and a stretch for each [`BLOCK`] and gap.
pub struct Drawing {
    from: i64,
    to: i64,
    width: i64,
    sums: Vec<Sum>,
    block: Vec<i64>,
    stretches: Vec<Stretch>,
}

impl Drawing {
    /// Of `from` to before `to`. None when that, or the number of buckets, is nothing.
    pub fn new(from: Timestamp, to: Timestamp, buckets: u32) -> Option<Self> {
        let (from, to) = (from.micros(), to.micros());
        if from >= to || buckets == 0 {
            return None;
        }
        let span = to.saturating_sub(from);
        let buckets = i64::from(buckets.min(MAX_BUCKETS));
        let width = span / buckets + i64::from(span % buckets != 0);
        let count = usize::try_from(span / width + i64::from(span % width != 0)).unwrap_or(0);
        let sums = vec![Sum::EMPTY; count];
        Some(Self { from, to, width, sums, block: Vec::with_capacity(BLOCK), stretches: Vec::new() })
    }

    /// The next row, in order of arrival. One outside of what was asked is left aside.
    pub fn push(&mut self, row: &Row) {
        let arrival = row.arrival.micros();
        let place = usize::try_from(arrival.saturating_sub(self.from) / self.width).ok();
        let Some(sum) = place.filter(|_| (self.from..self.to).contains(&arrival)).and_then(|at| self.sums.get_mut(at))
        else {
            return;
        };
        sum.add(row);
        self.block.push(arrival);
        if self.block.len() >= BLOCK {
            self.end_block();
        }
    }

    /// The trend, with reasons of gaps from these marks.
    pub fn finish(mut self, marks: &[Mark]) -> Trend {
        self.end_block();
        let mut trend = Trend { width: Duration::from_micros(self.width.unsigned_abs()), ..Trend::default() };
        for (number, sum) in self.sums.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
            let t = self.from + self.width * i64::try_from(number).unwrap_or(0);
            trend.buckets.push(sum.bucket(Timestamp::from_micros(t)));
        }
        let mut last: Option<Stretch> = None;
        for stretch in &self.stretches {
            let (from, usual) =
                last.map_or((self.from, stretch.usual), |last| (last.to, last.usual.max(stretch.usual)));
            if stretch.from.saturating_sub(from) > limit(usual) {
                trend.gaps.push(gap(from, stretch.from, marks));
            }
            last = Some(*stretch);
        }
        let (from, usual) = last.map_or((self.from, 0), |last| (last.to, last.usual));
        if self.to.saturating_sub(from) > limit(usual) {
            trend.gaps.push(gap(from, self.to, marks));
        }
        trend
    }

    fn end_block(&mut self) {
        let mut steps: Vec<i64> = self.block.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        let usual = steps.get(steps.len() / 2).copied().unwrap_or_default();
        for part in self.block.chunk_by(|a, b| b - a <= limit(usual)) {
            if let (Some(from), Some(to)) = (part.first(), part.last()) {
                self.stretches.push(Stretch { from: *from, to: *to, usual });
            }
        }
        self.block.clear();
    }
}

fn limit(usual: i64) -> i64 {
    usual.saturating_mul(GAP_STEPS).max(GAP_LEAST)
}

/// The reason is the one that covers most of it. A mark of which one end only is known is a point in the gap.
fn gap(from: i64, to: i64, marks: &[Mark]) -> Gap {
    let covered = |mark: &Mark| {
        let (first, last) = (mark.from.micros().max(from), mark.to.micros().min(to));
        (first <= last).then(|| (last.saturating_sub(first), mark.reason))
    };
    let reason = marks.iter().filter_map(covered).max();
    Gap { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to), reason: reason.map(|(_, reason)| reason) }
}
