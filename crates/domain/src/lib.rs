//! The nouns of lastmile, once: what flows along the path and what a plant is made of.
//!
//! No I/O, no async, no clock, no randomness: time and ids come in as arguments.
//! Every noun here is an entry of `docs/GLOSSARY.md` under the same name.

pub mod advisory;
pub mod deployment;
pub mod id;
pub mod log_record;
pub mod place;
pub mod problem;
pub mod quality;
pub mod said;
pub mod scan;
pub mod tag;
pub mod time;
pub mod trend;
pub mod unit;
pub mod value;

pub use advisory::{Advisory, AdvisoryState, Contribution, Decision};
pub use deployment::Mode;
pub use id::{Id, IdSource};
pub use log_record::{LinearScale, SeriesDef, Stream};
pub use place::{Level, PlacePath};
pub use problem::{Problem, Problems};
pub use quality::{Quality, QualityClass};
pub use said::{Arg, Said, Sentence};
pub use scan::{Sample, Scan};
pub use tag::{GroupId, SeriesId, TagPath};
pub use time::Timestamp;
pub use unit::Unit;
pub use value::{Finite, Text, Value, ValueType};
