//! What survives a power cut: the log, history made of its sealed part, the dictionary, cursors.
//!
//! Blocking and `Send + Sync`; from async code it is called through `spawn_blocking`. It schedules nothing and reads no
//! clock: the edge calls `append` once a second and `seal_due` and `retain` now and then.

mod types;

pub use domain::log_record::{LinearScale, SeriesDef, Stream};
pub use types::*;
