//! When to try again, and how fast backfill may go. Time is monotonic, since the start of the program.

use std::time::Duration;

/// Waits after failures: doubling, with full jitter, so that a thousand edges do not come back at once.
#[derive(Clone, Debug)]
pub(super) struct BackOff {
    first: Duration,
    most: Duration,
    failures: u32,
    until: Duration,
}

impl BackOff {
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0, until: Duration::ZERO }
    }

    /// `random` is any 64 random bits.
    pub(super) fn failed(&mut self, now: Duration, random: u64) {
        let most = self.first.saturating_mul(1 << self.failures.min(20)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        let share = (random >> 11) as f64 / (1u64 << 53) as f64;
        self.until = self.until.max(now + most.mul_f64(share));
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The hub asks for quiet.
    pub(super) fn hold(&mut self, until: Duration) {
        self.until = self.until.max(until);
    }

    /// Until when to wait, if at all.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        (self.until > now).then_some(self.until)
    }
}

/// A bucket that fills at a rate and may go into debt by one parcel.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    bytes_per_s: u64,
    level: f64,
    at: Duration,
}

impl Bucket {
    pub(super) fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s, level: 0.0, at: Duration::ZERO }
    }

    /// None when something may go now, else when.
    pub(super) fn wait(&mut self, now: Duration) -> Option<Duration> {
        let rate = self.bytes_per_s.max(1) as f64;
        let gained = now.saturating_sub(self.at).as_secs_f64() * rate;
        self.level = (self.level + gained).min(rate);
        self.at = self.at.max(now);
        (self.level < 0.0).then(|| now + Duration::from_secs_f64((-self.level / rate).clamp(0.001, 86_400.0)))
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.level -= bytes as f64;
    }
}
