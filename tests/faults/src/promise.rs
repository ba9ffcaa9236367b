//! What holds whatever goes wrong, as sentences, and what was found against it.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};

/// One promise of the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The worst thing there is.
    NoWrongValue,
    /// Of the log.
    NothingLost,
    /// Of acquisition.
    HealthyGoesOn,
    /// Of screens.
    StaleIsShown,
    /// Of the record.
    ActsAreKept,
    /// Of the process.
    Bounded,
    /// Of processes.
    NoOrphans,
    /// Of words.
    SaysIt,
    /// Of what follows a fault.
    Recovers,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoWrongValue => "no wrong value is shown or kept with good quality",
            Self::NothingLost => "what was acknowledged is there exactly once",
            Self::HealthyGoesOn => "devices without a fault are read all the time",
            Self::StaleIsShown => "what is old is shown as old",
            Self::ActsAreKept => "an act that was acknowledged is in the record, and the record verifies",
            Self::Bounded => "memory stays bounded",
            Self::NoOrphans => "no process is left behind",
            Self::SaysIt => "what is wrong is said in words",
            Self::Recovers => "when a fault is over, everything is as before",
        })
    }
}

/// Examples kept of each promise that was broken.
const EXAMPLES: usize = 5;

/// What was found against the promises: how often each was broken, with the first examples.
#[derive(Clone, Debug, Default)]
pub struct Findings(BTreeMap<Promise, (usize, Vec<String>)>);

impl Findings {
    /// Notes that a promise was broken.
    pub fn broken(&mut self, promise: Promise, how: impl Into<String>) {
        let (times, examples) = self.0.entry(promise).or_default();
        *times += 1;
        if examples.len() < EXAMPLES {
            examples.push(how.into());
        }
    }

    /// Notes it unless `holds`.
    pub fn check(&mut self, promise: Promise, holds: bool, how: impl FnOnce() -> String) {
        if !holds {
            self.broken(promise, how());
        }
    }

    /// Takes over what somebody else found.
    pub fn add(&mut self, other: Self) {
        for (promise, (times, examples)) in other.0 {
            let (all, kept) = self.0.entry(promise).or_default();
            *all += times;
            kept.extend(examples);
            kept.truncate(EXAMPLES);
        }
    }

    /// Fails with all of it when there is anything.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let told = self.0.iter().map(|(promise, (times, examples))| {
            let examples: String = examples.iter().flat_map(|example| ["\n      ", example.as_str()]).collect();
            format!("\n  broken {times} times: {promise}{examples}")
        });
        bail!("promises were broken{}", told.collect::<String>())
    }
}
