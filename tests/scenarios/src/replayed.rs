//! What `bundle run` prints, beside what an edge predicted live: the same values to the last bit, the same qualities.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Sample;

/// The lines of one replay.
pub struct Replayed(Vec<Value>);

impl Replayed {
    /// From standard output.
    pub fn new(stdout: &str) -> Result<Self> {
        Ok(Self(stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?))
    }

    /// How often advice was raised.
    pub fn raised(&self) -> usize {
        self.0.iter().filter(|line| text(line, "decision") == "raise").count()
    }

    /// Fails unless every live prediction is here, with the same value and quality; gives how many were good. `tag` names
    /// the tag of an output at a place, whose title is empty where there is only one.
    pub fn equals(&self, live: &[Sample], tag: impl Fn(&str, &str) -> String) -> Result<usize> {
        let mut replayed = HashMap::new();
        for line in self.0.iter().filter(|line| line.get("output").is_some()) {
            let at = line.get("arrival_us").and_then(Value::as_i64).context("no arrival_us")?;
            let value = line.get("value").and_then(Value::as_f64);
            replayed.insert((at, tag(text(line, "output"), text(line, "place"))), (value, text(line, "quality")));
        }
        let (mut good, mut differ) = (0, Vec::new());
        for (number, sample) in live.iter().enumerate() {
            let value = if sample.value.is_empty() { None } else { Some(sample.value.parse::<f64>()?) };
            let there = replayed.get(&(sample.arrival_us, sample.tag.clone()));
            let equal = there.is_some_and(|(other, quality)| {
                other.map(f64::to_bits) == value.map(f64::to_bits) && *quality == sample.quality
            });
            if !equal {
                differ.push(format!("number {number}: {sample:?} live, {there:?} replayed"));
            }
            good += usize::from(sample.is_good());
        }
        let shown = differ.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        ensure!(differ.is_empty(), "{} of {} predictions differ:\n{shown}", differ.len(), live.len());
        Ok(good)
    }
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line.get(key).and_then(Value::as_str).unwrap_or_default()
}
