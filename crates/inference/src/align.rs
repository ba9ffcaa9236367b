//! Samples of one numeric signal, kept as long as a window may need them, and put onto the rows of a window.
//!
//! Pure: no clock, no I/O. Nothing here depends on how the samples were cut into pushes.

use std::collections::VecDeque;
use std::time::Duration;

use bundle::contract::Align;
use domain::{Quality, Timestamp};

/// One sample as rows need it, in the unit of the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it reached the edge.
    pub arrival: Timestamp,
    /// None together with a bad quality.
    pub value: Option<f64>,
    /// How far to trust it.
    pub quality: Quality,
}

impl Point {
    /// A number that may go into a row.
    fn usable(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite() && !self.quality.is_bad())
    }
}

/// The rows of one window: `rows` points at a distance of `step`, the last one at `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The last row, and the end of the window.
    pub end: Timestamp,
    /// Distance of the rows.
    pub step: Duration,
    /// How many, at least 1.
    pub rows: usize,
}

impl Grid {
    /// The time of a row, the oldest is row 0.
    fn row(&self, index: usize) -> Timestamp {
        let back = u32::try_from(self.rows - 1 - index).unwrap_or(u32::MAX);
        self.end.minus(self.step.saturating_mul(back))
    }
}

/// What aligning one signal gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aligned {
    /// All rows have a value; the quality is good, or the first uncertain one met.
    Full(Quality),
    /// A row has no usable sample within the allowed gap: the time of the first such row, and the last bad quality
    /// seen before it, if any.
    Missing(Timestamp, Option<Quality>),
}

/// How samples become the rows of one signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Last, linear or mean.
    pub align: Align,
    /// How long a sample may be held.
    pub max_gap: Duration,
}

/// The samples of one numeric signal at one place, in order of arrival, bounded.
#[derive(Clone, Debug)]
pub struct Line {
    points: VecDeque<Point>,
    capacity: usize,
    dropped: u64,
}

impl Line {
    /// Keeps at most `capacity` samples; when more come before a window needs them the oldest are dropped and counted.
    pub fn new(capacity: usize) -> Self {
        Self { points: VecDeque::new(), capacity: capacity.max(1), dropped: 0 }
    }

    /// Takes a sample in; one that is already there at the same arrival is replaced, a late one is put in its place.
    pub fn push(&mut self, point: Point) {
        let at = self.points.partition_point(|kept| kept.arrival < point.arrival);
        match self.points.get_mut(at) {
            Some(same) if same.arrival == point.arrival => *same = point,
            Some(_) => self.points.insert(at, point),
            None => self.points.push_back(point),
        }
        if self.points.len() > self.capacity {
            self.points.pop_front();
            self.dropped += 1;
        }
    }

    /// Forgets what arrived before `time`.
    pub fn forget_before(&mut self, time: Timestamp) {
        while self.points.front().is_some_and(|point| point.arrival < time) {
            self.points.pop_front();
        }
        if self.points.capacity() > 64 && self.points.len() < self.points.capacity() / 4 {
            self.points.shrink_to(self.points.len() * 2);
        }
    }

    /// Samples that were dropped because too many came at once.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Arrival of the first sample after `time`, usable or not.
    pub fn first_after(&self, time: Timestamp) -> Option<Timestamp> {
        let at = self.points.partition_point(|point| point.arrival <= time);
        self.points.get(at).map(|point| point.arrival)
    }

    /// Usable samples per second in (`from`, `to`].
    pub fn rate(&self, from: Timestamp, to: Timestamp) -> f64 {
        let start = self.points.partition_point(|point| point.arrival <= from);
        let count = self.points.range(start..).take_while(|point| point.arrival <= to);
        let count = count.filter(|point| point.usable().is_some()).count();
        count as f64 / to.since(from).as_secs_f64().max(1e-6)
    }

    /// Puts one value per row of `grid` into `rows`, from samples that arrived up to the grid's end.
    ///
    /// - `last`: the last usable sample at or before the row, at most `max_gap` old. Held over a bad sample it is
    ///   uncertain ([`Quality::STALE`], the standard's "last usable value").
    /// - `linear`: on the line between the usable samples around the row when they are at most `max_gap` apart;
    ///   where there is none after the row (the newest rows), as `last`.
    /// - `mean`: of the usable samples in (row − step, row]; where there is none, as `last`.
    ///
    /// `rows` is left incomplete when a row is missing.
    pub fn align(&self, grid: Grid, method: Method, rows: &mut Vec<f64>) -> Aligned {
        rows.clear();
        // what is older cannot be used by any row; to look at it would make the result depend on what is still kept
        let oldest = grid.row(0).minus(method.max_gap.max(grid.step));
        let next = self.points.partition_point(|point| point.arrival < oldest);
        let mut cursor = Cursor { next, ..Cursor::default() };
        let mut quality = Quality::GOOD;
        if method.align == Align::Mean {
            cursor.advance(&self.points, grid.row(0).minus(grid.step));
        }
        for index in 0..grid.rows {
            let time = grid.row(index);
            let passed = cursor.advance(&self.points, time);
            let cell = match method.align {
                Align::Last => None,
                Align::Mean => passed.mean(),
                Align::Linear => self.between(&cursor, time, grid.end, method.max_gap),
            };
            let Some((value, cell_quality)) = cell.or_else(|| cursor.held(time, method.max_gap)) else {
                return Aligned::Missing(time, cursor.bad);
            };
            rows.push(value);
            quality = quality.worst(cell_quality);
        }
        Aligned::Full(quality)
    }

    fn between(&self, cursor: &Cursor, time: Timestamp, end: Timestamp, max_gap: Duration) -> Option<(f64, Quality)> {
        let before = cursor.last?;
        let from = before.usable()?;
        if before.arrival == time {
            return None;
        }
        let mut bad = cursor.bad.is_some();
        let ahead = self.points.range(cursor.next..).take_while(|point| point.arrival <= end);
        for after in ahead {
            let Some(to) = after.usable() else {
                bad = true;
                continue;
            };
            let gap = after.arrival.since(before.arrival);
            if gap > max_gap {
                return None;
            }
            let share = time.since(before.arrival).as_secs_f64() / gap.as_secs_f64();
            let quality = if bad { Quality::STALE } else { Quality::GOOD };
            return Some((from + (to - from) * share, quality.worst(before.quality).worst(after.quality)));
        }
        None
    }
}

/// Walks a line once, row by row.
#[derive(Default)]
struct Cursor {
    next: usize,
    last: Option<Point>,
    /// The quality of a bad sample after the last usable one.
    bad: Option<Quality>,
}

/// The samples between two rows.
#[derive(Default)]
struct Passed {
    sum: f64,
    count: u32,
    worst: Option<Quality>,
}

impl Passed {
    fn note(&mut self, quality: Quality) {
        self.worst = Some(self.worst.map_or(quality, |worst| worst.worst(quality)));
    }

    fn mean(&self) -> Option<(f64, Quality)> {
        (self.count > 0).then(|| (self.sum / f64::from(self.count), self.worst.unwrap_or(Quality::GOOD)))
    }
}

impl Cursor {
    fn advance(&mut self, points: &VecDeque<Point>, to: Timestamp) -> Passed {
        let mut passed = Passed::default();
        while let Some(point) = points.get(self.next).filter(|point| point.arrival <= to) {
            self.next += 1;
            if let Some(value) = point.usable() {
                self.last = Some(*point);
                self.bad = None;
                passed.sum += value;
                passed.count += 1;
                passed.note(point.quality);
            } else {
                self.bad = Some(point.quality);
                passed.note(Quality::STALE);
            }
        }
        passed
    }

    fn held(&self, time: Timestamp, max_gap: Duration) -> Option<(f64, Quality)> {
        let last = self.last.filter(|last| time.since(last.arrival) <= max_gap)?;
        let quality = if self.bad.is_some() { Quality::STALE } else { last.quality };
        last.usable().map(|value| (value, quality))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn line(points: &[(i64, Option<f64>)]) -> Line {
        let mut line = Line::new(1000);
        for (millis, value) in points {
            let quality = if value.is_some() { Quality::GOOD } else { Quality::TIMEOUT };
            line.push(Point { arrival: at(*millis), value: *value, quality });
        }
        line
    }

    fn aligned(line: &Line, align: Align, gap_ms: u64) -> (Aligned, Vec<f64>) {
        let grid = Grid { end: at(4000), step: Duration::from_secs(1), rows: 4 };
        let mut rows = Vec::new();
        let method = Method { align, max_gap: Duration::from_millis(gap_ms) };
        (line.align(grid, method, &mut rows), rows)
    }

    #[test]
    fn last_holds_a_sample_up_to_the_gap_and_no_longer() {
        let line = line(&[(900, Some(1.0)), (3900, Some(2.0))]);
        assert_eq!(aligned(&line, Align::Last, 2100), (Aligned::Full(Quality::GOOD), vec![1.0, 1.0, 1.0, 2.0]));
        assert_eq!(aligned(&line, Align::Last, 2099).0, Aligned::Missing(at(3000), None));
    }

    #[test]
    fn a_value_held_over_a_bad_sample_is_uncertain_until_the_next_good_one() {
        let line = line(&[(900, Some(1.0)), (1500, None), (2500, Some(3.0)), (3500, Some(4.0))]);
        assert_eq!(aligned(&line, Align::Last, 5000), (Aligned::Full(Quality::STALE), vec![1.0, 1.0, 3.0, 4.0]));
    }

    #[test]
    fn linear_goes_through_the_samples_and_holds_the_newest() {
        let line = line(&[(500, Some(0.0)), (2500, Some(2.0)), (3500, Some(5.0))]);
        assert_eq!(aligned(&line, Align::Linear, 5000), (Aligned::Full(Quality::GOOD), vec![0.5, 1.5, 3.5, 5.0]));
        // samples further apart than the gap are not joined; the earlier one is held while it may be
        assert_eq!(aligned(&line, Align::Linear, 1500).1, vec![0.0, 0.0, 3.5, 5.0]);
    }

    #[test]
    fn mean_takes_the_samples_since_the_row_before() {
        let line = line(&[(0, Some(9.0)), (500, Some(1.0)), (1000, Some(3.0)), (1500, Some(7.0)), (3500, Some(8.0))]);
        assert_eq!(aligned(&line, Align::Mean, 5000), (Aligned::Full(Quality::GOOD), vec![2.0, 7.0, 7.0, 8.0]));
    }

    #[test]
    fn samples_after_the_end_of_the_window_are_not_seen() {
        let line = line(&[(500, Some(1.0)), (4001, Some(100.0))]);
        assert_eq!(aligned(&line, Align::Linear, 5000).1, vec![1.0; 4]);
    }

    #[test]
    fn too_many_samples_drop_the_oldest_and_are_counted() {
        let mut line = Line::new(3);
        for millis in 0..5 {
            line.push(Point { arrival: at(millis), value: Some(1.0), quality: Quality::GOOD });
        }
        assert_eq!((line.dropped(), line.first_after(at(-1))), (2, Some(at(2))));
    }

    proptest! {
        #[test]
        fn last_equals_its_definition(
            samples in prop::collection::btree_map(0_i64..5000, prop::option::of(-10.0..10.0), 0..40),
            gap in 1_u64..4000,
        ) {
            let samples: Vec<(i64, Option<f64>)> = samples.into_iter().collect();
            let (result, rows) = aligned(&line(&samples), Align::Last, gap);
            let wanted: Option<Vec<f64>> = (1..=4).map(|row| {
                let row = row * 1000;
                let usable = samples.iter().rev().find(|(time, value)| *time <= row && value.is_some())?;
                if row - usable.0 <= i64::try_from(gap).unwrap() { usable.1 } else { None }
            }).collect();
            match wanted {
                Some(wanted) => prop_assert_eq!(rows, wanted),
                None => prop_assert!(matches!(result, Aligned::Missing(..))),
            }
        }

        #[test]
        fn the_order_of_pushes_does_not_matter(
            samples in prop::collection::btree_map(0_i64..5000, prop::option::of(-10.0..10.0), 0..40),
            seed: u64,
        ) {
            let samples: Vec<(i64, Option<f64>)> = samples.into_iter().collect();
            let mut shuffled = samples.clone();
            shuffled.sort_by_key(|(time, _)| time.unsigned_abs().wrapping_mul(seed | 1).wrapping_add(seed));
            for align in [Align::Last, Align::Linear, Align::Mean] {
                prop_assert_eq!(aligned(&line(&samples), align, 1500), aligned(&line(&shuffled), align, 1500));
            }
        }
    }
}
