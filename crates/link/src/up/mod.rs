//! Up: records from an edge to its hub, each exactly once. What both say to each other; [`site`] is the edge's half, [`hub`] the
//! hub's.
//!
//! Every request of an edge has one answer, and all may be repeated. A connection begins with a [`Hello`]; its answer brings a
//! *turn*, which every later request carries: of two senders with the same name only the one that spoke last is heard. The hub
//! keeps a [`Mark`] per stream and the ranges that are [`Owed`] below it; the edge keeps nothing but how far it may
//! forget.

pub mod hub;
mod pace;
mod refusal;
pub mod site;

use domain::Id;
use serde::{Deserialize, Serialize};

pub use self::refusal::Refusal;
use crate::{PerStream, Stream};

/// No stream owes more ranges at once.
pub const MOST_OWED: usize = 64;
/// No edge tells, and no hub keeps, more lives.
pub const MOST_LIVES: usize = 64;
/// Points of one [`Compare`].
pub const MOST_POINTS: usize = 64;

/// A number of a stream and what stands for its content there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The number; 0 before the first.
    pub seq: u64,
    /// CRC of the record there, or what stands for one that is gone ([`crate::parcel::crc_of_gone`]); 0 where it is not known.
    pub crc: u32,
}

/// A range below the mark that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The next number that is wanted.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// CRC at `first - 1`.
    pub prev_crc: u32,
    /// CRC at `last`, as declared; none where a range was cut short by a new epoch.
    pub crc: Option<u32>,
}

/// How a stream stands at the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Everything up to here is at the hub, gone, or owed.
    pub mark: Mark,
    /// What is owed below, ascending, at most [`MOST_OWED`].
    pub owed: Vec<Owed>,
    /// Counts the changes of this line, so that an older answer that comes late is known as such.
    pub step: u64,
}

impl Line {
    /// Everything up to here is at the hub or gone: the edge may forget it.
    pub fn durable(&self) -> u64 {
        self.owed.first().map_or(self.mark.seq, |owed| owed.first - 1)
    }
}

/// A life of an edge's store: what was written under one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its random number.
    pub epoch: u64,
    /// Of a life that ended: up to which numbers the present store still says the same.
    pub same_until: PerStream<u64>,
}

/// "I am here": the first request of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Who.
    pub edge: Id,
    /// The newest turn that it was given, 0 for none.
    pub seen: u64,
    /// The present life, then those it comes from, newest first.
    pub lives: Vec<Life>,
    /// Its newest synced records.
    pub tips: PerStream<Mark>,
}

/// What the hub says to a hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Greeting {
    /// Go on from here.
    Welcome(Box<Standing>),
    /// The hub takes records of a newer life of this edge. Say hello again with this turn if you are there now.
    Closed {
        /// The turn that this hello was given.
        turn: u64,
    },
    /// Two boxes speak as this edge; a person must say which one it is.
    TwoBoxes {
        /// The turn that this hello was given.
        turn: u64,
    },
}

/// How an edge stands at the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// For all requests of this connection.
    pub turn: u64,
    /// The present life; none when the hub does not know it yet: then it has to be begun.
    pub epoch: Option<u64>,
    /// The life cannot go on; the edge must begin a new one that comes from it.
    pub begin_anew: bool,
    /// Its streams.
    pub lines: PerStream<Line>,
}

/// "Here my new life begins."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// Of this connection.
    pub turn: u64,
    /// The new life, then those it comes from, newest first.
    pub lives: Vec<Life>,
}

/// "Records go on behind this range; it comes later."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owe {
    /// Of this connection.
    pub turn: u64,
    /// The present life.
    pub epoch: u64,
    /// Which stream.
    pub stream: Stream,
    /// The number after the mark.
    pub first: u64,
    /// The last one that is owed.
    pub last: u64,
    /// CRC at `last`.
    pub crc: u32,
}

/// "Do you have the same?" Asked to find where a store that was restored parts from what the hub has. It changes nothing and needs no
/// turn: else two copies of a box would interrupt each other's search for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The life that is spoken of.
    pub epoch: u64,
    /// Which stream.
    pub stream: Stream,
    /// At most [`MOST_POINTS`], ascending.
    pub points: Vec<Mark>,
}

/// What the hub has at a point of a [`Compare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// The same record.
    Same,
    /// Another one.
    Other,
    /// The hub no longer knows, or never had it.
    Unknown,
}
