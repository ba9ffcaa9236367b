//! What people and programs may know of the uplink: how it stands now, since when, and what went through it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Id, Problem, Timestamp};
use link::up::{Line, Mark};
use link::{PerStream, Stream};
use server::ports::Metric;

use crate::ports::live::{counter, gauge, labelled};

/// What it is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    /// There is no hub.
    #[default]
    Nothing,
    /// It would ask to be enrolled, and has no code.
    NeedsCode,
    /// It asks.
    Asking,
    /// A person at the hub has to approve; both see this fingerprint.
    Waiting(String),
    /// It says hello, or is trying to.
    Connecting,
    /// Records go up.
    Running,
}

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Now {
    /// The hub's address; none without a hub.
    pub hub: Option<String>,
    /// What it is doing.
    pub doing: Doing,
    /// Since when that is so, or since when it is in trouble.
    pub since: Option<Timestamp>,
    /// What keeps it from getting through.
    pub trouble: Option<Problem>,
    /// What else people should know: what happened and has to be read.
    pub notices: Vec<Problem>,
    /// This edge at the hub, and the place it stands for.
    pub edge: Option<(Id, String)>,
    /// When a person has to approve it again.
    pub expires: Option<Timestamp>,
    /// Our newest records.
    pub tips: PerStream<Mark>,
    /// How the hub has them.
    pub lines: PerStream<Line>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    now: Mutex<Now>,
    requests: AtomicU64,
    failures: AtomicU64,
    parcels: AtomicU64,
    bytes: AtomicU64,
    nudges: AtomicU64,
}

impl Seen {
    /// A copy of how it stands.
    pub(crate) fn now(&self) -> Now {
        self.lock().clone()
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.lock());
    }

    /// It does something else since `at`.
    pub(super) fn doing(&self, doing: Doing, at: Timestamp) {
        let mut now = self.lock();
        if now.doing != doing {
            tracing::info!(?doing, "The uplink does something else");
            now.doing = doing;
            if now.trouble.is_none() {
                now.since = Some(at);
            }
        }
    }

    /// It does not get through, since `at` if it did until then. Said once as long as it stays the same.
    pub(super) fn trouble(&self, problem: Problem, at: Timestamp) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut now = self.lock();
        if now.trouble.as_ref().is_none_or(|known| known.code != problem.code) {
            tracing::warn!(%problem, "Nothing reaches the hub");
        }
        if now.trouble.is_none() {
            now.since = Some(at);
        }
        now.trouble = Some(problem);
    }

    /// It got through.
    pub(super) fn heard(&self, at: Timestamp) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut now = self.lock();
        if now.trouble.take().is_some() {
            tracing::info!("The hub is heard again");
            now.since = Some(at);
        }
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.parcels.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn nudged(&self) {
        self.nudges.fetch_add(1, Ordering::Relaxed);
    }

    /// For `/metrics`; nothing without a hub.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let now = self.now();
        if now.hub.is_none() {
            return Vec::new();
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let connected = now.doing == Doing::Running && now.trouble.is_none();
        let mut metrics = vec![
            gauge("uplink_connected", "1 while records go to the hub.", f64::from(u8::from(connected))),
            counter("uplink_answers_total", "Answers of the hub.", count(&self.requests)),
            counter("uplink_failures_total", "Requests that brought no answer, or a refusal.", count(&self.failures)),
            counter("uplink_parcels_total", "Parcels that were sent, again or not.", count(&self.parcels)),
            counter("uplink_bytes_total", "Bytes of parcels as they travelled.", count(&self.bytes)),
            counter("uplink_nudges_total", "Times that the hub had something for this edge.", count(&self.nudges)),
        ];
        for stream in Stream::ALL {
            let help = "Records that the hub does not have yet.";
            let waiting = gauge("uplink_waiting_records", help, now.waiting(stream) as f64);
            metrics.push(labelled(waiting, "stream", stream.name()));
            let help = "Of them, those that newer ones went ahead of.";
            metrics.push(labelled(
                gauge("uplink_owed_records", help, now.owed(stream) as f64),
                "stream",
                stream.name(),
            ));
        }
        metrics
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// Records of a stream that are not at the hub.
    pub(crate) fn waiting(&self, stream: Stream) -> u64 {
        self.tips[stream].seq.saturating_sub(self.lines[stream].mark.seq) + self.owed(stream)
    }

    /// Of them, those below the mark.
    pub(crate) fn owed(&self, stream: Stream) -> u64 {
        self.lines[stream].owed.iter().map(|owed| owed.last - owed.first + 1).sum()
    }
}
