//! Files as people break them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

mod broken;
mod fuzz;
mod outside;
mod roundtrip;
mod schema;
