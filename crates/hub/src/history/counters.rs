//! What the compactor did since it was started, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use state::StagedSamples;

/// Counters and gauges, each good for itself.
#[derive(Debug, Default)]
pub struct Counters {
    parcels_waiting: AtomicU64,
    bytes_waiting: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
    swept: AtomicU64,
    unreadable: AtomicU64,
    failures: AtomicU64,
    millis: AtomicU64,
}

impl Counters {
    pub(super) fn waiting(&self, edges: &[StagedSamples]) {
        self.parcels_waiting.store(edges.iter().map(|edge| edge.parcels).sum(), Relaxed);
        self.bytes_waiting.store(edges.iter().map(|edge| edge.bytes).sum(), Relaxed);
    }

    pub(super) fn file(&self, bytes: u64, rows: u64) {
        self.files.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.rows.fetch_add(rows, Relaxed);
    }

    pub(super) fn swept(&self, objects: u64) {
        self.swept.fetch_add(objects, Relaxed);
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn worked(&self, time: Duration) {
        self.millis.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Name, what it counts, and the value, in the order in which they are to be shown.
    pub fn metrics(&self) -> [(&'static str, &'static str, f64); 9] {
        let of = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        [
            ("hub_compactor_waiting_parcels", "Staged parcels of samples when last looked.", of(&self.parcels_waiting)),
            ("hub_compactor_waiting_bytes", "Their bytes.", of(&self.bytes_waiting)),
            ("hub_compactor_files_total", "Files of samples that were written.", of(&self.files)),
            ("hub_compactor_bytes_total", "Their bytes.", of(&self.bytes)),
            ("hub_compactor_rows_total", "Samples in them; those written again count again.", of(&self.rows)),
            ("hub_compactor_swept_total", "Objects deleted that no manifest names.", of(&self.swept)),
            (
                "hub_compactor_unreadable_total",
                "Parcels with records that cannot be read, kept as they came.",
                of(&self.unreadable),
            ),
            ("hub_compactor_failures_total", "Rounds that failed and are tried again.", of(&self.failures)),
            ("hub_compactor_seconds_total", "Time spent on it.", of(&self.millis) / 1000.0),
        ]
    }
}
