//! The one clock of an edge: wall time that never goes back within a run.
//!
//! A step of the wall clock of more than two seconds opens a new *clock era*, which is counted and marked in the log.
//! Forward steps are followed. After a backward step this clock goes on where it was, at the speed of the monotonic
//! clock, so that no record of the log ever gets an earlier time than the one before it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use domain::log_record::ClockEra;

/// A step of the wall clock beyond this is a new era; below it is ordinary correction by a time service.
const STEP: Duration = Duration::from_secs(2);

/// Steps remembered for whoever notes them; older ones are only counted.
const STEPS: usize = 16;

/// One step of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The era that it opened.
    pub number: u32,
    /// What the wall clock said before and after.
    pub era: ClockEra,
    /// The same of the time of the path, which never goes back: equal when it went on as if nothing had happened.
    pub path: (Timestamp, Timestamp),
}

/// Wall time for the path. Cheap to read; one per process.
#[derive(Debug)]
pub struct Clock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last: i64,
    wall: i64,
    monotonic: Instant,
    /// What is added to the wall clock since it was set back, µs.
    ahead: i64,
    era: u32,
    steps: VecDeque<Step>,
}

impl Clock {
    /// Starts from the computer's clock, right or wrong: an edge that boots in 1970 reads and advises.
    pub fn start() -> Self {
        let (wall, monotonic) = read_both();
        Self { state: Mutex::new(State::at(wall, monotonic)) }
    }

    /// For tests: a clock that was this far behind until now, when it is set right.
    #[cfg(test)]
    pub(crate) fn behind(by: Duration) -> Self {
        let (wall, monotonic) = read_both();
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self { state: Mutex::new(State::at(wall - by, monotonic)) }
    }

    /// Steps that opened an era with a number above this, as far as they are remembered.
    pub(crate) fn steps_after(&self, era: u32) -> Vec<Step> {
        let state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.steps.iter().filter(|step| step.number > era).copied().collect()
    }

    /// Now, µs UTC, never before an earlier answer.
    pub fn now(&self) -> Timestamp {
        let (wall, monotonic) = read_both();
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Timestamp::from_micros(state.advance(wall, monotonic))
    }

    /// Now, as the path takes it: whole milliseconds.
    pub fn arrival(&self) -> Timestamp {
        self.now().truncated_to_millis()
    }

    /// Counts from 1; grows with each step of the wall clock by more than two seconds.
    pub fn era(&self) -> u32 {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).era
    }
}

impl State {
    fn at(wall: i64, monotonic: Instant) -> Self {
        Self { last: wall, wall, monotonic, ahead: 0, era: 1, steps: VecDeque::new() }
    }

    fn advance(&mut self, wall: i64, monotonic: Instant) -> i64 {
        let elapsed =
            i64::try_from(monotonic.saturating_duration_since(self.monotonic).as_micros()).unwrap_or(i64::MAX);
        let step = wall.saturating_sub(self.wall).saturating_sub(elapsed);
        let limit = i64::try_from(STEP.as_micros()).unwrap_or(i64::MAX);
        if step.abs() > limit {
            self.era += 1;
            let before = self.wall.saturating_add(elapsed);
            let path = before.saturating_add(self.ahead).max(self.last);
            // Set back: go on as if nothing had happened. Set forward: use up what we were ahead, then follow.
            self.ahead = (self.ahead - step).max(0);
            let after = wall.saturating_add(self.ahead).max(path);
            let of = |micros| Timestamp::from_micros(micros);
            let era = ClockEra { before: of(before), after: of(wall) };
            self.steps.push_back(Step { number: self.era, era, path: (of(path), of(after)) });
            if self.steps.len() > STEPS {
                self.steps.pop_front();
            }
        }
        self.wall = wall;
        self.monotonic = monotonic;
        self.last = self.last.max(wall.saturating_add(self.ahead));
        self.last
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
fn read_both() -> (i64, Instant) {
    let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    (wall, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> i64 {
        n * 1_000_000
    }

    fn clock_at(wall: i64) -> (State, Instant) {
        let (_, monotonic) = read_both();
        (State::at(wall, monotonic), monotonic)
    }

    #[test]
    fn a_clock_set_back_an_hour_goes_on_without_going_back() {
        let (mut clock, start) = clock_at(second(10_000));
        let after = clock.advance(second(10_001 - 3600), start + Duration::from_secs(1));
        assert_eq!(after, second(10_001));
        assert_eq!(clock.advance(second(10_005 - 3600), start + Duration::from_secs(5)), second(10_005));
        assert_eq!(clock.era, 2);
        let step = clock.steps[0];
        assert_eq!((step.era.before.micros(), step.era.after.micros()), (second(10_001), second(10_001 - 3600)));
        assert_eq!(step.path.0, step.path.1, "the path goes on");
    }

    #[test]
    fn a_clock_set_forward_is_followed_and_set_back_again_is_forgiven() {
        let (mut clock, start) = clock_at(second(0));
        assert_eq!(clock.advance(second(3601), start + Duration::from_secs(1)), second(3601));
        assert_eq!(clock.advance(second(2), start + Duration::from_secs(2)), second(3602));
        assert_eq!(clock.advance(second(3603), start + Duration::from_secs(3)), second(3603));
        assert_eq!(clock.era, 4);
        let paths: Vec<_> = clock.steps.iter().map(|step| (step.path.0.micros(), step.path.1.micros())).collect();
        assert_eq!(paths, [(second(1), second(3601)), (second(3602), second(3602)), (second(3603), second(3603))]);
    }

    #[test]
    fn small_corrections_never_go_back_and_open_no_era() {
        let (mut clock, start) = clock_at(second(100));
        assert_eq!(clock.advance(second(101) - 500_000, start + Duration::from_secs(1)), second(100) + 500_000);
        assert_eq!(clock.advance(second(101) - 900_000, start + Duration::from_secs(1)), second(100) + 500_000);
        assert_eq!(clock.era, 1);
    }
}
