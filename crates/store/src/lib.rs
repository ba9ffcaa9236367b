//! What survives a power cut: the log, history made of its sealed part, the dictionary, cursors.
//!
//! Blocking and `Send + Sync`; from async code it is called through `spawn_blocking`. It schedules nothing and reads no
//! clock: the edge calls `append` once a second and `seal_due` and `retain` now and then.

mod bytes;
mod chunk;
mod counters;
mod day;
mod dictionary;
pub mod disk;
mod latest;
mod learn;
mod log;
mod log_read;
mod notes;
mod open;
mod packer;
mod room;
mod samples;
mod seal;
mod snapshot;
mod store;
pub mod table;
mod tail;
mod trend;
mod types;
mod view;
mod writer;

pub use domain::log_record::{LinearScale, SeriesDef, Stream};
pub use samples::Samples;
pub use snapshot::{Snapshot, SnapshotFile};
pub use store::Store;
pub use types::*;
pub use view::Mark;
