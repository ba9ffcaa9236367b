//! The switches: what can go wrong with the machine, its sensors and its PLC, and what an operator may do.

use std::fmt;
use std::str::FromStr;

use domain::Problem;
use serde::Serialize;

/// Something that can be switched on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The drive-end bearing of Pump 7 goes within half a minute; off again it is new.
    BearingWear,
    /// Pump 7 draws vapour.
    Cavitation,
    /// The drive-end vibration sensor repeats its last value for ever.
    SensorStuck,
    /// The bearing temperature sensor reads ever higher.
    SensorDrift,
    /// The cable to the sensors of Pump 7 breaks.
    SensorBreak,
    /// PLC 2 gives no answer.
    PlcDead,
    /// Both PLCs need 600 ms for each answer.
    PlcSlow,
    /// Now and then an answer of PLC 2 comes long after everybody has given up waiting.
    PlcLate,
    /// Pump 7 stops for 20 s and starts again. Goes off by itself.
    Restart,
    /// The other product, as long as it is on.
    ProductChange,
}

/// What a switch is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// The machine itself.
    Machine,
    /// What measures it.
    Sensor,
    /// What answers for it.
    Plc,
    /// No fault: what happens in any plant.
    Operation,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::BearingWear,
        Self::Cavitation,
        Self::SensorStuck,
        Self::SensorDrift,
        Self::SensorBreak,
        Self::PlcDead,
        Self::PlcSlow,
        Self::PlcLate,
        Self::Restart,
        Self::ProductChange,
    ];

    /// As typed and as buttons say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BearingWear => "bearing-wear",
            Self::Cavitation => "cavitation",
            Self::SensorStuck => "sensor-stuck",
            Self::SensorDrift => "sensor-drift",
            Self::SensorBreak => "sensor-break",
            Self::PlcDead => "plc-dead",
            Self::PlcSlow => "plc-slow",
            Self::PlcLate => "plc-late",
            Self::Restart => "restart",
            Self::ProductChange => "product-change",
        }
    }

    /// One sentence for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::BearingWear => "The drive-end bearing of Pump 7 wears out within half a minute",
            Self::Cavitation => "Pump 7 cavitates",
            Self::SensorStuck => "The drive-end vibration sensor is stuck",
            Self::SensorDrift => "The bearing temperature sensor drifts",
            Self::SensorBreak => "The cable to the sensors of Pump 7 is broken",
            Self::PlcDead => "PLC 2 gives no answer",
            Self::PlcSlow => "Both PLCs answer slowly",
            Self::PlcLate => "PLC 2 sometimes answers far too late",
            Self::Restart => "Pump 7 stops and starts again",
            Self::ProductChange => "The line makes the other product",
        }
    }

    /// What it is about.
    pub fn kind(self) -> FaultKind {
        match self {
            Self::BearingWear | Self::Cavitation => FaultKind::Machine,
            Self::SensorStuck | Self::SensorDrift | Self::SensorBreak => FaultKind::Sensor,
            Self::PlcDead | Self::PlcSlow | Self::PlcLate => FaultKind::Plc,
            Self::Restart | Self::ProductChange => FaultKind::Operation,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|fault| fault.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            Problem::new("fault.unknown", text, "the pump station has no such switch")
                .hint(format!("the switches are: {}", names.join(", ")))
        })
    }
}

/// Which switches are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u16);

impl Faults {
    /// Whether this one is on.
    pub fn is_on(self, fault: Fault) -> bool {
        self.0 & Self::bit(fault) != 0
    }

    /// Switches one.
    pub fn set(&mut self, fault: Fault, on: bool) {
        if on {
            self.0 |= Self::bit(fault);
        } else {
            self.0 &= !Self::bit(fault);
        }
    }

    fn bit(fault: Fault) -> u16 {
        1 << (fault as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_has_its_own_name_and_its_own_place() {
        let mut faults = Faults::default();
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
            assert!(!faults.is_on(fault));
            faults.set(fault, true);
        }
        faults.set(Fault::PlcDead, false);
        assert!(faults.is_on(Fault::PlcSlow) && !faults.is_on(Fault::PlcDead));
        assert!("bearing".parse::<Fault>().unwrap_err().hint.contains("bearing-wear"));
    }
}
