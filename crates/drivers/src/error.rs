//! What can fail between this machine and a device, in words, and what follows from it.

use std::io;
use std::time::Duration;

use domain::said::device as said;
use domain::{Arg, Problem, Quality, Said, Sentence};
use serde::Serialize;

use crate::driver::Unit;

/// What an error is about, and so what has to back off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The connection: nothing behind it can be reached.
    Line,
    /// One unit: others behind the same connection may be fine.
    Unit,
    /// This request only; the device is fine.
    Request,
}

/// What failed on the way to a device.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// A call without a link.
    #[error("not connected to {endpoint}")]
    NotConnected {
        /// Host and port, or serial port.
        endpoint: String,
    },
    /// Refused, no route, no such host, no such port, no permission.
    #[error("cannot connect to {endpoint}")]
    ConnectFailed {
        /// Host and port, or serial port.
        endpoint: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nobody answered the attempt to connect.
    #[error("no connection to {endpoint} within {after:?}")]
    ConnectTimedOut {
        /// Host and port.
        endpoint: String,
        /// How long was waited.
        after: Duration,
    },
    /// A request without an answer in time.
    #[error("unit {unit} at {endpoint} gave no answer within {after:?}")]
    TimedOut {
        /// Host and port, or serial port.
        endpoint: String,
        /// Who was asked.
        unit: Unit,
        /// How long was waited.
        after: Duration,
        /// Whether the link was given up (a serial port stays open).
        reconnect: bool,
    },
    /// The link broke during a request.
    #[error("the connection to {endpoint} broke")]
    LinkLost {
        /// Host and port, or serial port.
        endpoint: String,
        /// What the system says.
        source: io::Error,
    },
    /// An answer to another question: wrong unit, function, length or transaction.
    #[error("unit {unit} at {endpoint} sent a reply that does not fit the request: {detail}")]
    BadReply {
        /// Host and port, or serial port.
        endpoint: String,
        /// Who was asked.
        unit: Unit,
        /// What does not fit.
        detail: String,
        /// Whether the link was given up (a serial port stays open).
        reconnect: bool,
    },
    /// The gateway says that it cannot reach the unit.
    #[error("the gateway at {endpoint} cannot reach unit {unit}: {reason}")]
    UnitUnreachable {
        /// Host and port.
        endpoint: String,
        /// Who was asked.
        unit: Unit,
        /// The gateway's words.
        reason: String,
    },
    /// The device answered with a refusal. The link is fine.
    #[error("unit {unit} at {endpoint} refuses {what}: {reason}")]
    Refused {
        /// Host and port, or serial port.
        endpoint: String,
        /// Who was asked.
        unit: Unit,
        /// What was asked of it.
        what: String,
        /// The device's words.
        reason: String,
    },
    /// A value that cannot be written there; nothing was sent.
    #[error("cannot write {address}: {why}")]
    NotWritable {
        /// Where.
        address: String,
        /// Why not.
        why: String,
    },
}

impl DriverError {
    /// Whether the link is gone and [`crate::Driver::connect`] comes next (after a pause, see [`crate::Backoff`]).
    pub fn reconnect(&self) -> bool {
        match self {
            Self::NotConnected { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimedOut { .. }
            | Self::LinkLost { .. } => true,
            Self::TimedOut { reconnect, .. } | Self::BadReply { reconnect, .. } => *reconnect,
            Self::UnitUnreachable { .. } | Self::Refused { .. } | Self::NotWritable { .. } => false,
        }
    }

    /// Whose back-off grows.
    pub fn scope(&self) -> Scope {
        match self {
            Self::NotConnected { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimedOut { .. }
            | Self::LinkLost { .. } => Scope::Line,
            Self::TimedOut { .. } | Self::BadReply { .. } | Self::UnitUnreachable { .. } => Scope::Unit,
            Self::Refused { .. } | Self::NotWritable { .. } => Scope::Request,
        }
    }

    /// What the samples of a group get when reading it failed like this.
    pub fn quality(&self) -> Quality {
        match self {
            Self::TimedOut { .. } | Self::ConnectTimedOut { .. } | Self::UnitUnreachable { .. } => Quality::TIMEOUT,
            Self::NotConnected { .. } | Self::ConnectFailed { .. } | Self::LinkLost { .. } => Quality::NOT_CONNECTED,
            Self::BadReply { .. } | Self::Refused { .. } | Self::NotWritable { .. } => Quality::DEVICE_FAILURE,
        }
    }

    fn sentence(&self) -> Sentence {
        match self {
            Self::NotConnected { .. } => said::NOT_CONNECTED,
            Self::ConnectFailed { .. } => said::CONNECT_FAILED,
            Self::ConnectTimedOut { .. } => said::CONNECT_TIMED_OUT,
            Self::TimedOut { .. } => said::TIMED_OUT,
            Self::LinkLost { .. } => said::LINK_LOST,
            Self::BadReply { .. } => said::BAD_REPLY,
            Self::UnitUnreachable { .. } => said::UNIT_UNREACHABLE,
            Self::Refused { .. } => said::REFUSED,
            Self::NotWritable { .. } => said::NOT_WRITABLE,
        }
    }

    /// The stable name of this failure, `noun.cause`.
    pub fn code(&self) -> &'static str {
        self.sentence().code
    }

    /// The sentence for people.
    pub fn said(&self) -> Said {
        let sentence = self.sentence();
        let of = |endpoint: &str| ("endpoint", Arg::from(endpoint));
        let from = |unit: &Unit| ("unit", Arg::from(unit.to_string()));
        match self {
            Self::NotConnected { endpoint } => sentence.say([of(endpoint)]),
            Self::ConnectFailed { endpoint, source } | Self::LinkLost { endpoint, source } => {
                sentence.say([of(endpoint), ("advice", (&io_advice(source.kind())).into())])
            }
            Self::ConnectTimedOut { endpoint, after } => sentence.say([of(endpoint), ("after_ms", (*after).into())]),
            Self::TimedOut { endpoint, unit, after, .. } => {
                sentence.say([of(endpoint), from(unit), ("after_ms", (*after).into())])
            }
            Self::BadReply { endpoint, unit, detail, .. } => {
                sentence.say([of(endpoint), from(unit), ("detail", detail.as_str().into())])
            }
            Self::UnitUnreachable { endpoint, unit, reason } => {
                sentence.say([of(endpoint), from(unit), ("reason", reason.as_str().into())])
            }
            Self::Refused { endpoint, unit, what, reason } => {
                let (what, reason) = (what.as_str().into(), reason.as_str().into());
                sentence.say([of(endpoint), from(unit), ("what", what), ("reason", reason)])
            }
            Self::NotWritable { address, why } => {
                sentence.say([("address", address.as_str().into()), ("why", why.as_str().into())])
            }
        }
    }

    /// For people: `place` is the device as they know it. Why comes from the system, in the system's language.
    pub fn problem(&self, place: impl Into<String>) -> Problem {
        let problem = self.said().problem(place);
        match self {
            Self::ConnectFailed { source, .. } | Self::LinkLost { source, .. } => problem.why(source.to_string()),
            _ => problem,
        }
    }
}

/// What to do about a system error, for the few that people meet.
fn io_advice(kind: io::ErrorKind) -> Sentence {
    match kind {
        io::ErrorKind::ConnectionRefused => said::NOTHING_LISTENS,
        io::ErrorKind::NotFound => said::NO_PORT,
        io::ErrorKind::PermissionDenied => said::NO_PERMISSION,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => said::NO_ROUTE,
        _ => said::NO_POWER,
    }
}
