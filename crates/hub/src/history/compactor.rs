//! Moves staged parcels into files, a slice of one edge at a time, and keeps the number of files of a day small.
//!
//! The steps of a slice: read the parcels, sort their samples, put the files, then in one transaction name the files in the
//! manifest and let the parcels go. Whatever happens between two steps, each sample is in a parcel or in a file of the manifest;
//! a file that was put and never named is an orphan, and swept after a day.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{Id, Timestamp};
use server::ports::Clock;
use state::{MovedParcel, SampleFile, SampleGap, SampleRange, SampleSwap, State};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::HistoryError;
use super::counters::Counters;
use super::day::Day;
use super::file::{File, Rows, Writer, Written};
use super::merge::{Merge, sort};
use super::objects::Objects;
use super::row::{Row, Wanted};
use super::staged::{Read, Staged};
use super::unpack::Mark;

/// How often it looks whether something is due.
const LOOK: Duration = Duration::from_secs(10);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_mins(1);
/// How often it looks for orphans.
const SWEEP: Duration = Duration::from_hours(1);

/// How much at a time, and when.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rows of a slice, about 100 bytes each in memory.
    pub rows: usize,
    /// Staged bytes of an edge from which on a slice is due.
    pub bytes: u64,
    /// How long a parcel stays staged at most.
    pub oldest: Duration,
    /// Files of a day above which the smaller ones become one.
    pub files: usize,
    /// Rows above which a file is left as it is.
    pub file_rows: u64,
    /// How long an object without a manifest row stays.
    pub orphan: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 1 << 19,
            bytes: 8 << 20,
            oldest: Duration::from_mins(10),
            files: 8,
            file_rows: 1 << 24,
            orphan: Duration::from_hours(24),
        }
    }
}

/// See the module.
#[derive(Clone)]
pub struct Compactor {
    state: State,
    objects: Objects,
    /// Where files are written before they are put.
    folder: PathBuf,
    limits: Limits,
    counters: Arc<Counters>,
}

/// What was read of the staged parcels of one edge.
#[derive(Debug)]
pub(super) struct Slice {
    edge: Id,
    rows: Vec<Row>,
    gaps: Vec<Mark>,
    parcels: Vec<MovedParcel>,
    /// Parcels with records that cannot be read, as they came.
    unreadable: Vec<Vec<u8>>,
}

impl Compactor {
    /// Nothing runs until [`Compactor::run`] is called. `folder` must be there and have room for one file.
    pub fn new(state: State, objects: Objects, folder: PathBuf, limits: Limits) -> Self {
        Self { state, objects, folder, limits, counters: Arc::default() }
    }

    /// What was done so far.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Works until it is told to stop, half of the time at most, so that intake always finds a free core and database.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let mut sweep_at = clock.now();
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            let began = Instant::now();
            let work = async {
                let now = clock.now();
                if now >= sweep_at {
                    sweep_at = now.plus(SWEEP);
                    self.sweep(now).await?;
                }
                self.step(now).await
            };
            // to be stopped between two steps is what everything here is made for
            let done = tokio::select! {
                () = stop.cancelled() => return,
                done = work => done,
            };
            let worked = began.elapsed();
            self.counters.worked(worked);
            pause = match done {
                Ok(true) => worked,
                Ok(false) => LOOK,
                Err(error) => {
                    let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, why, "Samples were not moved into files; they stay where they are.");
                    self.counters.failed();
                    AFTER_FAILURE
                }
            };
        }
    }

    /// Moves what is due at this time, one slice of one edge, and merges one day. False when there was neither.
    pub async fn step(&self, now: Timestamp) -> Result<bool, HistoryError> {
        let waiting = self.state.staged_samples().await?;
        self.counters.waiting(&waiting);
        let is_due =
            |of: &&state::StagedSamples| of.bytes >= self.limits.bytes || now.since(of.oldest) >= self.limits.oldest;
        let mut done = false;
        if let Some(due) = waiting.iter().filter(is_due).min_by_key(|of| of.oldest) {
            done |= self.compact(due.edge).await?;
        }
        // also when slices are always due, or a busy hub would gather small files without end
        if let Some((edge, day)) = self.state.crowded_days(self.limits.files, self.limits.file_rows).await?.first() {
            done |= self.merge(*edge, Day(*day)).await?;
        }
        Ok(done)
    }

    /// Moves one slice of this edge, due or not. False when nothing was staged, or somebody else moved it.
    pub async fn compact(&self, edge: Id) -> Result<bool, HistoryError> {
        let Some(slice) = self.read(edge).await? else { return Ok(false) };
        let swap = self.put(slice).await?;
        self.swap(&swap).await
    }

    /// The next slice of an edge; none when nothing is staged.
    pub(super) async fn read(&self, edge: Id) -> Result<Option<Slice>, HistoryError> {
        let mut staged = Staged::new(self.state.clone(), edge, Wanted::ALL);
        while staged.rows() < self.limits.rows && staged.more().await? {}
        let Read { rows, marks, parcels, unreadable } = staged.finish();
        let is_some = !parcels.is_empty();
        Ok(is_some.then(|| Slice { edge, rows, gaps: marks, parcels: moved(parcels), unreadable }))
    }

    /// Writes a slice into files, one for each day, and puts them.
    pub(super) async fn put(&self, slice: Slice) -> Result<SampleSwap, HistoryError> {
        let Slice { edge, rows, gaps, parcels, unreadable } = slice;
        for parcel in unreadable {
            let object = self.objects.put_unreadable(edge, parcel).await?;
            tracing::error!(%edge, %object, "A parcel holds records that cannot be read; it is kept as it came.");
            self.counters.unreadable();
        }
        let mut days: BTreeMap<Day, Vec<Row>> = BTreeMap::new();
        for row in rows {
            days.entry(Day::of(row.arrival)).or_default().push(row);
        }
        let mut files = Vec::with_capacity(days.len());
        for (day, mut rows) in days {
            let ranges = ranges_of(&rows);
            let write = move |writer: &mut Writer<_>| {
                sort(&mut rows);
                rows.into_iter().try_for_each(|row| writer.push(row))
            };
            files.push(self.put_file(edge, day, ranges, write).await?);
        }
        let gap = |mark: Mark| SampleGap { from: mark.from, to: mark.to, reason: mark.reason.name().to_owned() };
        let gaps = gaps.into_iter().map(gap).collect();
        Ok(SampleSwap { edge, parcels, files, replaced: Vec::new(), gaps })
    }

    /// Names the files in the manifest and lets go what they stand for. False when that is not there any more.
    pub(super) async fn swap(&self, swap: &SampleSwap) -> Result<bool, HistoryError> {
        Ok(self.state.swap_samples(swap).await?)
    }

    /// Makes one file of the smaller files of a day. False when there are not two that may become one.
    pub async fn merge(&self, edge: Id, day: Day) -> Result<bool, HistoryError> {
        let files = self.state.sample_files(edge, day.0, day.0).await?;
        let chosen = chosen(files, self.limits.file_rows);
        if chosen.len() < 2 {
            return Ok(false);
        }
        let swap = self.put_merged(edge, day, &chosen).await?;
        self.swap(&swap).await
    }

    pub(super) async fn put_merged(
        &self,
        edge: Id,
        day: Day,
        files: &[SampleFile],
    ) -> Result<SampleSwap, HistoryError> {
        let ranges = joined(files.iter().flat_map(|file| file.ranges.iter().cloned()).collect());
        let opened = files.iter().map(|file| self.objects.open(&file.object, file.bytes)).collect::<Vec<_>>();
        let write = move |writer: &mut Writer<_>| {
            let mut sources = Vec::with_capacity(opened.len());
            for object in opened {
                sources.push(Rows::of(Arc::new(File::open(object)?), Wanted::ALL));
            }
            Merge::new(sources)?.try_for_each(|row| writer.push(row?))
        };
        let file = self.put_file(edge, day, ranges, write).await?;
        // a file whose content is that of one of them is that one
        let replaced = files.iter().map(|file| file.object.clone()).filter(|object| *object != file.object).collect();
        Ok(SampleSwap { edge, parcels: Vec::new(), files: vec![file], replaced, gaps: Vec::new() })
    }

    /// Writes one file beside and puts it.
    async fn put_file<F>(
        &self,
        edge: Id,
        day: Day,
        ranges: Vec<SampleRange>,
        write: F,
    ) -> Result<SampleFile, HistoryError>
    where
        F: FnOnce(&mut Writer<std::io::BufWriter<std::fs::File>>) -> Result<(), parquet::errors::ParquetError>
            + Send
            + 'static,
    {
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || {
            let file = std::io::BufWriter::new(tempfile::tempfile_in(folder).map_err(HistoryError::Scratch)?);
            let mut writer = Writer::new(file, edge, day)?;
            write(&mut writer)?;
            let (written, file) = writer.finish()?;
            let file = file.into_inner().map_err(|error| HistoryError::Scratch(error.into_error()))?;
            Ok::<(Written, std::fs::File), HistoryError>((written, file))
        });
        let (written, file) = written.await.map_err(|_| HistoryError::BrokeOff)??;
        let (object, bytes) = self.objects.put(edge, day, file).await?;
        self.counters.file(bytes, written.rows);
        let Written { rows, first, last } = written;
        Ok(SampleFile { edge, day: day.0, object, bytes, rows, first, last, ranges })
    }

    /// Deletes objects that no manifest row names, a day after they were put. Gives how many.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, HistoryError> {
        let mut swept = 0;
        for edge in self.state.sampled_edges().await? {
            let mut old = Vec::new();
            let oldest = now.minus(self.limits.orphan);
            self.objects.list(edge, |found| old.extend((found.put < oldest).then_some(found.name))).await?;
            // asked after the list: what is named by now was put before
            let named: HashSet<String> = self.state.sample_objects(edge).await?.into_iter().collect();
            for name in old.iter().filter(|name| !named.contains(*name)) {
                self.objects.delete(name).await?;
                swept += 1;
            }
        }
        self.counters.swept(swept);
        Ok(swept)
    }
}

/// The parcels of a slice; of each stretch without a hole the last one's end stays known.
fn moved(mut parcels: Vec<MovedParcel>) -> Vec<MovedParcel> {
    for at in 1..parcels.len() {
        let (before, from) = parcels.split_at_mut(at);
        if let (Some(before), Some(next)) = (before.last_mut(), from.first())
            && before.life == next.life
            && before.last + 1 == next.first
            && next.kept.is_some()
        {
            before.kept = None;
        }
    }
    parcels
}

/// Which records the rows come from, as ranges: first and last of each life and stream.
fn ranges_of(rows: &[Row]) -> Vec<SampleRange> {
    let mut ranges: BTreeMap<(u64, u8), (u64, u64)> = BTreeMap::new();
    for row in rows {
        let stream = link::Stream::from(row.stream).number();
        let range = ranges.entry((row.epoch, stream)).or_insert((row.number, row.number));
        *range = (range.0.min(row.number), range.1.max(row.number));
    }
    let range = |((epoch, stream), (first, last))| SampleRange { epoch, stream, first, last };
    ranges.into_iter().map(range).collect()
}

/// Ranges that touch or overlap become one.
fn joined(mut ranges: Vec<SampleRange>) -> Vec<SampleRange> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, range| {
        let is_one =
            next.epoch == range.epoch && next.stream == range.stream && next.first <= range.last.saturating_add(1);
        if is_one {
            range.last = range.last.max(next.last);
        }
        is_one
    });
    ranges
}

/// Which files of a day become one: from the smallest on, as long as the next is not larger than all before it together. So a
/// row is written again only when its file has at least doubled, and a large day is not rewritten for every small file.
fn chosen(mut files: Vec<SampleFile>, most_rows: u64) -> Vec<SampleFile> {
    files.retain(|file| file.rows < most_rows);
    files.sort_by_key(|file| file.rows);
    let (mut sum, mut count) = (0, 0);
    for (place, file) in files.iter().enumerate() {
        if place >= 2 && file.rows > sum {
            break;
        }
        sum += file.rows;
        count += 1;
    }
    files.truncate(count);
    files
}
