//! Tags that are wrong, odd or fine, before they are saved.

use config::site::{Device, Tag};

use super::*;

fn draft(name: &str, address: &str) -> TagDraft {
    TagDraft { name: name.to_owned(), address: address.to_owned(), ..TagDraft::default() }
}

fn check(tags: &[TagDraft]) -> Vec<TagFinding> {
    check_tags(tags, &Against { device: "plc-2", url: "modbus-tcp://10.0.0.1:502/1", site: None })
}

/// The one finding of one tag.
fn only(tag: TagDraft) -> TagFinding {
    let mut findings = check(&[tag]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn site() -> SiteConfig {
    let mut site = SiteConfig::new("Plant");
    let document = serde_json::json!({"name": "line-2/speed", "device": "plc-2", "address": "holding:0:float32"});
    site.tags.push(serde_json::from_value::<Tag>(document).unwrap().into());
    let device = serde_json::json!({"name": "plc-2", "url": "modbus-tcp://10.0.0.1:502/1"});
    site.devices.push(serde_json::from_value::<Device>(device).unwrap());
    site
}

#[test]
fn names_that_are_taken_come_with_one_that_is_free() {
    let site = site();
    let against = Against { device: "plc-3", url: "", site: Some(&site) };
    let tags = [
        draft("line-2/speed", "holding:0"),
        draft("a", "holding:1"),
        draft("a", "holding:2"),
        draft("b c", "holding:3"),
    ];
    let findings = check_tags(&tags, &against);
    let said: Vec<_> = findings.iter().map(|finding| (finding.tag, finding.code)).collect();
    assert_eq!(said, [(0, "tag.name-known"), (2, "tag.name-twice"), (3, "tag.bad-name")]);
    assert_eq!(findings[0].fixes[0].change, Change::Name { name: "line-2/speed_2".into() });
    assert!(findings.iter().all(|finding| finding.level == Level::Stop));
}

#[test]
fn one_place_read_twice_or_as_two_things_is_seen() {
    let site = site();
    let against = Against { device: "plc-2", url: "modbus-tcp://10.0.0.1:502/1", site: Some(&site) };
    let tags = [
        draft("again", "holding:0:float32"),
        draft("half", "holding:1:uint16"),
        draft("word", "holding:10"),
        draft("bit", "holding:10:bit:3"),
        draft("other", "input:0"),
        draft("wide", "holding:20:float64"),
        draft("inside", "holding:23"),
    ];
    let findings = check_tags(&tags, &against);
    let said: Vec<_> = findings.iter().map(|finding| (finding.tag, finding.code)).collect();
    assert_eq!(said, [(0, "tag.read-twice"), (1, "tag.overlap"), (6, "tag.overlap")]);
    assert_eq!(findings[2].words["with"], "holding:20:float64");
}

#[test]
fn an_address_beyond_the_device_says_what_there_is() {
    let finding = only(draft("x", "holding:65535:float32"));
    assert_eq!((finding.code, finding.level), ("tag.bad-address", Level::Stop));
    assert!(finding.what.contains("65535, the last there is"), "{}", finding.what);
}

#[test]
fn an_unknown_unit_comes_with_the_one_that_was_meant() {
    for (written, meant) in [("C", "°C"), ("barü", "bar(g)"), ("M3/H", "m3/h"), ("Prozent", "%"), ("KPA", "kPa")] {
        let finding = only(TagDraft { unit: Some(written.into()), ..draft("x", "holding:0") });
        assert_eq!(
            finding.fixes.first().map(|fix| &fix.change),
            Some(&Change::Unit { unit: meant.into(), range: None }),
            "{written}"
        );
    }
    let finding = only(TagDraft { unit: Some("furlongs per fortnight".into()), ..draft("x", "holding:0") });
    assert!(finding.fixes.is_empty() && finding.hint.contains("UCUM"));
}

#[test]
fn a_range_that_type_and_scale_never_reach_is_odd() {
    let scaled = |address: &str, factor: f64, range| TagDraft {
        scale: Some(Scale::Linear { factor, offset: 0.0 }),
        range: Some(range),
        ..draft("x", address)
    };
    let finding = only(scaled("holding:0", 0.01, [0.0, 3000.0]));
    assert_eq!((finding.code, finding.words["most"].as_str()), ("tag.range-unreachable", "655.35"));
    let finding = only(scaled("holding:0", 0.1, [-20.0, 80.0]));
    assert_eq!(finding.fixes[0].change, Change::Address { address: "holding:0:int16".into() });
    assert_eq!(
        check(&[
            scaled("holding:0:int16", 0.1, [-20.0, 80.0]),
            TagDraft { name: "y".into(), ..scaled("holding:1:float32", 1.0, [-1e9, 1e9]) }
        ]),
        []
    );
}

#[test]
fn numbers_that_mean_nothing_stop() {
    assert_eq!(only(TagDraft { range: Some([5.0, 5.0]), ..draft("x", "holding:0") }).code, "tag.range-empty");
    assert_eq!(
        only(TagDraft { scale: Some(Scale::Points { raw: [1.0, 1.0], to: [0.0, 5.0] }), ..draft("x", "holding:0") })
            .code,
        "tag.scale-flat"
    );
    assert_eq!(
        only(TagDraft { unit: Some("bar".into()), ..draft("x", "holding:0:string:8") }).code,
        "tag.text-with-numbers"
    );
    assert_eq!(only(TagDraft { range: Some([0.0, 1.0]), ..draft("x", "coil:0") }).code, "tag.bool-with-numbers");
}

fn live(address: &str, value: Value, range: Option<[f64; 2]>, unit: Option<&str>) -> TagDraft {
    TagDraft { range, unit: unit.map(str::to_owned), value: Some(value), ..draft("x", address) }
}

#[test]
fn a_float_in_the_wrong_order_is_shown_in_all_four() {
    // 6.5 is 0x40D00000; read with its words swapped it is 0x000040D0, which is next to nothing
    let wrong = f32::from_bits(0x0000_40D0);
    for range in [Some([5.0, 25.0]), None] {
        let finding = only(live("holding:0:float32", Value::from_f64(f64::from(wrong)).unwrap(), range, None));
        let orders: Vec<_> = finding
            .fixes
            .iter()
            .map(|fix| match &fix.change {
                Change::WordOrder { order, address } => (order.as_str(), address.as_str(), fix.fits),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(orders[0], ("abcd", "holding:0:float32", false), "{range:?}");
        assert_eq!(orders[1], ("cdab", "holding:0:float32:cdab", true), "{range:?}");
        assert_eq!((orders.len(), finding.fixes[1].becomes), (4, Some(6.5)));
    }
}

#[test]
fn a_value_outside_its_range_may_be_another_unit_a_sign_or_a_scale() {
    let psi = only(live("holding:0:float32", Value::from_f64(39.3).unwrap(), Some([0.0, 16.0]), Some("bar(g)")));
    let fix = psi.fixes.iter().find(|fix| fix.fits).expect("psi fits");
    assert_eq!(fix.change, Change::Unit { unit: "psi(g)".into(), range: Some([0.0, 232.0]) });
    assert!((fix.becomes.unwrap() - 2.71).abs() < 0.01, "{fix:?}");
    let sign = check(&[live("holding:0", Value::U64(65531), Some([-20.0, 80.0]), Some("K"))]);
    let codes: Vec<_> = sign.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["tag.range-unreachable", "tag.value-outside"]);
    let int = Change::Address { address: "holding:0:int16".into() };
    assert!(sign.iter().all(|finding| finding.fixes.iter().any(|fix| fix.change == int)), "{sign:?}");
    let tenth = only(live("holding:0", Value::U64(714), Some([0.0, 150.0]), None));
    assert_eq!((&tenth.fixes[0].change, tenth.fixes[0].becomes), (&Change::Factor { factor: 0.1 }, Some(71.4)));
    assert_eq!(check(&[live("holding:0", Value::U64(71), Some([0.0, 150.0]), None)]), []);
}

#[test]
fn a_long_list_at_one_place_is_checked_in_line_time() {
    let tags: Vec<TagDraft> = (0..20_000).map(|n| draft(&format!("t{n}"), "holding:0")).collect();
    assert_eq!(check(&tags).len(), 19_999);
}

#[test]
fn own_names_are_made_of_what_paths_may_hold() {
    assert_eq!(own_name("Lagertemp. (AS) für Öl"), "lagertemp._as_fuer_oel");
    assert_eq!(own_name("  P-101/2 "), "p-101_2");
    assert_eq!(own_name("§$%"), "");
    assert_eq!(free_name("a", |name| ["a", "a_2"].contains(&name)), "a_3");
}
