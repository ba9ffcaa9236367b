//! What the store costs: `cargo run --release -p store --example measure [DIR]`. Prints figures, asserts nothing.
//!
//! 1. 16 series for 7 days at 1 s with scan jitter: bytes kept, trends, ten minutes of all.
//! 2. 10,000 tags in 100 groups for 30 minutes, one synced commit a second: bytes written, memory, processor time. The
//!    analog inputs come as raw counts under a scale that the store knows, then as single and as double precision numbers
//!    without one.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use domain::{GroupId, Quality, Scan, SeriesDef, SeriesId, Stream, Text, Timestamp, Value, ValueType};
use store::{LinearScale, Retention, Store, StoreOptions};

/// 2026-11-22T00:00:00Z in ms.
const START: i64 = 1_795_305_600_000;
const DAY: i64 = 86_400_000;

type Failed = Box<dyn Error>;

/// Marsaglia's xorshift: the same plant every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A tag of the plant: 60 % analog inputs of 12 bits (random walk and noise), 15 % set-points, 15 % bits, 9.5 % counters,
/// 0.5 % texts.
enum Kind {
    Analog { scale: LinearScale, at: i64, given: Given },
    SetPoint(f64),
    Bit(bool),
    Counter(i64),
    State(u64),
}

/// How the store gets an analog input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Given {
    Counts,
    Singles,
    Doubles,
}

impl Kind {
    fn new(number: u64, given: Given) -> Self {
        let spans = [100.0, 16.0, 250.0, 6.0, 1500.0];
        match number % 200 {
            0..120 => {
                let span = spans[usize::try_from(number % 5).unwrap_or(0)];
                Self::Analog { scale: LinearScale { factor: span / 4095.0, offset: 0.0 }, at: 2048, given }
            }
            120..150 => Self::SetPoint(42.5),
            150..180 => Self::Bit(false),
            180..199 => Self::Counter(1_000_000),
            _ => Self::State(0),
        }
    }

    fn def(&self, tag: &str) -> Result<SeriesDef, Failed> {
        let (value_type, scale) = match self {
            Self::Analog { scale, given, .. } => (ValueType::F64, (*given == Given::Counts).then_some(*scale)),
            Self::SetPoint(_) => (ValueType::F64, None),
            Self::Bit(_) => (ValueType::Bool, None),
            Self::Counter(_) => (ValueType::I64, None),
            Self::State(_) => (ValueType::Text, None),
        };
        Ok(SeriesDef { tag: tag.parse()?, value_type, unit: String::new(), scale })
    }

    #[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "small random numbers")]
    fn next(&mut self, random: &mut Random) -> Option<Value> {
        match self {
            Self::Analog { scale, at, given } => {
                if random.below(4) == 0 {
                    *at = (*at + random.below(3) as i64 - 1).clamp(0, 4000);
                }
                let raw = *at + random.below(5) as i64;
                let number = raw as f64 * scale.factor + scale.offset;
                Value::from_f64(if *given == Given::Singles { f64::from(number as f32) } else { number })
            }
            Self::SetPoint(value) => {
                if random.below(3600) == 0 {
                    *value = random.below(200) as f64 / 2.0;
                }
                Value::from_f64(*value)
            }
            Self::Bit(bit) => {
                *bit ^= random.below(300) == 0;
                Some(Value::Bool(*bit))
            }
            Self::Counter(count) => {
                *count += random.below(3) as i64;
                Some(Value::I64(*count))
            }
            Self::State(state) => {
                if random.below(900) == 0 {
                    *state = random.below(6);
                }
                Text::new(format!("step {state}")).map(Value::Text)
            }
        }
    }
}

struct Plant {
    groups: Vec<(GroupId, Vec<Kind>)>,
    series: Vec<SeriesId>,
    random: Random,
}

impl Plant {
    fn new(store: &Store, groups: u64, width: u64, given: Given) -> Result<Self, Failed> {
        let mut plant = Self { groups: Vec::new(), series: Vec::new(), random: Random(88_172_645_463_325_252) };
        for group in 0..groups {
            let kinds: Vec<Kind> = (0..width).map(|tag| Kind::new(tag * 200 / width + group, given)).collect();
            let mut list = Vec::new();
            for (tag, kind) in kinds.iter().enumerate() {
                list.push(store.define_series(&kind.def(&format!("plant/g{group}/t{tag}"))?)?);
            }
            plant.groups.push((store.define_group(&list)?, kinds));
            plant.series.extend(list);
        }
        Ok(plant)
    }

    /// One scan of every group, a little after `millis`, some with bad values now and then.
    #[expect(clippy::cast_possible_wrap, reason = "at most 3 ms")]
    fn second(&mut self, millis: i64, batch: &mut Vec<(Stream, Scan)>) {
        for (group, kinds) in &mut self.groups {
            let arrival = Timestamp::from_millis(millis + self.random.below(4) as i64);
            let bad = self.random.below(5000) == 0;
            let values: Vec<Option<Value>> =
                kinds.iter_mut().map(|kind| kind.next(&mut self.random).filter(|_| !bad)).collect();
            let qualities = vec![if bad { Quality::TIMEOUT } else { Quality::GOOD }; values.len()];
            batch.push((Stream::Data, Scan { group: *group, arrival, source: None, values, qualities }));
        }
    }
}

/// A number out of a file of /proc/self.
fn proc(file: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

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

/// Median of `runs` in ms.
fn millis_of<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = now();
            drop(std::hint::black_box(run()));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn options(dir: &Path) -> StoreOptions {
    StoreOptions { ballast: 0, ..StoreOptions::new(dir, 0x1a57_1e11) }
}

const FOREVER: Retention = Retention { keep: std::time::Duration::MAX, max_bytes: u64::MAX };

/// 16 series for 7 days, and what is read from them.
fn week(dir: &Path, out: &mut String) -> Result<(), Failed> {
    let (store, _) = Store::open(options(dir), Timestamp::from_millis(START))?;
    let mut plant = Plant::new(&store, 1, 16, Given::Counts)?;
    let mut batch = Vec::new();
    let begun = now();
    for second in 0..7 * DAY / 1000 {
        plant.second(START + second * 1000, &mut batch);
        if batch.len() == 60 {
            store.append(&batch)?;
            batch.clear();
            store.seal_due(Timestamp::from_millis(START + second * 1000), 4)?;
        }
    }
    store.append(&batch)?;
    let samples = store.counters().samples as f64;
    writeln!(out, "week: {samples} samples in {:.1} s", begun.elapsed().as_secs_f64())?;
    let stats = store.stats(&FOREVER)?;
    writeln!(
        out,
        "  kept {:.2} B/sample (log tail {} kB)",
        stats.history_bytes as f64 / samples,
        stats.log_bytes / 1000
    )?;
    drop(store);
    let begun = now();
    let (store, report) = Store::open(options(dir), Timestamp::from_millis(START + 7 * DAY))?;
    writeln!(
        out,
        "  opened in {:.1} ms, {} scans in the tail",
        begun.elapsed().as_secs_f64() * 1e3,
        report.tail_scans
    )?;
    let end = Timestamp::from_millis(START + 7 * DAY);
    for (name, millis) in [("1 h", 3_600_000), ("24 h", DAY), ("7 d", 7 * DAY)] {
        let from = Timestamp::from_millis(START + 7 * DAY - millis);
        for buckets in [1000, 200] {
            let time = millis_of(21, || store.trend(plant.series[0], from, end, buckets));
            writeln!(out, "  trend {name}, {buckets} buckets: {time:.2} ms")?;
        }
    }
    for (name, until) in [("newest", 7 * DAY), ("three days old", 4 * DAY)] {
        let (from, to) = (START + until - 600_000, START + until);
        let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(to));
        let raw = millis_of(21, || store.samples(&plant.series, from, to).count());
        let trends = millis_of(21, || {
            plant
                .series
                .iter()
                .map(|series| store.trend(*series, from, to, 1000).map(|trend| trend.buckets.len()))
                .collect::<Vec<_>>()
        });
        writeln!(out, "  16 x 10 min, {name}: samples {raw:.2} ms, trends {trends:.2} ms")?;
    }
    let begun = now();
    let count = store.samples(&plant.series, Timestamp::MIN, Timestamp::MAX).count();
    let rate = count as f64 / begun.elapsed().as_secs_f64() / 1e6;
    writeln!(out, "  all {count} samples in order: {rate:.1} million/s")?;
    Ok(())
}

/// 10,000 tags at 1 s, as an edge writes them.
fn load(dir: &Path, seconds: i64, given: Given, out: &mut String) -> Result<(), Failed> {
    let (store, _) = Store::open(options(dir), Timestamp::from_millis(START))?;
    writeln!(out, "load, analog inputs as {given:?}: memory before {} kB", proc("status", "VmRSS:"))?;
    let mut plant = Plant::new(&store, 100, 100, given)?;
    writeln!(out, "  memory with the plant's 10,000 tags {} kB", proc("status", "VmRSS:"))?;
    let mut batch = Vec::new();
    let (written, cpu, begun) = (proc("io", "write_bytes:"), cpu_seconds(), now());
    let (mut append, mut seal, mut worst) = (0.0, 0.0, 0.0_f64);
    for second in 0..seconds {
        plant.second(START + second * 1000, &mut batch);
        let start = now();
        store.append(&batch)?;
        let appended = start.elapsed().as_secs_f64();
        store.seal_due(Timestamp::from_millis(START + second * 1000), 2)?;
        let both = start.elapsed().as_secs_f64();
        append += appended;
        seal += both - appended;
        worst = worst.max(both);
        batch.clear();
    }
    let counters = store.counters();
    let samples = counters.samples as f64;
    let written = (proc("io", "write_bytes:") - written) as f64 / samples;
    let cpu = cpu_seconds() - cpu;
    writeln!(
        out,
        "  {samples} samples in {:.1} s, {:.2} million samples per CPU second, generator included",
        begun.elapsed().as_secs_f64(),
        samples / cpu / 1e6
    )?;
    writeln!(
        out,
        "  append {:.2} ms, seal {:.2} ms a second, worst second {:.1} ms",
        append * 1e3 / seconds as f64,
        seal * 1e3 / seconds as f64,
        worst * 1e3
    )?;
    writeln!(
        out,
        "  written {written:.2} B/sample (log {:.2}, chunks {:.2})",
        counters.log_bytes as f64 / samples,
        counters.chunk_bytes as f64 / samples
    )?;
    let stats = store.stats(&FOREVER)?;
    let sealed = samples - stats.unsealed_scans as f64 * 100.0;
    writeln!(
        out,
        "  kept {:.2} B/sample, log {} MB",
        stats.history_bytes as f64 / sealed,
        stats.log_bytes / 1_000_000
    )?;
    writeln!(out, "  memory {} kB, peak {} kB", proc("status", "VmRSS:"), proc("status", "VmHWM:"))?;
    let end = Timestamp::from_millis(START + seconds * 1000);
    let from = Timestamp::from_millis(START + seconds * 1000 - 600_000);
    let spread: Vec<SeriesId> = plant.series.iter().copied().step_by(625).collect();
    let raw = millis_of(11, || store.samples(&spread, from, end).count());
    writeln!(out, "  16 tags of 16 groups, newest 10 min: {raw:.2} ms")?;
    drop(store);
    let begun = now();
    let (_, report) = Store::open(options(dir), end)?;
    writeln!(
        out,
        "  opened in {:.1} ms, {} scans in the tail",
        begun.elapsed().as_secs_f64() * 1e3,
        report.tail_scans
    )?;
    Ok(())
}

/// A small edge for an hour.
fn idle(dir: &Path, out: &mut String) -> Result<(), Failed> {
    let before = proc("status", "VmRSS:");
    let (store, _) = Store::open(options(dir), Timestamp::from_millis(START))?;
    let mut plant = Plant::new(&store, 2, 16, Given::Counts)?;
    let written = proc("io", "write_bytes:");
    let mut batch = Vec::new();
    for second in 0..3600 {
        plant.second(START + second * 1000, &mut batch);
        store.append(&batch)?;
        store.seal_due(Timestamp::from_millis(START + second * 1000), 2)?;
        batch.clear();
    }
    let written = (proc("io", "write_bytes:") - written) as f64 / 3600.0;
    let memory = proc("status", "VmRSS:");
    writeln!(out, "idle: 32 tags for an hour: memory {before} -> {memory} kB, {written:.0} bytes written a second")?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() -> Result<(), Failed> {
    let dir = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let mut out = String::new();
    for part in ["idle", "load", "load singles", "load doubles", "week"] {
        let scratch = tempfile::tempdir_in(&dir)?;
        match part {
            "idle" => idle(scratch.path(), &mut out)?,
            "load" => load(scratch.path(), 1800, Given::Counts, &mut out)?,
            "load singles" => load(scratch.path(), 1800, Given::Singles, &mut out)?,
            "load doubles" => load(scratch.path(), 1800, Given::Doubles, &mut out)?,
            _ => week(scratch.path(), &mut out)?,
        }
        print!("{out}");
        out.clear();
    }
    Ok(())
}
