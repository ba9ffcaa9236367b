//! Messages of one's own form: made of the tags of one scan, and of other scans with the same arrival time.
//!
//! Everything that can be decided before is: a message is a list of pieces with positions, and making one is copying
//! texts and writing values. No name is looked up per message.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use config::site::message::{Aspect, Missing, Piece, Single};
use domain::{GroupId, Quality, Scan, TagPath, Timestamp, Value};

use super::words::write_value;
use super::{Locate, Message, Spot, iso};

/// So many scans of a group are remembered for messages that are sent by another: a model may be so many scans late.
const REMEMBERED: usize = 8;

/// The messages of one outlet. Pure: scans go in, messages come out.
#[derive(Debug, Default, PartialEq)]
pub struct Templates {
    by_group: HashMap<GroupId, usize>,
    groups: Vec<Group>,
    /// Messages that were not sent because a tag had no good value.
    skipped: u64,
}

/// One scan, its values by the order of [`Group::picks`].
type Recent = (Timestamp, Vec<(Option<Value>, Quality)>);

#[derive(Debug, Default, PartialEq)]
struct Group {
    /// Positions that messages of other groups need.
    picks: Vec<usize>,
    recent: VecDeque<Recent>,
    /// What a scan of this group sends.
    sends: Vec<Form>,
}

#[derive(Debug, PartialEq)]
struct Form {
    topic: Arc<str>,
    pieces: Vec<Part>,
    skip: bool,
}

#[derive(Debug, PartialEq)]
enum Part {
    Text(Box<str>),
    /// In the scan that sends it.
    Here(usize, Aspect),
    /// In the scan of another group with the same arrival time: its group, and which of its picks.
    There(usize, usize, Aspect),
    /// The newest of another group, whenever it came.
    Held(usize, usize, Aspect),
    /// A tag that does not exist now.
    Nowhere(Aspect),
}

impl Templates {
    /// Makes the messages ready. One whose `on` does not exist now is never sent.
    pub fn new(singles: &[Single], locate: Locate<'_>) -> Self {
        let mut templates = Self::default();
        for single in singles {
            let Some(on) = locate(&single.on) else { continue };
            let sender = templates.group(on.group);
            let part = |piece: &Piece| match piece {
                Piece::Text(text) => Part::Text(text.as_str().into()),
                Piece::Tag(tag, aspect) => templates.part(tag, *aspect, sender, locate),
            };
            let pieces = single.pieces.iter().map(part).collect();
            let form = Form { topic: single.topic.as_str().into(), pieces, skip: single.missing == Missing::Skip };
            if let Some(group) = templates.groups.get_mut(sender) {
                group.sends.push(form);
            }
        }
        templates
    }

    fn group(&mut self, id: GroupId) -> usize {
        *self.by_group.entry(id).or_insert_with(|| {
            self.groups.push(Group::default());
            self.groups.len() - 1
        })
    }

    fn part(&mut self, tag: &TagPath, aspect: Aspect, sender: usize, locate: Locate<'_>) -> Part {
        let Some(Spot { group, position, holds }) = locate(tag) else { return Part::Nowhere(aspect) };
        let index = self.group(group);
        if index == sender {
            return Part::Here(position, aspect);
        }
        let Some(group) = self.groups.get_mut(index) else { return Part::Nowhere(aspect) };
        let pick = group.picks.iter().position(|known| *known == position).unwrap_or_else(|| {
            group.picks.push(position);
            group.picks.len() - 1
        });
        if holds { Part::Held(index, pick, aspect) } else { Part::There(index, pick, aspect) }
    }

    /// The groups whose scans are wanted.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.by_group.keys().copied()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.sends.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Messages that were not sent because a tag had no good value.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes a scan in and gives the messages it sends.
    pub fn push(&mut self, scan: &Scan, send: &mut impl FnMut(Message)) {
        let Some(index) = self.by_group.get(&scan.group).copied() else { return };
        let Some(group) = self.groups.get_mut(index) else { return };
        group.remember(scan);
        let Some(group) = self.groups.get(index) else { return };
        let mut skipped = 0;
        for form in &group.sends {
            match self.payload(form, scan) {
                Some(payload) => send(Message { topic: Arc::clone(&form.topic), payload }),
                None => skipped += 1,
            }
        }
        self.skipped += skipped;
    }

    /// None: a tag has no good value, and the message is to be skipped then.
    fn payload(&self, form: &Form, scan: &Scan) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(128);
        for part in &form.pieces {
            let (value, quality, aspect) = match part {
                Part::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Part::Here(position, aspect) => {
                    let quality = scan.qualities.get(*position).copied().unwrap_or(Quality::NO_DATA);
                    (scan.values.get(*position).and_then(Option::as_ref), quality, *aspect)
                }
                Part::There(group, pick, aspect) => self.told(*group, *pick, Some(scan.arrival), *aspect),
                Part::Held(group, pick, aspect) => self.told(*group, *pick, None, *aspect),
                Part::Nowhere(aspect) => (None, Quality::UNKNOWN_ADDRESS, *aspect),
            };
            let value = value.filter(|_| quality.is_good());
            match aspect {
                Aspect::Value if value.is_none() && form.skip => return None,
                Aspect::Value => write_value(&mut out, value),
                Aspect::Quality => out.extend([b"\"", quality.name().as_bytes(), b"\""].concat()),
                Aspect::Time => out.extend(format!("\"{}\"", iso(scan.arrival)).bytes()),
            }
        }
        Some(out)
    }

    /// A pick of another group: of the scan with this arrival time, or of the newest.
    fn told(
        &self,
        group: usize,
        pick: usize,
        at: Option<Timestamp>,
        aspect: Aspect,
    ) -> (Option<&Value>, Quality, Aspect) {
        let recent = self.groups.get(group).into_iter().flat_map(|group| group.recent.iter().rev());
        let found =
            recent.filter(|(arrival, _)| at.is_none_or(|at| at == *arrival)).find_map(|(_, picks)| picks.get(pick));
        found.map_or((None, Quality::NO_DATA, aspect), |(value, quality)| (value.as_ref(), *quality, aspect))
    }
}

impl Group {
    fn remember(&mut self, scan: &Scan) {
        if self.picks.is_empty() {
            return;
        }
        // the oldest gives its memory to the newest
        let (_, mut picked) = if self.recent.len() < REMEMBERED {
            Default::default()
        } else {
            self.recent.pop_front().unwrap_or_default()
        };
        picked.clear();
        picked.extend(self.picks.iter().map(|position| {
            let quality = scan.qualities.get(*position).copied().unwrap_or(Quality::NO_DATA);
            (scan.values.get(*position).cloned().flatten(), quality)
        }));
        self.recent.push_back((scan.arrival, picked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(tag: &TagPath) -> Option<Spot> {
        let (group, position) = match tag.as_str() {
            "b/change" => (1, 0),
            "b/serve" => (1, 1),
            "b/peer/score" => (2, 0),
            "recipe" => (3, 0),
            _ => return None,
        };
        Some(Spot { group: GroupId(group), position, holds: group == 3 })
    }

    fn templates(payload: &str, missing: &str) -> Templates {
        let message =
            serde_json::json!({"on": "b/peer/score", "topic": "bench/7/0", "payload": payload, "missing": missing});
        let message: config::site::Message = serde_json::from_value(message).unwrap();
        Templates::new(&message.singles().unwrap(), &locate)
    }

    fn scan(group: u32, second: i64, values: &[(f64, Quality)]) -> Scan {
        Scan {
            group: GroupId(group),
            arrival: Timestamp::from_millis(second * 1000),
            source: None,
            values: values
                .iter()
                .map(|(value, quality)| Value::from_f64(*value).filter(|_| !quality.is_bad()))
                .collect(),
            qualities: values.iter().map(|(_, quality)| *quality).collect(),
        }
    }

    fn sent(templates: &mut Templates, scan: &Scan) -> Vec<String> {
        let mut sent = Vec::new();
        templates.push(scan, &mut |message| sent.push(String::from_utf8(message.payload).unwrap()));
        sent
    }

    const PAYLOAD: &str = r#"{"b":7,"c":{b/change},"s":{b/serve},"y":{b/peer/score}}"#;

    #[test]
    fn a_prediction_is_sent_with_the_device_scan_it_was_made_of_also_when_a_newer_one_has_come() {
        let mut templates = templates(PAYLOAD, "null");
        let good = Quality::GOOD;
        for second in 1..=3 {
            let device = scan(1, second, &[(second as f64, good), (0.5, good)]);
            assert!(sent(&mut templates, &device).is_empty(), "the device alone sends nothing");
        }
        let messages = sent(&mut templates, &scan(2, 2, &[(0.25, good)]));
        assert_eq!(messages, [r#"{"b":7,"c":2.0,"s":0.5,"y":0.25}"#]);
    }

    #[test]
    fn a_tag_without_a_good_value_is_null_or_skips_the_message_as_asked() {
        let stale = scan(1, 1, &[(1.0, Quality::STALE), (2.0, Quality::BAD)]);
        let score = scan(2, 1, &[(0.5, Quality::GOOD)]);
        let mut with_null = templates(PAYLOAD, "null");
        sent(&mut with_null, &stale);
        assert_eq!(sent(&mut with_null, &score), [r#"{"b":7,"c":null,"s":null,"y":0.5}"#]);
        let mut skipping = templates(PAYLOAD, "skip");
        sent(&mut skipping, &stale);
        assert!(sent(&mut skipping, &score).is_empty());
        assert_eq!(skipping.skipped(), 1);
    }

    #[test]
    fn a_scan_that_is_not_there_or_too_old_has_no_values() {
        let mut templates = templates(PAYLOAD, "null");
        let score = scan(2, 1, &[(0.5, Quality::GOOD)]);
        assert_eq!(sent(&mut templates, &score), [r#"{"b":7,"c":null,"s":null,"y":0.5}"#]);
        let good = [(1.0, Quality::GOOD), (2.0, Quality::GOOD)];
        for second in 1..=20 {
            sent(&mut templates, &scan(1, second, &good));
        }
        assert_eq!(sent(&mut templates, &score), [r#"{"b":7,"c":null,"s":null,"y":0.5}"#]);
        assert!(templates.groups[1].recent.len() <= REMEMBERED);
    }

    #[test]
    fn a_local_variable_holds_until_somebody_changes_it() {
        let mut templates = templates(r#"{"recipe":{recipe},"y":{b/peer/score}}"#, "null");
        sent(&mut templates, &scan(3, 1, &[(4.0, Quality::GOOD)]));
        let messages = sent(&mut templates, &scan(2, 60, &[(0.5, Quality::GOOD)]));
        assert_eq!(messages, [r#"{"recipe":4.0,"y":0.5}"#]);
    }

    #[test]
    fn quality_and_time_are_said_in_words() {
        let mut templates = templates(r"[{b/peer/score:quality},{b/peer/score:time},{b/gone:quality}]", "null");
        let score = scan(2, 1, &[(0.5, Quality::STALE)]);
        let expected = r#"["UncertainLastUsableValue","1970-01-01T00:00:01Z","BadNodeIdUnknown"]"#;
        assert_eq!(sent(&mut templates, &score), [expected]);
    }
}
