//! What was acknowledged, and whether history has it: exactly once, as it was shown.
//!
//! A sample that was seen live is acknowledged when the stream's synced number has grown three times since, and no scan
//! was refused meanwhile: the second commit began after it was seen and takes all there is; the third allows for a commit
//! that brings no scans (a step of the clock).

use std::collections::{HashMap, HashSet};

use scenarios::Sample;

use crate::promise::{Findings, Promise};

/// Commits after which a sample that was seen is on the disk.
const COMMITS: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Seen {
    tag: String,
    arrival_us: i64,
    /// As JSON has it, without quotes.
    value: String,
    good: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Kept {
    pending: Vec<(u8, Seen)>,
    newest: HashMap<String, i64>,
    acknowledged: HashSet<Seen>,
    synced: u64,
    refused: u64,
    /// The synced number that must be found again after a kill.
    highest: u64,
}

impl Kept {
    /// A sample is shown now.
    pub fn saw(&mut self, tag: &str, arrival_us: i64, value: &str, good: bool) {
        if self.newest.insert(tag.to_owned(), arrival_us) == Some(arrival_us) {
            return;
        }
        let seen = Seen { tag: tag.to_owned(), arrival_us, value: value.to_owned(), good };
        self.pending.push((0, seen));
    }

    /// The log's numbers, asked for after what was seen last.
    pub fn heard(&mut self, synced: u64, refused: u64) {
        if refused != self.refused {
            self.pending.clear();
            self.refused = refused;
        }
        if synced <= self.synced {
            return;
        }
        (self.synced, self.highest) = (synced, synced);
        for (commits, _) in &mut self.pending {
            *commits += 1;
        }
        let kept = self.pending.extract_if(.., |(commits, _)| *commits > COMMITS);
        self.acknowledged.extend(kept.map(|(_, seen)| seen));
    }

    /// The process was killed: what was not acknowledged may be gone.
    pub fn killed(&mut self) {
        self.pending.clear();
        self.newest.clear();
        (self.synced, self.refused) = (0, 0);
    }

    /// The synced number of a process that has just started.
    pub fn found_again(&self, synced: u64, findings: &mut Findings) {
        findings.check(Promise::NothingLost, synced >= self.highest, || {
            format!("up to record {} was acknowledged, up to {synced} is there after the start", self.highest)
        });
    }

    /// How many samples are known to be acknowledged.
    pub fn count(&self) -> usize {
        self.acknowledged.len()
    }

    /// Looks for all of it in the whole history.
    pub fn check(&self, history: &[Sample], findings: &mut Findings) {
        let mut there: HashMap<Seen, usize> = HashMap::new();
        for sample in history {
            let (tag, value) = (sample.tag.clone(), same_number(&sample.value));
            let seen = Seen { tag, arrival_us: sample.arrival_us, value, good: sample.is_good() };
            *there.entry(seen).or_default() += 1;
        }
        for (seen, times) in &there {
            let once = *times == 1 || seen.value.is_empty();
            findings.check(Promise::NothingLost, once, || format!("{times} times in history: {seen:?}"));
        }
        for seen in &self.acknowledged {
            let wanted = Seen { value: same_number(&seen.value), ..seen.clone() };
            let found = there.contains_key(&wanted);
            findings.check(Promise::NothingLost, found, || {
                let near = history.iter().find(|sample| sample.tag == seen.tag && sample.arrival_us == seen.arrival_us);
                format!("not in history: {seen:?}; in its place {near:?}")
            });
        }
    }
}

/// A number in one spelling. Integers beyond 2⁵³ stay as they are: they are no floats.
fn same_number(value: &str) -> String {
    let exact = value.parse::<u64>().is_ok_and(|number| number > 1 << 53);
    match value.parse::<f64>() {
        Ok(number) if !exact => format!("{number:e}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(arrival_us: i64, value: &str) -> Sample {
        Sample { arrival_us, tag: "a".into(), value: value.into(), quality: "Good".into() }
    }

    fn findings(kept: &Kept, history: &[Sample]) -> String {
        let mut findings = Findings::default();
        kept.check(history, &mut findings);
        findings.into_result().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_was_seen_counts_after_enough_commits_and_not_when_scans_were_refused() {
        let mut kept = Kept::default();
        kept.saw("a", 1000, "1.5", true);
        for synced in 1..=4 {
            assert_eq!(kept.count(), 0);
            kept.heard(synced, 0);
        }
        assert_eq!(kept.count(), 1);
        kept.saw("a", 2000, "2", true);
        kept.heard(5, 1);
        for synced in 6..20 {
            kept.heard(synced, 1);
        }
        assert_eq!(kept.count(), 1);
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        assert_eq!(same_number("1000000015047466200000000000000"), same_number("1.0000000150474662e30"));
        assert_eq!(same_number("2.0"), same_number("2"));
        assert_ne!(same_number("6485464064523960321"), same_number("6485464064523960322"));
    }

    #[test]
    fn what_is_missing_changed_or_there_twice_is_found() {
        let mut kept = Kept::default();
        kept.saw("a", 1000, "1.5", true);
        (1..=4).for_each(|synced| kept.heard(synced, 0));
        assert_eq!(findings(&kept, &[sample(1000, "1.5")]), "");
        assert!(findings(&kept, &[]).contains("not in history"));
        assert!(findings(&kept, &[sample(1000, "1.6")]).contains("not in history"));
        assert!(findings(&kept, &[sample(1000, "1.5"), sample(1000, "1.5")]).contains("2 times"));
    }
}
