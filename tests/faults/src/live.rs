//! The running edge as its users see it: every value on the page, every figure for watchdogs, its processes.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use scenarios::{Http, SCORE, Sample, processes_below};
use serde_json::Value;

use crate::kept::Kept;
use crate::plant::{Device, PERIOD, Plant, TIMEOUT};
use crate::promise::{Findings, Promise};
use crate::stamp::Stamp;

/// Older than this is stale (three periods, at least 5 s), with a second for our own asking, ms.
const STALE_MS: i64 = 6_000;
/// How much later than its time-out a busy machine hands on a reply, ms.
const BUSY_MS: i64 = 700;
/// A debug build of the edge under this test, with room.
const MEMORY_MB: u64 = 500;
/// The model's process, and the next one while the old one ends.
const PROCESSES: usize = 2;

/// What a look brought.
#[derive(Debug)]
pub struct Look {
    /// The edge's clock, ms.
    pub now_ms: i64,
    /// `/api/v1/tags`.
    pub tags: Vec<Value>,
    /// `/healthz`.
    pub health: Value,
    /// `/metrics`, by name and labels.
    pub metrics: BTreeMap<String, f64>,
    /// The clock of the stamps before and after.
    pub between: (u32, u32),
}

impl Look {
    /// Asks for everything once.
    pub async fn take(http: &Http, plant: &Plant) -> Result<Self> {
        let before = plant.now();
        let about = http.get("/api/v1/about").await?;
        let now_ms = about.get("now_ms").and_then(Value::as_i64).context("no now_ms")?;
        let tags = http.get("/api/v1/tags").await?;
        let after = plant.now();
        let health = http.get("/healthz").await?;
        let metrics = http.text("/metrics").await?;
        let metrics = metrics.lines().filter(|line| !line.starts_with('#'));
        let metrics = metrics.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.strip_prefix("lastmile_")?.to_owned(), value.parse().ok()?))
        });
        let tags = tags.as_array().cloned().unwrap_or_default();
        Ok(Self { now_ms, tags, health, metrics: metrics.collect(), between: (before, after) })
    }

    /// A figure of `/metrics`; 0 when it is not there.
    pub fn metric(&self, name: &str) -> f64 {
        self.metrics.get(name).copied().unwrap_or_default()
    }

    /// Whether a tag has a good value now.
    pub fn is_good(&self, tag: &str) -> bool {
        let found = self.tags.iter().find(|found| text(found, "/name") == tag);
        found.is_some_and(|found| text(found, "/latest/quality") == "good")
    }

    /// The synced number of a stream.
    pub fn synced(&self, stream: &str) -> u64 {
        self.health.pointer(&format!("/log/{stream}/synced_seq")).and_then(Value::as_u64).unwrap_or_default()
    }

    /// What the edge says is wrong, all in one.
    pub fn words(&self) -> String {
        let words = self.health.get("words").and_then(Value::as_array).into_iter().flatten();
        words.filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
    }
}

/// The promises that are checked with each look.
#[derive(Debug, Default)]
pub struct Live {
    /// What was found.
    pub findings: Findings,
    /// Of the streams `data` and `prediction`.
    pub kept: [Kept; 2],
    /// Devices whose stamps may be old: stuck now, or a moment ago.
    pub stuck: HashSet<Device>,
    /// What the model says of the pump: its inputs never change, so neither does this.
    score: Option<f64>,
    /// How long the machine held us up lately, ms: it holds up everybody.
    stall_ms: i64,
    /// The highest memory seen, MB.
    pub memory_mb: u64,
    /// Looks taken.
    pub looks: usize,
}

impl Live {
    /// Checks everything that one look can show.
    pub fn check(&mut self, look: &Look, pid: u32) {
        self.looks += 1;
        for tag in &look.tags {
            self.tag(tag, look);
        }
        let refused = whole(look.metric("log_refused_total"));
        for (kept, stream) in self.kept.iter_mut().zip(["data", "prediction"]) {
            kept.heard(look.synced(stream), refused);
        }
        let memory = memory_mb(pid);
        self.memory_mb = self.memory_mb.max(memory);
        self.findings.check(Promise::Bounded, memory <= MEMORY_MB, || format!("{memory} MB"));
        let processes = processes_below(pid);
        self.findings.check(Promise::NoOrphans, processes.len() <= PROCESSES, || format!("{processes:?} below {pid}"));
    }

    /// We were woken so late.
    pub fn stalled(&mut self, late: Duration) {
        // the memory of a stall fades over some dozen looks
        self.stall_ms = millis(late).max(self.stall_ms * 9 / 10);
    }

    fn tag(&mut self, tag: &Value, look: &Look) {
        let name = text(tag, "/name");
        let Some(at_ms) = tag.pointer("/latest/at_ms").and_then(Value::as_i64) else { return };
        let good = text(tag, "/latest/quality") == "good";
        let value = tag.pointer("/latest/value").map(plain).unwrap_or_default();
        if tag.pointer("/latest/stale").and_then(Value::as_bool) != Some(true) {
            let [data, predictions] = &mut self.kept;
            match name {
                SCORE => predictions.saw(name, at_ms * 1000, &value, good),
                _ if Device::of_tag(name).is_some() => data.saw(name, at_ms * 1000, &value, good),
                _ => {}
            }
        }
        if !good {
            return;
        }
        let age = look.now_ms - at_ms;
        let is_variable = text(tag, "/kind") == "variable";
        self.findings
            .check(Promise::StaleIsShown, age <= STALE_MS || is_variable, || format!("{name} is good after {age} ms"));
        if let Some(wrong) = wrong_value(name, &value) {
            self.findings.broken(Promise::NoWrongValue, wrong);
        }
        if name == SCORE {
            self.score(&value);
        }
        self.in_time(name, &value, age, look);
    }

    /// The age of a stamp must be the age that the edge says, but for the time of one request.
    fn in_time(&mut self, name: &str, value: &str, age: i64, look: &Look) {
        let Some((device, Some(_))) = Device::of_tag(name) else { return };
        let Some(stamp) = Stamp::read(value).filter(|_| !self.stuck.contains(&device)) else { return };
        let (before, after) = look.between;
        let asking = i64::from(after.wrapping_sub(before));
        let real = stamp.age(after);
        let most = age.max(0) + millis(TIMEOUT) + BUSY_MS + self.stall_ms + asking;
        // a clock that steps between two answers of one look makes ages that mean nothing
        let believable = (-millis(PERIOD)..STALE_MS).contains(&age);
        self.findings.check(Promise::NoWrongValue, !believable || (-20..=most).contains(&real), || {
            format!("{name} was read {real} ms ago and is shown as {age} ms old")
        });
    }

    fn score(&mut self, value: &str) {
        let Ok(score) = value.parse::<f64>() else { return };
        let known = *self.score.get_or_insert(score);
        self.findings.check(Promise::NoWrongValue, (score - known).abs() < 1e-6, || {
            format!("the model says {score} and said {known}, of the same inputs")
        });
    }
}

/// What is wrong with a good value of a tag; none when it can be right.
fn wrong_value(name: &str, value: &str) -> Option<String> {
    let (device, register) = Device::of_tag(name)?;
    let fits = match register {
        Some(register) => Stamp::read(value).is_some_and(|stamp| stamp.device == device.0 && stamp.address == register),
        None => value.parse::<f64>().is_ok_and(|level| (0.0..=1.0).contains(&(level - f64::from(device.0)))),
    };
    let said = Stamp::read(value).map_or_else(|| format!("`{value}`"), |stamp| format!("{stamp:?}"));
    (!fits).then(|| format!("{name} is good with {said}"))
}

/// Every value in history is checked like every value on the page.
pub(crate) fn check_history(history: &[Sample], findings: &mut Findings) {
    for sample in history.iter().filter(|sample| sample.is_good()) {
        if let Some(wrong) = wrong_value(&sample.tag, &sample.value) {
            findings.broken(Promise::NoWrongValue, format!("in history at {}: {wrong}", sample.arrival_us));
        }
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A value as a CSV file would have it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters are whole and small")]
fn whole(metric: f64) -> u64 {
    metric as u64
}

/// Memory that is in use, MB; 0 when the process has ended.
fn memory_mb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or_default() / 1000
}
