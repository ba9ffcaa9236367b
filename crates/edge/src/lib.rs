//! The program at the machine. Start reading in `run.rs`; the data path is `pipeline/`, one file per noun.

pub mod clock;
pub mod pipeline;
pub mod plan;
pub mod tasks;
