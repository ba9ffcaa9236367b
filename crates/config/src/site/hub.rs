//! What a site says about its hub: how fast, and in which hours of the day, older records go there. New ones always go at once.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ByteSize;

/// How older records go to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubSettings {
    /// How many bytes of records a second may be made up for, before they are packed: about a third travels.
    pub backfill_bytes_per_s: ByteSize,
    /// In which hours, in the site's time zone; none = at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill_hours: Option<Hours>,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self { backfill_bytes_per_s: ByteSize::from_bytes(1_000_000), backfill_hours: None }
    }
}

impl HubSettings {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A stretch of every day: `22:00-06:00`. It may go over midnight; its end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Hours {
    /// Minutes since midnight.
    from: u16,
    to: u16,
}

impl Hours {
    /// Whether this minute of the day, counted from midnight, is in it.
    pub fn has(&self, minute: u16) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let minute = |text: &str| -> Option<u16> {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let both = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match both {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            Some(_) => Err(format!("`{text}` begins and ends at once")),
            None => Err(format!("`{text}` is not a stretch of the day")),
        }
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_goes_over_midnight() {
        let night: Hours = "22:00-06:00".parse().unwrap();
        assert!([22 * 60, 23 * 60 + 59, 0, 5 * 60 + 59].into_iter().all(|minute| night.has(minute)));
        assert!([6 * 60, 12 * 60, 21 * 60 + 59].into_iter().all(|minute| !night.has(minute)));
        let day: Hours = "6:30-14:00".parse().unwrap();
        assert!(day.has(390) && !day.has(389) && !day.has(840));
        assert_eq!(day.to_string(), "06:30-14:00");
    }

    #[test]
    fn what_is_no_stretch_of_a_day_is_refused() {
        for text in ["", "22:00", "22-06", "24:00-06:00", "22:60-06:00", "06:00-06:00", "a-b"] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }
}
