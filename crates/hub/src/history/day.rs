//! A day of a file: a UTC day of arrival time.

use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

const MICROS: i64 = 86_400_000_000;

/// Days since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    /// The day of this time.
    pub const fn of(time: Timestamp) -> Self {
        Self(time.micros().div_euclid(MICROS))
    }

    /// Its first moment.
    pub const fn from(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(MICROS))
    }

    /// The first moment after it.
    pub const fn to(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_add(1).saturating_mul(MICROS))
    }
}

/// `2026-11-28`; its number where a clock was so wrong that there is no such date.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.from().micros()) {
            Ok(from) => from.strftime("%Y-%m-%d").fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc_also_before_1970() {
        assert_eq!(Day::of(Timestamp::from_micros(-1)).to_string(), "1969-12-31");
        assert_eq!(Day::of(Timestamp::from_micros(0)).to_string(), "1970-01-01");
        assert_eq!(Day::of(Day(20_000).to()), Day(20_001));
        assert_eq!(Day::of(Day(20_000).from()), Day(20_000));
    }

    #[test]
    fn a_time_beyond_all_calendars_still_has_a_name() {
        assert_eq!(Day::of(Timestamp::MAX).to_string(), "106751991");
    }
}
