//! Broken files: the whole text that a person reads is kept beside each of them.

use std::path::Path;

use config::check_site;
use domain::Problem;

use crate::outside::Outside;

fn check(name: &str, at_least: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/broken");
    let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
    let problems = check_site(&text, "site.toml", &Outside).expect_err("a broken file was accepted");
    for Problem { code, place, what, hint, .. } in &problems.0 {
        assert!(code.split_once('.').is_some_and(|(noun, cause)| !noun.is_empty() && !cause.is_empty()), "{code}");
        assert!(place.starts_with("site.toml:") && !what.is_empty() && !hint.is_empty(), "{code} at {place}: {what}");
    }
    assert!(problems.0.len() >= at_least, "{} of {at_least} problems\n{problems}", problems.0.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, problems.to_string()));
}

#[test]
fn slips_of_the_finger_are_all_shown_with_what_was_meant() {
    check("typing", 18);
}

#[test]
fn names_that_clash_or_lead_nowhere_are_all_shown() {
    check("names", 11);
}

#[test]
fn numbers_that_cannot_be_are_all_shown() {
    check("numbers", 20);
}

#[test]
fn files_that_make_no_sense_together_show_every_contradiction() {
    check("logic", 18);
}

#[test]
fn outlets_that_lead_nowhere_or_too_far_are_all_shown() {
    check("outlets", 27);
}

#[test]
fn broken_toml_shows_every_broken_line_and_the_slips_elsewhere() {
    check("syntax", 5);
}

#[test]
fn the_same_check_on_json_names_things_instead_of_lines() {
    let json = serde_json::json!({
        "site": {"name": "Plant North", "colour": "grey"},
        "device": [{"name": "plc-2", "url": "modbus-tcp://10.0.0.1:502/1"}],
        "tag": [{"name": "speed", "device": "plc-3", "address": "holding:0", "unit": null, "range": [3, 1]}],
    });
    let problems = config::check_site_json(&json, &Outside).expect_err("broken JSON was accepted");
    let said: Vec<String> = problems.0.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    site: site has no key `colour`
    tag speed: tag speed is read from the device `plc-3`, which does not exist
    tag speed: `range` of tag speed goes from 3 to 1: there is nothing between
    ");
}
