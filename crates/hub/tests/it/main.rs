//! A hub over real HTTP on a free port, and edges that speak to it with the real state machine over records in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test by panicking")]

mod bench;
mod enrolment;
mod files;
mod gate;
mod history;
mod lives;
#[path = "../../../state/tests/it/postgres.rs"]
mod postgres;
mod records;
mod serving;
mod source;
mod speaker;
