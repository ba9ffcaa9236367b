//! How a deployment is doing at each of its places, for screens and `/metrics`. Written by its task, read by anybody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Contribution, Timestamp};
use inference::{PredictionRow, WorkerStatus};

use super::Route;

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
    started: Timestamp,
    first: Mutex<Option<Duration>>,
    predictions: AtomicU64,
    decisions_lost: AtomicU64,
}

impl DeploymentReport {
    /// For so many places with so many signals each, starting now.
    pub(crate) fn new(places: usize, signals: usize, started: Timestamp) -> Self {
        let place = PlaceNow { inputs: vec![None; signals], ..PlaceNow::default() };
        Self {
            places: Mutex::new(vec![place; places]),
            worker: Mutex::default(),
            started,
            first: Mutex::default(),
            predictions: AtomicU64::new(0),
            decisions_lost: AtomicU64::new(0),
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

    pub(super) fn predicted(
        &self,
        rows: &[PredictionRow],
        mut because: HashMap<usize, Vec<Contribution>>,
        took: Duration,
        now: Timestamp,
    ) {
        self.predictions.fetch_add(rows.len() as u64, Ordering::Relaxed);
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
