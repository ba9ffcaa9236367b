//! What a device is doing, for people and for `/metrics`. Written by the line's task, read by anybody.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Problem, Timestamp};

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
    /// In words.
    pub words: String,
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note_error(&mut self, at: Timestamp, problem: &Problem) {
        let words =
            if problem.why.is_empty() { problem.what.clone() } else { format!("{}: {}", problem.what, problem.why) };
        match self.now.errors.front_mut() {
            Some(last) if last.words == words => {
                last.at = at;
                last.times = last.times.saturating_add(1);
            }
            _ => {
                self.now.errors.push_front(ErrorLine { at, words, times: 1 });
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
#[derive(Debug, Default)]
pub(crate) struct GroupReport {
    kept: AtomicU64,
    late: AtomicU64,
    missed: AtomicU64,
    took_us: AtomicU64,
    lateness_us: AtomicU64,
    last_us: AtomicI64,
}

/// The numbers of a [`GroupReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct GroupNow {
    /// Scans that began within their period.
    pub kept: u64,
    /// Scans that began more than a period late.
    pub late: u64,
    /// Scans that did not happen or brought nothing.
    pub missed: u64,
    /// How long the last one took.
    pub took: Duration,
    /// How late the last one began.
    pub lateness: Duration,
    /// When the last one arrived.
    pub last: Option<Timestamp>,
}

impl GroupReport {
    pub(super) fn scanned(&self, at: Timestamp, took: Duration, lateness: Duration, period: Duration) {
        let count = if lateness <= period { &self.kept } else { &self.late };
        count.fetch_add(1, Ordering::Relaxed);
        self.took_us.store(micros(took), Ordering::Relaxed);
        self.lateness_us.store(micros(lateness), Ordering::Relaxed);
        self.last_us.store(at.micros(), Ordering::Relaxed);
    }

    pub(super) fn missed(&self, scans: u64) {
        self.missed.fetch_add(scans, Ordering::Relaxed);
    }

    /// The numbers now.
    pub(crate) fn now(&self) -> GroupNow {
        let last = self.last_us.load(Ordering::Relaxed);
        GroupNow {
            kept: self.kept.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            missed: self.missed.load(Ordering::Relaxed),
            took: Duration::from_micros(self.took_us.load(Ordering::Relaxed)),
            lateness: Duration::from_micros(self.lateness_us.load(Ordering::Relaxed)),
            last: (last != 0).then(|| Timestamp::from_micros(last)),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
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
    fn values_per_second_fall_to_nothing_when_a_device_falls_silent() {
        let report = DeviceReport::default();
        for second in 0..10 {
            report.answered(at(second), 50, 0, String::new());
        }
        assert!((report.snapshot(at(10)).values_per_second - 50.0).abs() < 1e-9);
        assert!(report.snapshot(at(30)).values_per_second.abs() < 1e-9);
    }
}
