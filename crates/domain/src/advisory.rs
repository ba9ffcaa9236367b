//! What a rule makes of predictions.

use serde::{Deserialize, Serialize};

use crate::{Id, PlacePath, Timestamp};

/// What changed with one prediction. Most predictions change nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Decision {
    /// An advisory starts.
    Raise {
        /// When the rule became true: the end of the window that made it so.
        time: Timestamp,
        /// One sentence in plant words, from the bundle's catalogue.
        reason: String,
        /// The signals that drive it, the strongest first.
        because: Vec<Contribution>,
    },
    /// The advisory that was raised ends.
    Clear {
        /// The end of the window that made it so.
        time: Timestamp,
        /// One sentence in plant words.
        reason: String,
    },
}

/// How much one signal has to do with a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The signal's name in the contract.
    pub signal: String,
    /// Its value in the window.
    pub value: Option<f64>,
    /// The normal band under this condition, as the bundle's baseline says.
    pub normal: Option<(f64, f64)>,
    /// Distance from the middle of the normal band in half widths; sign says above or below.
    pub deviation: Option<f64>,
}

/// An advisory as people see it: raised and cleared by the path, acknowledged by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its id.
    pub id: Id,
    /// The deployment that raised it.
    pub deployment: String,
    /// Where.
    pub place: PlacePath,
    /// The version of the bundle that raised it.
    pub version: String,
    /// When it was raised.
    pub raised: Timestamp,
    /// When it was cleared, if it was.
    pub cleared: Option<Timestamp>,
    /// When and by whom it was acknowledged, if it was.
    pub acknowledged: Option<(Timestamp, String)>,
    /// Title per language, `en` always there.
    pub title: std::collections::BTreeMap<String, String>,
    /// What to do, in steps, per language.
    pub response: std::collections::BTreeMap<String, Vec<String>>,
    /// One sentence.
    pub reason: String,
    /// The signals that drive it.
    pub because: Vec<Contribution>,
}

/// ISA-18.2 states of an advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdvisoryState {
    /// Active, nobody has seen it.
    Unacknowledged,
    /// Active and seen.
    Acknowledged,
    /// Gone before anybody saw it.
    Returned,
    /// Gone and seen.
    Done,
}

impl Advisory {
    /// Where it stands.
    pub fn state(&self) -> AdvisoryState {
        match (self.cleared.is_some(), self.acknowledged.is_some()) {
            (false, false) => AdvisoryState::Unacknowledged,
            (false, true) => AdvisoryState::Acknowledged,
            (true, false) => AdvisoryState::Returned,
            (true, true) => AdvisoryState::Done,
        }
    }
}
