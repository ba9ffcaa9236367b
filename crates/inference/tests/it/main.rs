//! Behaviour of the crate through its public face.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on says so by panicking"
)]

mod engine;
mod path;
mod peers;
mod places;
mod worker;
