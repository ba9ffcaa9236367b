//! What the hub counts of its intake, for `/healthz` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counts since the start, and how much is stored.
#[derive(Default)]
pub(crate) struct Counters {
    /// Parcels that are stored.
    pub(crate) parcels: AtomicU64,
    /// Their bytes.
    pub(crate) parcel_bytes: AtomicU64,
    /// Parcels that came and were here already.
    pub(crate) already: AtomicU64,
    /// Writes to the database; several edges may share one.
    pub(crate) commits: AtomicU64,
    /// By code. Codes are those of the catalogue, so there are not many.
    refusals: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self, code: &str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(code.to_owned()).or_default() += 1;
    }

    pub(crate) fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
