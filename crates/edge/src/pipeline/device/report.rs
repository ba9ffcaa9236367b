//! What a device is doing, for people and for `/metrics`. Written by the line's task, read by anybody.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::said::device as said;
use domain::{Problem, Said, Timestamp};
use tokio::time::Instant;

use super::tally::{Busy, Tallies, Tally};

/// Errors kept per device.
const ERRORS: usize = 50;
/// Seconds over which values per second are counted.
const RATE_SECONDS: usize = 10;

/// Where a device stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum State {
    /// Not reached yet.
    #[default]
    Connecting,
    /// Answers; `bad` of its tags have no value.
    Reading {
        /// Tags without a value in the last scan.
        bad: usize,
    },
    /// Does not answer.
    NotAnswering {
        /// The last error.
        problem: Problem,
        /// The pause before the next try.
        wait: Duration,
    },
}

/// One error, repeated so many times in a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorLine {
    /// When it came last.
    pub at: Timestamp,
    /// What.
    pub said: Said,
    /// How often in a row.
    pub times: u32,
}

/// What is known of a device now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Its last answer.
    pub last_answer: Option<Timestamp>,
    /// The address in use or tried last.
    pub address: String,
    /// The newest first.
    pub errors: VecDeque<ErrorLine>,
    /// Values per second over the last ten seconds.
    pub values_per_second: f64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct DeviceReport {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    now: Snapshot,
    /// (second, values), the newest last.
    rate: VecDeque<(i64, u64)>,
    busy: Busy,
    silent: Busy,
    /// All of it since the start.
    waited_in_vain: Duration,
}

impl DeviceReport {
    /// An answer with so many values, of which so many are bad.
    pub(super) fn answered(&self, at: Timestamp, values: usize, bad: usize, address: String) {
        let mut inner = self.lock();
        let was_reading = matches!(inner.now.state, State::Reading { .. });
        if !was_reading {
            inner.now.since = Some(at);
        }
        inner.now.state = State::Reading { bad };
        inner.now.last_answer = Some(at);
        inner.now.address = address;
        inner.count(at, values as u64);
    }

    /// A failure; the next try comes after `wait`.
    pub(super) fn failed(&self, at: Timestamp, problem: &Problem, wait: Duration, address: String) {
        let mut inner = self.lock();
        if !matches!(inner.now.state, State::NotAnswering { .. }) {
            inner.now.since = Some(at);
        }
        inner.now.state = State::NotAnswering { problem: problem.clone(), wait };
        inner.now.address = address;
        inner.note_error(at, problem);
    }

    /// What is known now.
    pub(crate) fn snapshot(&self, now: Timestamp) -> Snapshot {
        let mut inner = self.lock();
        inner.forget_before(now);
        let values: u64 = inner.rate.iter().map(|(_, values)| values).sum();
        inner.now.values_per_second = values as f64 / RATE_SECONDS as f64;
        inner.now.clone()
    }

    /// Its line was in use for it for so long; `silent` when nothing came of it.
    pub(super) fn used(&self, spent: Duration, silent: bool, now: Instant) {
        let mut inner = self.lock();
        let vain = if silent { spent } else { Duration::ZERO };
        inner.busy.add(spent, now);
        inner.silent.add(vain, now);
        inner.waited_in_vain += vain;
    }

    /// How long its line has waited for it in vain since the start.
    pub(crate) fn waited_in_vain(&self) -> Duration {
        self.lock().waited_in_vain
    }

    /// Share of the last minute in which its line was in use for it, and for nothing because it did not answer.
    pub(crate) fn busy(&self, now: Instant) -> (Option<f64>, Option<f64>) {
        let inner = self.lock();
        (inner.busy.share(now), inner.silent.share(now))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note_error(&mut self, at: Timestamp, problem: &Problem) {
        let what = Said::from(problem);
        let said = if problem.why.is_empty() {
            what
        } else {
            said::WITH_WHY.say([("what", what.into()), ("why", problem.why.as_str().into())])
        };
        match self.now.errors.front_mut() {
            Some(last) if last.said == said => {
                last.at = at;
                last.times = last.times.saturating_add(1);
            }
            _ => {
                self.now.errors.push_front(ErrorLine { at, said, times: 1 });
                self.now.errors.truncate(ERRORS);
            }
        }
    }

    fn count(&mut self, at: Timestamp, values: u64) {
        let second = at.millis().div_euclid(1000);
        match self.rate.back_mut() {
            Some((last, count)) if *last == second => *count += values,
            _ => self.rate.push_back((second, values)),
        }
        self.forget_before(at);
    }

    /// Keeps whole seconds that lie behind, so that the rate does not swing with the running one.
    fn forget_before(&mut self, now: Timestamp) {
        let second = now.millis().div_euclid(1000);
        let oldest = second - i64::try_from(RATE_SECONDS).unwrap_or(10);
        while self.rate.front().is_some_and(|(at, _)| *at < oldest) {
            self.rate.pop_front();
        }
    }
}

/// What is known of one scan group.
#[derive(Debug)]
pub(crate) struct GroupReport {
    inner: Mutex<GroupInner>,
}

#[derive(Debug)]
struct GroupInner {
    now: GroupNow,
    day: Tallies,
    minutes: Tallies,
}

/// The numbers of a [`GroupReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct GroupNow {
    /// Since the start.
    pub total: Tally,
    /// In the last 24 hours.
    pub day: Tally,
    /// In the last five minutes.
    pub minutes: Tally,
    /// How long the last one took.
    pub took: Duration,
    /// How long one takes, over the last dozen or so.
    pub usual: Duration,
    /// How late the last one began.
    pub lateness: Duration,
    /// When the last one arrived.
    pub last: Option<Timestamp>,
}

impl Default for GroupReport {
    fn default() -> Self {
        let inner = GroupInner { now: GroupNow::default(), day: Tallies::day(), minutes: Tallies::minutes() };
        Self { inner: Mutex::new(inner) }
    }
}

/// A scan that begins at most this part of its period after its moment is on time.
const ON_TIME: u32 = 10;

impl GroupReport {
    pub(super) fn scanned(&self, at: Timestamp, took: Duration, lateness: Duration, period: Duration) {
        let on_time = lateness.saturating_mul(ON_TIME) <= period;
        let tally = Tally { kept: on_time.into(), late: (!on_time).into(), worst: lateness, ..Tally::default() };
        let mut inner = self.lock();
        inner.add(at, &tally);
        let now = &mut inner.now;
        now.usual = if now.last.is_none() { took } else { (now.usual * 7 + took) / 8 };
        now.took = took;
        now.lateness = lateness;
        now.last = Some(at);
    }

    /// Scans that nobody answered, or that could not be asked for.
    pub(super) fn missed(&self, at: Timestamp, scans: u64) {
        if scans > 0 {
            self.lock().add(at, &Tally { missed: scans, ..Tally::default() });
        }
    }

    /// Scans whose moment passed while the line was busy.
    pub(super) fn overrun(&self, at: Timestamp, scans: u64) {
        if scans > 0 {
            self.lock().add(at, &Tally { missed: scans, overrun: scans, ..Tally::default() });
        }
    }

    /// The numbers now.
    pub(crate) fn now(&self, at: Timestamp) -> GroupNow {
        let inner = self.lock();
        GroupNow { day: inner.day.sum(at), minutes: inner.minutes.sum(at), ..inner.now }
    }

    fn lock(&self) -> MutexGuard<'_, GroupInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GroupInner {
    fn add(&mut self, at: Timestamp, tally: &Tally) {
        self.now.total.add(tally);
        self.day.add(at, tally);
        self.minutes.add(at, tally);
    }
}

/// How much of its time one line is in use, for whichever of its devices.
#[derive(Debug, Default)]
pub(crate) struct LineReport {
    busy: Mutex<Busy>,
}

impl LineReport {
    pub(super) fn used(&self, spent: Duration, now: Instant) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).add(spent, now);
    }

    /// Share of the last minute in which it was in use.
    pub(crate) fn busy(&self, now: Instant) -> Option<f64> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).share(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn the_same_error_again_is_one_line_with_a_count() {
        let report = DeviceReport::default();
        let problem = Problem::new("device.timed-out", "plc", "no answer");
        report.failed(at(1), &problem, Duration::from_secs(1), String::new());
        report.failed(at(2), &problem, Duration::from_secs(1), String::new());
        let now = report.snapshot(at(2));
        assert_eq!((now.errors.len(), now.errors[0].times, now.since), (1, 2, Some(at(1))));
    }

    #[test]
    fn a_scan_is_late_from_a_tenth_of_its_period_on_and_the_worst_is_kept() {
        let report = GroupReport::default();
        let period = Duration::from_secs(1);
        for lateness in [0, 100, 101, 220, 5] {
            report.scanned(at(1), Duration::from_millis(8), Duration::from_millis(lateness), period);
        }
        report.missed(at(2), 2);
        report.overrun(at(2), 1);
        let worst = Duration::from_millis(220);
        let now = report.now(at(3));
        assert_eq!(now.day, Tally { kept: 3, late: 2, missed: 3, overrun: 1, worst });
        let tomorrow = report.now(at(90_000));
        assert_eq!((tomorrow.day.all(), tomorrow.total), (0, now.total), "a day later it is only in the total");
    }

    #[test]
    fn values_per_second_fall_to_nothing_when_a_device_falls_silent() {
        let report = DeviceReport::default();
        for second in 0..10 {
            report.answered(at(second), 50, 0, String::new());
        }
        assert!((report.snapshot(at(10)).values_per_second - 50.0).abs() < 1e-9);
        assert!(report.snapshot(at(30)).values_per_second.abs() < 1e-9);
    }
}
