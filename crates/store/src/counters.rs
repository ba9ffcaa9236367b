//! What is counted, and which damaged places were told already.

use std::collections::HashSet;
use std::fmt;
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

/// As people find it in the folder.
impl fmt::Display for DamagedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(number, place) => write!(f, "log/{number:012}.log at byte {place}"),
            Self::Day(number, u64::MAX) => write!(f, "day/{number:08}-*.index"),
            Self::Day(number, place) => write!(f, "day/{number:08}-*.chunks at byte {place}"),
            Self::Column(number, place, series) => {
                write!(f, "day/{number:08}-*.chunks, chunk at byte {place}, series {series}")
            }
            Self::Notes(name, _) => write!(f, "a line of {name}.a or {name}.b"),
        }
    }
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

    /// Some of the damaged places, in words.
    pub(crate) fn some_places(&self) -> String {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut some: Vec<String> = places.iter().take(5).map(ToString::to_string).collect();
        some.sort();
        some.join("; ")
    }

    /// Counts and tells a damaged place, once.
    pub(crate) fn damaged(&self, at: DamagedAt) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() < PLACES && places.insert(at) {
            self.count(|counters| counters.damaged += 1);
            tracing::error!(place = %at, "a damaged place in the store was passed over; the rest is served");
        }
    }
}
