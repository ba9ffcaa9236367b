//! The interface over real HTTP, with a real state in a temporary folder and simple ports.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test by panicking")]

mod access;
mod bench;
mod description;
mod live;
mod pages;
mod plant;
mod reading;
mod signing_in;
