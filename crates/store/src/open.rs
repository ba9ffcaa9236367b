//! Opening: from what is on the disk back to what is known in memory, past everything that is damaged.

mod load;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use domain::{Problem, Stream, Timestamp};

use self::load::{Loaded, Unopened, load};
use crate::counters::Counters;
use crate::disk::Disk;
use crate::store::{Inner, disk_problem};
use crate::types::{GapReason, OpenReport, StoreOptions};
use crate::view::{Indexes, Mark};

const LOCK: &str = "lock";
pub(crate) const BALLAST: &str = "ballast";
const QUARANTINE: &str = "quarantine-";
/// A shorter stop leaves no mark.
const SHORT_STOP: i64 = 2_000_000;

pub(crate) fn open(disk: Arc<dyn Disk>, options: StoreOptions, now: Timestamp) -> Result<(Inner, OpenReport), Problem> {
    let dir = options.dir.clone();
    let failed = |error: io::Error| disk_problem(&dir, "opening the store", &error);
    disk.create_dir(&dir).map_err(failed)?;
    let lock = disk.lock(&dir.join(LOCK)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => {
            Problem::new("store.in-use", dir.display().to_string(), "another program has this store open")
                .hint("stop the other edge, or give this one its own data folder")
        }
        _ => failed(error),
    })?;
    let mut report = OpenReport::default();
    let counters = Counters::default();
    let loaded = match load(&disk, &options, &counters, &mut report) {
        Ok(loaded) => loaded,
        Err(Unopened::Disk(error)) => return Err(failed(error)),
        Err(Unopened::Newer(format)) => {
            let what = format!("a newer version of this program wrote this store (layout {format})");
            return Err(Problem::new("store.newer-layout", dir.display().to_string(), what)
                .hint("start the newer version again, or give this one its own data folder"));
        }
        Err(Unopened::Unreadable(why)) => {
            let place = set_aside(disk.as_ref(), &dir).map_err(failed)?;
            report = OpenReport::default();
            report.problems.push(
                Problem::new(
                    "store.set-aside",
                    dir.display().to_string(),
                    "the store could not be read; a new one was begun",
                )
                .why(why)
                .hint(format!(
                    "the old files are in {}; history before now is missing until they are repaired",
                    place.display()
                )),
            );
            report.quarantined = Some(place);
            load(&disk, &options, &counters, &mut report).map_err(|error| match error {
                Unopened::Disk(error) => failed(error),
                _ => Problem::new("store.disk-failed", dir.display().to_string(), "a new store could not be begun"),
            })?
        }
    };
    finish(disk, options, now, (loaded, lock), (counters, report))
}

type Ground = (Counters, OpenReport);

fn finish(
    disk: Arc<dyn Disk>,
    options: StoreOptions,
    now: Timestamp,
    (loaded, lock): (Loaded, Box<dyn Send + Sync>),
    (counters, mut report): Ground,
) -> Result<(Inner, OpenReport), Problem> {
    report.damaged = counters.get().damaged;
    report.torn_bytes = loaded.torn;
    counters.count(|counters| counters.torn_bytes = loaded.torn);
    report.tail_scans = loaded.view.tails.values().map(|tail| tail.rows.len() as u64).sum();
    report.last_arrival = loaded.last_arrival;
    tell(&options.dir, &counters, &mut report);
    let limit = usize::try_from(options.memory / 4).unwrap_or(usize::MAX);
    let inner = Inner {
        epoch: loaded.view.dictionary.epoch,
        disk,
        options,
        view: RwLock::new(loaded.view),
        writer: Mutex::new(loaded.writer),
        indexes: Indexes::new(limit),
        counters,
        log_places: Mutex::default(),
        lock,
    };
    report.epoch = inner.epoch;
    let mut writer = inner.writer();
    if let Some(last) = loaded.last_arrival
        && now.micros().saturating_sub(last.micros()) > SHORT_STOP
    {
        inner.add_mark(&mut writer, Mark { from: last, to: now, reason: GapReason::Stopped })?;
    }
    for (stream, lost) in loaded.lost {
        writer.pending.push((stream, lost));
    }
    // A full disk must not keep the store from opening; what waits is written with the first commit then.
    if let Err(problem) = inner.make_room(&mut writer).and_then(|()| inner.commit_pending(&mut writer)) {
        report.problems.push(problem);
    }
    drop(writer);
    Ok((inner, report))
}

/// What was found, in words.
fn tell(dir: &Path, counters: &Counters, report: &mut OpenReport) {
    let place = dir.display().to_string();
    if report.damaged > 0 {
        let what = format!("{} damaged places were found and passed over; everything else is served", report.damaged);
        let problem = Problem::new("store.damaged", place.clone(), what)
            .why(format!("bytes on the disk are not what was written: {}", counters.some_places()))
            .hint("check the disk; if this comes again, replace it");
        report.problems.push(problem);
    }
    if report.torn_bytes > 0 {
        let what = format!("an unfinished write of {} bytes was cut off", report.torn_bytes);
        let problem = Problem::new("store.unfinished-write", place, what).why("power or program ended while writing");
        report.problems.push(problem);
    }
}

/// Moves everything into a folder of its own.
fn set_aside(disk: &dyn Disk, dir: &Path) -> io::Result<PathBuf> {
    let names = disk.list(dir)?;
    let number =
        names.iter().filter_map(|name| name.strip_prefix(QUARANTINE)?.parse::<u32>().ok()).max().unwrap_or(0) + 1;
    let place = dir.join(format!("{QUARANTINE}{number}"));
    disk.create_dir(&place)?;
    for name in names.iter().filter(|name| *name != LOCK && *name != BALLAST && !name.starts_with(QUARANTINE)) {
        disk.rename(&dir.join(name), &place.join(name))?;
    }
    disk.sync_dir(&place)?;
    disk.sync_dir(dir)?;
    Ok(place)
}

/// Both streams.
pub(crate) const STREAMS: [Stream; 2] = Stream::ALL;
