//! The fault suite. `cargo xtask faults` runs its long form; without its variables in the environment, the short one.

mod clock;
mod full_disk;
mod kills;
mod seeded;

use std::time::Duration;

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Waits on a busy machine.
const SOON: Duration = Duration::from_mins(3);
