//! Files as people break them.

mod broken;
mod fuzz;
mod outside;
mod roundtrip;
