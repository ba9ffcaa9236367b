//! A keep: a local decision that outranks whatever the hub wants, until it ends or a person releases it.

use domain::said::link as said;
use domain::{Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ItemName;

/// One local decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// About what.
    pub what: ItemName,
    /// How it was wanted.
    pub from: Value,
    /// How it is kept.
    pub to: Value,
    /// Who decided.
    pub who: String,
    /// Why.
    pub why: String,
    /// When, by the site's clock.
    pub since: Timestamp,
    /// When it ends by itself; none: when it is released.
    pub until: Option<Timestamp>,
}

/// The keeps of an edge, at most one for each thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keeps(Vec<Keep>);

/// No edge holds more.
pub const MOST: usize = 10_000;

impl Keeps {
    /// Notes a decision; one about the same thing before it is replaced, and keeps how it was wanted first.
    pub fn keep(&mut self, mut keep: Keep) -> Result<(), Problem> {
        if let Some(before) = self.0.iter_mut().find(|before| before.what == keep.what) {
            keep.from = std::mem::take(&mut before.from);
            *before = keep;
            return Ok(());
        }
        if self.0.len() >= MOST {
            return Err(said::KEEP_TOO_MANY.problem(keep.what.name, [("most", MOST.into())]));
        }
        self.0.push(keep);
        Ok(())
    }

    /// The decision about this thing that holds now.
    pub fn of(&self, what: &ItemName, now: Timestamp) -> Option<&Keep> {
        self.0.iter().find(|keep| keep.what == *what && keep.holds(now))
    }

    /// A person with the right to ends it. Gives what was kept.
    pub fn release(&mut self, what: &ItemName) -> Option<Keep> {
        let place = self.0.iter().position(|keep| keep.what == *what)?;
        Some(self.0.remove(place))
    }

    /// Those whose time is over, taken out; each is worth an entry in the record.
    pub fn take_ended(&mut self, now: Timestamp) -> Vec<Keep> {
        self.0.extract_if(.., |keep| !keep.holds(now)).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Keep> {
        self.0.iter()
    }
}

impl Keep {
    fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
