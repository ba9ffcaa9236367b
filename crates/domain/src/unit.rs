//! Units of measurement: a subset of UCUM (ucum.org, version 2.1) read from the spellings that plants use.
//!
//! A unit has a dimension *and* a kind: gauge and absolute pressure, normal and actual volume, absolute temperature and
//! temperature difference have equal dimensions and are never converted into each other silently.

mod spelling;
mod table;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::said::{Arg, Said, Sentence, mapping as said};

/// A unit by its UCUM code, with what it measures. Two units are equal when their codes are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit(Arc<Known>);

/// What is known of a unit; shared, because a plant has many tags and few units.
struct Known {
    code: Box<str>,
    meaning: Meaning,
}

/// How a number in a unit becomes a number in coherent SI units: `si = value * numerator / denominator + zero`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) dimension: Dimension,
    pub(crate) kind: Kind,
    pub(crate) numerator: f64,
    pub(crate) denominator: f64,
    pub(crate) zero: f64,
}

/// Exponents of metre, kilogram, second, ampere, kelvin, mole, candela and degree. The plane angle counts as a
/// dimension, as in UCUM, so that revolutions per minute never become radians per second by a factor of one.
pub(crate) type Dimension = [i8; 8];

/// What a unit measures where the dimension does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The dimension says it all; of a pressure: nobody said whether gauge or absolute; of a volume: actual.
    Plain,
    /// A temperature on a scale: 20 °C.
    TemperatureAbsolute,
    /// How much warmer: 5 K.
    TemperatureDifference,
    /// Pressure above the atmosphere.
    PressureGauge,
    /// Pressure above vacuum.
    PressureAbsolute,
    /// Pressure between two points of a process.
    PressureDifference,
    /// Volume at 0 °C and 101.325 kPa (DIN 1343).
    VolumeNormal,
    /// Volume at 15 °C and 101.325 kPa (ISO 13443).
    VolumeStandard,
    /// Volume at 60 °F and 14.696 psi, the standard cubic foot of American gas.
    VolumeStandard60F,
    /// Share of the amount of substance.
    MoleFraction,
    /// Share of the volume.
    VolumeFraction,
    /// Share of the mass.
    MassFraction,
    /// Relative humidity.
    Humidity,
    /// Acidity, a logarithm.
    Ph,
    /// Ratio of two powers, a logarithm.
    Decibel,
}

impl Kind {
    /// As a person says it; none for [`Kind::Plain`].
    const fn sentence(self) -> Option<Sentence> {
        Some(match self {
            Self::Plain => return None,
            Self::TemperatureAbsolute => said::TEMPERATURE,
            Self::TemperatureDifference => said::TEMPERATURE_DIFFERENCE,
            Self::PressureGauge => said::GAUGE,
            Self::PressureAbsolute => said::ABSOLUTE,
            Self::PressureDifference => said::DIFFERENTIAL,
            Self::VolumeNormal => said::NORMAL_VOLUME,
            Self::VolumeStandard => said::STANDARD_VOLUME,
            Self::VolumeStandard60F => said::STANDARD_VOLUME_60F,
            Self::MoleFraction => said::AMOUNT_SHARE,
            Self::VolumeFraction => said::VOLUME_SHARE,
            Self::MassFraction => said::MASS_SHARE,
            Self::Humidity => said::HUMIDITY,
            Self::Ph => said::PH,
            Self::Decibel => said::DECIBEL,
        })
    }

    /// As a person says it; empty for [`Kind::Plain`].
    pub const fn words(self) -> &'static str {
        match self.sentence() {
            Some(sentence) => sentence.words,
            None => "",
        }
    }
}

/// `to = from * factor + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversion {
    /// Never zero.
    pub factor: f64,
    /// In the unit converted to.
    pub offset: f64,
}

impl Conversion {
    /// Nothing changes.
    pub const IDENTITY: Self = Self { factor: 1.0, offset: 0.0 };

    /// Whether nothing changes.
    pub fn is_identity(self) -> bool {
        self == Self::IDENTITY
    }

    /// A value in the unit converted to.
    pub fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }
}

/// Why two units cannot be converted, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitMismatch {
    /// The unit that a value is in.
    pub from: String,
    /// The unit that was asked for.
    pub to: String,
    /// One sentence.
    pub what: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// `what` for other languages.
    pub why: Box<Said>,
    /// `hint` for other languages.
    pub advice: Option<Box<Said>>,
}

impl fmt::Display for UnitMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for UnitMismatch {}

/// Why a text is no unit, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// One sentence.
    pub what: String,
    /// What to write instead; may be empty.
    pub hint: String,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) }
    }
}

impl std::error::Error for UnitError {}

impl Unit {
    /// Reads a UCUM code or a spelling that plants use: `Cel`, `°C`, `bar(g)`, `psig`, `Nm3/h`, `m³/h`, `rpm`, `mol%`.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let code = spelling::to_ucum(text)?;
        let meaning = table::meaning(&code).map_err(|part| spelling::unknown(text, &part))?;
        Ok(Self(Arc::new(Known { code: code.into(), meaning })))
    }

    /// The unit of a plain number, `1`.
    pub fn one() -> Self {
        let meaning = Meaning { dimension: [0; 8], kind: Kind::Plain, numerator: 1.0, denominator: 1.0, zero: 0.0 };
        Self(Arc::new(Known { code: "1".into(), meaning }))
    }

    /// The UCUM code, for machines: `Cel`, `bar{gauge}`, `m3{normal}/h`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// As screens show it: `°C`, `bar(g)`, `Nm³/h`; empty for a plain number.
    pub fn display(&self) -> String {
        spelling::to_display(&self.0.code)
    }

    /// What it measures where the dimension does not tell it.
    pub fn kind(&self) -> Kind {
        self.0.meaning.kind
    }

    /// How values in this unit become values in `to`.
    pub fn conversion(&self, to: &Self) -> Result<Conversion, UnitMismatch> {
        let (here, there) = (&self.0.meaning, &to.0.meaning);
        if here.dimension != there.dimension || here.kind != there.kind {
            return Err(self.mismatch(to));
        }
        if self.0.code == to.0.code || here == there {
            return Ok(Conversion::IDENTITY);
        }
        // one division of two products: exact where the factors are whole, else wrong in the last place only
        let factor = (here.numerator * there.denominator) / (here.denominator * there.numerator);
        let offset = (here.zero - there.zero) * there.denominator / there.numerator;
        Ok(Conversion { factor, offset })
    }

    fn mismatch(&self, to: &Self) -> UnitMismatch {
        let named = |unit: &Self| -> Arg {
            match unit.display() {
                empty if empty.is_empty() => (&said::PLAIN_NUMBER).into(),
                shown => format!("`{shown}`").into(),
            }
        };
        let clause = |unit: &Self| match unit.0.meaning.kind {
            Kind::Plain if unit.0.meaning.dimension == table::PRESSURE => {
                said::NO_REFERENCE.say([("unit", named(unit))])
            }
            Kind::Plain if table::has_volume(unit.0.meaning.dimension) => {
                said::ACTUAL_VOLUME.say([("unit", named(unit))])
            }
            kind => match kind.sentence() {
                None => said::PLAIN_RATIO.say([("unit", named(unit))]),
                Some(kind) => said::IS.say([("unit", named(unit)), ("kind", (&kind).into())]),
            },
        };
        let (why, advice) = if self.0.meaning.dimension == to.0.meaning.dimension {
            let why = said::DIFFERENT_KINDS.say([("from", clause(self).into()), ("to", clause(to).into())]);
            (why, Some(kind_hint(self.0.meaning.kind, to.0.meaning.kind)))
        } else {
            (said::DIFFERENT_THINGS.say([("from", named(self)), ("to", named(to))]), None)
        };
        let (what, hint) = (why.words(), advice.as_ref().map(Said::words).unwrap_or_default());
        let (why, advice) = (Box::new(why), advice.map(Box::new));
        UnitMismatch { from: self.0.code.to_string(), to: to.0.code.to_string(), what, hint, why, advice }
    }
}

/// What a person can do about two kinds that are never converted.
fn kind_hint(from: Kind, to: Kind) -> Said {
    use Kind::{
        PressureAbsolute, PressureDifference, PressureGauge, TemperatureAbsolute, TemperatureDifference, VolumeNormal,
        VolumeStandard, VolumeStandard60F,
    };
    let any = |kinds: &[Kind]| kinds.contains(&from) || kinds.contains(&to);
    if any(&[PressureGauge, PressureAbsolute, PressureDifference]) {
        said::WRITE_PRESSURE.plain()
    } else if any(&[TemperatureAbsolute, TemperatureDifference]) {
        said::WRITE_DIFFERENCE.say([("kelvin", "K{diff}".into()), ("celsius", "Cel{diff}".into())])
    } else if any(&[VolumeNormal, VolumeStandard, VolumeStandard60F]) {
        said::FLOW_COMPUTER.plain()
    } else {
        said::CORRECT_ONE.plain()
    }
}

/// `value` in `from`, expressed in `to`.
pub fn convert(value: f64, from: &Unit, to: &Unit) -> Result<f64, UnitMismatch> {
    from.conversion(to).map(|conversion| conversion.apply(value))
}

impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        self.0.code == other.0.code
    }
}

impl Eq for Unit {}

impl std::hash::Hash for Unit {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.code.hash(state);
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({})", self.0.code)
    }
}

/// The UCUM code; [`Unit::display`] is for screens.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.code)
    }
}

impl FromStr for Unit {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.code().to_owned()
    }
}

#[cfg(test)]
mod tests;
