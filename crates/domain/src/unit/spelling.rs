//! Between the spellings of plants (`°C`, `bar(g)`, `Nm³/h`, `rpm`) and UCUM codes, both ways.

use super::{UnitError, table};

/// Longer than any unit that a person writes.
const MAX_BYTES: usize = 64;

/// Spelling → UCUM code, for a whole unit or one component of it. The first spelling of a code is the one that screens show,
/// unless the code itself reads well. Plant spellings win over UCUM's own reading of the same letters.
const SPELLINGS: &[(&str, &str)] = &[
    ("°C", "Cel"),
    ("ºC", "Cel"),
    ("degC", "Cel"),
    ("deg C", "Cel"),
    ("grd C", "Cel"),
    ("°F", "[degF]"),
    ("ºF", "[degF]"),
    ("degF", "[degF]"),
    ("deg F", "[degF]"),
    ("°R", "[degR]"),
    ("Δ°C", "Cel{diff}"),
    ("delta °C", "Cel{diff}"),
    ("ΔK", "K{diff}"),
    ("delta K", "K{diff}"),
    ("Δ°F", "[degF]{diff}"),
    ("1/min", "1/min"),
    ("rpm", "1/min"),
    ("RPM", "1/min"),
    ("r/min", "1/min"),
    ("U/min", "1/min"),
    ("min-1", "1/min"),
    ("/min", "1/min"),
    ("s-1", "1/s"),
    ("/s", "1/s"),
    ("/h", "1/h"),
    ("psi", "[psi]"),
    ("PSI", "[psi]"),
    ("lb/in2", "[psi]"),
    ("inH2O", "[in_i'H2O]"),
    ("in H2O", "[in_i'H2O]"),
    ("inWC", "[in_i'H2O]"),
    ("inHg", "[in_i'Hg]"),
    ("mmHg", "mm[Hg]"),
    ("Torr", "mm[Hg]"),
    ("mmH2O", "mm[H2O]"),
    ("mmWC", "mm[H2O]"),
    ("mmWS", "mm[H2O]"),
    ("mH2O", "m[H2O]"),
    ("mWC", "m[H2O]"),
    ("mWS", "m[H2O]"),
    ("ppm", "[ppm]"),
    ("ppb", "[ppb]"),
    ("ppmv", "[ppm]{vol}"),
    ("‰", "[ppth]"),
    ("pH", "[pH]"),
    ("mol%", "%{mol}"),
    ("mole%", "%{mol}"),
    ("mol-%", "%{mol}"),
    ("mol %", "%{mol}"),
    ("vol%", "%{vol}"),
    ("Vol.-%", "%{vol}"),
    ("vol-%", "%{vol}"),
    ("Vol%", "%{vol}"),
    ("vol %", "%{vol}"),
    ("wt%", "%{mass}"),
    ("wt-%", "%{mass}"),
    ("mass%", "%{mass}"),
    ("Gew.-%", "%{mass}"),
    ("Ma.-%", "%{mass}"),
    ("%RH", "%{RH}"),
    ("%rH", "%{RH}"),
    ("% r.F.", "%{RH}"),
    ("kscmh", "10*3.m3{standard}/h"),
    ("kscm/h", "10*3.m3{standard}/h"),
    ("scmh", "m3{standard}/h"),
    // gas flow controllers: 0 °C and 101.325 kPa (SEMI E12)
    ("sccm", "cm3{normal}/min"),
    ("slpm", "L{normal}/min"),
    ("slm", "L{normal}/min"),
    ("NL", "L{normal}"),
    ("Nl", "L{normal}"),
    ("scfm", "[cft_i]{standard60F}/min"),
    ("scfh", "[cft_i]{standard60F}/h"),
    ("cfm", "[cft_i]/min"),
    ("CFM", "[cft_i]/min"),
    ("ft3", "[cft_i]"),
    ("in3", "[cin_i]"),
    ("ft2", "[sft_i]"),
    ("in2", "[sin_i]"),
    ("in", "[in_i]"),
    ("inch", "[in_i]"),
    ("ft", "[ft_i]"),
    ("yd", "[yd_i]"),
    ("mi", "[mi_i]"),
    ("mil", "[mil_i]"),
    ("mph", "[mi_i]/h"),
    ("fpm", "[ft_i]/min"),
    ("gpm", "[gal_us]/min"),
    ("GPM", "[gal_us]/min"),
    ("gal", "[gal_us]"),
    ("bbl", "[bbl_us]"),
    ("lb", "[lb_av]"),
    ("lbs", "[lb_av]"),
    ("oz", "[oz_av]"),
    ("lbf", "[lbf_av]"),
    ("hp", "[HP]"),
    ("HP", "[HP]"),
    ("Btu", "[Btu_IT]"),
    ("BTU", "[Btu_IT]"),
    ("kWh", "kW.h"),
    ("MWh", "MW.h"),
    ("Wh", "W.h"),
    ("Ah", "A.h"),
    ("mAh", "mA.h"),
    ("Nm", "N.m"),
    ("kNm", "kN.m"),
    ("VA", "V.A"),
    ("kVA", "kV.A"),
    ("MVA", "MV.A"),
    ("var", "V.A{reactive}"),
    ("kvar", "kV.A{reactive}"),
    ("gn", "[g]"),
    ("lpm", "L/min"),
    ("LPM", "L/min"),
    ("l", "L"),
    ("sec", "s"),
    ("hr", "h"),
    ("hrs", "h"),
    ("day", "d"),
    ("days", "d"),
    ("week", "wk"),
    ("Ω", "Ohm"),
    ("ohm", "Ohm"),
    ("°", "deg"),
    ("rev", "{rev}"),
    ("cP", "cP"),
    ("pcs", "{pcs}"),
    ("Stk", "{pcs}"),
    ("-", "1"),
];

/// The UCUM code of what a person wrote. Whether UCUM knows the code is not decided here.
pub(super) fn to_ucum(text: &str) -> Result<String, UnitError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        let hint = "write `1` for a plain number, or leave the unit out".to_owned();
        return Err(UnitError { what: "a unit is empty".to_owned(), hint });
    }
    if trimmed.len() > MAX_BYTES {
        let what = format!("a unit has at most {MAX_BYTES} bytes, this one has {}", trimmed.len());
        return Err(UnitError { what, hint: "see whether a quote is missing".to_owned() });
    }
    let folded = fold(trimmed);
    if let Some(code) = known(&folded) {
        return Ok(code.to_owned());
    }
    let parts = table::split(&folded);
    let mut code = String::new();
    for (index, part) in parts.iter().enumerate() {
        let one = component(part.text);
        match (index, part.divides) {
            (0, false) => code.push_str(&one),
            (0, true) => code.extend(["1/", &one]),
            (_, false) => code.extend([".", &one]),
            // what stands below the line and is itself a product or quotient turns over
            (_, true) => code.extend(["/", &turned(&one)]),
        }
    }
    Ok(code)
}

/// One component, without `.` and `/` of its own.
fn component(text: &str) -> String {
    if let Some(code) = known(text) {
        return code.to_owned();
    }
    if table::meaning(text).is_ok() {
        return text.to_owned();
    }
    for (prefix, kind) in [("N", "normal"), ("S", "standard"), ("s", "standard"), ("A", "actual")] {
        let volume = text.strip_prefix(prefix).filter(|rest| ["m3", "L", "l", "cm3", "dm3"].contains(rest));
        if let Some(volume) = volume {
            return format!("{}{{{kind}}}", known(volume).unwrap_or(volume));
        }
    }
    pressure(text).or_else(|| annotated(text)).unwrap_or_else(|| text.to_owned())
}

/// `bar(g)`, `barg`, `bar g`, `kPa(a)`, `mbar_d` → `bar{gauge}` ….
fn pressure(text: &str) -> Option<String> {
    const SUFFIXES: [(&str, &str); 12] = [
        ("(g)", "gauge"),
        ("(gauge)", "gauge"),
        ("gauge", "gauge"),
        ("(a)", "absolute"),
        ("(abs)", "absolute"),
        ("abs", "absolute"),
        ("(d)", "difference"),
        ("(diff)", "difference"),
        ("dp", "difference"),
        ("g", "gauge"),
        ("a", "absolute"),
        ("d", "difference"),
    ];
    SUFFIXES.iter().find_map(|(suffix, kind)| {
        let base = text.strip_suffix(suffix)?.trim_end_matches([' ', '_', '.']);
        let base = known(base).unwrap_or(base);
        let pressure = table::meaning(base).is_ok_and(|meaning| meaning.dimension == table::PRESSURE);
        (pressure && !base.contains('{')).then(|| format!("{base}{{{kind}}}"))
    })
}

/// `mm/s (rms)` → `mm/s{rms}`: other words in parentheses are for people.
fn annotated(text: &str) -> Option<String> {
    let (base, word) = text.strip_suffix(')')?.split_once('(')?;
    let base = known(base.trim_end()).unwrap_or(base.trim_end());
    let good = table::meaning(base).is_ok() && !word.contains(['{', '}', '(', ')']) && !base.contains('{');
    good.then(|| format!("{base}{{{word}}}"))
}

fn known(text: &str) -> Option<&'static str> {
    SPELLINGS.iter().find(|(spelling, _)| *spelling == text).map(|(_, code)| *code)
}

/// `W.h` below the line is `W/h`: outside of braces `.` and `/` change places.
fn turned(code: &str) -> String {
    let mut depth = 0_u32;
    let flip = |c: char| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            '.' if depth == 0 => '/',
            '/' if depth == 0 => '.',
            other => other,
        }
    };
    code.chars().map(flip).collect()
}

/// One form for signs that have several: superscripts, middle dots, micro signs, compatibility signs.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '²' => folded.push('2'),
            '³' => folded.push('3'),
            '¹' => folded.push('1'),
            '⁻' | '−' => folded.push('-'),
            '·' | '⋅' | '×' => folded.push('.'),
            'µ' | 'μ' => folded.push('u'),
            '℃' => folded.push_str("°C"),
            '℉' => folded.push_str("°F"),
            '\u{a0}' | '\u{202f}' => folded.push(' '),
            '^' if !folded.ends_with("10") => {}
            other => folded.push(other),
        }
    }
    folded
}

/// As screens show a UCUM code.
pub(super) fn to_display(code: &str) -> String {
    match code {
        "1" => return String::new(),
        "10*3.m3{standard}/h" => return "kscmh".to_owned(),
        _ => {}
    }
    let mut shown = String::new();
    for (index, part) in table::split(code).iter().enumerate() {
        match (index, part.divides) {
            (0, false) => {}
            (_, true) => shown.push_str(if index == 0 { "1/" } else { "/" }),
            (_, false) => shown.push('·'),
        }
        shown.push_str(&display_component(part.text));
    }
    shown
}

fn display_component(part: &str) -> String {
    let (unit, mark) = part.split_once('{').map_or((part, ""), |(unit, mark)| (unit, mark.trim_end_matches('}')));
    // codes of letters alone read well as they are, but for these
    let reads_well =
        |code: &str| code.bytes().all(|c| c.is_ascii_alphanumeric()) && !["Cel", "deg", "Ohm"].contains(&code);
    let spelt = |code: &str| {
        let spelling = SPELLINGS.iter().find(|(_, known)| *known == code && !reads_well(code));
        spelling.map(|(spelling, _)| (*spelling).to_owned())
    };
    if let Some(whole) = spelt(part) {
        return superscripts(&whole);
    }
    let plain = spelt(unit).unwrap_or_else(|| unit.to_owned());
    let plain = match plain.strip_prefix('u').filter(|rest| table::meaning(rest).is_ok()) {
        Some(rest) => format!("µ{rest}"),
        None => plain,
    };
    let plain = superscripts(&plain);
    match mark {
        "" | "actual" => plain,
        "gauge" => format!("{plain}(g)"),
        "absolute" => format!("{plain}(a)"),
        "difference" => format!("{plain}(d)"),
        "diff" => format!("Δ{plain}"),
        "normal" => format!("N{plain}"),
        "standard" => format!("S{plain}"),
        word if unit.is_empty() => word.to_owned(),
        word => format!("{plain} ({word})"),
    }
}

fn superscripts(unit: &str) -> String {
    match (unit.strip_suffix('2'), unit.strip_suffix('3')) {
        (Some(base), _) if base.ends_with(|c: char| c.is_ascii_alphabetic() || c == ']') => format!("{base}²"),
        (_, Some(base)) if base.ends_with(|c: char| c.is_ascii_alphabetic() || c == ']') => format!("{base}³"),
        _ => unit.to_owned(),
    }
}

/// The error for a text of which `part` is unknown.
pub(super) fn unknown(text: &str, part: &str) -> UnitError {
    let what = if part == text || part.is_empty() {
        format!("`{text}` is not a known unit")
    } else {
        format!("`{part}` in `{text}` is not a known unit")
    };
    let hint = match part {
        "C" => "write °C (or Cel) for degrees Celsius".to_owned(),
        "F" => "write °F for degrees Fahrenheit".to_owned(),
        _ => {
            let wanted = part.to_lowercase();
            let names = table::symbols().chain(SPELLINGS.iter().map(|(spelling, _)| *spelling));
            match names.filter(|name| name.to_lowercase() == wanted).min_by_key(|name| name.len()) {
                Some(near) => format!("did you mean `{near}`? Capital and small letters count"),
                None => "write a UCUM code or a usual spelling: °C, K, bar(g), kPa(a), mm/s, m3/h, Nm3/h, L/min, kg/h, %, rpm, A, \
                         kW; for things that are counted put the word in braces: {pcs}"
                    .to_owned(),
            }
        }
    };
    UnitError { what, hint }
}
