//! The state of a signal that decides something (condition, trigger, key), moved along in order of arrival.
//!
//! Readings wait here until the window core reaches their time, so that it does not matter how pushes were cut.

use std::collections::VecDeque;
use std::time::Duration;

use bundle::contract::Test;
use domain::{Quality, Timestamp, Value};

/// Readings that may wait; a plant that sends more between two windows loses the oldest, counted.
const MAX_WAITING: usize = 8192;

/// One sample of a deciding signal, in the unit of the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// When it reached the edge.
    pub arrival: Timestamp,
    /// None together with a bad quality.
    pub value: Option<Value>,
    /// How far to trust it.
    pub quality: Quality,
}

impl Reading {
    fn usable(&self) -> bool {
        self.value.is_some() && !self.quality.is_bad()
    }
}

/// Yes, no, or nobody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// The signal has no usable value.
    Unknown,
}

/// What a step of a track brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// A reading came, usable or not.
    pub heard: bool,
    /// A usable reading came.
    pub fresh: bool,
    /// It came after more than the allowed gap.
    pub broken: bool,
}

/// One deciding signal at one place.
#[derive(Clone, Debug)]
pub struct Track {
    waiting: VecDeque<Reading>,
    current: Option<Reading>,
    /// Arrival of the last reading, usable or not.
    heard: Option<Timestamp>,
    /// The last reading was bad.
    unsure: bool,
    max_gap: Duration,
    dropped: u64,
}

impl Track {
    /// A signal whose value holds for `max_gap`.
    pub fn new(max_gap: Duration) -> Self {
        Self { waiting: VecDeque::new(), current: None, heard: None, unsure: false, max_gap, dropped: 0 }
    }

    /// Takes a reading in. One that is not after what was already reached is too late and dropped.
    pub fn push(&mut self, reading: Reading) {
        if self.heard.is_some_and(|heard| reading.arrival <= heard) {
            return;
        }
        let at = self.waiting.partition_point(|waiting| waiting.arrival < reading.arrival);
        match self.waiting.get_mut(at) {
            Some(same) if same.arrival == reading.arrival => *same = reading,
            Some(_) => self.waiting.insert(at, reading),
            None => self.waiting.push_back(reading),
        }
        if self.waiting.len() > MAX_WAITING {
            self.waiting.pop_front();
            self.dropped += 1;
        }
    }

    /// Readings lost because too many waited.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Arrival of the first reading that waits.
    pub fn next_arrival(&self) -> Option<Timestamp> {
        self.waiting.front().map(|reading| reading.arrival)
    }

    /// Arrival of the last reading that was reached, usable or not.
    pub fn heard(&self) -> Option<Timestamp> {
        self.heard
    }

    /// Moves on to `time`, at most one reading at a time: call it for each arrival in order.
    pub fn reach(&mut self, time: Timestamp) -> Moved {
        let Some(reading) = self.waiting.pop_front_if(|reading| reading.arrival <= time) else {
            return Moved::default();
        };
        self.heard = Some(reading.arrival);
        self.unsure = !reading.usable();
        if self.unsure {
            return Moved { heard: true, ..Moved::default() };
        }
        let broken = self.current.as_ref().is_none_or(|last| reading.arrival.since(last.arrival) > self.max_gap);
        self.current = Some(reading);
        Moved { heard: true, fresh: true, broken }
    }

    /// The value that holds at `now`: the last usable one, at most `max_gap` old.
    pub fn value(&self, now: Timestamp) -> Option<&Value> {
        self.current.as_ref().filter(|reading| now.since(reading.arrival) <= self.max_gap)?.value.as_ref()
    }

    /// How far to trust that value: held over a bad reading it is the last usable one.
    pub fn quality(&self, now: Timestamp) -> Quality {
        match &self.current {
            Some(reading) if now.since(reading.arrival) <= self.max_gap => {
                if self.unsure {
                    Quality::STALE
                } else {
                    reading.quality
                }
            }
            _ => Quality::NO_DATA,
        }
    }

    /// Whether a test on this signal holds at `now`.
    pub fn test(&self, test: &Test, now: Timestamp) -> Truth {
        match self.value(now) {
            None => Truth::Unknown,
            Some(value) if holds(test, value) => Truth::Yes,
            Some(_) => Truth::No,
        }
    }
}

fn holds(test: &Test, value: &Value) -> bool {
    let number = value.as_f64();
    test.is.as_ref().is_none_or(|wanted| same(value, wanted))
        && test.min.is_none_or(|min| number.is_some_and(|number| number >= min))
        && test.max.is_none_or(|max| number.is_some_and(|number| number <= max))
        && (test.any_of.is_empty() || test.any_of.iter().any(|wanted| same(value, wanted)))
}

/// Whether a value is what a contract names. Yes and no match any number (zero is no), numbers match across integer
/// and float and up to the rounding of a unit conversion, a text matches the text of a number.
pub fn same(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (_, Value::Bool(wanted)) => value.as_bool() == Some(*wanted),
        (Value::Text(text), Value::Text(wanted)) => text == wanted,
        (_, Value::Text(wanted)) => value.to_string() == wanted.as_str(),
        _ => match (value.as_f64(), wanted.as_f64()) {
            (Some(value), Some(wanted)) => (value - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::value::Text;

    use super::*;

    fn number(value: f64) -> Value {
        Value::from_f64(value).unwrap()
    }

    #[test]
    fn values_are_compared_as_people_mean_them() {
        assert!(same(&Value::U64(1), &Value::Bool(true)));
        assert!(same(&number(3.000_000_000_000_1), &Value::I64(3)));
        assert!(same(&Value::I64(7), &Value::Text(Text::new("7").unwrap())));
        assert!(!same(&Value::Text(Text::new("rich").unwrap()), &Value::Text(Text::new("base").unwrap())));
        assert!(!same(&Value::Text(Text::new("1").unwrap()), &Value::I64(1)));
    }

    #[test]
    fn all_that_a_test_says_must_hold() {
        let test = Test { signal: "speed".into(), min: Some(10.0), max: Some(20.0), ..Test::default() };
        assert!(holds(&test, &number(10.0)) && holds(&test, &number(20.0)));
        assert!(!holds(&test, &number(9.9)) && !holds(&test, &number(20.1)));
        let any = Test { any_of: vec![Value::I64(1), Value::I64(3)], ..Test::default() };
        assert!(holds(&any, &Value::U64(3)) && !holds(&any, &Value::U64(2)));
    }

    #[test]
    fn a_value_holds_for_the_gap_and_is_unsure_after_a_bad_reading() {
        let at = Timestamp::from_millis;
        let mut track = Track::new(Duration::from_secs(5));
        track.push(Reading { arrival: at(1000), value: Some(Value::Bool(true)), quality: Quality::GOOD });
        track.push(Reading { arrival: at(2000), value: None, quality: Quality::TIMEOUT });
        assert!(track.reach(at(1500)).fresh);
        assert_eq!(track.quality(at(1500)), Quality::GOOD);
        assert!(!track.reach(at(3000)).fresh);
        assert_eq!((track.value(at(6000)), track.quality(at(6000))), (Some(&Value::Bool(true)), Quality::STALE));
        assert_eq!((track.value(at(6001)), track.quality(at(6001))), (None, Quality::NO_DATA));
    }
}
