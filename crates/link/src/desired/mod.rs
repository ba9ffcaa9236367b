//! Down: what a hub wants an edge to run. One document per edge; a higher number replaces it whole.
//!
//! It comes in two parts: a small signed [`Head`], and the [`Content`] that the head names by digest, which may come by another way
//! (from a cache, on a stick). Taking both is one transaction; then every item is reconciled for itself ([`reconcile`]).

pub mod keep;
pub mod proposal;
pub mod reconcile;
pub mod site;

#[cfg(test)]
mod tests;

use domain::said::link as said;
use domain::{Id, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Digest;
use crate::envelope::Envelope;
use crate::key::PrivateKey;

/// The type of a head's envelope.
pub const HEAD: &str = "application/vnd.lastmile.desired+json";

/// Which document it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// For whom.
    pub edge: Id,
    /// The life of the hub; a new one needs a person at the site.
    pub hub_epoch: u64,
    /// Counts up from 1 within that life.
    pub number: u64,
    /// Digest of the head's bytes before it; none for the first.
    pub previous: Option<Digest>,
    /// Digest of the content's bytes.
    pub content: Digest,
    /// Which account made it.
    pub made_by: String,
    /// What a newer hub says besides; kept as it is.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// At most [`Content::MOST`], each under a name of its own.
    pub items: Vec<Item>,
    /// What a newer hub says besides; kept as it is.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One thing that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is about.
    #[serde(flatten)]
    pub name: ItemName,
    /// How it should be.
    pub value: Value,
}

/// `deployment` and `pump-7-bearing`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemName {
    /// What kind: `deployment`, `account`, `role`, `rota`, `catalogue`.
    pub kind: String,
    /// Which one.
    pub name: String,
}

/// The kinds that this program knows. What a site owns (devices, tags, mappings, guards, maintenance windows) is not among them:
/// about those a hub can only propose.
pub const KINDS: [&str; 5] = ["deployment", "account", "role", "rota", "catalogue"];

impl Content {
    /// No document has more items.
    pub const MOST: usize = 10_000;

    /// Reads the bytes that a head names.
    pub fn read(head: &Head, bytes: &[u8], place: &str) -> Result<Self, Problem> {
        if Digest::of(bytes) != head.content {
            return Err(said::DESIRED_OTHER_CONTENT.problem(place, [("number", head.number.into())]));
        }
        let content: Self = serde_json::from_slice(bytes)
            .map_err(|error| said::MESSAGE_UNREADABLE.problem(place, [("why", error.to_string().into())]))?;
        let mut names: Vec<&ItemName> = content.items.iter().map(|item| &item.name).collect();
        names.sort();
        let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
        if twice || content.items.len() > Self::MOST {
            return Err(said::DESIRED_CONTENT.problem(place, [("most", Self::MOST.into())]));
        }
        Ok(content)
    }
}

impl Item {
    /// What it says, as something to compare. Its order of fields is that in which it came.
    pub fn digest(&self) -> Digest {
        Digest::of(&serde_json::to_vec(&self.value).expect("a JSON value is always JSON"))
    }
}

/// The hub's half: makes heads, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// For whom.
    pub edge: Id,
    /// The hub's present life.
    pub hub_epoch: u64,
    /// The newest number.
    pub number: u64,
    /// Digest of the newest head's bytes.
    pub head: Option<Digest>,
}

impl Maker {
    /// A new document with this content, to be stored together with the maker before anybody sees it.
    pub fn make(&mut self, content: &[u8], made_by: &str, key: &PrivateKey) -> Envelope {
        self.number += 1;
        let head = Head {
            edge: self.edge,
            hub_epoch: self.hub_epoch,
            number: self.number,
            previous: self.head,
            content: Digest::of(content),
            made_by: made_by.to_owned(),
            more: Map::new(),
        };
        let envelope = Envelope::of(HEAD, &head);
        self.head = Some(Digest::of(&envelope.payload));
        envelope.signed(key)
    }
}
