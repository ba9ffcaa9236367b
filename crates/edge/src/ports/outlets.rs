//! Outlets: how they are, in words.

use std::sync::Arc;
use std::time::Duration;

use domain::said::{Arg, Said, Sentence, device, outlet as said};
use domain::{Problem, Timestamp};
use server::api::outlet::{Outlet, OutletKind, OutletState, OutletStateKind};
use server::ports;
use tokio::time::Instant;

use super::devices::because;
use crate::clock::Clock;
use crate::outlets::{OutletNow, Outlets};
use crate::pipeline::tag_table::TagTable;

/// See the module.
#[derive(Debug)]
pub(crate) struct OutletsPort {
    /// What runs.
    pub outlets: Arc<Outlets>,
    /// Knows which scans were lost.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

impl ports::Outlets for OutletsPort {
    fn outlets(&self) -> Vec<Outlet> {
        let (lost, now) = (self.table.lost(), self.clock.now());
        let told = self.outlets.now().into_iter().map(|outlet| {
            let follower = format!("outlet {}", outlet.outlet.name);
            let lost = lost.iter().filter(|(name, _)| *name == follower).map(|(_, lost)| lost).sum();
            tell(outlet, lost, now)
        });
        told.collect()
    }
}

fn tell(now: OutletNow, lost_scans: u64, time: Timestamp) -> Outlet {
    let modbus = now.outlet.url.starts_with("modbus-tcp://");
    let (counts, traffic) = (now.counts, now.traffic);
    Outlet {
        state: state(&now, time),
        name: now.outlet.name,
        url: now.outlet.url,
        kind: if modbus { OutletKind::Modbus } else { OutletKind::Mqtt },
        tags: now.tags as u64,
        messages: now.messages as u64,
        offered: counts.offered,
        sent: counts.sent,
        dropped: counts.dropped,
        waiting: counts.waiting,
        skipped: now.skipped,
        connects: now.connection.connects,
        answered: traffic.answered,
        refused: traffic.refused,
        written: traffic.written,
        lost_scans,
    }
}

fn state(now: &OutletNow, time: Timestamp) -> OutletState {
    if let Some(problem) = &now.broken {
        return closed(said::CANNOT_START.say([("why", why(problem))]), problem);
    }
    if let Some(listening) = &now.listening {
        return match (&listening.problem, listening.since) {
            (_, Some(since)) => open(&said::ANSWERS, since, time),
            (Some(problem), None) => closed(said::SILENT.say([("why", why(problem))]), problem),
            (None, None) => opening(),
        };
    }
    let connection = &now.connection;
    match (&connection.problem, connection.since) {
        (_, Some(since)) => open(&said::CONNECTED, since, time),
        (Some((when, problem)), None) => {
            closed(said::AWAY.say([("why", why(problem)), ("since_ms", ago(*when))]), problem)
        }
        (None, None) => opening(),
    }
}

fn open(sentence: &Sentence, since: Instant, time: Timestamp) -> OutletState {
    let said = sentence.say([("since_ms", ago(since))]);
    let since_ms = Some(time.minus(since.elapsed()).millis());
    told(OutletStateKind::Open, said, String::new(), since_ms)
}

fn opening() -> OutletState {
    told(OutletStateKind::Opening, said::CONNECTING.plain(), String::new(), None)
}

fn closed(said: Said, problem: &Problem) -> OutletState {
    told(OutletStateKind::Closed, said, problem.hint.clone(), None)
}

fn told(kind: OutletStateKind, said: Said, hint: String, since_ms: Option<i64>) -> OutletState {
    OutletState { kind, words: said.words(), said: Some(said.into()), hint, since_ms }
}

/// What is wrong, with its reason where one is known.
fn why(problem: &Problem) -> Arg {
    if problem.why.is_empty() {
        return because(problem);
    }
    device::WITH_WHY.say([("what", because(problem)), ("why", problem.why.as_str().into())]).into()
}

/// Whole seconds, one at least: these words are made anew each second, and nobody reads tenths.
fn ago(when: Instant) -> Arg {
    Duration::from_secs(when.elapsed().as_secs().max(1)).into()
}
