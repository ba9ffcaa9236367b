//! Scans → messages of one outlet, or registers of one Modbus server. It never waits: what the broker is too slow for is dropped in the outlet's queue, what
//! this stage is too slow for is lost in front of it, and both are counted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{GroupId, Quality, Scan, TagPath};
use expose::modbus::TagRegisters;
use expose::mqtt::{Namespace, Publisher, Templates};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::tag_table::TagTable;
use crate::clock::Clock;

/// Scans waiting for one outlet: several seconds of a thousand groups at a scan a second.
pub(crate) const QUEUE: usize = 8192;
/// How often it is looked for what has become stale.
const SWEEP: Duration = Duration::from_secs(1);

/// Everything one outlet's task needs.
#[derive(Debug)]
pub(crate) struct Stage {
    /// One topic per tag.
    pub namespace: Namespace,
    /// Messages of one's own form.
    pub templates: Templates,
    /// Where messages go.
    pub publisher: Publisher,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// Messages that were not sent because a tag had no good value.
    pub skipped: Arc<AtomicU64>,
}

impl Stage {
    /// The groups it wants to hear of.
    pub(crate) fn groups(&self) -> HashSet<GroupId> {
        self.namespace.groups().chain(self.templates.groups()).collect()
    }

    fn push(&mut self, scan: &Scan) {
        let publisher = &self.publisher;
        let mut send = |message| publisher.publish(message);
        // messages of one's own first: somebody waits for them by the millisecond
        self.templates.push(scan, &mut send);
        self.namespace.push(scan, &mut send);
    }
}

/// Runs an outlet's stage until `stop`, and then hands on what has come so far.
pub(crate) async fn run(mut stage: Stage, mut scans: mpsc::Receiver<Arc<Scan>>, stop: CancellationToken) {
    let mut resend = stage.publisher.resend();
    let publisher = stage.publisher.clone();
    let mut send = |message| publisher.publish(message);
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            scan = scans.recv() => match scan {
                Some(scan) => stage.push(&scan),
                None => break,
            },
            Ok(()) = resend.changed() => stage.namespace.everything(&mut send),
            _ = sweep.tick() => {
                stage.namespace.sweep(stage.clock.arrival(), &mut send);
                stage.skipped.store(stage.templates.skipped(), Ordering::Relaxed);
            }
        }
    }
    while let Ok(scan) = scans.try_recv() {
        stage.push(&scan);
    }
}

/// Everything one Modbus server's registers are filled from.
pub(crate) struct ShowStage {
    /// What masters read.
    pub registers: Arc<TagRegisters>,
    /// Per group: position in the scan, and the number of the tag.
    pub routes: HashMap<GroupId, Vec<(usize, usize)>>,
    /// The tags by their numbers.
    pub names: Vec<TagPath>,
    /// The latest values, for the beginning and for what grows old.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

impl ShowStage {
    fn push(&self, scan: &Scan) {
        let routes = self.routes.get(&scan.group).map_or(&[][..], Vec::as_slice);
        self.registers.show(routes.iter().map(|(position, number)| {
            let quality = scan.qualities.get(*position).copied().unwrap_or(Quality::NO_DATA);
            (*number, scan.values.get(*position).and_then(Option::as_ref), quality)
        }));
    }

    /// Everything as it is now: what is stale is told by its age.
    fn sweep(&self) {
        let now = self.clock.arrival();
        for (number, name) in self.names.iter().enumerate() {
            let Some((info, Some(latest))) = self.table.get(name) else { continue };
            let quality = latest.quality_at(now, info.stale_after);
            self.registers.show([(number, latest.value.as_ref(), quality)]);
        }
    }
}

/// Fills the registers of one server until `stop`.
pub(crate) async fn show(stage: ShowStage, mut scans: mpsc::Receiver<Arc<Scan>>, stop: CancellationToken) {
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            scan = scans.recv() => match scan {
                Some(scan) => stage.push(&scan),
                None => break,
            },
            _ = sweep.tick() => stage.sweep(),
        }
    }
}
