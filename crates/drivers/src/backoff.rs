//! How long to wait before trying again, so that a dead unit costs little and a thousand clients do not come back at once.
//!
//! Pure: randomness comes in as a number. Keep one per line and one per unit behind it.

use std::time::Duration;

/// Exponential with full jitter: the wait is drawn between nothing and a ceiling that doubles up to a cap.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Never wait less: some devices have a listen queue of one, and a PLC in start-up answers with refusals.
    pub const FLOOR: Duration = Duration::from_millis(50);

    /// `first` is the ceiling after one failure; `cap` the ceiling for good.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self { first: first.max(Self::FLOOR), cap: cap.max(Self::FLOOR), failures: 0 }
    }

    /// Notes a failure and gives the wait. `random` is uniform in 0..1.
    pub fn fail(&mut self, random: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.ceiling().mul_f64(random.clamp(0.0, 1.0)).max(Self::FLOOR)
    }

    /// It works again: the next failure starts from the beginning.
    pub fn succeed(&mut self) {
        self.failures = 0;
    }

    /// Failures since it last worked.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The longest wait that [`Backoff::fail`] can give now.
    pub fn ceiling(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.cap)
    }
}

impl Default for Backoff {
    /// From half a second up to half a minute.
    fn default() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap_and_starts_again_after_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let waits: Vec<u64> = (0..5).map(|_| backoff.fail(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        backoff.succeed();
        assert_eq!(backoff.fail(1.0), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_outside_floor_and_cap(failures in 1usize..5000, random in 0.0f64..1.0) {
            let mut backoff = Backoff::default();
            for _ in 0..failures {
                let wait = backoff.fail(random);
                prop_assert!(wait >= Backoff::FLOOR && wait <= Duration::from_secs(30));
            }
        }
    }
}
