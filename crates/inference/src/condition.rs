//! Whether the model applies: the first condition of the contract that matches wins; none means "no experience".
//!
//! Pure and fed in order of arrival. A condition with a minimum time counts from the first reading at which all its
//! tests held; a reading that came after a gap starts the time anew.

use std::time::Duration;

use bundle::contract::{Contract, Test};
use domain::{Quality, Timestamp};

use crate::track::{Track, Truth};

/// What the conditions say at one moment. Numbers are indices into the contract's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The contract has no conditions.
    Always,
    /// This one holds, and the model applies.
    Applies(usize),
    /// This one holds, and the model does not apply.
    Excluded(usize),
    /// This one holds, but not yet for its minimum time, and nothing after it matches.
    Settling(usize),
    /// None holds.
    NoExperience,
    /// Nobody can say: this signal (index into the contract's signals) has no usable value.
    Unknown(usize),
}

/// One condition with its tests tied to tracks.
#[derive(Clone, Debug)]
struct Compiled {
    /// Index of the track, index of the signal in the contract, the test.
    tests: Vec<(usize, usize, Test)>,
    held_for: Duration,
    applies: bool,
}

/// The conditions of a contract, shared by all places.
#[derive(Clone, Debug, Default)]
pub struct Conditions(Vec<Compiled>);

/// Since when each condition holds at one place.
#[derive(Clone, Debug, Default)]
pub struct Since(Vec<Option<Timestamp>>);

impl Conditions {
    /// `track_of` gives the track of a signal (by its index in the contract); the bundle's check has made sure that
    /// every test names a signal.
    pub fn new(contract: &Contract, track_of: impl Fn(usize) -> Option<usize>) -> Self {
        let compile = |test: &Test| {
            let signal = contract.signals.iter().position(|signal| signal.name == test.signal)?;
            Some((track_of(signal)?, signal, test.clone()))
        };
        Self(
            contract
                .conditions
                .iter()
                .map(|condition| Compiled {
                    tests: condition.when.iter().filter_map(compile).collect(),
                    held_for: condition.held_for.map_or(Duration::ZERO, config::TimeSpan::get),
                    applies: condition.applies,
                })
                .collect(),
        )
    }

    /// The longest minimum time.
    pub fn longest(&self) -> Duration {
        self.0.iter().map(|condition| condition.held_for).max().unwrap_or_default()
    }

    /// Takes in what arrived at `now`; `broken` tells whether a track's newest reading came after a gap.
    pub fn observe(&self, since: &mut Since, tracks: &[Track], broken: impl Fn(usize) -> bool, now: Timestamp) {
        since.0.resize(self.0.len(), None);
        for (condition, since) in self.0.iter().zip(&mut since.0) {
            if condition.tests.iter().any(|(track, ..)| broken(*track)) {
                *since = None;
            }
            *since = match condition.truth(tracks, now) {
                (Truth::Yes, _) => Some(since.unwrap_or(now)),
                _ => None,
            };
        }
    }

    /// What holds at `now`, and the signal (index into the contract's signals) that makes it uncertain, if one does.
    pub fn verdict(&self, since: &Since, tracks: &[Track], now: Timestamp) -> (Verdict, Option<(usize, Quality)>) {
        if self.0.is_empty() {
            return (Verdict::Always, None);
        }
        let mut settling = None;
        for (index, condition) in self.0.iter().enumerate() {
            match condition.truth(tracks, now) {
                (Truth::No, _) => {}
                (Truth::Unknown, signal) => return (Verdict::Unknown(signal), None),
                (Truth::Yes, _) => {
                    let held = since.0.get(index).copied().flatten().map_or(Duration::ZERO, |since| now.since(since));
                    if held < condition.held_for {
                        settling = settling.or(Some(index));
                        continue;
                    }
                    let verdict = if condition.applies { Verdict::Applies(index) } else { Verdict::Excluded(index) };
                    return (verdict, condition.doubt(tracks, now));
                }
            }
        }
        (settling.map_or(Verdict::NoExperience, Verdict::Settling), None)
    }
}

impl Compiled {
    /// A test that is known to fail decides, whatever the others would say. With `Unknown` comes the signal.
    fn truth(&self, tracks: &[Track], now: Timestamp) -> (Truth, usize) {
        let mut result = (Truth::Yes, 0);
        for (track, signal, test) in &self.tests {
            match tracks.get(*track).map_or(Truth::Unknown, |track| track.test(test, now)) {
                Truth::Yes => {}
                Truth::No => return (Truth::No, *signal),
                Truth::Unknown => result = (Truth::Unknown, *signal),
            }
        }
        result
    }

    fn doubt(&self, tracks: &[Track], now: Timestamp) -> Option<(usize, Quality)> {
        let qualities =
            self.tests.iter().filter_map(|(track, signal, _)| Some((*signal, tracks.get(*track)?.quality(now))));
        qualities.into_iter().find(|(_, quality)| !quality.is_good())
    }
}
