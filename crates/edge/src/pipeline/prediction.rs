//! Scans → windows → predictions → decisions of one deployment. The cores are in `inference`; this stage brings them
//! samples, lets the worker run the model, and hands on what comes out. It never waits for anything but its worker.

mod heard;
mod report;

use heard::Heard;
pub(crate) use report::{DeploymentReport, KeepingUp, PlaceNow};

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Contribution, GroupId, Problem, Quality, Scan, Timestamp, Value};
use inference::{Decided, Job, PredictionRow, Scorer, Worker, predict};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::alarm::AlarmEvent;
use super::tag_table::TagTable;
use crate::clock::Clock;
use crate::deploy::{self, HeldWorker};

/// A grid point is closed at the latest so long after it passed, even when a device is silent.
const GRACE: Duration = Duration::from_millis(250);
/// How often a silent line is noticed.
const TICK: Duration = Duration::from_millis(100);

/// Where one value of a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Its position in the scan.
    pub position: usize,
    /// Index of the place.
    pub place: usize,
    /// Index of the signal in the contract.
    pub signal: usize,
}

/// Everything one deployment's task needs.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Its name.
    pub name: String,
    /// The pure core.
    pub scorer: Scorer,
    /// The model's process, shared by deployments of the same bundle.
    pub worker: HeldWorker,
    /// Whether the loaded model was found to have the inputs and outputs of the contract.
    pub fitted: bool,
    /// Which values of which scan groups are its signals.
    pub routes: HashMap<GroupId, Vec<Route>>,
    /// Per place: the group of its predictions.
    pub outputs: Vec<GroupId>,
    /// Where predictions go.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// What is told about it.
    pub report: Arc<DeploymentReport>,
    /// Where decisions go; none in mode watch.
    pub alarms: Option<mpsc::Sender<AlarmEvent>>,
}

impl Stage {
    /// Takes one scan in: its values become samples of the signals that are mapped to them.
    pub(crate) fn push(&mut self, scan: &Scan) {
        let routes = self.routes.get(&scan.group).map_or(&[][..], Vec::as_slice);
        let value = |route: &Route| scan.values.get(route.position).and_then(Option::as_ref);
        for route in routes {
            let quality = scan.qualities.get(route.position).copied().unwrap_or(Quality::BAD);
            self.scorer.push(route.place, route.signal, scan.arrival, value(route), quality);
        }
        self.report.inputs(scan.arrival, routes.iter().filter(|route| value(route).is_some()));
    }
}

/// Runs a deployment until `stop`. `scans` brings the groups of its routes and nothing else.
pub(crate) async fn run(mut stage: Stage, mut scans: mpsc::Receiver<Arc<Scan>>, stop: CancellationToken) {
    let together = stage.scorer.period().is_some();
    let mut heard = Heard::new(&stage.routes, stage.scorer.place_count(), together);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // before the first window is due; scans wait in their queue, which holds more than loading may take
    tokio::select! {
        () = stop.cancelled() => return,
        () = stage.load() => {}
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            scan = scans.recv() => match scan {
                Some(scan) => {
                    stage.push(&scan);
                    heard.note(&scan);
                }
                None => break,
            },
            _ = tick.tick() => heard.time_passed(),
        }
        // first how far the path has come, then everything that has come: so nothing up to there is missed
        let passed = stage.table.passed(&stage.clock);
        while let Ok(scan) = scans.try_recv() {
            stage.push(&scan);
            heard.note(&scan);
        }
        let due = heard.take_watermarks(passed.minus(GRACE));
        // a call that is given up costs the process its life, nothing else: stopping never waits for a model
        tokio::select! {
            () = stop.cancelled() => break,
            () = stage.predict_due(&due) => {}
        }
    }
}

impl Stage {
    async fn predict_due(&mut self, due: &[(usize, Timestamp)]) {
        loop {
            let jobs = self.scorer.due_at(due.iter().copied());
            if jobs.is_empty() {
                return;
            }
            let jobs = self.report.still_wanted(jobs, self.clock.arrival(), self.scorer.period());
            let because = latest_because(&jobs);
            let begun = tokio::time::Instant::now();
            let rows = self.predict(jobs).await;
            let took = begun.elapsed();
            self.report.predicted(&rows, because, took, self.clock.now());
            for row in rows {
                self.publish(row);
            }
        }
    }

    /// Has the model loaded, and says what is wrong with it when it cannot be.
    async fn load(&mut self) {
        let worker = self.worker.worker();
        let mut worker = worker.lock().await;
        let loaded = self.ready(&mut worker).await;
        self.report.worker(worker.status(), worker.loaded().map(|loaded| loaded.digest.clone()));
        if let Err((_, problem)) = loaded {
            tracing::error!(deployment = self.name, %problem, "the model cannot be used");
            self.report.cannot_load_now(Some(problem));
        }
    }

    /// The process with the model in it, and the model as the contract says; else the code of why not, and the problem.
    async fn ready(&mut self, worker: &mut Worker) -> Result<(), (&'static str, Problem)> {
        if self.fitted {
            return Ok(());
        }
        let loaded = worker.ready().await.map_err(|error| (error.code(), error.problem(&self.name)))?;
        let fits = self.scorer.fit(loaded);
        fits.map_err(|problems| ("model.does-not-fit", deploy::first(problems, &self.name)))?;
        self.fitted = true;
        self.report.cannot_load_now(None);
        Ok(())
    }

    async fn predict(&mut self, jobs: Vec<Job>) -> Vec<PredictionRow> {
        let held = self.worker.worker();
        let mut worker = held.lock().await;
        let failures = worker.status().failures;
        let rows = match self.ready(&mut worker).await {
            Ok(()) => predict(&mut self.scorer, &mut *worker, jobs).await,
            Err((code, problem)) => {
                let results = vec![Err((code, problem.what)); jobs.len()];
                self.scorer.finish(jobs, &results)
            }
        };
        let status = worker.status();
        // what kills the process is kept from the deployments that share it
        if self.fitted && status.failures > failures && self.worker.is_shared() {
            self.worker.part(worker.part());
            tracing::warn!(deployment = self.name, "its model failed; it gets a process of its own");
        }
        self.report.worker(status, worker.loaded().map(|loaded| loaded.digest.clone()));
        rows
    }

    fn publish(&self, row: PredictionRow) {
        let Some(group) = self.outputs.get(row.place) else { return };
        let values = row.outputs.iter().map(|output| output.value.and_then(Value::from_f64)).collect();
        let qualities = row.outputs.iter().map(|output| output.quality).collect();
        self.table.publish(Scan { group: *group, arrival: row.end, source: None, values, qualities });
        if let (Some(decided), Some(alarms)) = (row.decided, &self.alarms) {
            self.decide(row.place, decided, alarms);
        }
    }

    fn decide(&self, place: usize, decided: Decided, alarms: &mpsc::Sender<AlarmEvent>) {
        let event = AlarmEvent { deployment: self.name.clone(), place, decided };
        if alarms.try_send(event).is_err() {
            self.report.decision_lost();
            tracing::error!(deployment = self.name, "an advisory could not be noted: the queue of alarms is full");
        }
    }
}

/// The contributions of the newest window of each place.
fn latest_because(jobs: &[Job]) -> HashMap<usize, Vec<Contribution>> {
    jobs.iter().map(|job| (job.place, job.because.clone())).collect()
}
