//! One task per line: connects, reads the scan groups that are due, marks quality, backs off.
//!
//! The task owns its driver and never drops a request half-way. What is due is chosen by time, so a dead unit on a
//! shared line costs one time-out per probe and its probes become rare, while its neighbours keep their period.

mod report;

pub(crate) use report::{DeviceReport, ErrorLine, GroupNow, GroupReport, Snapshot, State};

use std::sync::Arc;
use std::time::Duration;

use domain::{GroupId, Quality, Scan};
use drivers::{AddressList, Backoff, Driver, DriverError, ReadGroup, Reading, Scope};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::sample::Sampler;
use super::tag_table::TagTable;
use crate::clock::Clock;
use crate::plan::LinePlan;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// A probe of something dead is at most this rare.
const RARELY: Duration = Duration::from_secs(10);

/// One scan group, ready to be read.
#[derive(Debug)]
pub(crate) struct Group {
    /// Whose.
    pub device: usize,
    /// Its number in the log.
    pub id: GroupId,
    /// How often.
    pub period: Duration,
    /// The prepared requests.
    pub read: ReadGroup,
    /// Scale, quality, dead band.
    pub sampler: Sampler,
    /// What is told about it.
    pub report: Arc<GroupReport>,
}

/// A reading that a person asks for, within the device's budget.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The prepared requests.
    pub read: ReadGroup,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Vec<Reading>, DriverError>>,
}

/// Everything a line's task needs.
#[derive(Debug)]
pub(crate) struct Line {
    /// What runs on it.
    pub plan: LinePlan,
    /// All groups of its devices.
    pub groups: Vec<Group>,
    /// One per device, in the order of the plan.
    pub reports: Vec<Arc<DeviceReport>>,
    /// Where scans go.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

/// Runs a line until `stop`.
pub(crate) async fn run(line: Line, mut asks: mpsc::Receiver<Ask>, stop: CancellationToken) {
    let mut task = LineTask::new(line);
    loop {
        let due = task.next_due();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ask) = asks.recv() => task.answer(ask).await,
            () = tokio::time::sleep_until(due) => task.turn().await,
        }
    }
    task.driver.close().await;
}

struct LineTask {
    line: Line,
    driver: Box<dyn Driver>,
    addresses: AddressList,
    backoff: Backoff,
    /// Not before this moment is the line tried again.
    line_rests_until: Instant,
    units: Vec<UnitRest>,
    due: Vec<Instant>,
}

/// A unit that does not answer rests between probes.
struct UnitRest {
    backoff: Backoff,
    until: Instant,
    failing: bool,
}

impl LineTask {
    fn new(line: Line) -> Self {
        let mut urls = line.plan.addresses.iter().cloned();
        let first = urls.next().unwrap_or_else(|| line.plan.devices[0].url.clone());
        let addresses = AddressList::new(first, urls);
        let now = Instant::now();
        let rest = || UnitRest { backoff: Backoff::new(Duration::from_secs(1), RARELY), until: now, failing: false };
        Self {
            driver: addresses.current().open(),
            addresses,
            backoff: Backoff::new(Duration::from_millis(500), RARELY),
            line_rests_until: now,
            units: line.plan.devices.iter().map(|_| rest()).collect(),
            due: vec![now; line.groups.len()],
            line,
        }
    }

    /// When something can be done next. A line without groups sleeps until it is asked.
    fn next_due(&self) -> Instant {
        let idle = Instant::now() + Duration::from_hours(1);
        self.earliest().map_or(idle, |group| self.ready_at(group))
    }

    fn ready_at(&self, group: usize) -> Instant {
        let rest = self.units[self.line.groups[group].device].until;
        self.due[group].max(rest).max(self.line_rests_until)
    }

    fn earliest(&self) -> Option<usize> {
        (0..self.line.groups.len()).min_by_key(|group| self.ready_at(*group))
    }

    /// Reads the group that is due first.
    async fn turn(&mut self) {
        let Some(group) = self.earliest() else { return };
        if !self.connected().await {
            return;
        }
        let begun = Instant::now();
        let answer = self.driver.read(&mut self.line.groups[group].read).await;
        let took = begun.elapsed();
        match answer {
            Ok(readings) => self.answered(group, &readings, begun, took),
            Err(error) => self.failed(group, &error),
        }
        self.schedule(group, begun);
    }

    /// Connects if needed; on failure the line rests and all its tags are bad.
    async fn connected(&mut self) -> bool {
        if self.driver.is_connected() {
            return true;
        }
        match self.driver.connect(CONNECT).await {
            Ok(()) => true,
            Err(error) => {
                let all_tried = self.addresses.failed();
                self.driver = self.addresses.current().open();
                self.line_down(&error, all_tried);
                false
            }
        }
    }

    fn line_down(&mut self, error: &DriverError, rest: bool) {
        let wait = if rest { self.backoff.fail(rand::random()) } else { Backoff::FLOOR };
        self.line_rests_until = Instant::now() + wait;
        for device in 0..self.line.plan.devices.len() {
            self.device_down(device, error, wait);
        }
    }

    /// Notes the failure and marks the device's tags bad.
    fn device_down(&mut self, device: usize, error: &DriverError, wait: Duration) {
        self.units[device].failing = true;
        let now = self.line.clock.arrival();
        let address = self.addresses.current().endpoint();
        let report = &self.line.reports[device];
        report.failed(now, &error.problem(&self.line.plan.devices[device].device.name), wait, address);
        // again with each probe, so that windows know that nothing comes and not only that nothing came
        self.publish_bad(device, error.quality());
    }

    fn publish_bad(&self, device: usize, quality: Quality) {
        let arrival = self.line.clock.arrival();
        for group in self.line.groups.iter().filter(|group| group.device == device) {
            let count = group.read.len();
            let (values, qualities) = (vec![None; count], vec![quality; count]);
            self.line.table.publish(Scan { group: group.id, arrival, source: None, values, qualities });
        }
    }

    fn answered(&mut self, group: usize, readings: &[Reading], begun: Instant, took: Duration) {
        let arrival = self.line.clock.arrival();
        let device = self.line.groups[group].device;
        self.backoff.succeed();
        self.units[device].backoff.succeed();
        let resumed = std::mem::take(&mut self.units[device].failing);
        let table = Arc::clone(&self.line.table);
        let trusted = self.line.plan.devices[device].device.trust_source_clock;
        let current = &mut self.line.groups[group];
        let elsewhere = |tag: &_| table.get(tag).and_then(|(_, latest)| latest).and_then(|latest| latest.value);
        let (values, qualities) = current.sampler.judge(readings, elsewhere);
        let source = readings.iter().find_map(|reading| reading.source).filter(|_| trusted);
        let bad = qualities.iter().filter(|quality| quality.is_bad()).count();
        // after an outage the scan is not late: what was missed is counted as missed
        let lateness = if resumed { Duration::ZERO } else { begun.saturating_duration_since(self.due[group]) };
        current.report.scanned(arrival, took, lateness, current.period);
        let address = self.addresses.current().endpoint();
        self.line.reports[device].answered(arrival, readings.len(), bad, address);
        table.publish(Scan { group: current.id, arrival, source, values, qualities });
    }

    fn failed(&mut self, group: usize, error: &DriverError) {
        let device = self.line.groups[group].device;
        self.line.groups[group].report.missed(1);
        match error.scope() {
            Scope::Line => {
                self.addresses.failed();
                if self.addresses.count() > 1 {
                    self.driver = self.addresses.current().open();
                }
                self.line_down(error, true);
            }
            Scope::Unit => {
                let unit = &mut self.units[device];
                let wait = unit.backoff.fail(rand::random());
                unit.until = Instant::now() + wait;
                self.device_down(device, error, wait);
            }
            Scope::Request => self.device_down(device, error, self.line.groups[group].period),
        }
    }

    /// The next moment on the group's own grid; periods that passed meanwhile are counted as missed.
    fn schedule(&mut self, group: usize, begun: Instant) {
        let period = self.line.groups[group].period.max(Duration::from_millis(1));
        let now = Instant::now().max(begun);
        let behind = now.saturating_duration_since(self.due[group]);
        let passed = u32::try_from(behind.as_micros() / period.as_micros()).unwrap_or(u32::MAX);
        self.line.groups[group].report.missed(u64::from(passed));
        let ahead = period.checked_mul(passed.saturating_add(1)).unwrap_or(RARELY);
        self.due[group] += ahead;
    }

    /// Serves a person between two scans.
    async fn answer(&mut self, mut ask: Ask) {
        let result = if self.connected().await {
            let result = self.driver.read(&mut ask.read).await;
            if let Err(error) = &result
                && error.scope() == Scope::Line
            {
                self.line_down(error, true);
            }
            result
        } else {
            Err(DriverError::NotConnected { endpoint: self.addresses.current().endpoint() })
        };
        let _gone = ask.reply.send(result);
    }
}
