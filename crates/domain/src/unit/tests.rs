//! Units as plants spell them, by examples and by properties.

use proptest::prelude::*;

use super::*;

fn unit(text: &str) -> Unit {
    Unit::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Units with a reason to be here, as a plant spells them.
const SPELT: &[&str] = &[
    "mm/s",
    "Cel",
    "degF",
    "K",
    "bar",
    "kPa",
    "psi",
    "Pa",
    "m3/h",
    "L/min",
    "kg/h",
    "t/h",
    "%",
    "1",
    "A",
    "V",
    "kW",
    "W",
    "Hz",
    "1/min",
    "mm",
    "um",
    "m",
    "s",
    "min",
    "h",
    "d",
    "N.m",
    "kN",
    "g",
    "m/s2",
    "gn",
    "mol%",
    "pH",
    "°C",
    "psig",
    "psia",
    "bar(g)",
    "kPa(g)",
    "bara",
    "mbar(d)",
    "rpm",
    "m³/h",
    "Nm3/h",
    "Sm3/h",
    "kscmh",
    "µm",
    "kWh",
    "kvar",
    "°C/h",
    "W/m2/K",
    "scfm",
    "gpm",
    "inH2O",
    "mmHg",
    "vol%",
    "%RH",
    "mS/cm",
    "uS/cm",
    "deg",
    "rad/s",
    "dB",
    "{pcs}",
    "kWh/t",
    "mg/m3",
    "ppm",
    "Ohm",
    "Δ°C",
    "mm/s (rms)",
    "Nl/min",
    "L",
    "ft3",
    "sccm",
    "10*3",
    "kg/m3",
    "cP",
    "mm2/s",
];

#[test]
fn plants_and_ucum_spell_the_same_units() {
    let same = [
        ("°C", "Cel"),
        ("degC", "Cel"),
        ("psig", "[psi]{gauge}"),
        ("bar(g)", "bar{gauge}"),
        ("barg", "bar{gauge}"),
        ("bar g", "bar{gauge}"),
        ("kPa(g)", "kPa{gauge}"),
        ("kPaa", "kPa{absolute}"),
        ("rpm", "1/min"),
        ("U/min", "1/min"),
        ("mm/s", "mm/s"),
        ("m³/h", "m3/h"),
        ("m^3/h", "m3/h"),
        ("Nm3/h", "m3{normal}/h"),
        ("Nm³/h", "m3{normal}/h"),
        ("kscmh", "10*3.m3{standard}/h"),
        ("%", "%"),
        ("mol%", "%{mol}"),
        ("pH", "[pH]"),
        ("Nm", "N.m"),
        ("l/min", "L/min"),
        ("µm", "um"),
        ("m/s²", "m/s2"),
        ("N·m", "N.m"),
        ("kWh/t", "kW.h/t"),
        ("t/kWh", "t/kW/h"),
        ("/min", "1/min"),
        ("°C/h", "Cel/h"),
    ];
    for (spelt, code) in same {
        assert_eq!(unit(spelt).code(), code, "{spelt}");
    }
}

#[test]
fn screens_show_what_plants_write() {
    let shown = [
        ("Cel", "°C"),
        ("[psi]{gauge}", "psi(g)"),
        ("m3/h", "m³/h"),
        ("m3{normal}/h", "Nm³/h"),
        ("bar{absolute}", "bar(a)"),
        ("1", ""),
        ("N.m", "N·m"),
        ("um", "µm"),
        ("1/min", "1/min"),
        ("m/s2", "m/s²"),
        ("%{mol}", "mol%"),
        ("10*3.m3{standard}/h", "kscmh"),
        ("K{diff}", "ΔK"),
        ("[g]", "gn"),
        ("{pcs}", "pcs"),
    ];
    for (code, text) in shown {
        assert_eq!(unit(code).display(), text);
    }
}

#[test]
fn exact_factors_give_exact_numbers() {
    let exact = [
        (1.0, "bar(g)", "kPa(g)", 100.0),
        (6.0, "m3/h", "L/min", 100.0),
        (36.0, "t/h", "kg/s", 10.0),
        (1500.0, "rpm", "Hz", 25.0),
        (1.0, "inch", "mm", 25.4),
        (20.0, "°C", "K", 293.15),
        (50.0, "%", "1", 0.5),
        (90.0, "km/h", "m/s", 25.0),
    ];
    for (value, from, to, expected) in exact {
        assert_eq!(convert(value, &unit(from), &unit(to)), Ok(expected), "{value} {from} in {to}");
    }
    let close = [
        (212.0, "°F", "°C", 100.0),
        (1.0, "psi", "kPa", 6.894_757_293_168_361),
        (100.0, "gpm", "m3/h", 22.712_470_704),
        (1.0, "hp", "W", 745.699_871_582_270_2),
        (9.0, "Δ°F", "ΔK", 5.0),
        (1.0, "kWh", "MJ", 3.6),
        (1.0, "gn", "m/s2", 9.806_65),
        (1.0, "rpm", "rad/s", f64::NAN),
    ];
    for (value, from, to, expected) in close {
        match convert(value, &unit(from), &unit(to)) {
            Ok(got) => assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{value} {from} = {got} {to}"),
            Err(_) => assert!(expected.is_nan(), "{from} → {to}"),
        }
    }
}

#[test]
fn kinds_are_never_converted_silently_and_say_why() {
    for (from, to) in [
        ("bar(g)", "bar(a)"),
        ("bar", "bar(g)"),
        ("mbar(d)", "mbar(g)"),
        ("m3/h", "Nm3/h"),
        ("Sm3/h", "Nm3/h"),
        ("scfm", "Sm3/h"),
        ("°C", "Δ°C"),
        ("K", "K{diff}"),
        ("%", "mol%"),
        ("mol%", "vol%"),
        ("pH", "1"),
    ] {
        let mismatch = unit(from).conversion(&unit(to)).expect_err(from);
        assert!(!mismatch.what.is_empty() && !mismatch.hint.is_empty(), "{from} → {to}: {mismatch:?}");
    }
    let mismatch = unit("psi").conversion(&unit("kPa(g)")).unwrap_err();
    assert_eq!(mismatch.what, "`psi` does not say whether gauge or absolute, but `kPa(g)` is gauge pressure");
    let other = unit("°C").conversion(&unit("bar")).unwrap_err();
    assert_eq!(other.what, "`°C` and `bar` measure different things");
}

#[test]
fn a_wrong_unit_gets_a_hint() {
    assert!(Unit::parse("C").unwrap_err().hint.contains("°C"));
    assert!(Unit::parse("KPA").unwrap_err().what.contains("KPA"));
    assert!(Unit::parse("hZ").unwrap_err().hint.contains("`Hz`"));
    assert!(Unit::parse("widgets").unwrap_err().hint.contains("{pcs}"));
    assert!(Unit::parse("").unwrap_err().hint.contains("`1`"));
    for wrong in ["m{", "m}", "bar{gauge}{absolute}", "m3{gauge}", "m/0", "{a}{b}", "..", "m//s", "s99", "1/"] {
        assert!(Unit::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn words_in_braces_change_nothing() {
    assert_eq!(unit("mm/s{rms}").conversion(&unit("m/s")), Ok(Conversion { factor: 0.001, offset: 0.0 }));
    assert_eq!(unit("{rev}/min").conversion(&unit("rpm")), Ok(Conversion::IDENTITY));
}

fn any_spelt() -> impl Strategy<Value = Unit> {
    prop::sample::select(SPELT).prop_filter_map("not a unit", |text| Unit::parse(text).ok())
}

#[test]
fn every_listed_spelling_is_read_and_its_code_and_display_read_the_same() {
    for text in SPELT {
        let first = unit(text);
        assert_eq!(unit(first.code()), first, "{text}: code");
        if first.code() != "1" {
            assert_eq!(unit(&first.display()), first, "{text}: display `{}`", first.display());
        }
    }
}

proptest! {
    #[test]
    fn a_value_survives_the_way_there_and_back(from in any_spelt(), to in any_spelt(), value in -1e6_f64..1e6) {
        if let Ok(there) = convert(value, &from, &to) {
            let back = convert(there, &to, &from).unwrap();
            // an offset of 273 K eats the last digits of small values
            prop_assert!((back - value).abs() <= 1e-9 * value.abs().max(1.0), "{value} {from} → {there} {to} → {back}");
        } else {
            prop_assert!(convert(value, &to, &from).is_err());
        }
    }

    #[test]
    fn any_text_is_a_unit_or_an_error_and_units_read_their_own_code(text in "\\PC{0,10}|[a-zA-Z%/.0-9{}\\[\\]()-]{0,12}") {
        if let Ok(read) = Unit::parse(&text) {
            prop_assert_eq!(Unit::parse(read.code()), Ok(read));
        }
    }
}
