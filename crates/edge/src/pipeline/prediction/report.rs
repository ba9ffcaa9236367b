//! How a deployment is doing at each of its places, for screens and `/metrics`. Written by its task, read by anybody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Contribution, Problem, Timestamp};
use inference::{Job, PredictionRow, WorkerStatus};
use tokio::time::Instant;

use super::Route;
use crate::pipeline::device::Busy;

/// Windows that ended longer ago than this, and than two periods, are not predicted any more: a model that is too slow for
/// its period would otherwise fall ever further behind, and say at noon what was true in the morning.
const TOO_OLD: Duration = Duration::from_secs(10);
/// So long after the last sign of overload it counts as over.
const OVER: Duration = Duration::from_mins(5);

/// What is known of one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlaceNow {
    /// The last prediction; none before the first window.
    pub last: Option<PredictionRow>,
    /// Since when it has been as it is.
    pub since: Option<Timestamp>,
    /// What drives the last prediction, the strongest first.
    pub because: Vec<Contribution>,
    /// How long the last call of the model took.
    pub took: Duration,
    /// The newest usable sample per signal; none before the first.
    pub inputs: Vec<Option<Timestamp>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct DeploymentReport {
    places: Mutex<Vec<PlaceNow>>,
    worker: Mutex<Option<(WorkerStatus, Option<String>)>>,
    cannot_load: Mutex<Option<Problem>>,
    started: Timestamp,
    first: Mutex<Option<Duration>>,
    predictions: AtomicU64,
    decisions_lost: AtomicU64,
    overload: Mutex<Overload>,
}

#[derive(Debug, Default)]
struct Overload {
    skipped: u64,
    lost: u64,
    seen_last: Option<Timestamp>,
    busy: Busy,
}

/// How a deployment keeps up with what is asked of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct KeepingUp {
    /// Windows that were not predicted because they were too old by then.
    pub skipped: u64,
    /// Scans that found its queue full.
    pub lost: u64,
    /// Decisions that found their queue full.
    pub decisions_lost: u64,
    /// Share of the last minute spent on predictions, waiting for a shared worker included.
    pub busy: Option<f64>,
    /// Something was skipped or lost within the last minutes.
    pub overloaded: bool,
}

impl DeploymentReport {
    /// For so many places with so many signals each, starting now.
    pub(crate) fn new(places: usize, signals: usize, started: Timestamp) -> Self {
        let place = PlaceNow { inputs: vec![None; signals], ..PlaceNow::default() };
        Self {
            places: Mutex::new(vec![place; places]),
            worker: Mutex::default(),
            cannot_load: Mutex::default(),
            started,
            first: Mutex::default(),
            predictions: AtomicU64::new(0),
            decisions_lost: AtomicU64::new(0),
            overload: Mutex::default(),
        }
    }

    /// The windows that are still worth a prediction; all of them when the trigger has no period. The others are counted
    /// as skipped.
    pub(super) fn still_wanted(&self, jobs: Vec<Job>, now: Timestamp, period: Option<Duration>) -> Vec<Job> {
        let Some(period) = period else { return jobs };
        let oldest = now.minus(TOO_OLD.max(period * 2));
        let all = jobs.len();
        let wanted: Vec<Job> = jobs.into_iter().filter(|job| job.end >= oldest).collect();
        if wanted.len() < all {
            let mut overload = lock(&self.overload);
            overload.skipped += (all - wanted.len()) as u64;
            overload.seen_last = Some(now);
        }
        wanted
    }

    /// How it keeps up. `lost` are the scans that its queue has lost since the start.
    pub(crate) fn keeping_up(&self, lost: u64, now: Timestamp) -> KeepingUp {
        let mut overload = lock(&self.overload);
        if lost > overload.lost {
            overload.lost = lost;
            overload.seen_last = Some(now);
        }
        KeepingUp {
            skipped: overload.skipped,
            lost,
            decisions_lost: self.decisions_lost(),
            busy: overload.busy.share(Instant::now()),
            overloaded: overload.seen_last.is_some_and(|last| now.since(last) <= OVER),
        }
    }

    /// Usable samples of one scan went to these places and signals.
    pub(super) fn inputs<'a>(&self, at: Timestamp, routes: impl Iterator<Item = &'a Route>) {
        let mut places = lock(&self.places);
        for route in routes {
            if let Some(input) = places.get_mut(route.place).and_then(|place| place.inputs.get_mut(route.signal)) {
                *input = Some(at);
            }
        }
    }

    pub(super) fn worker(&self, status: WorkerStatus, loaded: Option<String>) {
        *lock(&self.worker) = Some((status, loaded));
    }

    pub(super) fn cannot_load_now(&self, problem: Option<Problem>) {
        *lock(&self.cannot_load) = problem;
    }

    pub(super) fn predicted(
        &self,
        rows: &[PredictionRow],
        mut because: HashMap<usize, Vec<Contribution>>,
        took: Duration,
        now: Timestamp,
    ) {
        self.predictions.fetch_add(rows.len() as u64, Ordering::Relaxed);
        lock(&self.overload).busy.add(took, Instant::now());
        if rows.iter().any(|row| row.outputs.iter().any(|output| output.value.is_some())) {
            lock(&self.first).get_or_insert_with(|| now.since(self.started));
        }
        let mut places = lock(&self.places);
        for row in rows {
            let Some(place) = places.get_mut(row.place) else { continue };
            let same = place.last.as_ref().is_some_and(|last| same_kind(last, row));
            if !same {
                place.since = Some(row.end);
            }
            place.last = Some(row.clone());
            place.took = took;
            if let Some(because) = because.remove(&row.place) {
                place.because = because;
            }
        }
    }

    pub(super) fn decision_lost(&self) {
        self.decisions_lost.fetch_add(1, Ordering::Relaxed);
    }

    /// One per place.
    pub(crate) fn places(&self) -> Vec<PlaceNow> {
        lock(&self.places).clone()
    }

    /// The model's process and what it loaded.
    pub(crate) fn worker_now(&self) -> Option<(WorkerStatus, Option<String>)> {
        lock(&self.worker).clone()
    }

    /// Why the model is not loaded, when it could not be.
    pub(crate) fn cannot_load(&self) -> Option<Problem> {
        lock(&self.cannot_load).clone()
    }

    /// From the start to the first prediction with a value.
    pub(crate) fn first_prediction(&self) -> Option<Duration> {
        *lock(&self.first)
    }

    /// Predictions made.
    pub(crate) fn predictions(&self) -> u64 {
        self.predictions.load(Ordering::Relaxed)
    }

    /// Decisions that found their queue full.
    pub(crate) fn decisions_lost(&self) -> u64 {
        self.decisions_lost.load(Ordering::Relaxed)
    }
}

/// Two predictions that a person would call the same state.
fn same_kind(last: &PredictionRow, row: &PredictionRow) -> bool {
    let code = |row: &PredictionRow| row.why.as_ref().map(|why| why.code);
    last.applicable == row.applicable && code(last) == code(row) && last.condition == row.condition
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use domain::Quality;

    use super::*;

    fn job(second: i64) -> Job {
        Job {
            end: Timestamp::from_millis(second * 1000),
            place: 0,
            quality: Quality::GOOD,
            why: None,
            condition: None,
            key: None,
            row: Vec::new(),
            because: Vec::new(),
        }
    }

    #[test]
    fn windows_that_are_too_old_are_skipped_and_counted_and_a_short_pause_skips_none() {
        let report = DeploymentReport::new(1, 1, Timestamp::from_millis(0));
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let second = Some(Duration::from_secs(1));
        assert_eq!(report.still_wanted((90..=100).map(job).collect(), at(100), second).len(), 11);
        assert_eq!(report.still_wanted((60..=100).map(job).collect(), at(100), None).len(), 41);
        assert_eq!(report.still_wanted(vec![job(0)], at(100), Some(Duration::from_mins(1))).len(), 1);
        assert!(!report.keeping_up(0, at(100)).overloaded);
        assert_eq!(report.still_wanted((60..=100).map(job).collect(), at(100), second).len(), 11);
        let now = report.keeping_up(0, at(101));
        assert_eq!((now.skipped, now.overloaded), (30, true));
        assert!(!report.keeping_up(0, at(500)).overloaded, "minutes later it is over, and still counted");
        assert!(report.keeping_up(7, at(501)).overloaded, "lost scans are overload, too");
    }
}
