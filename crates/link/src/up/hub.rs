//! The hub's half: an account per edge of what came and what is to come.
//!
//! An [`Account`] is a plain value. Whoever takes in reads it, asks it, and stores the account and what it said to store in one
//! transaction, synced, before the answer leaves. When anything fails on the way, the account in memory is thrown away.

mod begin;
mod take;

#[cfg(test)]
mod tests;

use domain::said::link as said;
use domain::{Id, Problem};
use serde::{Deserialize, Serialize};

pub use self::take::{Dictionary, Taken};
use super::{Compare, Greeting, Hello, Life, Likeness, Line, MOST_OWED, Mark, Owe, Owed, Refusal, Standing};
use crate::parcel::Gone;
use crate::{PerStream, Stream};

/// What the hub knows of one edge's streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub edge: Id,
    /// The newest turn.
    pub turn: u64,
    /// Its lives, oldest first, at most [`super::MOST_LIVES`]. The last one is the present one.
    pub lives: Vec<HubLife>,
    /// Two boxes speak as this edge: the other one's epoch. Stays until a person decides.
    pub two_boxes: Option<u64>,
    /// A person said that the box which speaks in this closed life is the right one.
    pub allowed: Option<u64>,
}

/// A life of an edge's store, as the hub has it. What it brought stands under its epoch; what it says besides, up to where it
/// parts from another life, stands under that one's ([`HubLife::shared`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubLife {
    /// Its random number.
    pub epoch: u64,
    /// The lives it comes from, newest first.
    pub from: Vec<Life>,
    /// The turn in which a newer life took its place.
    pub closed: Option<u64>,
    /// How its streams stand.
    pub lines: PerStream<Line>,
    /// First and last numbers of what it owed and could not bring any more.
    pub lost: PerStream<Vec<(u64, u64)>>,
}

/// A range that will never come, to be stored under the life that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Of which life.
    pub epoch: u64,
    /// Of which stream.
    pub stream: Stream,
    /// Which numbers, and why.
    pub gone: Gone,
}

impl Account {
    /// Of an edge that never sent anything.
    pub fn new(edge: Id) -> Self {
        Self { edge, turn: 0, lives: Vec::new(), two_boxes: None, allowed: None }
    }

    /// The life whose records are taken.
    pub fn present(&self) -> Option<&HubLife> {
        self.lives.last()
    }

    fn life(&self, epoch: u64) -> Option<&HubLife> {
        self.lives.iter().find(|life| life.epoch == epoch)
    }

    /// Answers a hello and gives it a turn. The account is to be stored whatever the answer.
    pub fn hello(&mut self, hello: &Hello) -> Result<Greeting, Refusal> {
        if hello.edge != self.edge {
            return Err(Refusal::OtherEdge);
        }
        self.turn = self.turn.max(hello.seen).saturating_add(1);
        let turn = self.turn;
        let Some(life) = hello.lives.first().and_then(|life| self.life(life.epoch)) else {
            return Ok(Greeting::Welcome(Box::new(Standing { turn, ..Standing::default() })));
        };
        let begin_anew = life.closed.is_some();
        if let Some(closed) = life.closed.filter(|_| self.allowed != Some(life.epoch)) {
            // One that is told of by a message from before may be late; one that knows the turn is there now.
            if hello.seen < closed {
                return Ok(Greeting::Closed { turn });
            }
            self.two_boxes = Some(life.epoch);
            return Ok(Greeting::TwoBoxes { turn });
        }
        let mut lines = life.lines.clone();
        if begin_anew {
            // Newer lives may have brought more of what it says as well.
            for stream in Stream::ALL {
                lines[stream].mark = self.base(life, stream, &|_, _, _| None);
            }
        }
        Ok(Greeting::Welcome(Box::new(Standing { turn, epoch: Some(life.epoch), begin_anew, lines })))
    }

    /// A person said which of two boxes is this edge: the one in `epoch`. If that is a closed life, the box may begin a new
    /// one when it says hello again; else the other box stays refused.
    pub fn decide(&mut self, epoch: u64) {
        self.two_boxes = None;
        self.allowed = self.life(epoch).is_some_and(|life| life.closed.is_some()).then_some(epoch);
    }

    /// What a person must read about this edge.
    pub fn problems(&self, place: &str) -> Vec<Problem> {
        self.two_boxes.map(|_| said::EDGE_TWO_BOXES.problem(place, [])).into_iter().collect()
    }

    /// Answers a comparison. `crc_at` looks into what is stored of that stream, in that life or another one that says the
    /// same up to there ([`HubLife::shared`]); none for what is gone or owed, and where it is no longer known.
    pub fn compare(compare: &Compare, mut crc_at: impl FnMut(u64) -> Option<u32>) -> Vec<Likeness> {
        let likeness = |point: &Mark| match crc_at(point.seq) {
            None => Likeness::Unknown,
            Some(crc) if crc == point.crc => Likeness::Same,
            Some(_) => Likeness::Other,
        };
        compare.points.iter().take(super::MOST_POINTS).map(likeness).collect()
    }

    /// Notes a range as owed: the mark goes behind it. A repetition changes nothing.
    pub fn owe(&mut self, owe: &Owe) -> Result<Line, Refusal> {
        let stream = owe.stream;
        let line = self.line_of(owe.turn, owe.epoch, stream)?;
        if owe.last <= line.mark.seq {
            return Ok(line.clone());
        }
        let expected = line.mark.seq + 1;
        if owe.first != expected || owe.last < owe.first || owe.last == u64::MAX {
            let first = owe.first;
            let overlap = first < expected;
            return Err(if overlap {
                Refusal::Overlap { stream, expected, first }
            } else {
                Refusal::Gap { stream, expected, first }
            });
        }
        if !stream.may_owe() {
            return Err(Refusal::MayNotOwe { stream });
        }
        if line.owed.len() >= MOST_OWED {
            return Err(Refusal::TooManyOwed { stream });
        }
        let Owe { first, last, crc, .. } = *owe;
        line.owed.push(Owed { first, last, prev_crc: line.mark.crc, crc: Some(crc) });
        line.mark = Mark { seq: last, crc };
        line.step += 1;
        Ok(line.clone())
    }

    fn in_turn(&self, turn: u64) -> Result<(), Refusal> {
        if turn == self.turn { Ok(()) } else { Err(Refusal::Turn { newest: self.turn }) }
    }

    fn line_of(&mut self, turn: u64, epoch: u64, stream: Stream) -> Result<&mut Line, Refusal> {
        self.in_turn(turn)?;
        let present = self.lives.last_mut().filter(|life| life.epoch == epoch).ok_or(Refusal::Epoch)?;
        Ok(&mut present.lines[stream])
    }
}
