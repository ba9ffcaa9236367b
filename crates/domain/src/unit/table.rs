//! The atoms of UCUM that plants need, and how codes are made of them.

use super::{Dimension, Kind, Meaning};

pub(super) const PRESSURE: Dimension = [-1, 1, -2, 0, 0, 0, 0, 0];

/// Whether the dimension has a volume in it: m³, m³/s, m³/kg ….
pub(super) fn has_volume(dimension: Dimension) -> bool {
    dimension[0] == 3
}

struct Atom {
    symbol: &'static str,
    /// Takes prefixes.
    metric: bool,
    numerator: f64,
    denominator: f64,
    dimension: Dimension,
}

const fn atom(symbol: &'static str, metric: bool, numerator: f64, denominator: f64, dimension: Dimension) -> Atom {
    Atom { symbol, metric, numerator, denominator, dimension }
}

const NONE: Dimension = [0; 8];
const LENGTH: Dimension = [1, 0, 0, 0, 0, 0, 0, 0];
const MASS: Dimension = [0, 1, 0, 0, 0, 0, 0, 0];
const TIME: Dimension = [0, 0, 1, 0, 0, 0, 0, 0];
const TEMPERATURE: Dimension = [0, 0, 0, 0, 1, 0, 0, 0];
const ANGLE: Dimension = [0, 0, 0, 0, 0, 0, 0, 1];
const AREA: Dimension = [2, 0, 0, 0, 0, 0, 0, 0];
const VOLUME: Dimension = [3, 0, 0, 0, 0, 0, 0, 0];
const SPEED: Dimension = [1, 0, -1, 0, 0, 0, 0, 0];
const ACCELERATION: Dimension = [1, 0, -2, 0, 0, 0, 0, 0];
const FORCE: Dimension = [1, 1, -2, 0, 0, 0, 0, 0];
const ENERGY: Dimension = [2, 1, -2, 0, 0, 0, 0, 0];
const POWER: Dimension = [2, 1, -3, 0, 0, 0, 0, 0];

/// Factors are exact by definition unless a comment says measured. Sources: SI brochure (9th edition, 2019) for SI and the
/// units accepted beside it; NIST SP 811 (2008) annex B for inch, pound, gallon, psi, Btu and horsepower;
/// UCUM 2.1 table 4 ff. for symbols and for conventional columns of water and mercury.
const ATOMS: &[Atom] = &[
    atom("m", true, 1.0, 1.0, LENGTH),
    atom("g", true, 1.0, 1000.0, MASS),
    atom("s", true, 1.0, 1.0, TIME),
    atom("A", true, 1.0, 1.0, [0, 0, 0, 1, 0, 0, 0, 0]),
    atom("K", true, 1.0, 1.0, TEMPERATURE),
    atom("Cel", true, 1.0, 1.0, TEMPERATURE),
    atom("[degF]", false, 5.0, 9.0, TEMPERATURE),
    atom("[degR]", false, 5.0, 9.0, TEMPERATURE),
    atom("mol", true, 1.0, 1.0, [0, 0, 0, 0, 0, 1, 0, 0]),
    atom("cd", true, 1.0, 1.0, [0, 0, 0, 0, 0, 0, 1, 0]),
    atom("lm", true, 1.0, 1.0, [0, 0, 0, 0, 0, 0, 1, 0]),
    atom("lx", true, 1.0, 1.0, [-2, 0, 0, 0, 0, 0, 1, 0]),
    atom("deg", false, 1.0, 1.0, ANGLE),
    atom("rad", true, 180.0, std::f64::consts::PI, ANGLE),
    atom("circ", false, 360.0, 1.0, ANGLE),
    atom("gon", true, 9.0, 10.0, ANGLE),
    atom("%", false, 1.0, 100.0, NONE),
    atom("[ppth]", false, 1.0, 1e3, NONE),
    atom("[ppm]", false, 1.0, 1e6, NONE),
    atom("[ppb]", false, 1.0, 1e9, NONE),
    atom("[pH]", false, 1.0, 1.0, NONE),
    atom("dB", false, 1.0, 1.0, NONE),
    atom("min", false, 60.0, 1.0, TIME),
    atom("h", false, 3600.0, 1.0, TIME),
    atom("d", false, 86_400.0, 1.0, TIME),
    atom("wk", false, 604_800.0, 1.0, TIME),
    atom("Hz", true, 1.0, 1.0, [0, 0, -1, 0, 0, 0, 0, 0]),
    atom("N", true, 1.0, 1.0, FORCE),
    atom("Pa", true, 1.0, 1.0, PRESSURE),
    atom("bar", true, 100_000.0, 1.0, PRESSURE),
    atom("atm", false, 101_325.0, 1.0, PRESSURE),
    atom("att", false, 98_066.5, 1.0, PRESSURE),
    // pound-force 4.4482216152605 N over square inch 6.4516e-4 m²
    atom("[psi]", false, 44_482_216_152_605.0, 6_451_600_000.0, PRESSURE),
    atom("m[H2O]", true, 9806.65, 1.0, PRESSURE),
    atom("m[Hg]", true, 133_322.0, 1.0, PRESSURE),
    atom("[in_i'H2O]", false, 249.088_91, 1.0, PRESSURE),
    atom("[in_i'Hg]", false, 3_386.378_8, 1.0, PRESSURE),
    atom("J", true, 1.0, 1.0, ENERGY),
    atom("cal", true, 4.184, 1.0, ENERGY),
    atom("[Btu_IT]", false, 1_055.055_852_62, 1.0, ENERGY),
    atom("W", true, 1.0, 1.0, POWER),
    atom("[HP]", false, 745.699_871_582_270_2, 1.0, POWER),
    atom("V", true, 1.0, 1.0, [2, 1, -3, -1, 0, 0, 0, 0]),
    atom("Ohm", true, 1.0, 1.0, [2, 1, -3, -2, 0, 0, 0, 0]),
    atom("S", true, 1.0, 1.0, [-2, -1, 3, 2, 0, 0, 0, 0]),
    atom("F", true, 1.0, 1.0, [-2, -1, 4, 2, 0, 0, 0, 0]),
    atom("T", true, 1.0, 1.0, [0, 1, -2, -1, 0, 0, 0, 0]),
    atom("L", true, 1.0, 1000.0, VOLUME),
    atom("l", true, 1.0, 1000.0, VOLUME),
    atom("ar", true, 100.0, 1.0, AREA),
    atom("t", true, 1000.0, 1.0, MASS),
    atom("P", true, 1.0, 10.0, [-1, 1, -1, 0, 0, 0, 0, 0]),
    atom("St", true, 1.0, 10_000.0, [2, 0, -1, 0, 0, 0, 0, 0]),
    atom("[g]", true, 9.806_65, 1.0, ACCELERATION),
    atom("gf", true, 9.806_65, 1000.0, FORCE),
    atom("[in_i]", false, 254.0, 10_000.0, LENGTH),
    atom("[ft_i]", false, 3048.0, 10_000.0, LENGTH),
    atom("[yd_i]", false, 9144.0, 10_000.0, LENGTH),
    atom("[mi_i]", false, 1_609_344.0, 1000.0, LENGTH),
    atom("[mil_i]", false, 254.0, 10_000_000.0, LENGTH),
    atom("[kn_i]", false, 1852.0, 3600.0, SPEED),
    atom("[sin_i]", false, 64_516.0, 1e8, AREA),
    atom("[sft_i]", false, 9_290_304.0, 1e8, AREA),
    atom("[cin_i]", false, 16_387_064.0, 1e12, VOLUME),
    atom("[cft_i]", false, 28_316_846_592.0, 1e12, VOLUME),
    atom("[gal_us]", false, 3_785_411_784.0, 1e12, VOLUME),
    atom("[gal_br]", false, 454_609.0, 1e8, VOLUME),
    atom("[bbl_us]", false, 158_987_294_928.0, 1e12, VOLUME),
    atom("[lb_av]", false, 45_359_237.0, 1e8, MASS),
    atom("[oz_av]", false, 28_349_523_125.0, 1e12, MASS),
    atom("[ston_av]", false, 90_718_474.0, 1e5, MASS),
    atom("[lbf_av]", false, 44_482_216_152_605.0, 1e13, FORCE),
];

/// SI prefixes (SI brochure table 7); `da` first, or `d` would take its place.
const PREFIXES: &[(&str, f64, f64)] = &[
    ("da", 10.0, 1.0),
    ("P", 1e15, 1.0),
    ("T", 1e12, 1.0),
    ("G", 1e9, 1.0),
    ("M", 1e6, 1.0),
    ("k", 1e3, 1.0),
    ("h", 100.0, 1.0),
    ("d", 1.0, 10.0),
    ("c", 1.0, 100.0),
    ("m", 1.0, 1e3),
    ("u", 1.0, 1e6),
    ("n", 1.0, 1e9),
    ("p", 1.0, 1e12),
];

/// Symbols, for "did you mean".
pub(super) fn symbols() -> impl Iterator<Item = &'static str> {
    ATOMS.iter().map(|atom| atom.symbol)
}

/// What a UCUM code means; the error is the part that nobody knows.
pub(super) fn meaning(code: &str) -> Result<Meaning, String> {
    let mut parts = split(code);
    let alone = parts.len() == 1 && parts.first().is_some_and(|part| !part.divides);
    let mut total = Meaning { dimension: NONE, kind: Kind::Plain, numerator: 1.0, denominator: 1.0, zero: 0.0 };
    let mut annotation = None;
    let mut special = None;
    for part in &mut parts {
        let (symbol, mark) = cut_annotation(part.text).ok_or_else(|| code.to_owned())?;
        if mark.is_some_and(|mark| kind_of(mark).is_some()) && annotation.replace(mark.unwrap_or_default()).is_some() {
            return Err(code.to_owned());
        }
        let (symbol, exponent) = cut_exponent(symbol).ok_or_else(|| part.text.to_owned())?;
        let (dimension, numerator, denominator) = factor(symbol, mark.is_some()).ok_or_else(|| part.text.to_owned())?;
        special = alone.then_some(symbol).filter(|_| exponent == 1);
        let exponent = if part.divides { -exponent } else { exponent };
        for (sum, one) in total.dimension.iter_mut().zip(dimension) {
            *sum = one.checked_mul(exponent).and_then(|one| sum.checked_add(one)).ok_or_else(|| code.to_owned())?;
        }
        let (up, down) = if exponent < 0 { (denominator, numerator) } else { (numerator, denominator) };
        total.numerator *= up.powi(i32::from(exponent).abs());
        total.denominator *= down.powi(i32::from(exponent).abs());
    }
    if parts.is_empty() || !total.numerator.is_normal() || !total.denominator.is_normal() {
        return Err(code.to_owned());
    }
    settle_kind(&mut total, annotation, special).ok_or_else(|| code.to_owned())?;
    Ok(total)
}

/// The kind from an annotation that means something, or from a unit that stands alone.
fn settle_kind(total: &mut Meaning, annotation: Option<&str>, alone: Option<&str>) -> Option<()> {
    let stated = annotation.and_then(kind_of);
    let own = match alone {
        Some("[pH]") => Kind::Ph,
        Some("dB") => Kind::Decibel,
        _ if total.dimension == TEMPERATURE && alone.is_some() => Kind::TemperatureAbsolute,
        _ => Kind::Plain,
    };
    total.kind = stated.unwrap_or(own);
    let fits = match total.kind {
        Kind::PressureGauge | Kind::PressureAbsolute | Kind::PressureDifference => has_pressure(total.dimension),
        Kind::TemperatureDifference => total.dimension == TEMPERATURE,
        Kind::VolumeNormal | Kind::VolumeStandard | Kind::VolumeStandard60F => has_volume(total.dimension),
        Kind::MoleFraction | Kind::VolumeFraction | Kind::MassFraction | Kind::Humidity => total.dimension == NONE,
        Kind::Plain | Kind::TemperatureAbsolute | Kind::Ph | Kind::Decibel => true,
    };
    if total.kind == Kind::TemperatureAbsolute {
        // SI brochure §2.3.1: 0 °C is 273.15 K; NIST SP 811 B.9: T/K = (t/°F + 459.67) · 5/9
        total.zero = match alone {
            Some(symbol) if symbol.ends_with("Cel") => 273.15,
            Some("[degF]") => 459.67 * 5.0 / 9.0,
            _ => 0.0,
        };
    }
    fits.then_some(())
}

fn has_pressure(dimension: Dimension) -> bool {
    // pressure, or its change per time
    dimension == PRESSURE || dimension == [-1, 1, -3, 0, 0, 0, 0, 0]
}

/// Annotations that mean something; all others are words for people, as UCUM says (§6).
fn kind_of(annotation: &str) -> Option<Kind> {
    Some(match annotation {
        "gauge" => Kind::PressureGauge,
        "absolute" => Kind::PressureAbsolute,
        "difference" => Kind::PressureDifference,
        "diff" => Kind::TemperatureDifference,
        "normal" => Kind::VolumeNormal,
        "standard" => Kind::VolumeStandard,
        "standard60F" => Kind::VolumeStandard60F,
        "mol" => Kind::MoleFraction,
        "vol" => Kind::VolumeFraction,
        "mass" => Kind::MassFraction,
        "RH" => Kind::Humidity,
        _ => return None,
    })
}

pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) divides: bool,
}

/// `kg.m/s2` → `kg`, `m`, and `s2` dividing. Braces and brackets are kept whole. `1/min` starts with the part `1`.
pub(super) fn split(code: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut divides, mut depth) = (0, false, 0_u32);
    for (at, c) in code.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            '.' | '/' if depth == 0 => {
                // a leading `/` is UCUM's "one per"
                if at > 0 {
                    parts.push(Part { text: code.get(start..at).unwrap_or_default(), divides });
                }
                (start, divides) = (at + 1, c == '/');
            }
            _ => {}
        }
    }
    if start < code.len() || start > 0 {
        parts.push(Part { text: code.get(start..).unwrap_or_default(), divides });
    }
    parts
}

/// `m3{normal}` → (`m3`, `normal`). None when braces do not match.
fn cut_annotation(part: &str) -> Option<(&str, Option<&str>)> {
    let Some((symbol, rest)) = part.split_once('{') else {
        return (!part.contains('}')).then_some((part, None));
    };
    let mark = rest.strip_suffix('}')?;
    (!mark.contains(['{', '}'])).then_some((symbol, Some(mark)))
}

/// `s-2` → (`s`, -2). Plain numbers keep their digits.
fn cut_exponent(symbol: &str) -> Option<(&str, i8)> {
    if symbol.bytes().all(|c| c.is_ascii_digit()) {
        return Some((symbol, 1));
    }
    let digits = symbol.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, digits) = symbol.split_at_checked(symbol.len() - digits)?;
    if digits.is_empty() {
        return Some((symbol, 1));
    }
    let (head, sign) = match head.strip_suffix('-') {
        Some(head) => (head, -1),
        None => (head.strip_suffix('+').unwrap_or(head), 1),
    };
    // nobody measures the tenth power; numbers above are ten to a power
    let exponent: i8 = digits.parse().ok().filter(|exponent| *exponent <= 18)?;
    Some((head, exponent * sign))
}

fn factor(symbol: &str, annotated: bool) -> Option<(Dimension, f64, f64)> {
    if symbol.is_empty() {
        return annotated.then_some((NONE, 1.0, 1.0));
    }
    if symbol == "10*" || symbol == "10^" {
        return Some((NONE, 10.0, 1.0));
    }
    if symbol.bytes().all(|c| c.is_ascii_digit()) {
        let number: u32 = symbol.parse().ok().filter(|number| *number > 0)?;
        return Some((NONE, f64::from(number), 1.0));
    }
    if let Some(atom) = ATOMS.iter().find(|atom| atom.symbol == symbol) {
        return Some((atom.dimension, atom.numerator, atom.denominator));
    }
    PREFIXES.iter().find_map(|(prefix, up, down)| {
        let rest = symbol.strip_prefix(prefix)?;
        let atom = ATOMS.iter().find(|atom| atom.metric && atom.symbol == rest)?;
        Some((atom.dimension, atom.numerator * up, atom.denominator * down))
    })
}
