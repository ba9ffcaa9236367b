//! The crate with its two halves together: test vectors of what is a contract, and the simulation.
#![expect(clippy::unwrap_used, reason = "a test may stop where something is not as it set it up")]
#![expect(clippy::print_stdout, reason = "the simulation tells what happened when one seed is looked at")]
#![expect(unreachable_pub, reason = "a test program has no outside")]

mod down;
mod simulation;
mod vectors;
