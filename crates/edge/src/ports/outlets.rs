//! Outlets: how they are, in words.

use std::sync::Arc;
use std::time::Duration;

use domain::{Problem, Timestamp};
use server::api::outlet::{Outlet, OutletKind, OutletState, OutletStateKind};
use server::ports;
use tokio::time::Instant;

use super::words::span;
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
        return closed("Cannot start", problem, None);
    }
    if let Some(listening) = &now.listening {
        return match (&listening.problem, listening.since) {
            (_, Some(since)) => open(format!("Answers for {}.", ago(since)), since, time),
            (Some(problem), None) => closed("Does not answer", problem, None),
            (None, None) => opening(),
        };
    }
    let connection = &now.connection;
    match (&connection.problem, connection.since) {
        (_, Some(since)) => open(format!("Connected for {}{}.", ago(since), dropped(now)), since, time),
        (Some((when, problem)), None) => closed("Not connected", problem, Some(*when)),
        (None, None) => opening(),
    }
}

fn open(words: String, since: Instant, time: Timestamp) -> OutletState {
    let since_ms = Some(time.minus(since.elapsed()).millis());
    OutletState { kind: OutletStateKind::Open, words, hint: String::new(), since_ms }
}

fn opening() -> OutletState {
    OutletState { kind: OutletStateKind::Opening, words: "Connecting.".to_owned(), hint: String::new(), since_ms: None }
}

fn closed(begin: &str, problem: &Problem, when: Option<Instant>) -> OutletState {
    let why = if problem.why.is_empty() { String::new() } else { format!(" ({})", problem.why) };
    let tried = when.map(|when| format!(" Last tried {} ago.", ago(when))).unwrap_or_default();
    OutletState {
        kind: OutletStateKind::Closed,
        words: format!("{begin}: {}{why}.{tried}", problem.what),
        hint: problem.hint.clone(),
        since_ms: None,
    }
}

fn dropped(now: &OutletNow) -> String {
    match now.counts.dropped {
        0 => String::new(),
        1 => "; one message was dropped since the start".to_owned(),
        many => format!("; {many} messages were dropped since the start"),
    }
}

fn ago(when: Instant) -> String {
    let elapsed = when.elapsed();
    if elapsed < Duration::from_secs(1) { "less than 1 s".to_owned() } else { span(elapsed) }
}
