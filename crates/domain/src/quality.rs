//! How far a value may be trusted: OPC UA `StatusCode`s (OPC 10000-4 §7.39, OPC 10000-6 annex A.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// An OPC UA status code. The top two bits say good, uncertain or bad; the next 14 say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quality(u32);

/// The three classes a person has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QualityClass {
    /// Use it.
    Good,
    /// A value, but something is off: old, out of range, substituted.
    Uncertain,
    /// No usable value.
    Bad,
}

impl Quality {
    /// `Good`.
    pub const GOOD: Self = Self(0x0000_0000);
    /// `Uncertain`, without a reason.
    pub const UNCERTAIN: Self = Self(0x4000_0000);
    /// `UncertainLastUsableValue`: stale, older than its time allows. Never said because a value is flat.
    pub const STALE: Self = Self(0x4090_0000);
    /// `UncertainEngineeringUnitsExceeded`: outside the declared range.
    pub const OUT_OF_RANGE: Self = Self(0x4094_0000);
    /// `UncertainSubNormal`: derived from inputs of which some are not good.
    pub const SUB_NORMAL: Self = Self(0x4095_0000);
    /// `UncertainSubstituteValue`.
    pub const SUBSTITUTED: Self = Self(0x4091_0000);
    /// `UncertainInitialValue`: nobody has written this local variable since it was declared.
    pub const INITIAL: Self = Self(0x4092_0000);
    /// `Bad`, without a reason.
    pub const BAD: Self = Self(0x8000_0000);
    /// `BadNoCommunication`: the device was never reached.
    pub const NO_COMMUNICATION: Self = Self(0x8031_0000);
    /// `BadWaitingForInitialData`.
    pub const WAITING: Self = Self(0x8032_0000);
    /// `BadNodeIdUnknown`: the device has no such address.
    pub const UNKNOWN_ADDRESS: Self = Self(0x8034_0000);
    /// `BadOutOfRange`: not a number, or not a value of the declared type.
    pub const NOT_A_VALUE: Self = Self(0x803C_0000);
    /// `BadDeviceFailure`: the device answered with a failure of its own.
    pub const DEVICE_FAILURE: Self = Self(0x808B_0000);
    /// `BadSensorFailure`: a fail code, or `valid_if` says no.
    pub const SENSOR_FAILURE: Self = Self(0x808C_0000);
    /// `BadTimeout`.
    pub const TIMEOUT: Self = Self(0x800A_0000);
    /// `BadNotConnected`.
    pub const NOT_CONNECTED: Self = Self(0x808A_0000);
    /// `BadNoData`: nothing in this window.
    pub const NO_DATA: Self = Self(0x809B_0000);
    /// `BadDataUnavailable`: the model does not apply here (its condition is not met).
    pub const NOT_APPLICABLE: Self = Self(0x809E_0000);

    /// From the 32 bits on the wire.
    pub const fn from_code(code: u32) -> Self {
        Self(code)
    }

    /// The 32 bits on the wire.
    pub const fn code(self) -> u32 {
        self.0
    }

    /// Good, uncertain or bad. The reserved fourth pattern counts as bad.
    pub const fn class(self) -> QualityClass {
        match self.0 >> 30 {
            0 => QualityClass::Good,
            1 => QualityClass::Uncertain,
            _ => QualityClass::Bad,
        }
    }

    /// Use it without a second thought.
    pub const fn is_good(self) -> bool {
        matches!(self.class(), QualityClass::Good)
    }

    /// No usable value.
    pub const fn is_bad(self) -> bool {
        matches!(self.class(), QualityClass::Bad)
    }

    /// The worse of two; the first one wins within a class.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.class() > self.class() { other } else { self }
    }

    /// The standard's name, as engineers search for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GOOD => "Good",
            Self::UNCERTAIN => "Uncertain",
            Self::STALE => "UncertainLastUsableValue",
            Self::OUT_OF_RANGE => "UncertainEngineeringUnitsExceeded",
            Self::SUB_NORMAL => "UncertainSubNormal",
            Self::SUBSTITUTED => "UncertainSubstituteValue",
            Self::INITIAL => "UncertainInitialValue",
            Self::NO_COMMUNICATION => "BadNoCommunication",
            Self::WAITING => "BadWaitingForInitialData",
            Self::UNKNOWN_ADDRESS => "BadNodeIdUnknown",
            Self::NOT_A_VALUE => "BadOutOfRange",
            Self::DEVICE_FAILURE => "BadDeviceFailure",
            Self::SENSOR_FAILURE => "BadSensorFailure",
            Self::TIMEOUT => "BadTimeout",
            Self::NOT_CONNECTED => "BadNotConnected",
            Self::NO_DATA => "BadNoData",
            Self::NOT_APPLICABLE => "BadDataUnavailable",
            _ => match self.class() {
                QualityClass::Good => "Good (vendor detail)",
                QualityClass::Uncertain => "Uncertain (vendor detail)",
                QualityClass::Bad => "Bad (vendor detail)",
            },
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_is_uncertain_and_a_missing_sensor_is_bad() {
        assert_eq!(Quality::STALE.class(), QualityClass::Uncertain);
        assert_eq!(Quality::SENSOR_FAILURE.class(), QualityClass::Bad);
    }

    #[test]
    fn the_worst_of_two_keeps_the_first_reason_of_its_class() {
        assert_eq!(Quality::GOOD.worst(Quality::STALE), Quality::STALE);
        assert_eq!(Quality::TIMEOUT.worst(Quality::SENSOR_FAILURE), Quality::TIMEOUT);
    }
}
