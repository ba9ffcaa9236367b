//! Durations and sizes as people write them: `250ms`, `90d`, `20GB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, written with its unit: `us`, `ms`, `s`, `min` (or `m`), `h`, `d`; parts add up (`1h 30min`).
/// Whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeSpan(Duration);

/// Units with their length in microseconds, the longest first.
const TIME_UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl TimeSpan {
    /// From whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// From whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// As the standard library's duration.
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl From<Duration> for TimeSpan {
    /// Cut to whole microseconds.
    fn from(duration: Duration) -> Self {
        Self(Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Self {
        span.0
    }
}

impl From<TimeSpan> for String {
    fn from(span: TimeSpan) -> Self {
        span.to_string()
    }
}

impl fmt::Display for TimeSpan {
    /// In the longest unit that is exact: `60s` is written `1min`, `90s` stays.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        if micros == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in TIME_UNITS {
            if micros.is_multiple_of(u128::from(length)) {
                return write!(f, "{}{unit}", micros / u128::from(length));
            }
        }
        write!(f, "{micros}us")
    }
}

impl FromStr for TimeSpan {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("`{text}` is not a length of time; write it like \"250ms\", \"1s\", \"5min\", \"2h\" or \"90d\"")
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut micros = 0.0;
        while !rest.is_empty() {
            let (number, unit, after) = split_quantity(rest).ok_or_else(wrong)?;
            let (_, length) = TIME_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            micros += number * *length as f64;
            rest = after.trim_start();
        }
        // 2⁵³ µs are 285 years: every whole microsecond below is exact in a double
        if micros > (1_u64 << 53) as f64 {
            return Err(format!("`{text}` is longer than 285 years"));
        }
        Ok(Self(Duration::from_micros(whole(micros).ok_or_else(wrong)?)))
    }
}

impl TryFrom<String> for TimeSpan {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A size in bytes, written with its unit: `B`, `kB`, `MB`, `GB`, `TB` (thousands) or `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

const SIZE_UNITS: [(&str, u64); 9] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl ByteSize {
    /// From bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<ByteSize> for u64 {
    fn from(size: ByteSize) -> Self {
        size.0
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

impl fmt::Display for ByteSize {
    /// In the largest unit that is exact, thousands before powers of two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0B");
        }
        let (unit, size) = SIZE_UNITS.iter().find(|(_, size)| self.0.is_multiple_of(*size)).unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl FromStr for ByteSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a size; write it like \"64MB\", \"20GB\" or \"512MiB\"");
        let (number, unit, rest) = split_quantity(text.trim()).ok_or_else(wrong)?;
        let unit = SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
        if !rest.is_empty() {
            return Err(wrong());
        }
        let bytes = number * unit.1 as f64;
        if bytes > (1_u64 << 53) as f64 {
            return Err(format!("`{text}` is more than 9 PB"));
        }
        Ok(Self(whole(bytes).ok_or_else(wrong)?))
    }
}

impl TryFrom<String> for ByteSize {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// `1.5h 3s` → (1.5, `h`, ` 3s`).
fn split_quantity(text: &str) -> Option<(f64, &str, &str)> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let rest = rest.trim_start();
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, after) = rest.split_at_checked(letters)?;
    (number.is_finite() && !unit.is_empty()).then_some((number, unit, after))
}

/// A non-negative number below 2⁵³ that is whole up to rounding noise of the decimals before it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: 0 ≤ number ≤ 2⁵³ and whole")]
fn whole(number: f64) -> Option<u64> {
    let rounded = number.round();
    let close = (number - rounded).abs() <= 1e-6 * rounded.max(1.0);
    (close && (0.0..=(1_u64 << 53) as f64).contains(&rounded)).then_some(rounded as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(text: &str) -> Result<Duration, String> {
        text.parse::<TimeSpan>().map(TimeSpan::get)
    }

    #[test]
    fn people_write_time_in_many_ways() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("1.5h"), Ok(Duration::from_mins(90)));
        assert_eq!(span("1h 30min"), Ok(Duration::from_mins(90)));
        assert_eq!(span("90 d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(span("0.0333s"), Ok(Duration::from_micros(33_300)));
    }

    #[test]
    fn a_number_without_a_unit_is_no_time_and_no_size() {
        assert!(span("5").unwrap_err().contains("\"250ms\""));
        assert!(span("-5s").is_err());
        assert!(span("5 weeks").is_err());
        assert!("20".parse::<ByteSize>().is_err());
        assert!("20GBx".parse::<ByteSize>().is_err());
    }

    #[test]
    fn sizes_are_thousands_unless_they_say_otherwise() {
        assert_eq!("20GB".parse::<ByteSize>().map(ByteSize::get), Ok(20_000_000_000));
        assert_eq!("64MiB".parse::<ByteSize>().map(ByteSize::get), Ok(64 << 20));
        assert_eq!(ByteSize::from_bytes(1500).to_string(), "1500B");
    }

    proptest! {
        #[test]
        fn a_time_span_survives_writing_and_reading(micros in 0_u64..(1 << 53)) {
            let span = TimeSpan::from(Duration::from_micros(micros));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn a_size_survives_writing_and_reading(bytes in 0_u64..(1 << 53)) {
            let size = ByteSize::from_bytes(bytes);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _: (Result<TimeSpan, _>, Result<ByteSize, _>) = (text.parse(), text.parse());
        }
    }
}
