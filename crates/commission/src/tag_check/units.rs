//! Units that nobody knows, with the one that was probably meant; and units that are taken for each other.

use config::near::nearest;
use domain::unit::Unit;

use super::{Change, Level, TagDraft, TagFinding};

/// What lists call units, in small letters, and what they mean.
const NICKNAMES: [(&str, &str); 28] = [
    ("c", "°C"),
    ("f", "°F"),
    ("celsius", "°C"),
    ("grad celsius", "°C"),
    ("grad", "°C"),
    ("deg.c", "°C"),
    ("deg. c", "°C"),
    ("fahrenheit", "°F"),
    ("kelvin", "K"),
    ("percent", "%"),
    ("prozent", "%"),
    ("pct", "%"),
    ("barü", "bar(g)"),
    ("bar ü", "bar(g)"),
    ("bar_ü", "bar(g)"),
    ("barabs", "bar(a)"),
    ("cbm/h", "m3/h"),
    ("m3h", "m3/h"),
    ("m³h", "m3/h"),
    ("mm/sec", "mm/s"),
    ("umin", "1/min"),
    ("upm", "1/min"),
    ("r.p.m.", "1/min"),
    ("ampere", "A"),
    ("amp", "A"),
    ("amps", "A"),
    ("volt", "V"),
    ("volts", "V"),
];

/// Units that plants use, for slips of the finger and for values that fit another one.
const USUAL: [&str; 46] = [
    "°C", "°F", "K", "bar", "bar(g)", "bar(a)", "psi", "psi(g)", "psi(a)", "kPa", "kPa(g)", "kPa(a)", "mbar",
    "mbar(g)", "mbar(a)", "Pa", "MPa", "m3/h", "L/min", "L/s", "L/h", "kg/h", "t/h", "kg/s", "mm/s", "µm/s", "m/s",
    "1/min", "Hz", "A", "mA", "V", "mV", "kV", "kW", "W", "MW", "kWh", "MWh", "%", "mm", "m", "kg", "t", "s", "min",
];

/// The unit of a tag; an unknown one is a finding with what was probably meant.
pub(super) fn check(index: usize, tag: &TagDraft, findings: &mut Vec<TagFinding>) -> Option<Unit> {
    let written = tag.unit.as_deref()?;
    match Unit::parse(written) {
        Ok(unit) => Some(unit),
        Err(error) => {
            let finding = TagFinding::new(index, Level::Stop, "tag.unknown-unit", error.what).word("unit", written);
            findings.push(match meant(written) {
                Some(unit) => finding.fix(Change::Unit { unit: unit.to_owned(), range: None }),
                None => finding.hint(error.hint),
            });
            None
        }
    }
}

/// A word that lists use for a unit and UCUM does not know.
pub(crate) fn is_nickname(cell: &str) -> bool {
    let small = cell.trim().to_lowercase();
    NICKNAMES.iter().any(|(name, _)| *name == small)
}

fn meant(written: &str) -> Option<&'static str> {
    let small = written.trim().to_lowercase();
    let nickname = NICKNAMES.iter().find(|(name, _)| *name == small).map(|(_, unit)| *unit);
    let same_letters = || USUAL.into_iter().find(|unit| unit.to_lowercase() == small);
    nickname.or_else(same_letters).or_else(|| nearest(written, USUAL))
}

/// Another unit in which a value, that is outside in the tag's unit, is within its range: the value then, and the range in
/// that unit. Psi for bar, kPa for bar, Fahrenheit for Celsius are what happens.
pub(super) fn that_fits(value: f64, unit: &Unit, range: [f64; 2]) -> Option<(String, f64, [f64; 2])> {
    USUAL.into_iter().find_map(|name| {
        let other = Unit::parse(name).ok().filter(|other| other != unit)?;
        let forth = other.conversion(unit).ok().filter(|conversion| !conversion.is_identity())?;
        let back = unit.conversion(&other).ok()?;
        let becomes = forth.apply(value);
        let within = becomes >= range[0] && becomes <= range[1];
        within.then(|| (other.display(), becomes, range.map(|end| three_digits(back.apply(end)))))
    })
}

fn three_digits(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}
