//! What a scan of a device that is being typed will take, alone and with everything else on its line. Pure.

use std::time::Duration;

use config::site::Device;
use domain::Timestamp;
use drivers::modbus::line_time::{self, ASSUMED_TURNAROUND};
use drivers::modbus::{LineShare, LineTime};
use drivers::{DeviceUrl, Limits, Planned, ReadGroup};
use server::api::device::{LoadHint, ScanTime};

use super::device_load::round_figure;
use crate::lines::{RunningDevice, RunningGroup};

/// Fewer requests by this part, or a shorter scan, is worth a word.
const WORTH_IT: f64 = 0.7;
/// A baud rate that most serial devices can be set to.
const USUAL_BAUD: u32 = 19_200;
const FAST_BAUD: u32 = 38_400;

/// A device while it is being typed.
pub(super) struct Typed<'a> {
    /// As typed.
    pub device: &'a Device,
    /// Its URL.
    pub url: &'a DeviceUrl,
    /// What it can take.
    pub limits: &'a Limits,
    /// The addresses that are being added.
    pub addresses: &'a [String],
    /// How long it took to read them just now, over a connection of their own.
    pub took: Option<(&'a Planned, Duration)>,
}

/// What it will take. None when there is nothing to read, or no way to know.
pub(super) fn scan_time(typed: &Typed<'_>, running: &[RunningDevice], now: Timestamp) -> Option<ScanTime> {
    let key = typed.url.line_key();
    let on_line: Vec<&RunningDevice> = running.iter().filter(|device| device.plan.url.line_key() == key).collect();
    let itself = on_line.iter().find(|device| device.plan.device.name == typed.device.name).copied();
    let period = typed.device.period.get();
    let group = with_known(typed, itself, period);
    if group.is_empty() {
        return None;
    }
    let measured = measured(typed, itself, now);
    let cost = line_time::scan_cost(typed.url, &group, typed.limits, measured);
    let takes = cost.takes?;
    let timeout = typed.device.timeout.get();
    let mut shares = vec![LineShare { takes, period, timeout }];
    for device in &on_line {
        let other = device.plan.device.name != typed.device.name;
        let groups = device.groups.iter().filter(|group| other || group.period != period);
        shares.extend(groups.map(|group| share(device, group, now)));
    }
    let line = LineTime::of(&shares);
    let hints = if line.fits { Vec::new() } else { hints(typed, &group, measured, takes, &line, &shares) };
    Some(ScanTime {
        tags: u32::try_from(group.len()).unwrap_or(u32::MAX),
        requests: cost.requests,
        scan_ms: millis(takes),
        others: u32::try_from(on_line.len() - usize::from(itself.is_some())).unwrap_or(u32::MAX),
        round_ms: millis(line.round),
        baud: baud(typed.url),
        turnaround_ms: millis(measured.unwrap_or(ASSUMED_TURNAROUND)),
        measured: measured.is_some(),
        period_ms: whole_millis(period),
        busy_percent: line.busy * 100.0,
        keeps_ms: millis(line.keeps),
        allow_ms: whole_millis(round_figure(line.keeps)),
        fits: line.fits,
        hints,
    })
}

/// The new addresses and those that the device reads at the same period already: they will be one scan group.
fn with_known(typed: &Typed<'_>, itself: Option<&RunningDevice>, period: Duration) -> ReadGroup {
    let groups = itself.map(|device| device.plan.groups.as_slice()).unwrap_or_default();
    let known = groups.iter().filter(|group| group.period == period).flat_map(|group| &group.tags);
    let mut addresses: Vec<&str> = known.map(|tag| tag.address.as_str()).collect();
    addresses.extend(typed.addresses.iter().map(String::as_str));
    typed.url.plan(&addresses, typed.limits).group
}

/// What a group that runs reads, planned again: those that run keep their requests to themselves.
fn read_of(device: &RunningDevice, group: &RunningGroup) -> ReadGroup {
    let same = device.plan.groups.iter().filter(|plan| plan.period == group.period);
    let addresses: Vec<&str> = same.flat_map(|plan| &plan.tags).map(|tag| tag.address.as_str()).collect();
    device.plan.url.plan(&addresses, &device.plan.limits).group
}

/// The device's turnaround: from its own scans where it runs, else from the reading just now.
fn measured(typed: &Typed<'_>, itself: Option<&RunningDevice>, now: Timestamp) -> Option<Duration> {
    let from_group = |device: &RunningDevice, group: &RunningGroup| {
        let seen = group.report.now(now);
        seen.last?;
        line_time::turnaround(typed.url, &read_of(device, group), typed.limits, seen.usual)
    };
    let running = itself.and_then(|device| device.groups.iter().filter_map(|group| from_group(device, group)).max());
    running.or_else(|| {
        let (planned, took) = typed.took?;
        line_time::turnaround(typed.url, &planned.group, typed.limits, took)
    })
}

/// What a group that runs takes: measured, else computed, as if its unit answered. A unit that does not costs probes.
fn share(device: &RunningDevice, group: &RunningGroup, now: Timestamp) -> LineShare {
    let seen = group.report.now(now);
    let computed = || line_time::scan_cost(&device.plan.url, &read_of(device, group), &device.plan.limits, None).takes;
    let takes = if seen.last.is_some() { seen.usual } else { computed().unwrap_or_default() };
    LineShare { takes, period: group.period, timeout: device.plan.limits.timeout }
}

fn hints(
    typed: &Typed<'_>,
    group: &ReadGroup,
    measured: Option<Duration>,
    takes: Duration,
    line: &LineTime,
    shares: &[LineShare],
) -> Vec<LoadHint> {
    let mut hints = Vec::new();
    let wide = Limits { holes: Limits::HOLES, ..typed.limits.clone() };
    let merged = typed.url.plan_parsed(&group.addresses(), &wide);
    if (merged.blocks().len() as f64) < WORTH_IT * group.blocks().len() as f64 {
        hints.push(LoadHint::GroupAddresses);
    }
    if let DeviceUrl::ModbusRtu(serial) = typed.url {
        let mut faster = serial.clone();
        faster.baud = if serial.baud < USUAL_BAUD { USUAL_BAUD } else { FAST_BAUD };
        let faster = (serial.baud < FAST_BAUD).then_some(DeviceUrl::ModbusRtu(faster));
        let scan = faster.and_then(|url| line_time::scan_cost(&url, group, typed.limits, measured).takes);
        if scan.is_some_and(|scan| scan.as_secs_f64() < WORTH_IT * takes.as_secs_f64()) {
            hints.push(LoadHint::RaiseBaud);
        }
    }
    let no_probe: Vec<LineShare> = shares.iter().map(|share| LineShare { timeout: Duration::ZERO, ..*share }).collect();
    if LineTime::of(&no_probe).keeps.as_secs_f64() < WORTH_IT * line.keeps.as_secs_f64() {
        hints.push(LoadHint::ShorterTimeout);
    }
    hints.push(LoadHint::LongerPeriod);
    hints
}

fn baud(url: &DeviceUrl) -> Option<u32> {
    match url {
        DeviceUrl::ModbusRtu(line) => Some(line.baud),
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) => None,
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
