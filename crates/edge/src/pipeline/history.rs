//! Keeps every scan: what came within a second is one synced commit. Beside it the sealer and retention, a little at a
//! time. A disk that is slow or full costs history, never acquisition: the queue is bounded and counts what it drops.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use config::site::SiteConfig;
use domain::{GroupId, Problem, Scan};
use server::ports::Metric;
use store::{Store, Stream, Synced};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ports::live::{counter, gauge};

/// Scans waiting for their commit: enough for a disk that hangs some seconds under 10,000 scans a second.
pub(crate) const QUEUE: usize = 65_536;
/// One commit a second.
const COMMIT: Duration = Duration::from_secs(1);
/// Groups sealed at most per second, so that the work is spread.
const SEAL: usize = 4;
/// The counter of damaged places, as `/metrics` names it.
const DAMAGED: &str = "history_damaged_total";
/// How often old history is looked for.
const RETAIN_EVERY: u32 = 60;

/// What is told about the log.
#[derive(Debug, Default)]
pub(crate) struct HistoryReport {
    synced: Mutex<BTreeMap<&'static str, u64>>,
    scans: AtomicU64,
    refused: AtomicU64,
    commit_us: AtomicU64,
    problem: Mutex<Option<Problem>>,
    counters: Mutex<Vec<(&'static str, u64)>>,
}

/// Which groups are predictions; all others are data.
pub(crate) type Predictions = Arc<RwLock<HashSet<GroupId>>>;

/// Asks the stage to commit now instead of at the end of the second. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Flush(mpsc::Sender<oneshot::Sender<()>>);

/// What a [`Flush`] asks for.
pub(crate) type FlushRequests = mpsc::Receiver<oneshot::Sender<()>>;

/// The asking end and the stage's end.
pub(crate) fn flush() -> (Flush, FlushRequests) {
    let (sender, receiver) = mpsc::channel(16);
    (Flush(sender), receiver)
}

impl Flush {
    /// Returns when everything published before is kept, or was refused; at once when the stage has ended.
    pub(crate) async fn now(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.send(done).await.is_ok() {
            let _ended = wait.await;
        }
    }
}

/// Everything the stage needs.
pub(crate) struct History {
    /// Where scans are kept.
    pub store: Arc<Store>,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// Which groups go into the stream `prediction`.
    pub predictions: Predictions,
    /// What is told.
    pub report: Arc<HistoryReport>,
    /// The configuration, which says how much is kept.
    pub site: watch::Receiver<Arc<SiteConfig>>,
    /// The clock's era up to which steps are noted in the log; a run of the program begins with the first.
    pub era: AtomicU32,
}

/// Runs until `stop`, and then commits what is left.
pub(crate) async fn run(
    history: History,
    mut scans: mpsc::Receiver<Arc<Scan>>,
    mut flushes: FlushRequests,
    stop: CancellationToken,
) {
    let history = Arc::new(history);
    let mut tick = tokio::time::interval(COMMIT);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seconds: u32 = 0;
    loop {
        let mut asked = None;
        let work = tokio::select! {
            () = stop.cancelled() => Work::Commit,
            Some(done) = flushes.recv() => {
                asked = Some(done);
                Work::Commit
            }
            _ = tick.tick() => {
                seconds = seconds.wrapping_add(1);
                if seconds.is_multiple_of(RETAIN_EVERY) { Work::Retain } else { Work::Second }
            }
        };
        let mut batch = Vec::new();
        while let Ok(scan) = scans.try_recv() {
            batch.push(scan);
        }
        let working = Arc::clone(&history);
        let done = tokio::task::spawn_blocking(move || working.work(&batch, work)).await;
        if let Err(error) = done {
            tracing::error!(%error, "the history stage failed for one second");
        }
        if let Some(done) = asked {
            let _gone = done.send(());
        } else if stop.is_cancelled() {
            break;
        }
    }
}

/// What is done besides the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Nothing.
    Commit,
    /// A little sealing.
    Second,
    /// Sealing, and what is too old or too much goes.
    Retain,
}

impl History {
    /// The commit first, then a little sealing, now and then retention.
    fn work(&self, batch: &[Arc<Scan>], work: Work) {
        self.commit_eras(batch);
        if work == Work::Commit {
            return;
        }
        let now = self.clock.now();
        if let Err(problem) = self.store.seal_due(now, SEAL) {
            self.report.trouble(problem);
        }
        if work == Work::Retain {
            let settings = self.site.borrow().history;
            let policy = store::Retention { keep: settings.keep.get(), max_bytes: settings.max_size.get() };
            if let Err(problem) = self.store.retain(now, &policy) {
                self.report.trouble(problem);
            }
        }
        *lock(&self.report.counters) = counted(self.store.counters());
    }

    /// The batch, with each step of the clock noted between the scans before and behind it.
    fn commit_eras(&self, batch: &[Arc<Scan>]) {
        if !self.site.borrow().history.on {
            self.era.store(self.clock.era(), Ordering::Relaxed);
            return;
        }
        let mut rest = batch;
        for step in self.clock.steps_after(self.era.load(Ordering::Relaxed)) {
            // the time of the path never goes back, and a device's scan may come a little late
            let behind = rest.iter().position(|scan| scan.arrival >= step.path.1.truncated_to_millis());
            let (before, after) = rest.split_at(behind.unwrap_or(rest.len()));
            self.commit(before);
            rest = after;
            let (from, to) = step.path;
            match self.store.mark_era(step.era, (from < to).then_some((from, to))) {
                Ok(now) => {
                    self.report.note(now);
                    self.era.store(step.number, Ordering::Relaxed);
                }
                Err(problem) => {
                    self.report.trouble(problem);
                    break; // noted with the next commit that succeeds
                }
            }
        }
        self.commit(rest);
    }

    fn commit(&self, batch: &[Arc<Scan>]) {
        if batch.is_empty() {
            return;
        }
        let predictions = self.predictions.read().unwrap_or_else(PoisonError::into_inner);
        let stream = |scan: &Scan| if predictions.contains(&scan.group) { Stream::Prediction } else { Stream::Data };
        let records: Vec<(Stream, &Scan)> = batch.iter().map(|scan| (stream(scan), scan.as_ref())).collect();
        let begun = tokio::time::Instant::now();
        match self.store.append(&records) {
            Ok(now) => {
                self.report.scans.fetch_add(records.len() as u64, Ordering::Relaxed);
                self.report.note(now);
                *lock(&self.report.problem) = None;
            }
            Err(problem) => {
                self.report.refused.fetch_add(records.len() as u64, Ordering::Relaxed);
                self.report.trouble(problem);
            }
        }
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.report.commit_us.store(took, Ordering::Relaxed);
    }
}

impl HistoryReport {
    /// What is on disk at the start is acknowledged before anything new is.
    pub(crate) fn of(store: &Store) -> Self {
        let report = Self::default();
        report.note(store.synced());
        report
    }

    fn note(&self, now: Synced) {
        let mut synced = lock(&self.synced);
        synced.insert(Stream::Data.name(), now.data);
        synced.insert(Stream::Prediction.name(), now.prediction);
    }

    fn trouble(&self, problem: Problem) {
        let mut now = lock(&self.problem);
        if now.as_ref() != Some(&problem) {
            tracing::error!(%problem, "history is not kept");
            *now = Some(problem);
        }
    }

    /// Everything up to here is on disk, per stream.
    pub(crate) fn synced(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.synced).clone()
    }

    /// What is wrong with the log now.
    pub(crate) fn problem(&self) -> Option<Problem> {
        lock(&self.problem).clone()
    }

    /// Places on the disk that are not as they were written, found since the start.
    pub(crate) fn damaged(&self) -> u64 {
        lock(&self.counters).iter().find(|(name, _)| *name == DAMAGED).map_or(0, |(_, count)| *count)
    }

    /// For `/metrics`.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let took = self.commit_us.load(Ordering::Relaxed);
        let mut metrics = vec![
            counter("log_scans_total", "Scans kept in the log.", self.scans.load(Ordering::Relaxed)),
            counter("log_refused_total", "Scans the log could not keep.", self.refused.load(Ordering::Relaxed)),
            gauge("log_commit_seconds", "Duration of the last synced commit.", took as f64 / 1e6),
        ];
        metrics.extend(lock(&self.counters).iter().map(|(name, value)| counter(name, "Counted by the log.", *value)));
        metrics
    }
}

fn counted(counters: store::StoreCounters) -> Vec<(&'static str, u64)> {
    vec![
        ("log_commits_total", counters.commits),
        ("log_samples_total", counters.samples),
        ("log_bytes_total", counters.log_bytes),
        ("history_chunks_total", counters.chunks),
        ("history_overlay_chunks_total", counters.overlay_chunks),
        ("history_bytes_total", counters.chunk_bytes),
        (DAMAGED, counters.damaged),
        ("history_days_dropped_total", counters.days_dropped),
        ("log_records_dropped_total", counters.records_dropped),
        ("log_appends_refused_total", counters.appends_refused),
        ("log_write_failures_total", counters.write_failures),
    ]
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use domain::log_record::{LogBody, Meanings, parse};
    use domain::{Quality, SeriesDef, Value, ValueType};
    use store::{GapReason, StoreOptions};

    use super::*;

    fn kept(store: &Store) -> Vec<LogBody> {
        let slice = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
        let (mut bytes, mut meanings, mut bodies) = (&slice.bytes[..], Meanings::default(), Vec::new());
        while !bytes.is_empty() {
            let record = parse(bytes).unwrap();
            bodies.push(meanings.read(&record).unwrap());
            bytes = &bytes[record.bytes.len()..];
        }
        bodies
    }

    #[test]
    fn a_step_of_the_clock_is_noted_once_between_the_scans_before_and_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let hour = Duration::from_hours(1);
        let clock = Arc::new(Clock::behind(hour));
        let now = clock.now();
        let options = StoreOptions { reserve: 0, ballast: 0, ..StoreOptions::new(dir.path(), 7) };
        let store = Arc::new(Store::open(options, now.minus(hour)).unwrap().0);
        let def =
            SeriesDef { tag: "a/b".parse().unwrap(), value_type: ValueType::F64, unit: String::new(), scale: None };
        let series = store.define_series(&def).unwrap();
        let group = store.define_group(&[series]).unwrap();
        let scan = |arrival: domain::Timestamp| {
            let values = vec![Value::from_f64(1.0)];
            Arc::new(Scan { group, arrival, source: None, values, qualities: vec![Quality::GOOD] })
        };
        let history = History {
            store: Arc::clone(&store),
            clock,
            predictions: Predictions::default(),
            report: Arc::new(HistoryReport::of(&store)),
            site: watch::channel(Arc::new(SiteConfig::new("a"))).1,
            era: AtomicU32::new(1),
        };
        let seconds = |from: domain::Timestamp| -> Vec<_> {
            (0..10).map(|second| from.plus(Duration::from_secs(second)).truncated_to_millis()).collect()
        };
        let (before, behind) = (seconds(now.minus(hour + Duration::from_secs(10))), seconds(now));
        let batch: Vec<_> = before.iter().chain(&behind).map(|arrival| scan(*arrival)).collect();
        history.work(&batch, Work::Commit);
        history.work(&[], Work::Commit);
        let kept = kept(&store);
        let arrivals = |bodies: &[LogBody]| -> Vec<_> {
            bodies
                .iter()
                .filter_map(|body| if let LogBody::Scan(scan) = body { Some(scan.arrival) } else { None })
                .collect()
        };
        let eras: Vec<usize> = kept
            .iter()
            .enumerate()
            .filter(|(_, body)| matches!(body, LogBody::Era(_)))
            .map(|(place, _)| place)
            .collect();
        assert_eq!(eras.len(), 1, "{kept:?}");
        assert_eq!((arrivals(&kept[..eras[0]]), arrivals(&kept[eras[0]..])), (before.clone(), behind.clone()));
        let gaps = store.trend(series, before[0], behind[9].plus(Duration::from_secs(1)), 10).unwrap().gaps;
        assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [Some(GapReason::ClockStep)]);
    }
}
