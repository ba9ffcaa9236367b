//! The program at the machine. Start reading in `run.rs`; the data path is `pipeline/`, one file per noun.

mod acting;
pub mod backup;
pub mod clock;
mod deploy;
pub mod doctor;
mod lines;
mod outlets;
mod pipeline;
mod plan;
mod ports;
mod reconcile;
mod run;
pub mod site_file;
mod tasks;
mod uplink;
mod variables;

pub use acting::Facts;
pub use run::{Edge, EdgeOptions, start};
pub use uplink::Joining;
