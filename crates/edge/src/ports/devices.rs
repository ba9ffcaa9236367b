//! Devices: what they are doing, in words, and trying one that is being typed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use config::site::SiteConfig;
use domain::said::device as said;
use domain::{Arg, Problem, QualityClass, Said, Timestamp};
use drivers::{DeviceUrl, ReadGroup, Reading, RequestWords};
use server::api::device::{
    AddressValue, Block, Budget, Device, DeviceError, DeviceState, DeviceStateKind, DeviceTest, ReadAddresses,
    ScanGroup, ScanTally, TestDevice,
};
use server::api::import::{CheckTags, ImportText, Imported, TagFinding};
use server::ports::{self, DeviceNow};
use tokio::sync::{oneshot, watch};

use super::device_load::{self, Seen};
use crate::clock::Clock;
use crate::lines::{Lines, RunningDevice};
use crate::pipeline::device::{Ask, GroupNow, Snapshot, State, Tally};

/// Longest wait for a reading that a person asked for.
const PATIENCE: Duration = Duration::from_secs(8);

/// See the module.
#[derive(Debug)]
pub(crate) struct Devices {
    /// What runs.
    pub lines: Arc<Lines>,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// The configuration now.
    pub site: watch::Receiver<Arc<SiteConfig>>,
}

#[async_trait]
impl ports::Devices for Devices {
    fn devices(&self) -> Vec<Device> {
        let running = self.lines.devices();
        let site = self.site.borrow().clone();
        let now = self.clock.now();
        let told = site.devices.iter().map(|device| {
            match running.iter().find(|candidate| candidate.plan.device.name == device.name) {
                Some(found) => tell(found, &running, now),
                None => self.not_running(device),
            }
        });
        told.collect()
    }

    fn device(&self, name: &str) -> Option<DeviceNow> {
        let all = self.lines.devices();
        let running = all.iter().find(|device| device.plan.device.name == name)?;
        let now = self.clock.now();
        let device = tell(running, &all, now);
        let blocks = running.groups.iter().flat_map(|group| blocks(&group.blocks, group.period, &group.tags)).collect();
        let errors = running.report.snapshot(now).errors.iter().map(error).collect();
        Some(DeviceNow { device, blocks, errors })
    }

    async fn test(&self, test: TestDevice) -> DeviceTest {
        super::device_test::run(self, test).await
    }

    async fn read(&self, device: &str, asked: ReadAddresses) -> Result<Vec<AddressValue>, Problem> {
        let running = self.running(device)?;
        let planned = running.plan.url.plan(&asked.addresses, &running.plan.limits);
        let readings = ask(&running, planned.group.clone()).await?;
        Ok(address_values(&asked.addresses, &planned, &readings, self.clock.now()))
    }

    async fn import(&self, ask: ImportText) -> Result<Imported, Problem> {
        super::import::import(ask).await
    }

    async fn check(&self, ask: CheckTags) -> Result<Vec<TagFinding>, Problem> {
        let site = self.site.borrow().clone();
        super::import::check(site, ask).await
    }
}

impl Devices {
    fn running(&self, name: &str) -> Result<RunningDevice, Problem> {
        let running = self.lines.devices().into_iter().find(|device| device.plan.device.name == name);
        running.ok_or_else(|| match self.lines.broken(name) {
            Some(problem) => problem,
            None => said::UNKNOWN.problem(name, [("name", name.into())]),
        })
    }

    /// The running line that reaches this URL, if there is one: its budget is used instead of a second connection.
    pub(super) fn on_line(&self, url: &DeviceUrl) -> Option<RunningDevice> {
        let key = url.line_key();
        self.lines.devices().into_iter().find(|device| device.plan.url.line_key() == key)
    }

    fn not_running(&self, device: &config::site::Device) -> Device {
        let problem = self.lines.broken(&device.name);
        let (kind, said) = match problem {
            None => (DeviceStateKind::Connecting, said::STARTING.plain()),
            Some(problem) => (DeviceStateKind::NotAnswering, said::CANNOT_START.say([("why", because(&problem))])),
        };
        let state = DeviceState {
            kind,
            words: said.words(),
            said: Some(said.into()),
            since_ms: None,
            last_answer_ms: None,
            next_try_ms: None,
            address: device.url.clone(),
        };
        Device {
            name: device.name.clone(),
            url: device.url.clone(),
            protocol: device.url.split("://").next().unwrap_or_default().to_owned(),
            place: device.place.to_string(),
            state,
            tags: 0,
            values_per_second: 0.0,
            groups: Vec::new(),
            budget: budget(device, None),
            load: device_load::load(&Seen::default()),
            last_error: None,
        }
    }
}

/// Reads on the line of a running device, between its scans.
pub(super) async fn ask(device: &RunningDevice, read: ReadGroup) -> Result<Vec<Reading>, Problem> {
    let name = &device.plan.device.name;
    let busy = || said::BUSY.problem(name.clone(), []);
    let (reply, answer) = oneshot::channel();
    device.asks.try_send(Ask { read, reply }).map_err(|_| busy())?;
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(result)) => result.map_err(|error| error.problem(name.clone())),
        Ok(Err(_)) | Err(_) => Err(busy()),
    }
}

fn tell(device: &RunningDevice, all: &[RunningDevice], now: Timestamp) -> Device {
    let snapshot = device.report.snapshot(now);
    let configured = &device.plan.device;
    let groups: Vec<ScanGroup> = device
        .groups
        .iter()
        .map(|group| scan_group(group.period, group.tags.len(), group.blocks.len(), group.report.now(now)))
        .collect();
    let seen = Seen::of(device, all, matches!(snapshot.state, State::Reading { .. }), now);
    let load = device_load::load(&seen);
    let requests_per_second: f64 =
        device.groups.iter().map(|group| group.blocks.len() as f64 / group.period.as_secs_f64().max(1e-3)).sum();
    Device {
        name: configured.name.clone(),
        url: configured.url.clone(),
        protocol: device.plan.url.scheme().to_owned(),
        place: configured.place.to_string(),
        state: state(&snapshot, &configured.name, now, &device_load::words(&seen, &load)),
        tags: device.groups.iter().map(|group| u32::try_from(group.tags.len()).unwrap_or(u32::MAX)).sum(),
        values_per_second: snapshot.values_per_second,
        groups,
        budget: budget(configured, Some(requests_per_second)),
        load,
        last_error: snapshot.errors.front().map(error),
    }
}

fn budget(device: &config::site::Device, requests_per_second: Option<f64>) -> Budget {
    let allowed = device.budget.requests_per_second;
    Budget {
        connections: device.budget.connections.into(),
        in_flight: device.budget.in_flight.into(),
        requests_per_second: allowed,
        used_percent: requests_per_second.map(|used| used / allowed.max(1e-9) * 100.0),
    }
}

fn scan_group(period: Duration, tags: usize, blocks: usize, now: GroupNow) -> ScanGroup {
    ScanGroup {
        period_ms: i64::try_from(period.as_millis()).unwrap_or(i64::MAX),
        tags: u32::try_from(tags).unwrap_or(u32::MAX),
        blocks: u32::try_from(blocks).unwrap_or(u32::MAX),
        kept: now.total.kept,
        late: now.total.late,
        missed: now.total.missed,
        day: tally(&now.day),
        took_ms: now.last.map(|_| now.took.as_secs_f64() * 1e3),
        last_ms: now.last.map(Timestamp::millis),
    }
}

fn tally(tally: &Tally) -> ScanTally {
    ScanTally { kept: tally.kept, late: tally.late, missed: tally.missed, worst_ms: tally.worst.as_secs_f64() * 1e3 }
}

/// The state of a device as a sentence that says since when, what was last and what is being tried.
fn state(snapshot: &Snapshot, name: &str, now: Timestamp, reading: &str) -> DeviceState {
    let (kind, said, next_try) = match &snapshot.state {
        State::Connecting => (DeviceStateKind::Connecting, Some(said::BEING_REACHED.plain()), None),
        // how well it keeps its period is said by pages from the figures
        State::Reading { bad: 0 } => (DeviceStateKind::Reading, None, None),
        State::Reading { bad } => (DeviceStateKind::Partly, Some(said::PARTLY.say([("bad", (*bad).into())])), None),
        State::NotAnswering { problem, wait } => {
            // whole seconds: these words are made anew each second, and nobody reads tenths
            let since = snapshot.since.map_or(0, |since| now.since(since).as_secs());
            let sentence = if snapshot.last_answer.is_none() { said::NEVER_ANSWERED } else { said::SILENT };
            let said = sentence.say([
                ("device", name.into()),
                ("since_ms", Duration::from_secs(since).into()),
                ("why", because(problem)),
                ("next", said::NEXT_TRY.say([("wait_ms", Duration::from_secs(10).into())]).into()),
            ]);
            (DeviceStateKind::NotAnswering, Some(said), Some(now.plus(*wait).millis()))
        }
    };
    let words = match (&snapshot.state, &said) {
        (State::Reading { .. }, None) => reading.to_owned(),
        (State::Reading { .. }, Some(said)) => format!("{reading} {said}"),
        (_, said) => said.as_ref().map(Said::words).unwrap_or_default(),
    };
    DeviceState {
        kind,
        words,
        said: said.map(Into::into),
        since_ms: snapshot.since.map(Timestamp::millis),
        last_answer_ms: snapshot.last_answer.map(Timestamp::millis),
        next_try_ms: next_try,
        address: snapshot.address.clone(),
    }
}

/// A problem inside another sentence: by its own sentence where the catalogue has one, else as it was said.
pub(super) fn because(problem: &Problem) -> Arg {
    let said = Said::from(problem);
    if said.is_known() { said.into() } else { problem.what.as_str().into() }
}

fn error(line: &crate::pipeline::device::ErrorLine) -> DeviceError {
    let said = Some(line.said.clone().into());
    DeviceError { at_ms: line.at.millis(), words: line.said.words(), said, times: line.times }
}

/// The requests of a plan, as engineers write them.
pub(super) fn blocks(requests: &[RequestWords], period: Duration, tags: &[impl ToString]) -> Vec<Block> {
    let period_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
    let blocks = requests.iter().map(|block| Block {
        words: block.words.words(),
        said: Some(block.words.clone().into()),
        period_ms,
        brings: block.brings.iter().filter_map(|index| tags.get(*index).map(ToString::to_string)).collect(),
    });
    blocks.collect()
}

/// Readings beside the addresses they were asked for.
pub(super) fn address_values(
    asked: &[String],
    planned: &drivers::Planned,
    readings: &[Reading],
    now: Timestamp,
) -> Vec<AddressValue> {
    let values = asked.iter().enumerate().map(|(index, address)| {
        let reading = readings.get(index);
        let quality = reading.map_or(domain::Quality::BAD, |reading| reading.quality);
        let problem = planned.problems.iter().find(|problem| problem.index == index);
        AddressValue {
            address: address.clone(),
            value: reading.and_then(|reading| reading.value.clone()),
            value_type: planned.addresses.get(index).and_then(Option::as_ref).map(drivers::Address::type_name),
            quality: match quality.class() {
                QualityClass::Good => server::api::common::QualityClass::Good,
                QualityClass::Uncertain => server::api::common::QualityClass::Uncertain,
                QualityClass::Bad => server::api::common::QualityClass::Bad,
            },
            status: quality.name().to_owned(),
            problem: problem.map(|problem| problem.problem.clone().into()),
            at_ms: now.millis(),
        }
    });
    values.collect()
}
