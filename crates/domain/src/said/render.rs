//! Filling the holes of an English sentence.

use std::collections::BTreeMap;

use super::{Arg, Sentence};

/// The names of all holes of a sentence, with repetitions.
pub(super) fn holes(sentence: &Sentence) -> impl Iterator<Item = &'static str> {
    [sentence.words, sentence.why, sentence.hint]
        .into_iter()
        .flat_map(|text| text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)))
}

/// The sentence with its holes filled; a hole that nobody fills stays empty.
pub(super) fn fill(template: &str, args: &BTreeMap<String, Arg>) -> String {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        if let Some(arg) = args.get(name) {
            filled.push_str(&shown(name, arg));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn shown(name: &str, arg: &Arg) -> String {
    match arg {
        Arg::Number(ms) if name.ends_with("_ms") => span(*ms),
        Arg::Number(bytes) if name.ends_with("_bytes") => size(*bytes),
        Arg::Number(number) => plain(*number),
        Arg::Text(text) => text.clone(),
        Arg::Said(said) => said.words(),
    }
}

/// Six digits are enough for people.
fn plain(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if number.abs() < 9e15 && number.fract().abs() < f64::EPSILON {
        format!("{number:.0}")
    } else {
        rounded.to_string()
    }
}

/// `200 ms`, `2.5 s`, `4 min 10 s`, `2 h 5 min`, `3 days`: two parts at most, as people say it.
fn span(ms: f64) -> String {
    let whole = |number: f64| number.max(0.0).floor();
    let two = |large: f64, large_unit: &str, small: f64, small_unit: &str| {
        if small < 1.0 {
            format!("{large:.0} {large_unit}")
        } else {
            format!("{large:.0} {large_unit} {:.0} {small_unit}", small.floor())
        }
    };
    let seconds = ms / 1e3;
    if ms < 1e3 {
        format!("{} ms", plain(ms.round()))
    } else if seconds < 60.0 {
        format!("{} s", plain((seconds * 10.0).round() / 10.0))
    } else if seconds < 3600.0 {
        two(whole(seconds / 60.0), "min", seconds % 60.0, "s")
    } else if seconds < 172_800.0 {
        two(whole(seconds / 3600.0), "h", seconds % 3600.0 / 60.0, "min")
    } else {
        format!("{:.0} days", whole(seconds / 86_400.0))
    }
}

/// `61 GB`: powers of a thousand, as disks are sold.
fn size(bytes: f64) -> String {
    let (unit, scale) = match bytes {
        tiny if tiny < 1e6 => ("kB", 1e3),
        small if small < 1e9 => ("MB", 1e6),
        _ => ("GB", 1e9),
    };
    format!("{:.0} {unit}", (bytes / scale).floor())
}
