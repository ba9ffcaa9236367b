//! How signals fit tags: each finding says what, and what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use bundle::mapping::{Severity, TagFacts, Tags, blocking, check, suggest};
use domain::unit::Unit;
use domain::{PlacePath, TagPath, ValueType};

use crate::valid;

fn tag(name: &str, unit: &str, value_type: ValueType, range: Option<[f64; 2]>, period_ms: u64) -> (TagPath, TagFacts) {
    let facts = TagFacts {
        label: None,
        unit: (!unit.is_empty()).then(|| Unit::parse(unit).unwrap()),
        value_type: Some(value_type),
        range,
        period: Some(Duration::from_millis(period_ms)),
    };
    (name.parse().unwrap(), facts)
}

fn good_tags() -> Tags {
    [
        tag("line-2/pump-7/vibration_de", "mm/s", ValueType::F64, Some([0.0, 25.0]), 1000),
        tag("line-2/pump-7/discharge_pressure", "bar(g)", ValueType::F64, Some([0.0, 16.0]), 1000),
        tag("line-2/pump-7/speed", "rpm", ValueType::F64, None, 1000),
        tag("line-2/product", "", ValueType::Text, None, 1000),
        tag("line-2/pump-7/sensor_ok", "", ValueType::Bool, None, 1000),
        tag("line-2/pump-7/serial", "", ValueType::Text, None, 1000),
        tag("line-2/pump-8/vibration_de", "mm/s", ValueType::F64, Some([0.0, 25.0]), 1000),
    ]
    .into()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, TagPath> {
    pairs.iter().map(|(signal, tag)| ((*signal).to_owned(), tag.parse().unwrap())).collect()
}

fn full_map() -> BTreeMap<String, TagPath> {
    map(&[
        ("vibration_de", "line-2/pump-7/vibration_de"),
        ("pressure", "line-2/pump-7/discharge_pressure"),
        ("speed", "line-2/pump-7/speed"),
        ("product", "line-2/product"),
        ("sensor_ok", "line-2/pump-7/sensor_ok"),
        ("serial", "line-2/pump-7/serial"),
    ])
}

fn said(map: &BTreeMap<String, TagPath>, tags: &Tags) -> String {
    let matches = check(&valid(), map, tags);
    let findings = matches.iter().flat_map(|one| one.findings.iter().map(move |finding| (one, finding)));
    let line = |(one, finding): (&bundle::mapping::SignalMatch, &bundle::mapping::Finding)| {
        let problem = finding.problem("pump-7");
        assert!(finding.severity == Severity::Note || !problem.hint.is_empty(), "{finding:?}");
        format!("{:?} {}: {}\n", finding.severity, one.signal, problem.what)
    };
    findings.map(line).collect()
}

#[test]
fn what_fits_is_quiet_but_for_the_conversion() {
    insta::assert_snapshot!(said(&full_map(), &good_tags()), @"Note pressure: bar(g) → kPa(g) (× 100)");
    let matches = check(&valid(), &full_map(), &good_tags());
    let kilopascal = matches[1].conversion.map(|conversion| conversion.apply(4.25));
    assert_eq!(kilopascal, Some(425.0));
    assert!(blocking(&matches, "deployment x").is_empty());
}

#[test]
fn what_does_not_fit_is_all_said_at_once() {
    let tags: Tags = [
        tag("a", "g", ValueType::F64, None, 1000),
        tag("b", "bar(a)", ValueType::F64, None, 1000),
        tag("c", "rpm", ValueType::Text, None, 60_000),
        tag("d", "", ValueType::F64, None, 2000),
    ]
    .into();
    let map = map(&[
        ("vibration_de", "a"),
        ("pressure", "b"),
        ("speed", "c"),
        ("product", "x"),
        ("sensor_ok", "d"),
        ("serail", "d"),
    ]);
    insta::assert_snapshot!(said(&map, &tags), @r#"
    Blocking vibration_de: `a` does not fit the signal `vibration_de`: `g` and `mm/s` measure different things
    Blocking pressure: `b` does not fit the signal `pressure`: `bar(a)` is absolute pressure, but `kPa(g)` is gauge pressure
    Blocking speed: `c` is a text, and the signal `speed` is a number
    Blocking speed: `c` is read every 1 min, and after 5 s without a sample nothing is predicted
    Blocking product: the signal `product` is mapped to `x`, which does not exist
    Warning sensor_ok: `d` is a number, and the signal `sensor_ok` is true or false: everything but 0 will be true
    Warning sensor_ok: `d` is read every 2 s; the model was made for every 1 s
    Blocking serial: the signal `serial` is mapped to no tag
    Blocking serail: the contract has no signal `serail`
    "#);
    let problems = blocking(&check(&valid(), &map, &tags), "deployment pump-7");
    assert!(problems.0.len() >= 7 && problems.0.iter().all(|problem| !problem.hint.is_empty()), "{problems}");
}

#[test]
fn other_ranges_missing_units_and_slower_tags_are_worth_a_look() {
    let mut tags = good_tags();
    let mut change = |name: &str, with: &dyn Fn(&mut TagFacts)| with(tags.get_mut(&name.parse().unwrap()).unwrap());
    change("line-2/pump-7/vibration_de", &|facts| facts.range = Some([-5.0, 50.0]));
    change("line-2/pump-7/discharge_pressure", &|facts| facts.range = Some([20.0, 25.0]));
    change("line-2/pump-7/speed", &|facts| facts.unit = None);
    change("line-2/product", &|facts| facts.period = Some(Duration::from_secs(5)));
    insta::assert_snapshot!(said(&full_map(), &tags), @r#"
    Warning vibration_de: `line-2/pump-7/vibration_de` may be -5 to 50 mm/s; the model knows 0 to 25
    Note pressure: bar(g) → kPa(g) (× 100)
    Warning pressure: `line-2/pump-7/discharge_pressure` is from 2000 to 2500 kPa(g), and the model knows only 0 to 1600
    Warning speed: `line-2/pump-7/speed` has no unit; the model takes it for 1/min
    Warning product: `line-2/product` is read every 5 s; the model was made for every 1 s
    "#);
}

#[test]
fn tags_are_suggested_by_name_unit_and_place() {
    let place: PlacePath = "line-2/pump-7".parse().unwrap();
    let found: BTreeMap<String, TagPath> =
        suggest(&valid(), &place, &good_tags()).into_iter().map(|one| (one.signal, one.tag)).collect();
    assert_eq!(found, full_map());
    let other: PlacePath = "line-2/pump-8".parse().unwrap();
    let found: Vec<_> = suggest(&valid(), &other, &good_tags()).into_iter().map(|one| one.tag.to_string()).collect();
    assert_eq!(found, ["line-2/pump-8/vibration_de", "line-2/product"]);
}

#[test]
fn what_cannot_fit_is_never_suggested() {
    let place = PlacePath::site();
    let tags: Tags = [
        tag("vibration_de", "bar(g)", ValueType::F64, None, 1000),
        tag("speed", "1/min", ValueType::Text, None, 1000),
        tag("temperature", "mm/s", ValueType::F64, Some([0.0, 25.0]), 1000),
    ]
    .into();
    assert_eq!(suggest(&valid(), &place, &tags), []);
}
