//! One topic per tag: value, quality and time, when something changed or with each scan.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{GroupId, Quality, Scan, Timestamp, Value};

use super::words::{json_text, write_value};
use super::{Message, iso};

/// The tags of one outlet by their groups. Pure: scans go in, messages come out.
#[derive(Debug, Default, PartialEq)]
pub struct Namespace {
    every_scan: bool,
    groups: HashMap<GroupId, Vec<Option<Entry>>>,
}

/// A tag that is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedTag {
    /// Where.
    pub topic: String,
    /// Its unit as the plant writes it.
    pub unit: Option<String>,
    /// Older than this is stale.
    pub stale_after: Duration,
}

#[derive(Debug, PartialEq)]
struct Entry {
    topic: Arc<str>,
    /// What follows the time: the unit and the end.
    tail: Box<str>,
    stale_after: Duration,
    last: Option<Last>,
}

#[derive(Debug, PartialEq)]
struct Last {
    value: Option<Value>,
    quality: Quality,
    arrival: Timestamp,
}

impl Namespace {
    /// The tags of each group by their positions; none for those that are not published.
    pub fn new(every_scan: bool, groups: impl IntoIterator<Item = (GroupId, Vec<Option<NamedTag>>)>) -> Self {
        let entry = |tag: NamedTag| {
            let unit = tag.unit.map(|unit| format!(",\"unit\":{}", json_text(&unit))).unwrap_or_default();
            Entry {
                topic: tag.topic.into(),
                tail: format!("{unit}}}").into(),
                stale_after: tag.stale_after,
                last: None,
            }
        };
        let entries = |tags: Vec<Option<NamedTag>>| tags.into_iter().map(|tag| tag.map(entry)).collect();
        let wanted = groups.into_iter().filter(|(_, tags)| tags.iter().any(Option::is_some));
        Self { every_scan, groups: wanted.map(|(group, tags)| (group, entries(tags))).collect() }
    }

    /// The groups whose scans are wanted.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.keys().copied()
    }

    /// How many tags are published.
    pub fn len(&self) -> usize {
        self.groups.values().flatten().flatten().count()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a scan in and gives what has to be said about it.
    pub fn push(&mut self, scan: &Scan, send: &mut impl FnMut(Message)) {
        let every_scan = self.every_scan;
        let Some(entries) = self.groups.get_mut(&scan.group) else { return };
        let mut time = None;
        for ((entry, value), quality) in entries.iter_mut().zip(&scan.values).zip(&scan.qualities) {
            let Some(entry) = entry else { continue };
            let changed = entry.last.as_ref().is_none_or(|last| last.quality != *quality || last.value != *value);
            match &mut entry.last {
                Some(last) if !changed => last.arrival = scan.arrival,
                last => *last = Some(Last { value: value.clone(), quality: *quality, arrival: scan.arrival }),
            }
            if changed || every_scan {
                let time = time.get_or_insert_with(|| iso(scan.arrival));
                send(entry.message(value.as_ref(), *quality, time));
            }
        }
    }

    /// Says which tags have become stale since they were last heard of.
    pub fn sweep(&mut self, now: Timestamp, send: &mut impl FnMut(Message)) {
        for entry in self.groups.values_mut().flatten().flatten() {
            let Some(last) = &mut entry.last else { continue };
            if last.quality.is_good() && now.since(last.arrival) > entry.stale_after {
                last.quality = Quality::STALE;
                entry.say(send);
            }
        }
    }

    /// Says everything that is known: whoever listens may know nothing.
    pub fn everything(&self, send: &mut impl FnMut(Message)) {
        for entry in self.groups.values().flatten().flatten() {
            entry.say(send);
        }
    }
}

impl Entry {
    fn say(&self, send: &mut impl FnMut(Message)) {
        if let Some(last) = &self.last {
            send(self.message(last.value.as_ref(), last.quality, &iso(last.arrival)));
        }
    }

    fn message(&self, value: Option<&Value>, quality: Quality, time: &str) -> Message {
        let mut payload = Vec::with_capacity(96 + self.tail.len());
        payload.extend_from_slice(b"{\"value\":");
        write_value(&mut payload, value);
        for part in [",\"quality\":\"", quality.name(), "\",\"time\":\"", time, "\"", &self.tail] {
            payload.extend_from_slice(part.as_bytes());
        }
        Message { topic: Arc::clone(&self.topic), payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(every_scan: bool) -> Namespace {
        let tag = |topic: &str, unit: Option<&str>| {
            let unit = unit.map(str::to_owned);
            Some(NamedTag { topic: topic.to_owned(), unit, stale_after: Duration::from_secs(5) })
        };
        Namespace::new(every_scan, [(GroupId(1), vec![tag("s/a", Some("mm/s")), None, tag("s/c", None)])])
    }

    fn scan(second: i64, a: Option<f64>) -> Scan {
        let quality = if a.is_some() { Quality::GOOD } else { Quality::SENSOR_FAILURE };
        Scan {
            group: GroupId(1),
            arrival: Timestamp::from_millis(second * 1000),
            source: None,
            values: vec![a.and_then(Value::from_f64), Some(Value::Bool(true)), Some(Value::I64(7))],
            qualities: vec![quality, Quality::GOOD, Quality::GOOD],
        }
    }

    fn said(call: impl FnOnce(&mut dyn FnMut(Message))) -> Vec<String> {
        let mut said = Vec::new();
        call(&mut |message| said.push(format!("{} {}", message.topic, String::from_utf8(message.payload).unwrap())));
        said
    }

    #[test]
    fn a_tag_is_said_when_its_value_or_quality_changes_and_no_sooner() {
        let mut namespace = namespace(false);
        let mut push = |scan: Scan| said(|mut send| namespace.push(&scan, &mut send));
        let first = push(scan(1, Some(0.5)));
        assert_eq!(first[0], r#"s/a {"value":0.5,"quality":"Good","time":"1970-01-01T00:00:01Z","unit":"mm/s"}"#);
        assert_eq!(first[1], r#"s/c {"value":7,"quality":"Good","time":"1970-01-01T00:00:01Z"}"#);
        assert!(push(scan(2, Some(0.5))).is_empty());
        let bad = push(scan(3, None));
        assert_eq!(
            bad,
            [r#"s/a {"value":null,"quality":"BadSensorFailure","time":"1970-01-01T00:00:03Z","unit":"mm/s"}"#]
        );
    }

    #[test]
    fn with_each_scan_a_tag_is_said_each_time() {
        let mut namespace = namespace(true);
        for second in 1..4 {
            assert_eq!(said(|mut send| namespace.push(&scan(second, Some(1.0)), &mut send)).len(), 2);
        }
    }

    #[test]
    fn what_grows_old_is_said_to_be_stale_once_with_the_time_it_was_true() {
        let mut namespace = namespace(false);
        said(|mut send| namespace.push(&scan(1, None), &mut send));
        let mut sweep =
            |second: i64| said(|mut send| namespace.sweep(Timestamp::from_millis(second * 1000), &mut send));
        assert!(sweep(6).is_empty());
        let stale = sweep(7);
        assert_eq!(stale, [r#"s/c {"value":7,"quality":"UncertainLastUsableValue","time":"1970-01-01T00:00:01Z"}"#]);
        assert!(sweep(8).is_empty(), "and what was bad stays bad");
    }

    #[test]
    fn whoever_listens_anew_hears_everything_that_is_known() {
        let mut namespace = namespace(false);
        assert!(said(|mut send| namespace.everything(&mut send)).is_empty());
        said(|mut send| namespace.push(&scan(1, Some(0.5)), &mut send));
        assert_eq!(said(|mut send| namespace.everything(&mut send)).len(), 2);
    }
}
