//! One task per line: connects, reads the scan groups that are due, marks quality, backs off.
//!
//! The task owns its driver and never drops a request half-way. What is due is chosen by `schedule`, so a dead unit on a
//! shared line costs one time-out per probe and its probes become rare, while its neighbours keep their period.

mod report;
mod schedule;
mod tally;

pub(crate) use report::{DeviceReport, ErrorLine, GroupNow, GroupReport, LineReport, Snapshot, State};
pub(crate) use tally::{Busy, Tally};

use std::sync::Arc;
use std::time::Duration;

use domain::{GroupId, Quality, Scan};
use drivers::{AddressList, Driver, DriverError, ReadGroup, Reading, Scope};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::schedule::{Missed, Schedule};
use super::sample::Sampler;
use super::tag_table::TagTable;
use crate::clock::Clock;
use crate::plan::LinePlan;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);

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
    /// What is told about the line as a whole.
    pub report: Arc<LineReport>,
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
    schedule: Schedule,
}

impl LineTask {
    fn new(line: Line) -> Self {
        let mut urls = line.plan.addresses.iter().cloned();
        let first = urls.next().unwrap_or_else(|| line.plan.devices[0].url.clone());
        let addresses = AddressList::new(first, urls);
        let groups = line.groups.iter().map(|group| (group.device, group.period));
        let phase = schedule::phase(&line.plan.key);
        let schedule = Schedule::new(Instant::now(), phase, line.plan.devices.len(), groups);
        Self { driver: addresses.current().open(), addresses, schedule, line }
    }

    /// When something can be done next. A line without groups sleeps until it is asked.
    fn next_due(&self) -> Instant {
        let now = Instant::now();
        self.schedule.next(now).map_or(now + Duration::from_hours(1), |(_, at)| at)
    }

    /// Reads the group that is due first.
    async fn turn(&mut self) {
        let begun = Instant::now();
        let Some((group, _)) = self.schedule.next(begun).filter(|(_, at)| *at <= begun) else { return };
        if self.connected().await {
            let asked = Instant::now();
            let answer = self.driver.read(&mut self.line.groups[group].read).await;
            let took = asked.elapsed();
            self.used(self.line.groups[group].device, took, answer.is_err());
            let away = self.schedule.is_fresh(group) || answer.is_err();
            match answer {
                Ok(readings) => self.answered(group, &readings, begun, took),
                Err(error) => self.failed(group, &error, took),
            }
            let passed = self.schedule.ended(group, Instant::now());
            if away {
                self.missed(vec![(group, passed)]);
            } else {
                self.line.groups[group].report.overrun(self.line.clock.arrival(), passed);
            }
        }
        self.line.report.used(begun.elapsed(), Instant::now());
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
        let (wait, missed) = self.schedule.line_failed(Instant::now(), rest, rand::random());
        self.missed(missed);
        for device in 0..self.line.plan.devices.len() {
            self.device_down(device, error, wait);
        }
    }

    /// Notes the failure and marks the device's tags bad.
    fn device_down(&mut self, device: usize, error: &DriverError, wait: Duration) {
        let now = self.line.clock.arrival();
        let address = self.addresses.current().endpoint();
        let report = &self.line.reports[device];
        report.failed(now, &error.problem(&self.line.plan.devices[device].device.name), wait, address);
        // again with each probe, so that windows know that nothing comes and not only that nothing came
        self.publish_bad(device, error.quality());
    }

    fn publish_bad(&self, device: usize, quality: Quality) {
        for group in self.line.groups.iter().filter(|group| group.device == device) {
            let count = group.read.len();
            let (values, qualities) = (vec![None; count], vec![quality; count]);
            let scan = |arrival| Scan { group: group.id, arrival, source: None, values, qualities };
            self.line.table.publish_now(&self.line.clock, scan);
        }
    }

    fn answered(&mut self, group: usize, readings: &[Reading], begun: Instant, took: Duration) {
        let device = self.line.groups[group].device;
        let lateness = self.schedule.lateness(group, begun);
        let missed = self.schedule.answered(group, Instant::now());
        self.missed(missed);
        let table = Arc::clone(&self.line.table);
        let trusted = self.line.plan.devices[device].device.trust_source_clock;
        let current = &mut self.line.groups[group];
        let elsewhere = |tag: &_| table.get(tag).and_then(|(_, latest)| latest).and_then(|latest| latest.value);
        let (values, qualities) = current.sampler.judge(readings, elsewhere);
        let source = readings.iter().find_map(|reading| reading.source).filter(|_| trusted);
        let bad = qualities.iter().filter(|quality| quality.is_bad()).count();
        let scan = |arrival| Scan { group: current.id, arrival, source, values, qualities };
        let arrival = table.publish_now(&self.line.clock, scan);
        current.report.scanned(arrival, took, lateness, current.period);
        let address = self.addresses.current().endpoint();
        self.line.reports[device].answered(arrival, readings.len(), bad, address);
    }

    fn failed(&mut self, group: usize, error: &DriverError, took: Duration) {
        let device = self.line.groups[group].device;
        match error.scope() {
            // the scan is among those that the whole line misses
            Scope::Line => {
                self.addresses.failed();
                if self.addresses.count() > 1 {
                    self.driver = self.addresses.current().open();
                }
                self.line_down(error, true);
            }
            Scope::Unit => {
                let (wait, missed) = self.schedule.unit_failed(group, Instant::now(), took, rand::random());
                self.missed(missed);
                self.missed(vec![(group, 1)]);
                self.device_down(device, error, wait);
            }
            Scope::Request => {
                self.missed(vec![(group, 1)]);
                self.device_down(device, error, self.line.groups[group].period);
            }
        }
    }

    /// The line was in use for this device.
    fn used(&self, device: usize, spent: Duration, silent: bool) {
        self.line.reports[device].used(spent, silent, Instant::now());
    }

    fn missed(&self, missed: Missed) {
        let now = self.line.clock.arrival();
        for (group, scans) in missed {
            self.line.groups[group].report.missed(now, scans);
        }
    }

    /// Serves a person between two scans.
    async fn answer(&mut self, mut ask: Ask) {
        let begun = Instant::now();
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
        self.line.report.used(begun.elapsed(), Instant::now());
        let _gone = ask.reply.send(result);
    }
}
