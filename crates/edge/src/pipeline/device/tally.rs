//! Counting over the last minutes and the last day, in a fixed number of buckets.

use std::collections::VecDeque;
use std::time::Duration;

use domain::Timestamp;
use tokio::time::Instant;

/// How scans went within some stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Began on time: at most a tenth of their period late.
    pub kept: u64,
    /// Began later than that.
    pub late: u64,
    /// Did not happen, or brought nothing.
    pub missed: u64,
    /// Of the missed: the line was still busy. The others are the fault of whoever did not answer.
    pub overrun: u64,
    /// The latest beginning.
    pub worst: Duration,
}

impl Tally {
    /// All that were due.
    pub(crate) fn all(&self) -> u64 {
        self.kept + self.late + self.missed
    }

    /// Those that more is asked for than can be done: late, or not there because the line was busy.
    pub(crate) fn overloaded(&self) -> u64 {
        self.late + self.overrun
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.kept += more.kept;
        self.late += more.late;
        self.missed += more.missed;
        self.overrun += more.overrun;
        self.worst = self.worst.max(more.worst);
    }
}

/// Tallies of the newest stretches of time, so many at most.
#[derive(Clone, Debug)]
pub(crate) struct Tallies {
    stretch_ms: i64,
    keep: i64,
    /// (number of the stretch, what happened in it), the newest last.
    buckets: VecDeque<(i64, Tally)>,
}

impl Tallies {
    /// The last 24 hours, by the hour.
    pub(crate) fn day() -> Self {
        Self { stretch_ms: 3_600_000, keep: 24, buckets: VecDeque::new() }
    }

    /// The last five minutes, by the minute.
    pub(crate) fn minutes() -> Self {
        Self { stretch_ms: 60_000, keep: 5, buckets: VecDeque::new() }
    }

    /// Adds to the stretch that `at` lies in. Time never goes back.
    pub(crate) fn add(&mut self, at: Timestamp, more: &Tally) {
        let number = at.millis().div_euclid(self.stretch_ms);
        match self.buckets.back_mut() {
            Some((last, tally)) if *last == number => tally.add(more),
            _ => self.buckets.push_back((number, *more)),
        }
        self.forget_before(number - self.keep);
    }

    /// The sum of what is not too old.
    pub(crate) fn sum(&self, now: Timestamp) -> Tally {
        let oldest = now.millis().div_euclid(self.stretch_ms) - self.keep;
        let mut sum = Tally::default();
        self.buckets.iter().filter(|(number, _)| *number > oldest).for_each(|(_, tally)| sum.add(tally));
        sum
    }

    fn forget_before(&mut self, number: i64) {
        while self.buckets.front().is_some_and(|(old, _)| *old <= number) {
            self.buckets.pop_front();
        }
    }
}

/// Which share of the last half minute to minute something was in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy {
    begun: Option<Instant>,
    spent: Duration,
    /// Length and use of the stretch before.
    before: Option<(Duration, Duration)>,
}

/// One stretch of use.
const STRETCH: Duration = Duration::from_secs(30);
/// Less than this says nothing.
const ENOUGH: Duration = Duration::from_secs(3);

impl Busy {
    /// It was in use for `spent`, up to `now`.
    pub(crate) fn add(&mut self, spent: Duration, now: Instant) {
        self.turn(now);
        self.begun.get_or_insert_with(|| now.checked_sub(spent).unwrap_or(now));
        self.spent += spent;
    }

    /// Between 0 and 1; none before anything can be said.
    pub(crate) fn share(&self, now: Instant) -> Option<f64> {
        let mut copy = self.clone();
        copy.turn(now);
        let (before, spent_before) = copy.before.unwrap_or_default();
        let all = before + now.saturating_duration_since(copy.begun?);
        (all >= ENOUGH).then(|| ((spent_before + copy.spent).as_secs_f64() / all.as_secs_f64()).min(1.0))
    }

    fn turn(&mut self, now: Instant) {
        let Some(begun) = self.begun else { return };
        let length = now.saturating_duration_since(begun);
        if length >= STRETCH {
            *self = Self { begun: Some(now), spent: Duration::ZERO, before: Some((length, self.spent)) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    #[test]
    fn a_day_forgets_what_is_older_than_a_day_and_keeps_its_worst() {
        let mut day = Tallies::day();
        day.add(at(0), &Tally { late: 3, worst: Duration::from_millis(900), ..Tally::default() });
        for hour in 1..200 {
            day.add(at(hour * 60), &Tally { kept: 10, worst: Duration::from_millis(5), ..Tally::default() });
            assert!(day.buckets.len() <= 24, "the number of buckets is limited");
        }
        let sum = day.sum(at(199 * 60));
        assert_eq!((sum.kept, sum.late, sum.worst), (240, 0, Duration::from_millis(5)));
        assert_eq!(day.sum(at(300 * 60)), Tally::default(), "also when nothing comes any more");
    }

    #[test]
    fn half_of_the_time_in_use_is_a_half() {
        let start = Instant::now();
        let mut busy = Busy::default();
        assert_eq!(busy.share(start), None);
        let mut now = start;
        for _ in 0..240 {
            now += Duration::from_secs(1);
            busy.add(Duration::from_millis(500), now);
        }
        let share = busy.share(now).expect("known");
        assert!((share - 0.5).abs() < 0.02, "{share}");
        let later = now + Duration::from_mins(5);
        assert!(busy.share(later).expect("known") < 0.1, "what is idle for minutes is not busy");
    }

    #[test]
    fn what_is_in_use_all_the_time_is_never_more_than_whole() {
        let start = Instant::now();
        let mut busy = Busy::default();
        let mut now = start;
        for _ in 0..20 {
            now += Duration::from_secs(40);
            busy.add(Duration::from_secs(40), now);
        }
        let share = busy.share(now).expect("known");
        assert!(share > 0.95 && share <= 1.0, "{share}");
    }
}
