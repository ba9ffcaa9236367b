//! How busy a device's line is, whether its scans suffer, and what would help. Pure.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use drivers::DeviceUrl;
use server::api::device::{DeviceLoad, LoadHint};
use tokio::time::Instant;

use crate::lines::RunningDevice;
use crate::pipeline::device::{GroupNow, GroupReport};

/// More than this share of scans late, or without time, within minutes is too much …
const TOO_MANY: f64 = 0.01;
/// … if it is not just a few.
const A_FEW: u64 = 3;
/// A line that is in use for this share of its time has no room any more.
const FULL: f64 = 0.85;
/// Units that do not answer are worth a word from this share of the line's time on.
const SILENT: f64 = 0.03;

/// What the judgement stands on.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Period and numbers of each scan group of the device.
    pub groups: Vec<(Duration, GroupNow)>,
    /// It answers.
    pub reads: bool,
    /// Share of the line's time in use.
    pub line: Option<f64>,
    /// Share of it for this device.
    pub device: Option<f64>,
    /// Share of it for whoever did not answer.
    pub silent: Option<f64>,
    /// What all groups of the line ask for, as a share of its time: more than 1 when it is too much.
    pub demand: f64,
    /// Devices on the line.
    pub on_line: usize,
    /// Of its reading units, the longest time one scan takes.
    pub longest: Duration,
    /// A serial line.
    pub serial: bool,
}

impl Seen {
    /// Looks at a device and its line. `all` are all devices that run.
    pub(super) fn of(device: &RunningDevice, all: &[RunningDevice], reads: bool, now: Timestamp) -> Self {
        let moment = Instant::now();
        let on_line = || all.iter().filter(move |other| Arc::ptr_eq(&other.line, &device.line));
        let groups = || on_line().flat_map(|device| &device.groups);
        let usual = |report: &GroupReport| report.now(now).usual.as_secs_f64();
        let silent: Vec<f64> = on_line().filter_map(|device| device.report.busy(moment).1).collect();
        Self {
            groups: device.groups.iter().map(|group| (group.period, group.report.now(now))).collect(),
            reads,
            line: device.line.busy(moment),
            device: device.report.busy(moment).0,
            silent: (!silent.is_empty()).then(|| silent.iter().sum::<f64>().min(1.0)),
            demand: groups().map(|group| usual(&group.report) / group.period.as_secs_f64().max(1e-3)).sum(),
            on_line: on_line().count(),
            longest: groups().map(|group| group.report.now(now).usual).max().unwrap_or_default(),
            serial: matches!(device.plan.url, DeviceUrl::ModbusRtu(_)),
        }
    }

    /// The group that keeps its period worst.
    fn worst(&self) -> Option<&(Duration, GroupNow)> {
        let kept = |group: &(Duration, GroupNow)| group.1.day.kept as f64 / group.1.day.all().max(1) as f64;
        self.groups.iter().filter(|group| group.1.day.all() > 0).min_by(|a, b| kept(a).total_cmp(&kept(b)))
    }
}

/// Judges it.
pub(super) fn load(seen: &Seen) -> DeviceLoad {
    let too_many = |now: &GroupNow| {
        let bad = now.minutes.overloaded();
        bad >= A_FEW && bad as f64 > TOO_MANY * now.minutes.all() as f64
    };
    let overloaded = seen.reads && seen.groups.iter().any(|(_, now)| too_many(now));
    let (mut hints, mut keeps) = (Vec::new(), None);
    if overloaded {
        if seen.silent.is_some_and(|share| share >= SILENT) {
            hints.extend([LoadHint::SilentUnits, LoadHint::ShorterTimeout]);
        }
        let full = seen.line.is_some_and(|share| share >= FULL);
        if full {
            hints.extend([LoadHint::FewerTags, LoadHint::LongerPeriod]);
            keeps = keepable(seen);
        }
        if hints.is_empty() {
            hints.push(LoadHint::EdgeBusy);
        }
    }
    let percent = |share: Option<f64>| share.map(|share| share * 100.0);
    DeviceLoad {
        overloaded,
        line_percent: percent(seen.line),
        device_percent: percent(seen.device),
        silent_percent: percent(seen.silent),
        on_line: u32::try_from(seen.on_line).unwrap_or(u32::MAX),
        serial: seen.serial,
        hints,
        keeps_ms: keeps.map(|keeps: Duration| i64::try_from(keeps.as_millis()).unwrap_or(i64::MAX)),
    }
}

/// A period for the device's slowest group with which the line would not be full.
fn keepable(seen: &Seen) -> Option<Duration> {
    let (period, _) = seen.worst()?;
    let stretched = period.mul_f64((seen.demand / drivers::modbus::line_time::USABLE).max(1.0));
    Some(round_figure(stretched.max(seen.longest)))
}

/// The next period that people would choose, not below `least`: 1, 2 or 5 of something.
pub(super) fn round_figure(least: Duration) -> Duration {
    const FIGURES: [u64; 16] =
        [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000];
    let least = least.as_millis();
    let figure = FIGURES.into_iter().find(|figure| u128::from(*figure) >= least);
    let hours = least.div_ceil(3_600_000);
    figure.map_or_else(|| Duration::from_hours(u64::try_from(hours).unwrap_or(u64::MAX / 3600)), Duration::from_millis)
}

/// How well it keeps its period, for people who see no page: pages say it from their own catalogue.
pub(super) fn words(seen: &Seen, load: &DeviceLoad) -> String {
    let Some((period, now)) = seen.worst() else { return "Reading.".to_owned() };
    let day = &now.day;
    if day.late + day.missed == 0 {
        return "Reading, every scan on time.".to_owned();
    }
    let share = (day.kept as f64 / day.all().max(1) as f64 * 1000.0).floor() / 10.0;
    let mut words = format!(
        "Keeps its {} on {share} % of scans; in 24 hours {} began late, worst {} ms, {} were missed.",
        seconds(*period),
        day.late,
        day.worst.as_millis(),
        day.missed,
    );
    if let (true, Some(percent)) = (load.overloaded, load.line_percent) {
        let advice = match load.keeps_ms.and_then(|ms| u64::try_from(ms).ok()) {
            Some(ms) => format!(": read fewer tags or allow {}", seconds(Duration::from_millis(ms))),
            None => String::new(),
        };
        let _ = write!(words, " The line is {percent:.0} % busy{advice}.");
    }
    words
}

fn seconds(period: Duration) -> String {
    if period < Duration::from_secs(1) {
        format!("{} ms", period.as_millis())
    } else {
        format!("{} s", period.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::device::Tally;

    fn seen(minutes: Tally, line: f64, silent: f64) -> Seen {
        let now = GroupNow { total: minutes, day: minutes, minutes, ..GroupNow::default() };
        Seen {
            groups: vec![(Duration::from_secs(1), now)],
            reads: true,
            line: Some(line),
            device: Some(line),
            silent: Some(silent),
            demand: 1.6,
            on_line: 2,
            longest: Duration::from_millis(700),
            serial: true,
        }
    }

    #[test]
    fn a_full_line_says_what_period_it_could_keep() {
        let tally = Tally { kept: 280, late: 14, missed: 6, overrun: 6, worst: Duration::from_millis(220) };
        let seen = seen(tally, 0.93, 0.0);
        let load = load(&seen);
        assert_eq!(load.hints, [LoadHint::FewerTags, LoadHint::LongerPeriod]);
        assert_eq!(load.keeps_ms, Some(2000));
        assert_eq!(
            words(&seen, &load),
            "Keeps its 1 s on 93.3 % of scans; in 24 hours 14 began late, worst 220 ms, 6 were missed. The line is 93 % \
             busy: read fewer tags or allow 2 s."
        );
    }

    #[test]
    fn one_late_scan_is_no_overload_and_nobody_answering_is_none_either() {
        let once = Tally { kept: 299, late: 1, worst: Duration::from_millis(300), ..Tally::default() };
        assert!(!load(&seen(once, 0.2, 0.0)).overloaded);
        let away = Tally { kept: 100, missed: 200, ..Tally::default() };
        assert!(!load(&seen(away, 0.2, 0.0)).overloaded, "a cable that was pulled is told elsewhere");
    }

    #[test]
    fn late_scans_on_an_idle_line_are_this_computer() {
        let tally = Tally { kept: 200, late: 100, ..Tally::default() };
        assert_eq!(load(&seen(tally, 0.2, 0.0)).hints, [LoadHint::EdgeBusy]);
        assert_eq!(load(&seen(tally, 0.6, 0.1)).hints, [LoadHint::SilentUnits, LoadHint::ShorterTimeout]);
    }

    #[test]
    fn a_period_to_allow_is_a_round_figure() {
        let figures: Vec<u128> =
            [4, 10, 1001, 20_700, 4_000_000].map(|ms| round_figure(Duration::from_millis(ms)).as_millis()).into();
        assert_eq!(figures, [10, 10, 2000, 30_000, 7_200_000]);
    }
}
