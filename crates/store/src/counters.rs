//! What is counted, and which damaged places were told already.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::types::StoreCounters;

/// Damaged places remembered at most, so that each is counted and told once.
const PLACES: usize = 10_000;

/// A kind of file with its number, and a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DamagedAt {
    Segment(u64, u64),
    Day(u64, u64),
    Column(u64, u64, u32),
    Notes(&'static str, u64),
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    values: Mutex<StoreCounters>,
    places: Mutex<HashSet<DamagedAt>>,
}

impl Counters {
    pub(crate) fn get(&self) -> StoreCounters {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut StoreCounters)) {
        change(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts and tells a damaged place, once.
    pub(crate) fn damaged(&self, at: DamagedAt) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() < PLACES && places.insert(at) {
            self.count(|counters| counters.damaged += 1);
            tracing::error!(place = ?at, "a damaged place in the store was passed over; the rest is served");
        }
    }
}
