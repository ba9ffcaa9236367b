//! The parts of the test suite that may be left out by `--without`, and what that costs: exit code 1.

use anyhow::{Result, bail};

use crate::shell::say;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The Python peers and the reference data tools.
    Python,
    /// Everything under `web/`.
    Web,
    /// The PostgreSQL half of the query tests.
    Postgres,
    /// The MQTT broker.
    Mosquitto,
    /// Pseudo serial lines.
    Socat,
    /// Tests of the pages in a real browser.
    Browser,
    /// Whole-system tests.
    Scenarios,
    /// The fault suite.
    Faults,
    /// Of the fault suite, what needs a disk of its own in a mount namespace.
    Namespaces,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Python,
        Self::Web,
        Self::Postgres,
        Self::Mosquitto,
        Self::Socat,
        Self::Browser,
        Self::Scenarios,
        Self::Faults,
        Self::Namespaces,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Web => "web",
            Self::Postgres => "postgres",
            Self::Mosquitto => "mosquitto",
            Self::Socat => "socat",
            Self::Browser => "browser",
            Self::Scenarios => "scenarios",
            Self::Faults => "faults",
            Self::Namespaces => "namespaces",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|part| part.name() == name) {
            Some(part) => Ok(part),
            None => bail!("there is no part `{name}`; there are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

/// Says which parts were left out. False when there was one.
pub(crate) fn announce_skipped(without: &[Part]) -> bool {
    for part in without {
        say(&format!("SKIPPED {} (--without {0}), so this run does not count as passed", part.name()));
    }
    without.is_empty()
}
