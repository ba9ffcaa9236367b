//! A series over a range of time: equal buckets, and the gaps between its samples. An edge and a hub draw it by this, each from what it
//! keeps, so the same samples give the same trend. Times within are µs since 1970 UTC.

use std::time::Duration;

use crate::{Quality, QualityClass, Timestamp};

/// No trend has more buckets.
pub const MAX_BUCKETS: u32 = 100_000;
/// Samples further apart than so many times the usual have a gap between them.
const GAP_STEPS: i64 = 3;
/// And this far, whatever is usual.
const GAP_LEAST: i64 = 2_000_000;

/// A trend: the buckets that hold samples, and the gaps between them, with reasons of kind `R`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend<R> {
    /// Width of a bucket.
    pub width: Duration,
    /// Ascending; a bucket without a sample is left out.
    pub buckets: Vec<Bucket>,
    /// Stretches without samples, ascending.
    pub gaps: Vec<Gap<R>>,
}

impl<R> Default for Trend<R> {
    fn default() -> Self {
        Self { width: Duration::ZERO, buckets: Vec::new(), gaps: Vec::new() }
    }
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
pub struct Gap<R> {
    /// The last sample before it, or the start of what was asked.
    pub from: Timestamp,
    /// The first sample after it, or the end of what was asked.
    pub to: Timestamp,
    /// Why, where it is known.
    pub reason: Option<R>,
}

/// What is added up in one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Smallest number, infinite before the first.
    pub min: f64,
    /// Largest number.
    pub max: f64,
    /// The numbers together.
    pub total: f64,
    /// How many numbers.
    pub numbers: u64,
    /// How many samples.
    pub count: u64,
    /// Those of good quality.
    pub good: u64,
    /// The worst quality.
    pub worst: Quality,
}

impl Sum {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        total: 0.0,
        numbers: 0,
        count: 0,
        good: 0,
        worst: Quality::GOOD,
    };

    /// One more sample, by its quality.
    #[inline]
    pub fn quality(&mut self, quality: Quality) {
        self.count += 1;
        self.good += u64::from(quality.class() == QualityClass::Good);
        self.worst = self.worst.worst(quality);
    }

    /// The number of a sample that has one.
    #[inline]
    pub fn number(&mut self, number: f64) {
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.total += number;
        self.numbers += 1;
    }

    fn bucket(&self, t: i64) -> Bucket {
        let has_numbers = self.numbers > 0;
        Bucket {
            t: Timestamp::from_micros(t),
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

/// A trend in the making.
#[derive(Clone, Debug)]
pub struct Drawing {
    from: i64,
    to: i64,
    width: i64,
    sums: Vec<Sum>,
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
        Some(Self { from, to, width, sums: vec![Sum::EMPTY; count], stretches: Vec::new() })
    }

    /// Where it begins.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// Where it ends: the first time that is not in it.
    pub fn to(&self) -> i64 {
        self.to
    }

    /// The bucket of a time that is in it.
    #[inline]
    pub fn bucket(&self, at: i64) -> usize {
        usize::try_from(at.saturating_sub(self.from) / self.width).unwrap_or(usize::MAX)
    }

    /// The first time behind a bucket.
    pub fn end_of(&self, bucket: usize) -> i64 {
        self.from.saturating_add(self.width.saturating_mul(i64::try_from(bucket).unwrap_or(i64::MAX).saturating_add(1)))
    }

    /// What is added up in a bucket; none for a time that is not in it.
    #[inline]
    pub fn sum(&mut self, bucket: usize) -> Option<&mut Sum> {
        self.sums.get_mut(bucket)
    }

    /// Samples from and to these times, with a gap nowhere between them but perhaps for the one pause that is told: where it begins, and
    /// how long it is. `usual` is their usual distance.
    pub fn stretch(&mut self, from: i64, to: i64, usual: i64, pause: Option<(i64, i64)>) {
        match pause.filter(|(_, long)| *long > limit(usual)) {
            Some((begins, long)) => {
                self.stretches.push(Stretch { from, to: begins, usual });
                self.stretches.push(Stretch { from: begins.saturating_add(long).min(to), to, usual });
            }
            None => self.stretches.push(Stretch { from, to, usual }),
        }
    }

    /// Samples at these times, ascending, of which this is the usual distance ([`usual_step`]).
    pub fn arrivals(&mut self, arrivals: &[i64], usual: i64) {
        let parts = arrivals.chunk_by(|a, b| b.saturating_sub(*a) <= limit(usual));
        self.stretches
            .extend(parts.filter_map(|part| Some(Stretch { from: *part.first()?, to: *part.last()?, usual })));
    }

    /// The trend. `reason` says why nothing is there between two times.
    pub fn finish<R>(mut self, reason: impl Fn(i64, i64) -> Option<R>) -> Trend<R> {
        let mut trend = Trend { width: Duration::from_micros(self.width.unsigned_abs()), ..Trend::default() };
        for (number, sum) in self.sums.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
            let t = self.from + self.width * i64::try_from(number).unwrap_or(0);
            trend.buckets.push(sum.bucket(t));
        }
        let gap = |from: i64, to: i64| Gap {
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            reason: reason(from, to),
        };
        self.stretches.sort_unstable_by_key(|stretch| stretch.from);
        let mut last: Option<Stretch> = None;
        for stretch in &self.stretches {
            let (from, usual) =
                last.map_or((self.from, stretch.usual), |last| (last.to, last.usual.max(stretch.usual)));
            if stretch.from.saturating_sub(from) > limit(usual) {
                trend.gaps.push(gap(from, stretch.from));
            }
            last = Some(match last {
                Some(last) if last.to > stretch.to => last,
                _ => *stretch,
            });
        }
        let (from, usual) = last.map_or((self.from, 0), |last| (last.to, last.usual));
        if self.to.saturating_sub(from) > limit(usual) {
            trend.gaps.push(gap(from, self.to));
        }
        trend
    }
}

/// The usual distance of samples at these times, ascending: the median.
pub fn usual_step(arrivals: &[i64]) -> i64 {
    let mut steps: Vec<i64> = arrivals.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or_default()
}

fn limit(usual: i64) -> i64 {
    usual.saturating_mul(GAP_STEPS).max(GAP_LEAST)
}
