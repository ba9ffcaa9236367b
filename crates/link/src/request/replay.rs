//! The hub's memory of requests: each is heard once.

use std::collections::BTreeSet;

use domain::said::link as said;
use domain::{Problem, Timestamp};

use super::{Stamp, WINDOW};
use crate::key::KeyId;

/// Nonces of the last minutes, in memory. After a start nothing is taken that was signed before it, so what was forgotten can't be
/// repeated.
#[derive(Clone, Debug)]
pub struct Replays {
    started: Timestamp,
    most: usize,
    seen: BTreeSet<(Timestamp, KeyId, [u8; 16])>,
}

impl Replays {
    /// Since now; at most so many requests in twice the [`WINDOW`].
    pub fn new(now: Timestamp, most: usize) -> Self {
        Self { started: now, most, seen: BTreeSet::new() }
    }

    /// Whether this request comes in time and for the first time. To be asked after its signature was checked.
    pub fn admit(&mut self, stamp: &Stamp, now: Timestamp) -> Result<(), Problem> {
        let place = format!("key {}", stamp.key);
        let off = stamp.time.since(now).max(now.since(stamp.time));
        if off > WINDOW || stamp.time < self.started {
            return Err(said::REQUEST_TIME.problem(place, [("off_ms", off.into())]));
        }
        let oldest = (now.minus(WINDOW), KeyId::from(""), [0; 16]);
        self.seen = self.seen.split_off(&oldest);
        let entry = (stamp.time, stamp.key.clone(), stamp.nonce);
        if self.seen.contains(&entry) {
            return Err(said::REQUEST_REPLAYED.problem(place, []));
        }
        if self.seen.len() >= self.most {
            return Err(said::REQUEST_TOO_MANY.problem(place, []));
        }
        self.seen.insert(entry);
        Ok(())
    }
}
