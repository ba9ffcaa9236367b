//! Whether an edge accepts a document: a higher number wins, the same is nothing new, an older one is a replay, and another life of
//! the hub needs a person.

use domain::said::link as said;
use domain::{Id, Problem};
use serde::{Deserialize, Serialize};

use super::{Content, HEAD, Head};
use crate::Digest;
use crate::envelope::Envelope;
use crate::key::PublicKey;

/// Which document an edge has accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The life of the hub that a person here agreed to; none before the first document.
    pub hub_epoch: Option<u64>,
    /// The number of the document; 0 for none of this life.
    pub number: u64,
    /// Digest of its head's bytes.
    pub head: Option<Digest>,
}

/// What to do with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Store [`Accepted`] and the content in one transaction, then reconcile.
    New(Accepted, Content),
    /// The edge has it already.
    Same,
}

impl Accepted {
    /// Judges a document. An error says why it is not accepted; the edge goes on with what it has.
    pub fn offer(&self, edge: Id, head: &Envelope, content: &[u8], hub: &PublicKey) -> Result<Offer, Problem> {
        let place = format!("edge {edge}");
        let said: Head = head.open(HEAD, hub, &place)?;
        if said.edge != edge {
            return Err(said::EDGE_OTHER.problem(place, []));
        }
        let digest = Digest::of(&head.payload);
        if self.hub_epoch.is_some_and(|epoch| epoch != said.hub_epoch) {
            return Err(said::HUB_NEW_LIFE.problem(place, []));
        }
        let (number, ours) = (said.number, self.number);
        if number < ours {
            return Err(said::DESIRED_OLDER.problem(place, [("number", number.into()), ("ours", ours.into())]));
        }
        if number == ours && number > 0 {
            let is_same = self.head == Some(digest);
            return if is_same {
                Ok(Offer::Same)
            } else {
                Err(said::DESIRED_FORKED.problem(place, [("number", number.into())]))
            };
        }
        if number == 0 || (number == ours + 1 && said.previous != self.head && self.head.is_some()) {
            return Err(said::DESIRED_FORKED.problem(place, [("number", number.into())]));
        }
        let content = Content::read(&said, content, &place)?;
        Ok(Offer::New(Self { hub_epoch: Some(said.hub_epoch), number, head: Some(digest) }, content))
    }

    /// A person at the site agrees to another life of the hub. What runs stays until its first document comes.
    pub fn agree(&mut self, hub_epoch: u64) {
        if self.hub_epoch != Some(hub_epoch) {
            *self = Self { hub_epoch: Some(hub_epoch), number: 0, head: None };
        }
    }
}
