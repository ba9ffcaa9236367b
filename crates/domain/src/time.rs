//! Points in time: microseconds since 1970-01-01T00:00:00 UTC, without leap seconds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Microseconds UTC. The path runs on *arrival* time, truncated to milliseconds before the tag table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest and the latest point that can be said.
    pub const MIN: Self = Self(i64::MIN);
    /// See [`Timestamp::MIN`].
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since 1970 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since 1970 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Microseconds since 1970 UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970 UTC, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This point without its microseconds, so that live, refilled and replayed windows are identical.
    #[must_use]
    pub const fn truncated_to_millis(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }

    /// The last point of a grid of `period` (counted from 1970) that is not after this one.
    #[must_use]
    pub fn floor_to(self, period: Duration) -> Self {
        let period = micros_of(period).max(1);
        Self(self.0 - self.0.rem_euclid(period))
    }

    /// Later by `duration`, staying within what can be said.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros_of(duration)))
    }

    /// Earlier by `duration`, staying within what can be said.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros_of(duration)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A duration in whole microseconds, at most what an i64 holds.
fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_holds_before_1970_too() {
        let before = Timestamp::from_micros(-1);
        assert_eq!(before.truncated_to_millis(), Timestamp::from_micros(-1000));
        assert_eq!(before.floor_to(Duration::from_secs(1)), Timestamp::from_micros(-1_000_000));
    }
}
