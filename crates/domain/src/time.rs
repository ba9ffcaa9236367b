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

impl Timestamp {
    /// `2026-11-22T14:00:00Z` (RFC 3339, whole seconds), for sentences that stand for years, such as the record's.
    pub fn utc(self) -> String {
        let seconds = self.0.div_euclid(1_000_000);
        let (day, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, of_month) = civil(day);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": `civil_from_days`.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, of_year - (153 * month + 2) / 5 + 1)
}

/// A duration in whole microseconds, at most what an i64 holds.
fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_utc() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (1_795_305_600_000_000, "2026-11-22T00:00:00Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).utc(), text);
        }
    }

    #[test]
    fn the_grid_holds_before_1970_too() {
        let before = Timestamp::from_micros(-1);
        assert_eq!(before.truncated_to_millis(), Timestamp::from_micros(-1000));
        assert_eq!(before.floor_to(Duration::from_secs(1)), Timestamp::from_micros(-1_000_000));
    }
}
