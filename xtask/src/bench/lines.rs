//! Lines under load: many devices of which some are dead or slow, and one slow serial line with dead units on it.
//!
//! Lateness is measured at the machine: the simulated devices note when each request comes. The edge's own counters stand
//! beside it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::running::{Edge, Running, temporary};
use super::{Bound, Contender, Effort, Figures, Measure, Page, interleave, programs};
use crate::paths;
use crate::shell::find_program;

/// One round of measuring; all rounds are one run without a break.
const ROUND_S: u64 = 120;

const GOOD: usize = 40;
const SLOW: usize = 5;
const DEAD: usize = 5;
/// Tags of each device, 32-bit floats in one run.
const TAGS: usize = 20;
const PERIOD_MS: f64 = 1000.0;

const UNITS: usize = 31;
const DEAD_UNITS: usize = 3;
/// Tags of each unit on the serial line: ten registers.
const UNIT_TAGS: usize = 5;
const BAUD: u32 = 9600;
/// Start, eight data, two stop bits.
const BITS: u32 = 11;
/// What a unit takes from a request to its answer.
const TURNAROUND_MS: u32 = 10;

const MEASURES: [Measure; 7] = [
    Measure { key: "scans", title: "scans seen", more_is_better: true },
    Measure { key: "missing", title: "scans missing", more_is_better: false },
    Measure { key: "on_time_percent", title: "began at most a tenth of the period late, %", more_is_better: true },
    Measure { key: "p50_ms", title: "lateness, median, ms", more_is_better: false },
    Measure { key: "p99_ms", title: "lateness, 99 of 100, ms", more_is_better: false },
    Measure { key: "worst_ms", title: "lateness, worst, ms", more_is_better: false },
    Measure { key: "own_late", title: "late by the edge's own count", more_is_better: false },
];

/// `cargo xtask bench lines`
pub(super) fn bench(effort: Effort) -> Result<bool> {
    let length = Duration::from_secs(effort.of(ROUND_S * effort.rounds as u64, 20));
    let (lastmile, field) = (programs::lastmile()?, programs::rust_peer("field")?);
    let about = format!(
        "Whether devices that are slow or dead cost the others anything. {} s each. Lateness is the time from a scan's \
         moment on its grid to its request at the machine.",
        length.as_secs()
    );
    let mut page = Page::new("lines", Effort { rounds: 1, ..effort }, "Lines under load", &about);
    devices(&mut page, &lastmile, &field, length)?;
    line(&mut page, &lastmile, &field, length)?;
    page.finish()
}

fn devices(page: &mut Page, lastmile: &Path, field: &Path, length: Duration) -> Result<()> {
    let mut run = |_| devices_once(lastmile, field, length);
    let results = interleave(&mut [Contender::new("40 good devices", &mut run)], 1)?;
    page.part("50 devices at 1 s, 5 dead and 5 slow");
    page.say(&format!(
        "Modbus TCP servers, each on its own port, {TAGS} tags a device. Good ones answer after 2 ms, slow ones after 0.9 to \
         3 s; two of the dead refuse the connection, two accept and never answer, one lets connecting end in nothing."
    ));
    page.table(&MEASURES, &["40 good devices"], &results);
    let of = |key| results.spread("40 good devices", key);
    page.goal("scans missing at the 40 good devices: none began a period late", of("missing"), Bound::AtMost(0.0));
    page.goal("worst lateness, ms", of("worst_ms"), Bound::AtMost(PERIOD_MS));
    page.goal("lateness of 99 of 100 scans, ms", of("p99_ms"), Bound::AtMost(PERIOD_MS / 10.0));
    page.goal("slow devices that were read, of 5", of("slow_devices"), Bound::AtLeast(SLOW as f64));
    Ok(())
}

fn devices_once(lastmile: &Path, field: &Path, length: Duration) -> Result<Figures> {
    let mut peers =
        Running::start(Command::new(field).args(["devices"]).args([GOOD, SLOW, DEAD].map(|n| n.to_string())))?;
    let ready = peers.line()?;
    let ports =
        |class: &str| -> Vec<u64> { ready[class].as_array().into_iter().flatten().filter_map(Value::as_u64).collect() };
    let mut site = "[site]\nname = \"bench\"\n".to_owned();
    for (class, more) in [("good", ""), ("slow", "timeout = \"4s\"\n"), ("dead", "")] {
        for (number, port) in ports(class).into_iter().enumerate() {
            device(&mut site, &format!("{class}-{number}"), &format!("modbus-tcp://127.0.0.1:{port}/1"), more, TAGS);
        }
    }
    let folder = temporary("lines")?;
    let edge = Edge::start(lastmile, folder.path(), &site)?;
    thread::sleep(Duration::from_secs(8));
    let before = edge.metrics()?;
    peers.say(&format!("period {PERIOD_MS}"))?;
    thread::sleep(length);
    let after = edge.metrics()?;
    let figures = peers.end()?;
    let of_good = |name: &str| sum(&after, name, "device=\"good-") - sum(&before, name, "device=\"good-");
    let mut found = of_class(&figures, "good");
    found.insert("own_late".into(), of_good("lastmile_scan_late_total") + of_good("lastmile_scan_overrun_total"));
    found.insert("slow_devices".into(), number(&figures, "slow_devices"));
    Ok(found)
}

fn line(page: &mut Page, lastmile: &Path, field: &Path, length: Duration) -> Result<()> {
    let mut run = |_| line_once(lastmile, field, length);
    let results = interleave(&mut [Contender::new("28 living units", &mut run)], 1)?;
    page.part("One serial line of 31 units at 9,600 baud, 3 of them dead");
    let of = |key| results.spread("28 living units", key);
    let text = |key, digits: usize| of(key).map_or("?".to_owned(), |found| format!("{:.digits$}", found.median));
    page.say(&format!(
        "pymodbus behind a pseudo terminal; a program between them gives every byte its time on the wire, in both directions \
         and one at a time ({BAUD} baud, {BITS} bits a character, a unit takes {TURNAROUND_MS} ms). {} registers a unit. The \
         edge computed that once around takes {} s and that it keeps {} s; that is the period it was then given. The line was \
         {} % busy, {} % of its time went to dead units, and {} requests collided with an answer.",
        UNIT_TAGS * 2,
        text("round_s", 2),
        text("period_s", 2),
        text("busy_percent", 0),
        text("silent_percent", 0),
        text("collisions", 0),
    ));
    page.table(&MEASURES, &["28 living units"], &results);
    page.goal("scans missing at the 28 living units", of("missing"), Bound::AtMost(0.0));
    page.goal("living units that were read", of("devices"), Bound::AtLeast((UNITS - DEAD_UNITS) as f64));
    page.goal("worst lateness, in periods", of("worst_periods"), Bound::AtMost(1.0));
    page.goal("time on the wire that goes to dead units, %", of("silent_percent"), Bound::AtMost(12.0));
    Ok(())
}

fn line_once(lastmile: &Path, field: &Path, length: Duration) -> Result<Figures> {
    let script = programs::python_peer("line_units.py");
    let counts = [UNITS, DEAD_UNITS].map(|count| count.to_string());
    let mut units = Running::start(Command::new(paths::python()).arg("-u").arg(script).args(&counts))?;
    let port = units.line()?["port"].as_u64().context("the units have no port")?;
    let alive = (UNITS - DEAD_UNITS).to_string();
    let words = [port.to_string(), BAUD.to_string(), BITS.to_string(), TURNAROUND_MS.to_string(), alive];
    let mut wire = Running::start(Command::new(field).arg("line").args(&words))?;
    let port = wire.line()?["port"].as_u64().context("the line has no port")?;
    let folder = temporary("line")?;
    let computed = computed(lastmile, &folder.path().join("first"), port)?;
    let number_of = |key: &str| computed[key].as_f64().with_context(|| format!("no `{key}` in {computed}"));
    let period_ms = (number_of("keeps_ms")? / 10.0).ceil() * 10.0;

    let terminal = Terminal::open(&folder.path().join("second"), port)?;
    let site = line_site(&terminal.path, &format!("{period_ms}ms"));
    let edge = Edge::start(lastmile, &folder.path().join("second"), &site)?;
    thread::sleep(Duration::from_secs_f64(period_ms * 4.0 / 1e3 + 6.0));
    let before = edge.metrics()?;
    wire.say(&format!("period {period_ms}"))?;
    thread::sleep(length);
    let after = edge.metrics()?;
    let figures = wire.end()?;
    let mut found = of_class(&figures, "unit");
    let own = |name: &str| sum(&after, name, "device=\"unit-") - sum(&before, name, "device=\"unit-");
    found.insert("own_late".into(), own("lastmile_scan_late_total") + own("lastmile_scan_overrun_total"));
    found.insert("period_s".into(), period_ms / 1e3);
    found.insert("round_s".into(), number_of("round_ms")? / 1e3);
    found.insert("worst_periods".into(), found.get("worst_ms").copied().unwrap_or(f64::NAN) / period_ms);
    found.insert("busy_percent".into(), sum(&after, "lastmile_line_busy_ratio", "line=") * 100.0);
    let vain = "lastmile_device_silent_seconds_total";
    let waited = sum(&after, vain, "device=") - sum(&before, vain, "device=");
    found.insert("silent_percent".into(), waited / length.as_secs_f64() * 100.0);
    found.insert("collisions".into(), number(&figures, "collisions"));
    Ok(found)
}

/// What the edge computes for the line before a period is chosen: as on the page of a device.
fn computed(lastmile: &Path, folder: &Path, port: u64) -> Result<Value> {
    let terminal = Terminal::open(folder, port)?;
    let edge = Edge::start(lastmile, folder, &line_site(&terminal.path, "60s"))?;
    // once around for the living, a time-out for each of the dead
    thread::sleep(Duration::from_secs(10));
    let device = json!({ "name": "unit-1", "url": url(&terminal.path, 1), "period": "60s", "budget": { "requests_per_second": 1000.0 } });
    let test = edge.post("/api/v1/devices/test", &json!({ "device": device, "addresses": [] }))?;
    let time = test["scan_time"].clone();
    anyhow::ensure!(time["measured"] == json!(true), "the edge has not measured the line: {test}");
    Ok(time)
}

/// A serial port of this machine whose other end is the line. It ends with the program that opened it, so each edge gets
/// its own.
struct Terminal {
    path: PathBuf,
    _socat: Running,
}

impl Terminal {
    fn open(folder: &Path, port: u64) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join("tty");
        let socat = find_program("socat").context("socat is missing; `cargo xtask setup --for test` installs it")?;
        let link = format!("pty,raw,echo=0,link={}", path.display());
        let socat = Running::start(Command::new(socat).arg(link).arg(format!("tcp:127.0.0.1:{port},nodelay")))?;
        while !path.exists() {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { path, _socat: socat })
    }
}

fn line_site(terminal: &Path, period: &str) -> String {
    let mut site = "[site]\nname = \"bench\"\n".to_owned();
    for unit in 1..=UNITS {
        let more = format!("period = \"{period}\"\nbudget = {{ requests_per_second = 1000.0 }}\n");
        device(&mut site, &format!("unit-{unit}"), &url(terminal, unit), &more, UNIT_TAGS);
    }
    site
}

fn url(terminal: &Path, unit: usize) -> String {
    format!("modbus-rtu://{}?baud={BAUD}&parity=N&stop=2&unit={unit}", terminal.display())
}

/// One device with so many floats from register 0 on.
fn device(site: &mut String, name: &str, url: &str, more: &str, tags: usize) {
    let _ = writeln!(site, "[[device]]\nname = \"{name}\"\nurl = \"{url}\"\n{more}");
    for tag in 0..tags {
        let _ = writeln!(
            site,
            "[[tag]]\nname = \"{name}-t{tag}\"\ndevice = \"{name}\"\naddress = \"holding:{}:float32\"",
            tag * 2
        );
    }
}

/// The figures of one class of devices, without its name.
fn of_class(figures: &Value, class: &str) -> Figures {
    let all = figures.as_object().into_iter().flatten();
    let ours = all.filter_map(|(name, value)| {
        let name = name.strip_prefix(class)?.strip_prefix('_')?;
        Some((name.to_owned(), value.as_f64()?))
    });
    ours.collect()
}

fn number(figures: &Value, name: &str) -> f64 {
    figures[name].as_f64().unwrap_or(f64::NAN)
}

/// The sum of a metric over all lines that hold `label`.
fn sum(metrics: &str, name: &str, label: &str) -> f64 {
    let lines = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_summed_over_the_devices_that_are_meant() {
        let text = "# TYPE a counter\na{device=\"good-1\"} 3\na{device=\"good-2\"} 4\na{device=\"dead-1\"} 9\nab{device=\"good-1\"} 7\n";
        assert!((sum(text, "a", "device=\"good-") - 7.0).abs() < 1e-9);
    }

    #[test]
    fn figures_of_a_class_lose_its_name() {
        let figures = json!({ "good_scans": 5, "slow_scans": 6, "seconds": 1.5 });
        assert_eq!(of_class(&figures, "good"), Figures::from([("scans".to_owned(), 5.0)]));
    }
}
