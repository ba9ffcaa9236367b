//! What the running deployments tell: their state in words, their prediction tags, their counters.

use std::sync::PoisonError;
use std::time::Duration;

use domain::said::model;
use domain::{PlacePath, QualityClass, Said, Timestamp};
use server::api::common::{Mark, Ne107, Reading};
use server::api::deployment::{Contribution, DeploymentLoad, Health, OutputNow, Runtime};
use server::ports::{Metric, PredictionTag};

use super::{Deploys, RunState, Running, Runs};
use crate::pipeline::prediction::{KeepingUp, PlaceNow};
use crate::pipeline::tag_table::TagTable;
use crate::ports::live::{counter, gauge, labelled};

impl Deploys {
    /// One per deployment and place.
    pub(crate) fn runtimes(&self, table: &TagTable, now: Timestamp) -> Vec<Runtime> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().flat_map(|running| running.runtimes(table, now)).collect()
    }

    /// Of one deployment.
    pub(crate) fn runtime(&self, name: &str, table: &TagTable, now: Timestamp) -> Vec<Runtime> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let of_name = running.iter().filter(|running| running.wanted.name == name);
        of_name.flat_map(|running| running.runtimes(table, now)).collect()
    }

    /// Output tags of the running deployments.
    pub(crate) fn prediction_tags(&self) -> Vec<PredictionTag> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().flat_map(|one| one.prediction_tags()).collect()
    }

    /// From the start of a deployment to its first prediction, the first of all; and the newest window's end.
    pub(crate) fn predictions_seen(&self) -> (Option<Duration>, Option<Timestamp>) {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let runs = || running.iter().filter_map(|one| one.runs());
        let first = runs().filter_map(|runs| runs.report.first_prediction()).min();
        let newest =
            runs().flat_map(|runs| runs.report.places()).filter_map(|place| place.last.map(|last| last.end)).max();
        (first, newest)
    }

    /// All predictions made since the start.
    pub(crate) fn predictions(&self) -> u64 {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().filter_map(|one| one.runs()).map(|runs| runs.report.predictions()).sum()
    }

    /// Memory of all model processes, bytes (PSS).
    pub(crate) fn worker_memory(&self) -> u64 {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let mut by_process = std::collections::HashMap::new();
        for (status, _) in running.iter().filter_map(|one| one.runs()).filter_map(|runs| runs.report.worker_now()) {
            by_process.insert(status.pid, status.memory().unwrap_or(0));
        }
        by_process.values().sum()
    }

    /// Counters per deployment.
    pub(crate) fn metrics(&self, table: &TagTable, now: Timestamp) -> Vec<Metric> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let mut metrics = Vec::new();
        for running in running.iter() {
            let Some(runs) = running.runs() else { continue };
            let report = &runs.report;
            let keeping = running.keeping_up(runs, table, now);
            let mut of = vec![
                counter("prediction_total", "Predictions made.", report.predictions()),
                counter("decision_lost_total", "Decisions that found their queue full.", keeping.decisions_lost),
                counter("window_skipped_total", "Windows that were too old when their turn came.", keeping.skipped),
            ];
            let help = "Share of the last minute spent on predictions, waiting for a shared worker included.";
            of.extend(keeping.busy.map(|share| gauge("prediction_busy_ratio", help, share)));
            if let Some((worker, _)) = report.worker_now() {
                of.push(counter("worker_restart_total", "Model processes started after the first.", worker.restarts));
                of.push(gauge(
                    "worker_memory_bytes",
                    "Memory of the model's process (PSS).",
                    worker.memory().unwrap_or(0) as f64,
                ));
            }
            metrics.extend(of.into_iter().map(|metric| labelled(metric, "deployment", &running.wanted.name)));
        }
        metrics
    }
}

impl Running {
    fn prediction_tags(&self) -> Vec<PredictionTag> {
        let Some(runs) = self.runs() else { return Vec::new() };
        let places = self.wanted.at.iter().zip(&runs.outputs);
        places
            .flat_map(|(at, outputs)| {
                outputs.iter().map(|output| PredictionTag {
                    tag: output.tag.clone(),
                    deployment: self.wanted.name.clone(),
                    place: at.place.clone(),
                    output: output.output.clone(),
                    title: output.title.clone().into(),
                    unit: output.unit.clone(),
                    range: output.range,
                })
            })
            .collect()
    }

    fn keeping_up(&self, runs: &Runs, table: &TagTable, now: Timestamp) -> KeepingUp {
        let follower = super::follower(&self.wanted.name);
        let lost = table.lost().into_iter().rev().find(|(name, _)| *name == follower).map_or(0, |(_, lost)| lost);
        runs.report.keeping_up(lost, now)
    }

    fn runtimes(&self, table: &TagTable, now: Timestamp) -> Vec<Runtime> {
        match &self.state {
            RunState::Off => self.still(Health::Off, "Switched off. The PLC keeps control.", None),
            RunState::Failed(problem) => {
                let known = Said::from(problem);
                let why = if known.is_known() { known.into() } else { problem.what.trim_end_matches('.').into() };
                let said = model::CANNOT_RUN.say([("why", why)]);
                let mark = Mark { letter: Ne107::F, words: said.words() };
                let said = server::api::common::Said::from(said);
                let mut runtimes = self.still(Health::Failed, &mark.words, Some(&mark));
                for runtime in &mut runtimes {
                    runtime.said = Some(said.clone());
                }
                runtimes
            }
            RunState::Runs(runs) => {
                let places = runs.report.places();
                let keeping = self.keeping_up(runs, table, now);
                let each = self.wanted.at.iter().zip(places).enumerate();
                each.map(|(index, (at, place))| self.running_at(index, &at.place, runs, &place, &keeping, now))
                    .collect()
            }
        }
    }

    /// The same words at every place.
    fn still(&self, health: Health, words: &str, mark: Option<&Mark>) -> Vec<Runtime> {
        let each = self.wanted.at.iter().map(|at| Runtime {
            deployment: self.wanted.name.clone(),
            place: at.place.to_string(),
            health,
            words: words.to_owned(),
            said: None,
            since_ms: None,
            condition: None,
            applicable: None,
            last_ms: None,
            inputs_age_ms: None,
            took_ms: None,
            first_prediction_ms: None,
            outputs: Vec::new(),
            contributions: Vec::new(),
            worker: if health == Health::Off { "off".to_owned() } else { "failed".to_owned() },
            loaded: None,
            load: DeploymentLoad::default(),
            mark: mark.cloned(),
        });
        each.collect()
    }

    fn running_at(
        &self,
        index: usize,
        place: &PlacePath,
        runs: &Runs,
        now_at: &PlaceNow,
        keeping: &KeepingUp,
        now: Timestamp,
    ) -> Runtime {
        let (health, words, mark) = health(now_at, runs, now);
        let (words, mark) = with_overload(words, mark, keeping);
        let late = late(now_at, runs, now);
        let last = now_at.last.as_ref();
        let worker = runs.report.worker_now();
        let condition = last.and_then(|last| last.condition).and_then(|at| runs.contract.conditions.get(at));
        let oldest = now_at.inputs.iter().flatten().min();
        Runtime {
            deployment: self.wanted.name.clone(),
            place: place.to_string(),
            health,
            words,
            said: late.map(Into::into),
            since_ms: now_at.since.map(Timestamp::millis),
            condition: condition.map(|condition| condition.title.clone().into()),
            applicable: last.map(|last| last.applicable),
            last_ms: last.map(|last| last.end.millis()),
            inputs_age_ms: oldest.map(|oldest| i64::try_from(now.since(*oldest).as_millis()).unwrap_or(i64::MAX)),
            took_ms: last.map(|_| now_at.took.as_secs_f64() * 1e3),
            first_prediction_ms: runs.report.first_prediction().and_then(|took| i64::try_from(took.as_millis()).ok()),
            outputs: outputs_at(index, runs, now_at),
            contributions: self.contributions_at(index, runs, now_at),
            worker: worker_words(worker.as_ref().map(|(status, _)| status)),
            loaded: worker.and_then(|(_, loaded)| loaded),
            load: DeploymentLoad {
                overloaded: keeping.overloaded,
                busy_percent: keeping.busy.map(|share| share * 100.0),
                skipped_windows: keeping.skipped,
                lost_scans: keeping.lost,
                lost_decisions: keeping.decisions_lost,
            },
            mark,
        }
    }

    fn contributions_at(&self, index: usize, runs: &Runs, now_at: &PlaceNow) -> Vec<Contribution> {
        let map = self.wanted.at.get(index).map(|at| &at.map);
        let each = now_at.because.iter().map(|one| {
            let signal = runs.contract.signal(&one.signal);
            Contribution {
                signal: one.signal.clone(),
                title: signal.map(|signal| signal.title.clone().into()).unwrap_or_default(),
                tag: map.and_then(|map| map.get(&one.signal)).map(ToString::to_string),
                unit: signal.and_then(|signal| signal.unit.as_ref()).map(domain::Unit::display).unwrap_or_default(),
                value: one.value,
                normal: one.normal,
                deviation: one.deviation,
            }
        });
        each.collect()
    }
}

/// Nothing has come for much longer than the trigger says.
fn late(place: &PlaceNow, runs: &Runs, now: Timestamp) -> Option<Said> {
    let age = now.since(place.last.as_ref()?.end);
    let every = matches!(runs.contract.trigger.start, bundle::contract::TriggerKind::Every { .. });
    let late = every && age > Duration::from_secs(30);
    late.then(|| model::NO_PREDICTION.say([("age_ms", Duration::from_secs(age.as_secs()).into())]))
}

fn health(place: &PlaceNow, runs: &Runs, now: Timestamp) -> (Health, String, Option<Mark>) {
    let Some(last) = &place.last else {
        if let Some(problem) = runs.report.cannot_load() {
            let words = format!("Cannot run: {}.", problem.what.trim_end_matches('.'));
            return (Health::Failed, words.clone(), Some(Mark { letter: Ne107::F, words }));
        }
        if runs.report.worker_now().is_none() {
            return (Health::Starting, "Starting: the model is being loaded.".to_owned(), None);
        }
        return (Health::Starting, "Starting: the first window is not complete yet.".to_owned(), None);
    };
    let why = last.why.as_ref();
    let text = why.map(|why| why.text.clone()).unwrap_or_default();
    if let Some(late) = late(place, runs, now) {
        let words = late.words();
        return (Health::Failed, words.clone(), Some(Mark { letter: Ne107::F, words }));
    }
    let has_value = last.outputs.iter().any(|output| output.value.is_some());
    match (has_value, last.applicable, why.map(|why| why.code)) {
        (true, _, None) => (Health::Running, running_words(runs), None),
        (true, _, Some(_)) => {
            let words = format!("{} With care: {text}", running_words(runs));
            (Health::Running, words.clone(), Some(Mark { letter: Ne107::S, words: text }))
        }
        (false, false, _) => (Health::NotApplicable, format!("Not applicable: {text}"), None),
        (false, true, Some(code)) if ["model.", "worker.", "runtime."].iter().any(|noun| code.starts_with(noun)) => {
            (Health::Failed, text.clone(), Some(Mark { letter: Ne107::F, words: text }))
        }
        (false, true, _) => (Health::NoInput, text.clone(), Some(Mark { letter: Ne107::S, words: text })),
    }
}

/// Overload is said beside whatever else is to be said, and is marked when nothing worse is.
fn with_overload(words: String, mark: Option<Mark>, keeping: &KeepingUp) -> (String, Option<Mark>) {
    if !keeping.overloaded {
        return (words, mark);
    }
    let too_much = format!(
        "It does not keep up: {} windows were skipped and {} scans lost since it started.",
        keeping.skipped, keeping.lost
    );
    let mark = mark.unwrap_or_else(|| Mark { letter: Ne107::S, words: too_much.clone() });
    (format!("{words} {too_much}"), Some(mark))
}

fn running_words(runs: &Runs) -> String {
    match &runs.contract.trigger.start {
        bundle::contract::TriggerKind::Every { period } => format!("Predicting every {period}."),
        _ => "Predicting.".to_owned(),
    }
}

fn worker_words(status: Option<&inference::WorkerStatus>) -> String {
    match status {
        None => "starting".to_owned(),
        Some(status) if status.pid.is_some() => "running".to_owned(),
        Some(status) if status.breaker_open => "resting after too many failures".to_owned(),
        Some(_) => "restarting".to_owned(),
    }
}

fn outputs_at(index: usize, runs: &Runs, now_at: &PlaceNow) -> Vec<OutputNow> {
    let (Some(last), Some(tags)) = (&now_at.last, runs.outputs.get(index)) else { return Vec::new() };
    let each = tags.iter().zip(&last.outputs).map(|(tag, predicted)| OutputNow {
        name: tag.output.clone(),
        tag: tag.tag.to_string(),
        reading: Reading {
            tag: tag.tag.to_string(),
            value: predicted.value.and_then(domain::Value::from_f64),
            quality: match predicted.quality.class() {
                QualityClass::Good => server::api::common::QualityClass::Good,
                QualityClass::Uncertain => server::api::common::QualityClass::Uncertain,
                QualityClass::Bad => server::api::common::QualityClass::Bad,
            },
            status: predicted.quality.name().to_owned(),
            stale: false,
            word: last.why.as_ref().map(|why| why.text.clone()),
            at_ms: Some(last.end.millis()),
            since_ms: now_at.since.map(Timestamp::millis),
        },
    });
    each.collect()
}
