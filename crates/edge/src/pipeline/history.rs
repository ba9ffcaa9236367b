//! Keeps every scan: what came within a second is one synced commit. Beside it the sealer and retention, a little at a
//! time. A commit that fails is tried again with all that has come since. A disk that stays slow or full costs history,
//! never acquisition: what waits is bounded, and what finds no room is counted.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use config::site::SiteConfig;
use domain::{GroupId, Problem, Quality, Scan, Value};
use server::ports::Metric;
use store::{Store, Stream, Synced};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ports::live::{counter, gauge};

/// Scans waiting for their commit: enough for a disk that hangs some seconds under 10,000 scans a second.
pub(crate) const QUEUE: usize = 65_536;
/// Bytes of scans that wait because their commit failed, about: 40 s of 20,000 tags a second. A gap has one beginning: the
/// first scans wait, and later ones are dropped until those are kept.
const WAITING: usize = 32 << 20;
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
    committed: watch::Sender<Synced>,
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
    /// Returns when everything published before is kept, or can't be now; at once when the stage has ended.
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
    let mut waiting = Waiting::default();
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
        while let Ok(scan) = scans.try_recv() {
            history.report.refused(u64::from(!waiting.take(scan)));
        }
        let (working, taken) = (Arc::clone(&history), waiting.scans.len() as u64);
        let done = tokio::task::spawn_blocking(move || {
            working.work(&mut waiting, work);
            waiting
        });
        waiting = done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the history stage failed for one second");
            history.report.refused(taken);
            Waiting::default()
        });
        if let Some(done) = asked {
            let _gone = done.send(());
        } else if stop.is_cancelled() {
            break;
        }
    }
    history.report.refused(waiting.scans.len() as u64);
}

/// Scans that are not in the log yet, in order.
#[derive(Debug, Default)]
struct Waiting {
    scans: Vec<Arc<Scan>>,
    /// Bytes of those whose commit failed and of what came since; 0 when nothing waits from before.
    bytes: usize,
    full: bool,
}

impl Waiting {
    /// False when there is no room for it. What comes within a second of the last commit always has room: the queue bounds it.
    fn take(&mut self, scan: Arc<Scan>) -> bool {
        if self.bytes > 0 {
            let bytes = self.bytes + bytes(&scan);
            self.full |= bytes > WAITING;
            if self.full {
                return false;
            }
            self.bytes = bytes;
        }
        self.scans.push(scan);
        true
    }

    /// The first `done` are kept. Of the others, those that don't fit what the log knows of their group can't ever be: gives
    /// how many.
    fn kept(&mut self, done: usize, store: &Store) -> u64 {
        self.scans.drain(..done);
        let before = self.scans.len();
        self.scans.retain(|scan| store.fits(scan).is_ok());
        self.bytes = self.scans.iter().map(|scan| bytes(scan)).sum();
        self.full &= !self.scans.is_empty();
        (before - self.scans.len()) as u64
    }
}

fn bytes(scan: &Scan) -> usize {
    let text = |value: &Option<Value>| if let Some(Value::Text(text)) = value { text.as_str().len() } else { 0 };
    let sample = size_of::<Option<Value>>() + size_of::<Quality>();
    size_of::<Scan>() + scan.values.len() * sample + scan.values.iter().map(text).sum::<usize>()
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
    fn work(&self, waiting: &mut Waiting, work: Work) {
        let done = self.commit_eras(&waiting.scans);
        self.report.refused(waiting.kept(done, &self.store));
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

    /// The batch, with each step of the clock noted between the scans before and behind it. Gives how many scans from the
    /// front are kept; the others are to come again.
    fn commit_eras(&self, batch: &[Arc<Scan>]) -> usize {
        if !self.site.borrow().history.on {
            self.era.store(self.clock.era(), Ordering::Relaxed);
            return batch.len();
        }
        let mut rest = batch;
        for step in self.clock.steps_after(self.era.load(Ordering::Relaxed)) {
            // the time of the path never goes back, and a device's scan may come a little late
            let behind = rest.iter().position(|scan| scan.arrival >= step.path.1.truncated_to_millis());
            let (before, after) = rest.split_at(behind.unwrap_or(rest.len()));
            if !self.commit(before) {
                return batch.len() - rest.len();
            }
            rest = after;
            let (from, to) = step.path;
            match self.store.mark_era(step.era, (from < to).then_some((from, to))) {
                Ok(now) => {
                    self.report.note(now);
                    self.era.store(step.number, Ordering::Relaxed);
                }
                Err(problem) => {
                    self.report.trouble(problem);
                    return batch.len() - rest.len();
                }
            }
        }
        if self.commit(rest) { batch.len() } else { batch.len() - rest.len() }
    }

    /// All of it in one commit, or nothing.
    fn commit(&self, batch: &[Arc<Scan>]) -> bool {
        if batch.is_empty() {
            return true;
        }
        let predictions = self.predictions.read().unwrap_or_else(PoisonError::into_inner);
        let stream = |scan: &Scan| if predictions.contains(&scan.group) { Stream::Prediction } else { Stream::Data };
        let records: Vec<(Stream, &Scan)> = batch.iter().map(|scan| (stream(scan), scan.as_ref())).collect();
        let begun = tokio::time::Instant::now();
        let appended = self.store.append(&records);
        let kept = appended.is_ok();
        match appended {
            Ok(now) => {
                self.report.scans.fetch_add(records.len() as u64, Ordering::Relaxed);
                self.report.note(now);
                *lock(&self.report.problem) = None;
            }
            Err(problem) => self.report.trouble(problem),
        }
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.report.commit_us.store(took, Ordering::Relaxed);
        kept
    }
}

impl HistoryReport {
    /// What is on disk at the start is acknowledged before anything new is.
    pub(crate) fn of(store: &Store) -> Self {
        let report = Self::default();
        report.note(store.synced());
        report
    }

    fn refused(&self, scans: u64) {
        self.refused.fetch_add(scans, Ordering::Relaxed);
    }

    fn note(&self, now: Synced) {
        let mut synced = lock(&self.synced);
        synced.insert(Stream::Data.name(), now.data);
        synced.insert(Stream::Prediction.name(), now.prediction);
        self.committed.send_replace(now);
    }

    fn trouble(&self, problem: Problem) {
        let mut now = lock(&self.problem);
        if now.as_ref() != Some(&problem) {
            tracing::error!(%problem, "history is not kept");
            *now = Some(problem);
        }
    }

    /// Changes with every commit.
    pub(crate) fn committed(&self) -> watch::Receiver<Synced> {
        self.committed.subscribe()
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
    use domain::{SeriesDef, Timestamp, ValueType};
    use std::io;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;
    use store::disk::{Disk, DiskFile, RealDisk};
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

    fn arrivals(bodies: &[LogBody]) -> Vec<Timestamp> {
        let arrival = |body: &LogBody| if let LogBody::Scan(scan) = body { Some(scan.arrival) } else { None };
        bodies.iter().filter_map(arrival).collect()
    }

    /// The disk of this machine, which is full when we say so.
    #[derive(Debug, Default)]
    struct Tank(AtomicBool);

    impl Disk for Tank {
        fn free(&self, _: &Path) -> io::Result<u64> {
            Ok(if self.0.load(Ordering::Relaxed) { 0 } else { u64::MAX })
        }

        fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn DiskFile>> {
            RealDisk.open(path, create)
        }

        fn create_dir(&self, path: &Path) -> io::Result<()> {
            RealDisk.create_dir(path)
        }

        fn list(&self, path: &Path) -> io::Result<Vec<String>> {
            RealDisk.list(path)
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            RealDisk.rename(from, to)
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            RealDisk.remove(path)
        }

        fn sync_dir(&self, path: &Path) -> io::Result<()> {
            RealDisk.sync_dir(path)
        }

        fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
            RealDisk.lock(path)
        }
    }

    /// A stage whose log knows one group of one series.
    fn history(dir: &Path, clock: Clock, disk: Arc<Tank>) -> History {
        let options = StoreOptions { ballast: 0, ..StoreOptions::new(dir, 7) };
        let store = Arc::new(Store::open_on(disk, options, clock.now().minus(Duration::from_hours(1))).unwrap().0);
        let def =
            SeriesDef { tag: "a/b".parse().unwrap(), value_type: ValueType::F64, unit: String::new(), scale: None };
        store.define_group(&[store.define_series(&def).unwrap()]).unwrap();
        History {
            report: Arc::new(HistoryReport::of(&store)),
            store,
            clock: Arc::new(clock),
            predictions: Predictions::default(),
            site: watch::channel(Arc::new(SiteConfig::new("a"))).1,
            era: AtomicU32::new(1),
        }
    }

    fn scan(arrival: Timestamp, width: usize) -> Arc<Scan> {
        let values = vec![Value::from_f64(1.0); width];
        Arc::new(Scan { group: GroupId(1), arrival, source: None, values, qualities: vec![Quality::GOOD; width] })
    }

    #[test]
    fn what_a_full_disk_refused_is_kept_once_and_in_order_when_there_is_room_again() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Tank::default());
        let history = history(dir.path(), Clock::start(), Arc::clone(&disk));
        let begin = history.clock.now().truncated_to_millis();
        let seconds: Vec<_> = (0..10).map(|second| begin.plus(Duration::from_secs(second))).collect();
        let mut waiting = Waiting::default();
        for (second, arrival) in seconds.iter().enumerate() {
            disk.0.store((3..7).contains(&second), Ordering::Relaxed);
            assert!(waiting.take(scan(*arrival, 1)));
            history.work(&mut waiting, Work::Second);
            assert_eq!(history.report.problem().is_some(), (3..7).contains(&second));
        }
        assert_eq!(arrivals(&kept(&history.store)), seconds);
        assert_eq!((waiting.scans.len(), history.report.refused.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn what_waits_is_bounded_and_a_scan_that_never_fits_holds_up_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Tank::default());
        let history = history(dir.path(), Clock::start(), Arc::clone(&disk));
        let begin = history.clock.now().truncated_to_millis();
        let mut waiting = Waiting::default();
        disk.0.store(true, Ordering::Relaxed);
        waiting.take(scan(begin, 1));
        waiting.take(scan(begin, 2));
        history.work(&mut waiting, Work::Second);
        assert_eq!((waiting.scans.len(), history.report.refused.load(Ordering::Relaxed)), (1, 1));
        let mut later = (1..).map(|milli| begin.plus(Duration::from_millis(milli)));
        let took = later.by_ref().take_while(|arrival| waiting.take(scan(*arrival, 1))).count();
        assert!(waiting.bytes <= WAITING && (100_000..1_000_000).contains(&took), "{took}");
        disk.0.store(false, Ordering::Relaxed);
        history.work(&mut waiting, Work::Second);
        assert_eq!(history.report.scans.load(Ordering::Relaxed), took as u64 + 1);
        assert!(waiting.take(scan(later.next().unwrap(), 1)));
    }

    #[test]
    fn a_step_of_the_clock_is_noted_once_between_the_scans_before_and_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let hour = Duration::from_hours(1);
        let history = history(dir.path(), Clock::behind(hour), Arc::default());
        let (now, store) = (history.clock.now(), Arc::clone(&history.store));
        let scan = |arrival| scan(arrival, 1);
        let seconds = |from: domain::Timestamp| -> Vec<_> {
            (0..10).map(|second| from.plus(Duration::from_secs(second)).truncated_to_millis()).collect()
        };
        let (before, behind) = (seconds(now.minus(hour + Duration::from_secs(10))), seconds(now));
        let batch: Vec<_> = before.iter().chain(&behind).map(|arrival| scan(*arrival)).collect();
        let mut waiting = Waiting { scans: batch, ..Waiting::default() };
        history.work(&mut waiting, Work::Commit);
        history.work(&mut waiting, Work::Commit);
        let kept = kept(&store);
        let eras: Vec<usize> = kept
            .iter()
            .enumerate()
            .filter(|(_, body)| matches!(body, LogBody::Era(_)))
            .map(|(place, _)| place)
            .collect();
        assert_eq!(eras.len(), 1, "{kept:?}");
        assert_eq!((arrivals(&kept[..eras[0]]), arrivals(&kept[eras[0]..])), (before.clone(), behind.clone()));
        let gaps =
            store.trend(domain::SeriesId(1), before[0], behind[9].plus(Duration::from_secs(1)), 10).unwrap().gaps;
        assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [Some(GapReason::ClockStep)]);
    }
}
