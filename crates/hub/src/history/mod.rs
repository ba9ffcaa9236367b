//! What was, of every edge: samples out of the parcels that came in, first from where intake put them, then from Parquet files.
//!
//! A file holds one edge's samples of one day (UTC, by arrival), sorted by series and arrival, and is named by its content:
//! `edges/<edge>/<day>/<sha256>.parquet`. Samples of one day may stand in several files; whoever reads merges them, and takes a
//! sample once that came under two lives (`docs/decisions/0021-site-and-hub-without-io.md`).

mod answer;
mod compactor;
mod counters;
pub mod day;
pub mod draw;
pub mod file;
pub mod merge;
pub mod objects;
mod port;
pub mod row;
mod staged;
pub mod unpack;

#[cfg(test)]
mod tests;

pub use answer::History;
pub use compactor::{Compactor, Limits};
pub use counters::Counters;
pub use objects::{ObjectError, Objects};
pub(crate) use port::Port;

/// What can go wrong with what was.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database.
    #[error("the hub's database failed")]
    State(#[from] state::StateError),
    /// The folder or bucket of files.
    #[error("a file of samples can't be stored or deleted")]
    Object(#[from] ObjectError),
    /// A file that can't be read or made.
    #[error("a file of samples can't be read or written")]
    File(#[from] parquet::errors::ParquetError),
    /// The folder in which files are written before they are stored.
    #[error("a file beside the database can't be written")]
    Scratch(#[source] std::io::Error),
    /// The program stops, or a panic ended the work.
    #[error("the work broke off")]
    BrokeOff,
}
