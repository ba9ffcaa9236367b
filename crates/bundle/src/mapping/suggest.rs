//! Which tag could be meant by a signal: by name, unit and range.

use std::collections::BTreeSet;

use domain::{PlacePath, TagPath, ValueType};
use serde::Serialize;

use super::{TagFacts, Tags};
use crate::contract::{Contract, Signal, SignalType};

/// A tag that may be meant by a signal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The signal.
    pub signal: String,
    /// The tag.
    pub tag: TagPath,
    /// How sure, from 0 to 1.
    pub score: f64,
}

/// Below this a suggestion is a guess that costs more than it saves.
const ENOUGH: f64 = 0.45;

/// At most one tag per signal, and no tag twice, the surest first. Only tags at or below `place` and of the site itself, and only
/// such whose type and unit fit.
pub fn suggest(contract: &Contract, place: &PlacePath, tags: &Tags) -> Vec<Suggestion> {
    let near: Vec<_> = tags.iter().filter(|(tag, _)| belongs(place, tag)).collect();
    let mut all: Vec<Suggestion> = Vec::new();
    for signal in &contract.signals {
        let candidates = near.iter().filter_map(|(tag, facts)| {
            let score = score(signal, place, tag, facts)?;
            (score >= ENOUGH).then(|| Suggestion { signal: signal.name.clone(), tag: (*tag).clone(), score })
        });
        all.extend(candidates);
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.tag.cmp(&b.tag)));
    let (mut signals, mut used) = (BTreeSet::new(), BTreeSet::new());
    all.retain(|one| {
        let free = !signals.contains(&one.signal) && !used.contains(&one.tag);
        if free {
            signals.insert(one.signal.clone());
            used.insert(one.tag.clone());
        }
        free
    });
    all
}

/// At or below the place, or at a place above it (the recipe of a line serves its pumps).
fn belongs(place: &PlacePath, tag: &TagPath) -> bool {
    let above = |path: &str| {
        path.is_empty()
            || place.as_str() == path
            || place.as_str().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    };
    place.contains(tag.as_str()) || above(tag.place())
}

/// None when they can never fit.
fn score(signal: &Signal, place: &PlacePath, tag: &TagPath, facts: &TagFacts) -> Option<f64> {
    let text_wanted = signal.signal_type == SignalType::Text;
    if facts.value_type.is_some_and(|given| (given == ValueType::Text) != text_wanted) {
        return None;
    }
    let conversion = match (&signal.unit, &facts.unit) {
        (Some(wanted), Some(given)) => Some(given.conversion(wanted).ok()?),
        _ => None,
    };
    let unit = match (&signal.unit, &facts.unit) {
        (None, None) => 0.1,
        (Some(wanted), Some(given)) if wanted == given => 0.2,
        (Some(_), Some(_)) => 0.15,
        _ => 0.0,
    };
    let range = match (signal.range, facts.range, conversion) {
        (Some([low, high]), Some(range), Some(conversion)) => {
            let (from, to) = (conversion.apply(range[0]), conversion.apply(range[1]));
            let shared = (to.min(high) - from.max(low)).max(0.0);
            0.15 * shared / (to.max(high) - from.min(low))
        }
        _ => 0.0,
    };
    let here = if tag.place() == place.as_str() { 0.05 } else { 0.0 };
    let name = names(signal, tag, facts);
    // a unit alone says nothing: half of all tags are temperatures
    (name > 0.3).then_some(0.6 * name + unit + range + here)
}

/// How alike the words of signal and tag are, from 0 to 1: the best of own name and label against name and titles.
fn names(signal: &Signal, tag: &TagPath, facts: &TagFacts) -> f64 {
    let given = [Some(tag.name()), facts.label.as_deref()];
    let wanted = std::iter::once(signal.name.as_str()).chain(signal.title.values().map(String::as_str));
    let wanted: Vec<BTreeSet<String>> = wanted.map(words).collect();
    let pairs = given
        .into_iter()
        .flatten()
        .map(words)
        .flat_map(|given| wanted.iter().map(move |wanted| alike(wanted, &given)).collect::<Vec<_>>());
    pairs.fold(0.0, f64::max)
}

/// `VibrationDE-2` → vibration, de, 2.
fn words(text: &str) -> BTreeSet<String> {
    let mut spaced = String::new();
    let mut before = ' ';
    for c in text.chars() {
        let turns = (before.is_lowercase() && c.is_uppercase()) || (before.is_alphabetic() && c.is_ascii_digit());
        if turns || !c.is_alphanumeric() {
            spaced.push(' ');
        }
        if c.is_alphanumeric() {
            spaced.extend(c.to_lowercase());
        }
        before = c;
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Shared words over all words; a word that begins another counts half (`temp` and `temperature`).
fn alike(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let all = a.union(b).count();
    if all == 0 {
        return 0.0;
    }
    let same = a.intersection(b).count() as f64;
    let begins = |one: &String, other: &String| {
        one.len() >= 3 && other.len() >= 3 && (one.starts_with(other.as_str()) || other.starts_with(one.as_str()))
    };
    let halves = a.difference(b).filter(|one| b.difference(a).any(|other| begins(one, other))).count() as f64;
    // a half pair is two words of the union that mean one
    (same + 0.75 * halves) / (all as f64 - halves)
}
