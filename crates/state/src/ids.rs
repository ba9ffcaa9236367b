//! Where ids come from in production: the clock and the operating system's randomness.

use domain::{Id, IdSource, Timestamp};

/// UUIDv7 from random bytes of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn new_id(&self, at: Timestamp) -> Id {
        Id::new(at, &rand::random())
    }
}
