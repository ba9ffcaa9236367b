//! A new life of an edge: where it starts, what it still owes, and what will never come.

use super::{Account, HubLife, Lost};
use crate::parcel::{Gone, GoneReason};
use crate::up::{Begin, Line, MOST_LIVES, Mark, Owed, Refusal, Standing};
use crate::{PerStream, Stream};

impl Account {
    /// Takes a new life in place of the present one. Gives how it stands and what of the old one will never come, to be stored
    /// with the account. A repetition changes nothing.
    pub fn begin(&mut self, begin: &Begin) -> Result<(Standing, Vec<Lost>), Refusal> {
        self.in_turn(begin.turn)?;
        if self.present().is_some_and(|life| life.epoch == begin.epoch) {
            return Ok((self.standing(), Vec::new()));
        }
        if self.life(begin.epoch).is_some() {
            return Err(Refusal::Epoch);
        }
        let parent = match begin.parent {
            Some(epoch) => Some(self.life(epoch).ok_or(Refusal::Epoch)?),
            None => None,
        };
        for stream in Stream::ALL {
            let mark = parent.map_or(0, |life| life.lines[stream].mark.seq);
            if begin.base[stream].seq > mark {
                return Err(Refusal::Base { stream, mark });
            }
        }
        let shared = self.shared_with_present(begin.parent);
        let mut lines: PerStream<Line> = PerStream::of(|stream| Line {
            mark: self.known_mark(begin.parent, stream, begin.base[stream]),
            owed: Vec::new(),
            step: 0,
        });
        let mut lost = Vec::new();
        if let Some(present) = self.lives.last_mut() {
            present.closed = Some(self.turn);
            for stream in Stream::ALL {
                let until = begin.base[stream].seq.min(shared[stream]);
                for owed in std::mem::take(&mut present.lines[stream].owed) {
                    let (kept, gone) = split(owed, until);
                    lines[stream].owed.extend(kept);
                    lost.extend(gone.map(|gone| Lost { epoch: present.epoch, stream, gone }));
                }
            }
        }
        let base = PerStream::of(|stream| begin.base[stream].seq);
        self.lives.push(HubLife { epoch: begin.epoch, parent: begin.parent, base, closed: None, lines });
        if self.lives.len() > MOST_LIVES {
            self.lives.remove(0);
        }
        self.allowed = None;
        Ok((self.standing(), lost))
    }

    fn standing(&self) -> Standing {
        let present = self.present();
        Standing {
            turn: self.turn,
            epoch: present.map(|life| life.epoch),
            begin_anew: false,
            lines: present.map(|life| life.lines.clone()).unwrap_or_default(),
        }
    }

    /// At the parent's mark the hub knows the content better than the edge.
    fn known_mark(&self, parent: Option<u64>, stream: Stream, base: Mark) -> Mark {
        let mark = parent.and_then(|epoch| self.life(epoch)).map(|life| life.lines[stream].mark);
        mark.filter(|mark| mark.seq == base.seq).unwrap_or(base)
    }

    /// Up to which numbers the present life and that one are the same.
    fn shared_with_present(&self, other: Option<u64>) -> PerStream<u64> {
        let (Some(other), Some(present)) = (other, self.present()) else { return PerStream::default() };
        let ours = self.ancestry(present.epoch);
        for (epoch, theirs) in self.ancestry(other) {
            if let Some((_, shared)) = ours.iter().find(|(ours, _)| *ours == epoch) {
                return PerStream::of(|stream| theirs[stream].min(shared[stream]));
            }
        }
        PerStream::default()
    }

    /// A life and those it comes from, each with up to where it is shared.
    fn ancestry(&self, epoch: u64) -> Vec<(u64, PerStream<u64>)> {
        let mut found = Vec::new();
        let mut shared = PerStream::of(|_| u64::MAX);
        let mut at = Some(epoch);
        while let Some(life) = at.and_then(|epoch| self.life(epoch))
            && found.len() < MOST_LIVES
        {
            found.push((life.epoch, shared));
            shared = PerStream::of(|stream| shared[stream].min(life.base[stream]));
            at = life.parent;
        }
        found
    }
}

/// What of an owed range lies up to `until`, and what behind it.
fn split(owed: Owed, until: u64) -> (Option<Owed>, Option<Gone>) {
    let gone = |first| Gone { first, last: owed.last, reason: GoneReason::Restored };
    if owed.last <= until {
        (Some(owed), None)
    } else if owed.first > until {
        (None, Some(gone(owed.first)))
    } else {
        (Some(Owed { last: until, crc: None, ..owed }), Some(gone(until + 1)))
    }
}
