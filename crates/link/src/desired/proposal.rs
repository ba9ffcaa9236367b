//! A proposal: a change to what the site owns, which a hub may suggest and the site decides.

use domain::said::link as said;
use domain::{Id, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Digest;

/// What a hub suggests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: Id,
    /// For whom.
    pub edge: Id,
    /// The configuration that it starts from.
    pub based_on: Digest,
    /// The configuration as it should be.
    pub change: Value,
    /// Who suggests it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// What the site knows when it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The configuration that is in force.
    pub head: Digest,
    /// Site policy lets proposals apply by themselves.
    pub may_apply: bool,
    /// The change touches a device, tag, scale, mapping or guard under an output that may write.
    pub under_enabled_output: bool,
}

/// What becomes of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It applies by itself, as an act of who suggested it.
    Apply,
    /// A person at the site is asked.
    Ask(Problem),
    /// It is only laid ready: a controls engineer accepts it here, and that disables the output.
    Stage(Problem),
}

impl Proposal {
    /// Decides.
    pub fn decide(&self, situation: &Situation) -> Decision {
        let place = format!("proposal {}", self.id);
        if situation.under_enabled_output {
            Decision::Stage(said::PROPOSAL_UNDER_OUTPUT.problem(place, []))
        } else if self.based_on != situation.head {
            Decision::Ask(said::PROPOSAL_OLD_BASE.problem(place, []))
        } else if situation.may_apply {
            Decision::Apply
        } else {
            Decision::Ask(said::PROPOSAL_NEEDS_PERSON.problem(place, [("who", self.who.as_str().into())]))
        }
    }
}
