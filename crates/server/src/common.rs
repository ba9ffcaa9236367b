//! What both roles share: the state, the clock, who may ask, and what is counted of the answers.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use access::Holder;
use domain::Timestamp;
use state::{State, StateError, Versions};

use crate::ports::Clock;

/// Of a site or of a hub. Cheap to clone; routes that both have take it out of either's own.
#[derive(Clone)]
pub(crate) struct Common(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) clock: Arc<dyn Clock>,
    /// It is reached by HTTPS only, so under other names than this machine's own, too.
    pub(crate) https: bool,
    /// Numbers of requests: when the process started, then one by one.
    pub(crate) request: AtomicU64,
    pub(crate) started: Timestamp,
    pub(crate) counters: Counters,
}

/// What the server counts of itself.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) requests: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) live_events: AtomicU64,
    pub(crate) live_dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Deref for Common {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Common {
    pub(crate) fn new(state: State, clock: Arc<dyn Clock>, https: bool) -> Self {
        let (request, counters, started) = (AtomicU64::new(0), Counters::default(), clock.now());
        Self(Arc::new(Inner { state, clock, https, request, started, counters }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn versions(&self) -> Versions {
        *self.state.changed().borrow()
    }

    pub(crate) async fn holders(&self) -> Result<Vec<Holder>, StateError> {
        self.state.holders().await
    }
}
