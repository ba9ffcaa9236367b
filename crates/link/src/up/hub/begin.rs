//! A new life of an edge: where it starts, what it still owes, and what will never come.
//!
//! Lives form a tree. Two of them say the same up to where their ways part, so what one of them brought counts for the other.

use super::{Account, HubLife, Lost};
use crate::Stream;
use crate::parcel::{Gone, GoneReason, crc_of_gone};
use crate::up::{Begin, Life, MOST_LIVES, Mark, Owed, Refusal, Standing};

impl Account {
    /// Takes a new life in place of the present one. Gives how it stands and what of the old one will never come, to be stored
    /// with the account. `crc_at` looks into what is stored of a life. A repetition changes nothing.
    pub fn begin(
        &mut self,
        begin: &Begin,
        crc_at: impl Fn(u64, Stream, u64) -> Option<u32>,
    ) -> Result<(Standing, Vec<Lost>), Refusal> {
        self.in_turn(begin.turn)?;
        let Some((new, from)) = begin.lives.split_first() else { return Err(Refusal::Epoch) };
        if self.present().is_some_and(|life| life.epoch == new.epoch) {
            return Ok((self.standing(), Vec::new()));
        }
        if self.life(new.epoch).is_some() {
            return Err(Refusal::Epoch);
        }
        let from = from.iter().take(MOST_LIVES).cloned().collect();
        let mut life = HubLife { epoch: new.epoch, from, ..HubLife::default() };
        let turn = self.turn;
        let mut lost = Vec::new();
        for stream in Stream::ALL {
            let base = self.base(&life, stream, &crc_at);
            life.lines[stream].mark = base;
            let mut owed = Vec::new();
            if let Some(present) = self.lives.last_mut() {
                let until = life.shared(present, stream).min(base.seq);
                for range in std::mem::take(&mut present.lines[stream].owed) {
                    let (kept, gone) = split(range, until);
                    owed.extend(kept);
                    present.lost[stream].extend(gone.map(|gone| (gone.first, gone.last)));
                    lost.extend(gone.map(|gone| Lost { epoch: present.epoch, stream, gone }));
                }
            }
            for older in &mut self.lives {
                // What was lost when that life ended is here again after a restore.
                let until = life.shared(older, stream).min(base.seq);
                for (first, last) in std::mem::take(&mut older.lost[stream]) {
                    let (kept, gone) = split(again(first, last), until);
                    older.lost[stream].extend(gone.map(|gone| (gone.first, gone.last)));
                    owed.extend(kept);
                }
            }
            owed.sort_by_key(|owed| owed.first);
            life.lines[stream].owed = owed;
        }
        if let Some(present) = self.lives.last_mut() {
            present.closed = Some(turn);
        }
        self.lives.push(life);
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

    /// The furthest that any life brought of what the new one says as well.
    pub(super) fn base(
        &self,
        new: &HubLife,
        stream: Stream,
        crc_at: &impl Fn(u64, Stream, u64) -> Option<u32>,
    ) -> Mark {
        let brought = |life: &HubLife| {
            let (mark, shared) = (life.lines[stream].mark, new.shared(life, stream));
            if mark.seq <= shared {
                mark
            } else {
                Mark { seq: shared, crc: crc_at(life.epoch, stream, shared).unwrap_or(0) }
            }
        };
        self.lives.iter().map(brought).max_by_key(|mark| mark.seq).unwrap_or_default()
    }
}

impl HubLife {
    /// Up to which number this life and another one of the same edge say the same.
    pub fn shared(&self, other: &Self, stream: Stream) -> u64 {
        let until = |life: &Self, epoch: u64| {
            let told = |from: &&Life| from.epoch == epoch;
            if life.epoch == epoch {
                Some(u64::MAX)
            } else {
                life.from.iter().find(told).map(|from| from.same_until[stream])
            }
        };
        let epochs = std::iter::once(self.epoch).chain(self.from.iter().map(|from| from.epoch));
        epochs.filter_map(|epoch| Some(until(self, epoch)?.min(until(other, epoch)?))).max().unwrap_or(0)
    }
}

/// A range that was lost, to be owed again. What stands before it is for both sides to call the same.
fn again(first: u64, last: u64) -> Owed {
    Owed { first, last, prev_crc: crc_of_gone(first - 1), crc: None }
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
