//! The store as others see it.

use std::borrow::Borrow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::log_record::{ClockEra, Packing};
use domain::{GroupId, LinearScale, Problem, Scan, SeriesDef, SeriesId, Stream, TagPath, Timestamp};

use crate::counters::Counters;
use crate::disk::{Disk, RealDisk};
use crate::latest;
use crate::open;
use crate::samples::Samples;
use crate::snapshot::Snapshot;
use crate::types::{
    Dropped, LogSlice, OpenReport, Retained, Retention, Sealed, StoreCounters, StoreOptions, StoreStats, Synced, Trend,
};
use crate::view::{Indexes, Mark, View};
use crate::writer::Writer;
use crate::{log_read, trend};

/// What survives a power cut: the log, history, the dictionary, cursors. Cheap to clone; closed with its last clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// Everything behind a store. The writer is locked before the view, never the other way.
pub(crate) struct Inner {
    pub(crate) options: StoreOptions,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) epoch: u64,
    pub(crate) view: RwLock<View>,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) indexes: Indexes,
    pub(crate) counters: Counters,
    /// Where `read_log` of each stream ended lately.
    pub(crate) log_places: Mutex<[log_read::LogPlaces; 2]>,
    #[expect(dead_code, reason = "held as long as the store is open")]
    pub(crate) lock: Box<dyn Send + Sync>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.options.dir).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.options.dir.join("log")
    }

    pub(crate) fn day_dir(&self) -> PathBuf {
        self.options.dir.join("day")
    }

    /// A file operation that failed, in words.
    pub(crate) fn problem(&self, doing: &str, error: &io::Error) -> Problem {
        disk_problem(&self.options.dir, doing, error)
    }
}

/// A file operation that failed, in words.
pub(crate) fn disk_problem(dir: &std::path::Path, doing: &str, error: &io::Error) -> Problem {
    let place = dir.display().to_string();
    if error.kind() == io::ErrorKind::StorageFull {
        return Problem::new("disk.full", place, format!("no room on the disk while {doing}"))
            .hint("make room on this disk, or keep less history (history.max_size)");
    }
    Problem::new("store.disk-failed", place, format!("the disk failed while {doing}"))
        .why(error.to_string())
        .hint("check the disk and the permissions of this folder")
}

impl Store {
    /// Opens the store in `options.dir`, or begins one there. `now` is only used to mark the time it was not open.
    pub fn open(options: StoreOptions, now: Timestamp) -> Result<(Self, OpenReport), Problem> {
        Self::open_on(Arc::new(RealDisk), options, now)
    }

    /// The same on another disk, for tests.
    pub fn open_on(disk: Arc<dyn Disk>, options: StoreOptions, now: Timestamp) -> Result<(Self, OpenReport), Problem> {
        let (inner, report) = open::open(disk, options, now)?;
        Ok((Self { inner: Arc::new(inner) }, report))
    }

    /// The random number of this life of the store. Sequence numbers mean something only together with it.
    pub fn epoch(&self) -> u64 {
        self.inner.epoch
    }

    /// Every life of this store, the present one last: its epoch, and the numbers of its first records per stream. What has a
    /// lower number is of an earlier life.
    pub fn lives(&self) -> Vec<(u64, Synced)> {
        let first = |numbers: [u64; 2]| Synced { data: numbers[0], prediction: numbers[1] };
        self.inner.view().dictionary.lives.iter().map(|(epoch, numbers)| (*epoch, first(*numbers))).collect()
    }

    /// All of it as it is now, to be copied while the store goes on; without `history` only what another store needs to go
    /// on with these numbers in a life of its own.
    pub fn snapshot(&self, history: bool) -> Result<Snapshot, Problem> {
        self.inner.snapshot(history)
    }

    /// The number of this meaning: a new one when any field differs from what is known.
    pub fn define_series(&self, def: &SeriesDef) -> Result<SeriesId, Problem> {
        let defined = self.inner.view_mut().dictionary.define_series(def);
        defined.map_err(|error| self.inner.problem("writing the dictionary", &error))
    }

    /// The number of this ordered list of series: a new one when the list is new. An error when a series is in it twice or
    /// was never defined.
    pub fn define_group(&self, series: &[SeriesId]) -> Result<GroupId, Problem> {
        let defined = self.inner.view_mut().dictionary.define_group(series)?;
        defined.map_err(|error| self.inner.problem("writing the dictionary", &error))
    }

    /// What a number means.
    pub fn series(&self, id: SeriesId) -> Option<Arc<SeriesDef>> {
        self.inner.view().dictionary.series(id)
    }

    /// Every meaning a tag has had, the newest last.
    pub fn series_of(&self, tag: &TagPath) -> Vec<SeriesId> {
        self.inner.view().dictionary.series_of(tag)
    }

    /// Every series, in order of their numbers.
    pub fn all_series(&self) -> Vec<(SeriesId, Arc<SeriesDef>)> {
        self.inner.view().dictionary.all_series()
    }

    /// The list of a group.
    pub fn group(&self, id: GroupId) -> Option<Arc<[SeriesId]>> {
        self.inner.view().dictionary.group(id).map(|group| Arc::clone(&group.series))
    }

    /// The scales of a group's series, which its records in the log are read with.
    pub fn scales(&self, id: GroupId) -> Vec<Option<LinearScale>> {
        self.inner.view().dictionary.group(id).map(|group| group.scales.clone()).unwrap_or_default()
    }

    /// Writes these scans in one commit and syncs it. When this returns they survive a power cut; when it fails none of
    /// them counts and they may be appended again.
    pub fn append<S: Borrow<Scan>>(&self, scans: &[(Stream, S)]) -> Result<Synced, Problem> {
        let scans: Vec<(Stream, &Scan)> =
            scans.iter().map(|(stream, scan)| (*stream, Borrow::<Scan>::borrow(scan))).collect();
        self.inner.append(&scans)
    }

    /// Why this scan can never be appended, whatever the disk does.
    pub fn fits(&self, scan: &Scan) -> Result<(), Problem> {
        Inner::fits(&self.inner.view(), scan).map(drop)
    }

    /// Notes a step of the wall clock in both streams. `skipped` is the time that no scan can have arrived in, where there
    /// is one: a gap there has this reason.
    pub fn mark_era(&self, era: ClockEra, skipped: Option<(Timestamp, Timestamp)>) -> Result<Synced, Problem> {
        self.inner.mark_era(era, skipped)
    }

    /// Up to which number a stream is on the disk; 0 for nothing.
    pub fn synced_seq(&self, stream: Stream) -> u64 {
        self.inner.view().next[stream.index()] - 1
    }

    /// Of both streams.
    pub fn synced(&self) -> Synced {
        let next = self.inner.view().next;
        Synced { data: next[0] - 1, prediction: next[1] - 1 }
    }

    /// Turns the tails of at most `budget` groups that are due into chunks, oldest first, and trims the log. To be called
    /// about once a second with a small budget, so that the work is spread.
    pub fn seal_due(&self, now: Timestamp, budget: usize) -> Result<Sealed, Problem> {
        self.inner.seal(now, budget, false)
    }

    /// Seals everything, due or not.
    pub fn seal_all(&self, now: Timestamp) -> Result<Sealed, Problem> {
        self.inner.seal(now, usize::MAX, true)
    }

    /// Drops the oldest days that are too old or too much.
    pub fn retain(&self, now: Timestamp, policy: &Retention) -> Result<Retained, Problem> {
        self.inner.retain(now, policy)
    }

    /// A series over `[from, to)` in at most `buckets` equal buckets counted from `from`. Where a bucket covers a whole
    /// chunk, only the chunk's directory is read.
    pub fn trend(&self, series: SeriesId, from: Timestamp, to: Timestamp, buckets: u32) -> Result<Trend, Problem> {
        trend::trend(&self.inner, series, from, to, buckets)
    }

    /// All samples of these series in `[from, to)`, in order of arrival, then group. Scans of one group with the same
    /// arrival come in the order they were appended. Memory stays bounded however long the range is.
    pub fn samples(&self, series: &[SeriesId], from: Timestamp, to: Timestamp) -> Samples {
        Samples::new(Arc::clone(&self.inner), series, from, to)
    }

    /// The last sample of a series that arrived at or before `t`, with or without value.
    pub fn latest_before(&self, series: SeriesId, t: Timestamp) -> Result<Option<domain::Sample>, Problem> {
        latest::latest_before(&self.inner, series, t)
    }

    /// Records of a stream from `from_seq` on, at least one if there is one, else at most `max_bytes`. Only what is synced. Records of an earlier
    /// life carry its epoch.
    pub fn read_log(&self, stream: Stream, from_seq: u64, max_bytes: usize) -> Result<LogSlice, Problem> {
        log_read::read_log(&self.inner, stream, from_seq, max_bytes)
    }

    /// Packings that scans of a stream up to this number may need and that were told in the same file of the log, in the order of
    /// their telling: for whoever begins to read there. Every packing is told in each file that uses it.
    pub fn packings_for(&self, stream: Stream, seq: u64) -> Result<Vec<Packing>, Problem> {
        log_read::packings_for(&self.inner, stream, seq)
    }

    /// Records that were dropped before every cursor had read them, oldest first, at most a few dozen ranges: newer ones only when
    /// there were more.
    pub fn dropped(&self, stream: Stream) -> Vec<Dropped> {
        self.inner.view().dropped[stream.index()].clone()
    }

    /// How far a reader of the log has come. A registered cursor keeps the log from being trimmed behind it.
    pub fn cursor(&self, name: &str, stream: Stream) -> Option<u64> {
        self.inner.view().cursors.get(&(name.to_owned(), stream)).copied()
    }

    /// Registers or moves a cursor: everything up to `seq` is not needed any more. None removes it. After a power cut it
    /// may be older than what was set last.
    pub fn set_cursor(&self, name: &str, stream: Stream, seq: Option<u64>) -> Result<(), Problem> {
        self.inner.set_cursor(name, stream, seq)
    }

    /// Known reasons for holes in history, oldest first.
    pub fn marks(&self) -> Vec<Mark> {
        self.inner.view().marks.clone()
    }

    /// How much is where. `policy` is for the days that are left.
    pub fn stats(&self, policy: &Retention) -> Result<StoreStats, Problem> {
        self.inner.stats(policy)
    }

    /// What was counted since the store was opened.
    pub fn counters(&self) -> StoreCounters {
        self.inner.counters.get()
    }
}
