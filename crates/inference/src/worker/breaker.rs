//! When a worker that fails may be started again. Pure: time is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// How patient to be with a worker that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Wait before the first restart; doubles with each failure in a row.
    pub first_wait: Duration,
    /// The longest such wait.
    pub longest_wait: Duration,
    /// So many failures in a row open the breaker.
    pub open_after: u32,
    /// An open breaker lets one attempt through after this time.
    pub open_for: Duration,
    /// A worker that ran without failing for so long has its failures forgiven.
    pub forgiven_after: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            open_after: 5,
            open_for: Duration::from_mins(5),
            forgiven_after: Duration::from_mins(1),
        }
    }
}

/// Counts failures and says when the next attempt may be made.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    patience: Patience,
    failures: u32,
    last: Option<Instant>,
}

impl Breaker {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, failures: 0, last: None }
    }

    /// A crash, a hang, a worker that did not start or refused to load.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.last = Some(now);
    }

    /// A run went well.
    pub(crate) fn went_well(&mut self, now: Instant) {
        if self.failures > 0 && self.last.is_some_and(|last| now.duration_since(last) >= self.patience.forgiven_after) {
            self.failures = 0;
        }
    }

    /// How long to wait still before the next attempt; none = go ahead.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let passed = now.duration_since(self.last?);
        let wait = if self.open() { self.patience.open_for } else { self.back_off() };
        wait.checked_sub(passed).filter(|left| !left.is_zero())
    }

    /// Failed too often in a row.
    pub(crate) fn open(&self) -> bool {
        self.failures >= self.patience.open_after
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    fn back_off(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(20);
        self.patience.first_wait.saturating_mul(1 << doublings).min(self.patience.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_double_and_the_breaker_opens_after_five_failures() {
        let mut breaker = Breaker::new(Patience::default());
        let start = Instant::now();
        assert_eq!(breaker.wait(start), None);
        let waits: Vec<u64> = (0..6)
            .map(|_| {
                breaker.failed(start);
                breaker.wait(start).unwrap().as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 300, 300]);
        assert_eq!(breaker.wait(start + Duration::from_mins(5)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_forgiven_after_a_quiet_minute_and_not_before() {
        let mut breaker = Breaker::new(Patience::default());
        let start = Instant::now();
        breaker.failed(start);
        breaker.went_well(start + Duration::from_secs(59));
        assert_eq!(breaker.failures(), 1);
        breaker.went_well(start + Duration::from_mins(1));
        assert_eq!(breaker.failures(), 0);
    }
}
