//! `web/openapi.json` says what this program answers.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_committed_description_is_the_one_this_program_would_write() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    let committed = std::fs::read_to_string(file).unwrap();
    let same = committed == server::openapi();
    assert!(same, "write it again: cargo run -p server --example openapi > web/openapi.json");
}

#[test]
fn every_shape_that_is_named_is_described_and_every_operation_says_its_role() {
    let text = server::openapi();
    let description: Value = serde_json::from_str(&text).unwrap();
    let shapes: BTreeSet<&str> =
        description["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(shapes.contains(name), "{name} is named and not described");
    }
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-role"].as_str().unwrap_or_default();
            assert!(["site", "hub", "both"].contains(&role), "{method} {path} says no role");
            let said = !operation["summary"].as_str().unwrap_or_default().is_empty();
            assert!(said, "{method} {path} says nothing");
        }
    }
}
