//! Asks: what a person at the hub wants done at a site, and the site decides. A stream per edge; each is done at most once, or
//! expires, and its answer is an entry of the record.

use std::collections::VecDeque;

use domain::said::link as said;
use domain::{Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Digest;
use crate::envelope::Envelope;
use crate::key::{PrivateKey, PublicKey};

#[cfg(test)]
mod tests;

/// The type of an ask's envelope.
pub const ASK: &str = "application/vnd.lastmile.ask+json";
/// No hub keeps more asks of an edge without an answer.
pub const MOST_OPEN: usize = 1_000;

/// One ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Of whom.
    pub edge: Id,
    /// The life of the hub.
    pub hub_epoch: u64,
    /// Counts up from 1 within that life, without holes.
    pub seq: u64,
    /// The act.
    pub act: Value,
    /// Which account.
    pub person: String,
    /// What proves that it was that person; the site checks it where its policy wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Value>,
    /// After this it is not done any more, by the hub's clock.
    pub expires: Timestamp,
    /// What a newer hub says besides; kept as it is.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What became of an ask. It travels inside the entry of the record that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAnswer {
    /// The life of the hub that asked.
    pub hub_epoch: u64,
    /// Which ask.
    pub seq: u64,
    /// Why it was not done; none when it was.
    pub refused: Option<Problem>,
}

/// How far an edge has come. Stored in the transaction of the act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The newest that was answered; 0 for none.
    pub seq: u64,
    /// Digest of its bytes.
    pub last: Option<Digest>,
}

/// What to do with an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Perform the act as its person, by the site's own rules, and store [`Asked`], the effect and the answer in one transaction.
    Do(Asked, Box<Ask>),
    /// Store [`Asked`] and this answer in one transaction: it came too late.
    Decline(Asked, AskAnswer),
    /// It was answered before.
    Done,
}

impl Asked {
    /// Judges an ask. `agreed` is the life of the hub that the site agreed to; `hub_time` what the hub's clock shows, as far as the
    /// edge knows.
    pub fn take(
        &self,
        edge: Id,
        envelope: &Envelope,
        hub: &PublicKey,
        agreed: Option<u64>,
        hub_time: Timestamp,
    ) -> Result<Todo, Problem> {
        let place = format!("edge {edge}");
        let ask: Ask = envelope.open(ASK, hub, &place)?;
        if ask.edge != edge {
            return Err(said::EDGE_OTHER.problem(place, []));
        }
        if agreed != Some(ask.hub_epoch) {
            return Err(said::HUB_NEW_LIFE.problem(place, []));
        }
        let digest = Digest::of(&envelope.payload);
        if ask.seq <= self.seq {
            let is_other = ask.seq == self.seq && self.last.is_some_and(|last| last != digest);
            return if is_other {
                Err(said::ASK_FORKED.problem(place, [("seq", ask.seq.into())]))
            } else {
                Ok(Todo::Done)
            };
        }
        let expected = self.seq + 1;
        if ask.seq != expected {
            return Err(said::ASK_GAP.problem(place, [("expected", expected.into()), ("seq", ask.seq.into())]));
        }
        let after = Self { seq: ask.seq, last: Some(digest) };
        if hub_time > ask.expires {
            let refused = Some(said::ASK_EXPIRED.problem(place, [("person", ask.person.as_str().into())]));
            return Ok(Todo::Decline(after, AskAnswer { hub_epoch: ask.hub_epoch, seq: ask.seq, refused }));
        }
        Ok(Todo::Do(after, Box::new(ask)))
    }
}

/// What a person wants, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The act.
    pub act: Value,
    /// Which account.
    pub person: String,
    /// What proves it.
    pub proof: Option<Value>,
    /// After this it is not to be done any more.
    pub expires: Timestamp,
}

/// The hub's half: the asks of one edge that have no answer yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// Of whom.
    pub edge: Id,
    /// The hub's present life.
    pub hub_epoch: u64,
    /// The newest number.
    pub seq: u64,
    /// Without an answer, oldest first.
    pub open: VecDeque<(u64, Envelope)>,
}

impl Asking {
    /// Of an edge that nothing was asked yet.
    pub fn new(edge: Id, hub_epoch: u64) -> Self {
        Self { edge, hub_epoch, seq: 0, open: VecDeque::new() }
    }

    /// Adds an ask; to be stored before it is sent.
    pub fn ask(&mut self, wish: Wish, key: &PrivateKey) -> Result<u64, Problem> {
        if self.open.len() >= MOST_OPEN {
            return Err(said::ASK_TOO_MANY.problem(format!("edge {}", self.edge), [("most", MOST_OPEN.into())]));
        }
        self.seq += 1;
        let Wish { act, person, proof, expires } = wish;
        let ask = Ask {
            edge: self.edge,
            hub_epoch: self.hub_epoch,
            seq: self.seq,
            act,
            person,
            proof,
            expires,
            more: Map::new(),
        };
        self.open.push_back((self.seq, Envelope::of(ASK, &ask).signed(key)));
        Ok(self.seq)
    }

    /// What the edge should see next.
    pub fn after(&self, seq: u64) -> impl Iterator<Item = &Envelope> {
        self.open.iter().filter(move |(of, _)| *of > seq).map(|(_, envelope)| envelope)
    }

    /// An answer came with the edge's record. One to an ask that this hub never made says that the hub was restored from a backup:
    /// it needs a new life before it asks again.
    pub fn answered(&mut self, answer: &AskAnswer) -> Result<(), Problem> {
        if answer.hub_epoch != self.hub_epoch {
            return Ok(());
        }
        if answer.seq > self.seq {
            return Err(said::HUB_WENT_BACK.problem(format!("edge {}", self.edge), []));
        }
        self.open.retain(|(seq, _)| *seq > answer.seq);
        Ok(())
    }
}
