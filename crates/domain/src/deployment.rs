//! How far a deployment may go.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The ladder `off ▸ watch ▸ advise ▸ ask ▸ write`. Each step contains the ones below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Not running. The PLC keeps control.
    Off,
    /// Predicts; nobody is told.
    Watch,
    /// Raises advisories and alarms.
    Advise,
    /// Proposes a write; a person confirms each.
    Ask,
    /// Writes a mailbox within its guard.
    Write,
}

impl Mode {
    /// As written in files, commands and routes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Watch => "watch",
            Self::Advise => "advise",
            Self::Ask => "ask",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
