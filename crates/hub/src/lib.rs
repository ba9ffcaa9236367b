//! The program in the office: takes in what edges send, keeps it, answers from it. It never opens a connection to a site. Start
//! reading in `run.rs`; what edges say comes in by `intake/`.

mod clock;
mod counters;
pub mod history;
mod intake;
mod key;
mod ports;
mod records;
mod run;
mod serve;

pub use run::{Hub, HubOptions, Tls, start};
