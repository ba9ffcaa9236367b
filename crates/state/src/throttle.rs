//! Slows down whoever guesses: after five wrong tries each further one has to wait, at most a minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const FREE_TRIES: u32 = 5;
const LONGEST: Duration = Duration::from_mins(1);
/// Names are chosen by whoever tries; more than this are not remembered.
const REMEMBERED: usize = 1000;

/// Wrong tries per account name, in memory and by monotonic time.
#[derive(Default)]
pub(crate) struct Throttle {
    tries: Mutex<HashMap<String, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    next: Instant,
}

impl Throttle {
    /// How long this name has to wait, if it has to.
    pub(crate) fn wait(&self, name: &str) -> Option<Duration> {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let next = tries.get(name)?.next;
        let wait = next.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }

    pub(crate) fn wrong(&self, name: &str) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if tries.len() >= REMEMBERED && !tries.contains_key(name) {
            let oldest = tries.iter().min_by_key(|(_, tries)| tries.next).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                tries.remove(&oldest);
            }
        }
        let entry = tries.entry(name.to_owned()).or_insert(Tries { wrong: 0, next: now });
        entry.wrong = entry.wrong.saturating_add(1);
        if entry.wrong >= FREE_TRIES {
            let seconds = 1_u64.checked_shl(entry.wrong - FREE_TRIES).unwrap_or(u64::MAX);
            entry.next = now + Duration::from_secs(seconds).min(LONGEST);
        }
    }

    pub(crate) fn right(&self, name: &str) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_five_wrong_tries_each_waits_longer_and_a_right_one_forgives() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            throttle.wrong("anna");
        }
        assert_eq!(throttle.wait("anna"), None);
        throttle.wrong("anna");
        assert_eq!(throttle.wait("anna"), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(throttle.wait("anna"), None);
        for _ in 0..40 {
            throttle.wrong("anna");
        }
        assert_eq!(throttle.wait("anna"), Some(LONGEST));
        assert_eq!(throttle.wait("bert"), None);
        throttle.right("anna");
        assert_eq!(throttle.wait("anna"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn made_up_names_do_not_fill_the_memory() {
        let throttle = Throttle::default();
        for number in 0..2 * REMEMBERED {
            throttle.wrong(&number.to_string());
        }
        assert_eq!(throttle.tries.lock().unwrap().len(), REMEMBERED);
    }
}
