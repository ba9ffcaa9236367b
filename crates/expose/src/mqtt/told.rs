//! What people may know of a session with a broker.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Problem;
use tokio::time::Instant;

/// See the module.
#[derive(Debug, Default)]
pub struct Told(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    since: Option<Instant>,
    connects: u64,
    problem: Option<(Instant, Problem)>,
}

/// A session as it is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connection {
    /// Since when it has been connected; none while it is not.
    pub since: Option<Instant>,
    /// How often it connected.
    pub connects: u64,
    /// What went wrong last, and when.
    pub problem: Option<(Instant, Problem)>,
}

impl Told {
    pub(super) fn now(&self) -> Connection {
        let inner = self.inner();
        Connection { since: inner.since, connects: inner.connects, problem: inner.problem.clone() }
    }

    pub(super) fn connected(&self) {
        let mut inner = self.inner();
        inner.since = Some(Instant::now());
        inner.connects += 1;
    }

    pub(super) fn ended(&self) {
        self.inner().since = None;
    }

    /// Notes what went wrong; true when it is another problem than before.
    pub(super) fn failed(&self, problem: Problem) -> bool {
        let mut inner = self.inner();
        inner.since = None;
        let new = inner.problem.as_ref().is_none_or(|(_, before)| *before != problem);
        inner.problem = Some((Instant::now(), problem));
        new
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
