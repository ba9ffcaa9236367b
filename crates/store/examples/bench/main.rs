//! lastmile's store for `cargo xtask bench store`, and the plant that all contenders get.
//!
//! ```text
//! bench plant FILE counts|singles|doubles|noise GROUPS WIDTH SECONDS
//! bench ingest PLANT DIR      as an edge does: one synced commit a second, sealing a little at a time
//! bench tail PLANT DIR HOURS  the log of some hours, held by somebody who has not read it: how long opening takes
//! bench week PLANT DIR        many seconds per commit, then what is read from it
//! ```
//!
//! The last line on standard output is one JSON object of figures.

mod plant;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use domain::{SeriesId, Stream, Timestamp};
use store::{Retention, Store, StoreOptions};

use self::plant::Plant;

type Failed = Box<dyn Error>;
type Figures = Vec<(&'static str, f64)>;

/// Groups sealed at most per second, as the edge does.
const SEAL: usize = 4;
const DAY: i64 = 86_400_000;
const TEN_MINUTES: i64 = 600_000;
const FOREVER: Retention = Retention { keep: std::time::Duration::MAX, max_bytes: u64::MAX };

/// A number out of a file of /proc/self.
fn proc(file: &str, field: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// Of all threads.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

#[expect(clippy::disallowed_methods, reason = "a measuring program measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Median of some runs in ms.
fn millis_of<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = now();
            drop(std::hint::black_box(run()));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn open(dir: &Path, at: i64) -> Result<Store, Failed> {
    let options = StoreOptions { ballast: 0, reserve: 0, ..StoreOptions::new(dir, 0x1a57_1e11) };
    Ok(Store::open(options, Timestamp::from_millis(at))?.0)
}

/// Ten minutes of these tags up to `end`, every sample.
fn ten_minutes(store: &Store, tags: &[SeriesId], end: i64) -> f64 {
    let (from, to) = (Timestamp::from_millis(end - TEN_MINUTES), Timestamp::from_millis(end));
    millis_of(|| store.samples(tags, from, to).count())
}

fn ingest(plant: &Path, dir: &Path) -> Result<Figures, Failed> {
    let store = open(dir, 0)?;
    let mut plant = Plant::open(plant, &store)?;
    let mut batch = Vec::new();
    let (begun, cpu, written) = (now(), cpu_seconds(), proc("io", "write_bytes:"));
    let mut worst = 0.0_f64;
    for second in 0..plant.seconds {
        plant.second(&mut batch)?;
        let start = now();
        store.append(&batch)?;
        store.seal_due(Timestamp::from_millis(plant.start + i64::from(second) * 1000), SEAL)?;
        worst = worst.max(start.elapsed().as_secs_f64() * 1e3);
        batch.clear();
    }
    let end = plant.start + i64::from(plant.seconds) * 1000;
    let (took, used) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    // one tag of each of 16 groups, most of it not sealed yet
    let groups = plant.series.len() / 16;
    let spread: Vec<SeriesId> = plant.series.iter().copied().skip(3).step_by(groups).take(16).collect();
    let tail = ten_minutes(&store, &spread, end);
    let memory = proc("status", "VmRSS:") / 1000.0;
    let log_bytes = store.counters().log_bytes;
    drop(store);
    let start = now();
    let store = open(dir, end)?;
    let opened = start.elapsed().as_secs_f64() * 1e3;
    let tail_opened = ten_minutes(&store, &spread, end);
    let (rest, rest_cpu) = (now(), cpu_seconds());
    store.seal_all(Timestamp::from_millis(end))?;
    let (took, used) = (took + rest.elapsed().as_secs_f64(), used + cpu_seconds() - rest_cpu);
    let samples = f64::from(plant.seconds) * plant.series.len() as f64;
    let stats = store.stats(&FOREVER)?;
    Ok(vec![
        ("samples", samples),
        ("per_second", samples / took),
        ("per_cpu_second", samples / used),
        ("written", (proc("io", "write_bytes:") - written) / samples),
        ("stored", (stats.history_bytes + stats.notes_bytes) as f64 / samples),
        ("log", log_bytes as f64 / samples),
        ("rss_mb", memory),
        ("worst_second_ms", worst),
        ("tail_ms", tail),
        ("tail_opened_ms", tail_opened),
        ("open_ms", opened),
    ])
}

/// Appends the plant again and again, later each time, without sealing the last ten minutes, and opens the store again.
fn tail(file: &Path, dir: &Path, hours: i64) -> Result<Figures, Failed> {
    let store = open(dir, 0)?;
    store.set_cursor("uplink", Stream::Data, Some(0))?;
    let mut batch = Vec::new();
    let (mut end, mut span, mut tags) = (0, 0, 0);
    while span < hours * 3_600_000 {
        let mut plant = Plant::open(file, &store)?;
        tags = plant.series.len();
        for second in 0..plant.seconds {
            plant.second(&mut batch)?;
            for (_, scan) in &mut batch {
                scan.arrival = Timestamp::from_millis(scan.arrival.millis() + span);
            }
            store.append(&batch)?;
            end = plant.start + span + i64::from(second) * 1000;
            store.seal_due(Timestamp::from_millis(end), SEAL)?;
            batch.clear();
        }
        span += i64::from(plant.seconds) * 1000;
    }
    let log = store.stats(&FOREVER)?.log_bytes as f64;
    drop(store);
    let start = now();
    let options = StoreOptions { ballast: 0, reserve: 0, ..StoreOptions::new(dir, 0x1a57_1e11) };
    let (_, report) = Store::open(options, Timestamp::from_millis(end))?;
    Ok(vec![
        ("open_ms", start.elapsed().as_secs_f64() * 1e3),
        ("log_mb", log / 1e6),
        ("hours", span as f64 / 3_600_000.0),
        ("tags", tags as f64),
        ("tail_scans", report.tail_scans as f64),
        ("damaged", report.damaged as f64),
    ])
}

fn week(plant: &Path, dir: &Path) -> Result<Figures, Failed> {
    let store = open(dir, 0)?;
    let mut plant = Plant::open(plant, &store)?;
    let mut batch = Vec::new();
    for second in 0..plant.seconds {
        plant.second(&mut batch)?;
        if second % 60 == 59 {
            store.append(&batch)?;
            store.seal_due(Timestamp::from_millis(plant.start + i64::from(second) * 1000), SEAL)?;
            batch.clear();
        }
    }
    store.append(&batch)?;
    let end = plant.start + i64::from(plant.seconds) * 1000;
    let samples = f64::from(plant.seconds) * plant.series.len() as f64;
    let trend = |millis: i64| {
        let from = Timestamp::from_millis((end - millis).max(plant.start));
        millis_of(|| store.trend(plant.series[0], from, Timestamp::from_millis(end), 1000))
    };
    let stats = store.stats(&FOREVER)?;
    Ok(vec![
        ("stored", (stats.history_bytes + stats.notes_bytes) as f64 / samples),
        ("week_ms", trend(7 * DAY)),
        ("day_ms", trend(DAY)),
        ("ten_ms", ten_minutes(&store, &plant.series, end)),
    ])
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let figures = match words[..] {
        ["plant", file, given, groups, width, seconds] => {
            plant::write(Path::new(file), given, groups.parse()?, width.parse()?, seconds.parse()?)?;
            return Ok(());
        }
        ["ingest", plant, dir] => ingest(Path::new(plant), Path::new(dir))?,
        ["tail", plant, dir, hours] => tail(Path::new(plant), Path::new(dir), hours.parse()?)?,
        ["week", plant, dir] => week(Path::new(plant), Path::new(dir))?,
        _ => return Err("usage: bench plant|ingest|week …".into()),
    };
    let fields: Vec<String> = figures.iter().map(|(name, number)| format!("\"{name}\": {number}")).collect();
    println!("{{{}}}", fields.join(", "));
    Ok(())
}
