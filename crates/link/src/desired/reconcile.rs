//! From what is wanted to what is: every item on its own, one step at a time, and each step may be the last before a power cut.
//!
//! ```text
//! plan → stage → check → switch → soak → proof        or refused, with the reason; or kept, by a person here
//! ```

use std::collections::BTreeMap;

use domain::said::link as said;
use domain::{Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::keep::Keeps;
use super::{Content, Item, ItemName, KINDS};
use crate::Digest;

/// How far an item has come. Said to the hub as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Nothing is done yet.
    Plan,
    /// What it needs is fetched.
    Stage,
    /// It is tried beside what runs.
    Check,
    /// It takes its place, between two windows.
    Switch,
    /// It runs, and has to prove itself.
    Soak,
    /// It runs as wanted, and here is the proof.
    Proof {
        /// Digest of what was proven, signed by the edge in its report.
        proof: Digest,
    },
    /// It will not be done.
    Refused {
        /// Why.
        problem: Problem,
    },
    /// A person here decided otherwise.
    Kept,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It runs as wanted.
    Proven(Digest),
    /// It cannot be done.
    Failed(Problem),
}

/// How one item stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What is wanted, by its digest.
    pub wanted: Digest,
    /// How far it is.
    pub step: Step,
}

/// All items of an edge. Stored with every change of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    #[serde(with = "as_list")]
    items: BTreeMap<ItemName, Status>,
}

impl Reconcile {
    /// Takes a new content: what is wanted as before goes on where it is, the rest starts anew. Gives what is no longer wanted.
    pub fn take(&mut self, content: &Content, keeps: &Keeps, now: Timestamp) -> Vec<ItemName> {
        let mut before = std::mem::take(&mut self.items);
        for item in &content.items {
            let wanted = item.digest();
            let known = before.remove(&item.name).filter(|status| status.wanted == wanted && status.step != Step::Kept);
            let step = if keeps.of(&item.name, now).is_some() {
                Step::Kept
            } else {
                known.map_or_else(|| first(item), |status| status.step)
            };
            self.items.insert(item.name.clone(), Status { wanted, step });
        }
        before.into_keys().filter(|name| keeps.of(name, now).is_none()).collect()
    }

    /// A keep began or ended.
    pub fn kept(&mut self, name: &ItemName, is_kept: bool) {
        if let Some(status) = self.items.get_mut(name) {
            status.step = if is_kept { Step::Kept } else { Step::Plan };
        }
    }

    /// What is to be done now, item by item.
    pub fn todo(&self) -> impl Iterator<Item = (&ItemName, &Status)> {
        self.items.iter().filter(|(_, status)| {
            matches!(status.step, Step::Plan | Step::Stage | Step::Check | Step::Switch | Step::Soak)
        })
    }

    /// How everything stands, for the report.
    pub fn iter(&self) -> impl Iterator<Item = (&ItemName, &Status)> {
        self.items.iter()
    }

    /// How an item stands.
    pub fn of(&self, name: &ItemName) -> Option<&Status> {
        self.items.get(name)
    }

    /// A step of an item ended. One for something that is no longer wanted, or is kept meanwhile, changes nothing: false.
    pub fn ended(&mut self, name: &ItemName, wanted: &Digest, step: &Step, outcome: Outcome) -> bool {
        let status = self.items.get_mut(name).filter(|status| status.wanted == *wanted && status.step == *step);
        let Some(status) = status else { return false };
        let next = match (&status.step, outcome) {
            (_, Outcome::Failed(problem)) => Step::Refused { problem },
            (Step::Plan, _) => Step::Stage,
            (Step::Stage, _) => Step::Check,
            (Step::Check, _) => Step::Switch,
            (Step::Switch, _) => Step::Soak,
            (Step::Soak, Outcome::Proven(proof)) => Step::Proof { proof },
            _ => return false,
        };
        status.step = next;
        true
    }

    /// After a start: what was not switched yet begins again, what was goes on soaking.
    pub fn started(&mut self) {
        for status in self.items.values_mut() {
            if matches!(status.step, Step::Stage | Step::Check) {
                status.step = Step::Plan;
            }
        }
    }
}

fn first(item: &Item) -> Step {
    if KINDS.contains(&item.name.kind.as_str()) {
        Step::Plan
    } else {
        let args = [("kind", item.name.kind.as_str().into())];
        Step::Refused { problem: said::DESIRED_KIND.problem(item.name.name.clone(), args) }
    }
}

/// JSON has no map with such names.
mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{ItemName, Status};

    pub(super) fn serialize<S: Serializer>(
        items: &BTreeMap<ItemName, Status>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(items)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<ItemName, Status>, D::Error> {
        Ok(Vec::<(ItemName, Status)>::deserialize(deserializer)?.into_iter().collect())
    }
}
