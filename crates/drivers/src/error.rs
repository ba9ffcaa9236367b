//! What can fail between this machine and a device, in words, and what follows from it.

use std::io;
use std::time::Duration;

use domain::{Problem, Quality};
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

    /// The stable name of this failure, `noun.cause`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConnected { .. } => "device.not-connected",
            Self::ConnectFailed { .. } => "device.connect-failed",
            Self::ConnectTimedOut { .. } => "device.connect-timed-out",
            Self::TimedOut { .. } => "device.timed-out",
            Self::LinkLost { .. } => "device.link-lost",
            Self::BadReply { .. } => "device.bad-reply",
            Self::UnitUnreachable { .. } => "device.unit-unreachable",
            Self::Refused { .. } => "device.refused",
            Self::NotWritable { .. } => "address.not-writable",
        }
    }

    /// For people: `place` is the device as they know it.
    pub fn problem(&self, place: impl Into<String>) -> Problem {
        let problem = Problem::new(self.code(), place, self.to_string());
        match self {
            Self::ConnectFailed { source, .. } | Self::LinkLost { source, .. } => {
                problem.why(source.to_string()).hint(io_hint(source.kind()))
            }
            Self::ConnectTimedOut { .. } => {
                problem.hint("check the address, the cable and whether a firewall drops the port")
            }
            Self::TimedOut { .. } => problem.hint(
                "check that the unit number is right and that the unit is powered; slow units need a longer timeout",
            ),
            Self::BadReply { .. } => {
                problem.hint("check that no second master uses the same line and that the URL names the right protocol")
            }
            Self::UnitUnreachable { .. } => problem.hint("check the unit number and the wiring behind the gateway"),
            Self::NotConnected { .. } | Self::Refused { .. } | Self::NotWritable { .. } => problem,
        }
    }
}

/// What to do about a system error, for the few that people meet.
fn io_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            "the host is there but nothing listens on this port; is the service on, is the port right?"
        }
        io::ErrorKind::NotFound => "there is no such serial port here",
        io::ErrorKind::PermissionDenied => "this user may not open the port; on Linux add it to the group dialout",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to this address; check cable, network card and route"
        }
        _ => "check the cable and whether the device still has power",
    }
}
