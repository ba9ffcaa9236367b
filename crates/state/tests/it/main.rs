//! The state behind its public functions. Every test runs on SQLite and on PostgreSQL: so does every query.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test by panicking")]

mod acts;
mod alarm;
mod apply;
mod backup;
mod bench;
mod enrolment;
mod intake;
mod postgres;
mod record;
mod samples;
mod signing_in;
mod stream;
