//! The hub's clock: wall time. It is what edges sign their requests over, so it has to be right; a step is followed.

use domain::Timestamp;

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WallClock;

impl server::ports::Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock of a hub")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
