//! What changes between two configurations, one sentence each, for the dry run and the record of changes.

use std::collections::{BTreeSet, HashMap};

use domain::unit::Unit;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::SiteConfig;

/// Sentences such as `Tag line-2/pump-7/speed: range 0-3000 → 0-3600 1/min`. Empty exactly when both are equal.
pub fn differences(old: &SiteConfig, new: &SiteConfig) -> Vec<String> {
    let mut found = Vec::new();
    compare_fields(&mut found, "Site", &object(&old.site), &object(&new.site));
    compare_lists(&mut found, "Place", "path", &old.places, &new.places);
    compare_lists(&mut found, "Device", "name", &old.devices, &new.devices);
    compare_lists(&mut found, "Tag", "name", &old.tags, &new.tags);
    compare_lists(&mut found, "Variable", "name", &old.variables, &new.variables);
    compare_lists(&mut found, "Deployment", "name", &old.deployments, &new.deployments);
    compare_lists(&mut found, "Outlet", "name", &old.outlets, &new.outlets);
    compare_fields(&mut found, "History", &object(&old.history), &object(&new.history));
    compare_fields(&mut found, "Hub", &object(&old.hub), &object(&new.hub));
    let listen = |config: &SiteConfig| config.listen.as_ref().map(object).unwrap_or_default();
    compare_fields(&mut found, "Listen", &listen(old), &listen(new));
    found
}

fn object(value: &impl Serialize) -> Map<String, Json> {
    match serde_json::to_value(value) {
        Ok(Json::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Things of a list, known by the value of `key`.
fn compare_lists<T: Serialize>(found: &mut Vec<String>, noun: &str, key: &str, old: &[T], new: &[T]) {
    compare_objects(
        found,
        noun,
        key,
        &old.iter().map(object).collect::<Vec<_>>(),
        &new.iter().map(object).collect::<Vec<_>>(),
    );
}

fn compare_objects(
    found: &mut Vec<String>,
    noun: &str,
    key: &str,
    old: &[Map<String, Json>],
    new: &[Map<String, Json>],
) {
    let name = |item: &Map<String, Json>| item.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (before, after): (Vec<String>, Vec<String>) = (old.iter().map(name).collect(), new.iter().map(name).collect());
    let (had, has): (BTreeSet<&String>, BTreeSet<&String>) = (before.iter().collect(), after.iter().collect());
    for gone in before.iter().filter(|name| !has.contains(name)) {
        found.push(format!("{noun} {gone} is removed"));
    }
    let first: HashMap<&String, &Map<String, Json>> = before.iter().zip(old).rev().collect();
    for (item, name) in new.iter().zip(&after) {
        match first.get(name) {
            Some(old) => compare_fields(found, &format!("{noun} {name}"), old, item),
            None => found.push(format!("{noun} {name} is new{}", details(item, key))),
        }
    }
    let common = |list: &[String], other: &BTreeSet<&String>| -> Vec<String> {
        list.iter().filter(|name| other.contains(name)).cloned().collect()
    };
    if common(&before, &has) != common(&after, &had) {
        found.push(format!("{noun}s are in another order"));
    }
}

/// The settings of a new thing that a reviewer looks at first.
fn details(item: &Map<String, Json>, name: &str) -> String {
    let said: Vec<String> = ["name", "url", "device", "address", "unit", "bundle", "mode", "type"]
        .iter()
        .filter(|key| **key != name)
        .filter_map(|key| Some(format!("{} {}", words(key), show(key, item.get(*key)?))))
        .collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

fn compare_fields(found: &mut Vec<String>, thing: &str, old: &Map<String, Json>, new: &Map<String, Json>) {
    let unit = unit_words(old, new);
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
        let (before, after) = (old.get(key), new.get(key));
        match (key.as_str(), before, after) {
            ("at", _, _) => compare_at(found, thing, before, after),
            ("map" | "tune" | "bad_words" | "budget", _, _) => compare_entries(found, thing, key, before, after),
            _ => {
                let shown = |value: Option<&Json>| value.map_or_else(|| "none".to_owned(), |value| show(key, value));
                let unit = if matches!(key.as_str(), "range" | "normal" | "deadband") { unit.as_str() } else { "" };
                found.push(format!("{thing}: {} {} → {}{unit}", words(key), shown(before), shown(after)));
            }
        }
    }
}

/// One sentence per entry of a table such as `map`.
fn compare_entries(found: &mut Vec<String>, thing: &str, key: &str, old: Option<&Json>, new: Option<&Json>) {
    let entries = |value: Option<&Json>| value.and_then(Json::as_object).cloned().unwrap_or_default();
    let (old, new) = (entries(old), entries(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names.into_iter().filter(|name| old.get(*name) != new.get(*name)) {
        let shown = |value: Option<&Json>| value.map_or_else(|| "none".to_owned(), |value| show(name, value));
        found.push(format!("{thing}: {} {name} {} → {}", words(key), shown(old.get(name)), shown(new.get(name))));
    }
}

/// The places of a deployment that repeats.
fn compare_at(found: &mut Vec<String>, thing: &str, old: Option<&Json>, new: Option<&Json>) {
    let list = |value: Option<&Json>| -> Vec<Map<String, Json>> {
        let items = value.and_then(Json::as_array).into_iter().flatten();
        items.filter_map(Json::as_object).cloned().collect()
    };
    compare_objects(found, &format!("{thing} at"), "place", &list(old), &list(new));
}

fn words(key: &str) -> String {
    match key {
        "accept_unsigned" => "accept unsigned bundles".to_owned(),
        "url" => "address".to_owned(),
        "also" => "further addresses".to_owned(),
        other => other.replace('_', " "),
    }
}

/// ` 1/min`, when it is the unit before and after.
fn unit_words(old: &Map<String, Json>, new: &Map<String, Json>) -> String {
    let unit = new.get("unit").filter(|unit| old.get("unit") == Some(unit)).and_then(Json::as_str);
    let shown = unit.and_then(|code| Unit::parse(code).ok()).map(|unit| unit.display()).unwrap_or_default();
    if shown.is_empty() { shown } else { format!(" {shown}") }
}

fn show(key: &str, value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::Number(number) => {
            number.as_f64().filter(|_| number.is_f64()).map_or_else(|| number.to_string(), |n| n.to_string())
        }
        Json::String(text) if key == "unit" => match Unit::parse(text).map(|unit| unit.display()) {
            Ok(shown) if !shown.is_empty() => shown,
            _ => text.clone(),
        },
        Json::String(text) if matches!(key, "label" | "name" | "value" | "is") => format!("\"{text}\""),
        Json::String(text) => text.clone(),
        Json::Array(items) => match (key, items.as_slice()) {
            ("range" | "normal" | "raw" | "to", [low, high]) => {
                let join = if low.as_f64().is_some_and(|low| low < 0.0) { " to " } else { "-" };
                format!("{}{join}{}", show("", low), show("", high))
            }
            (_, []) => "none".to_owned(),
            _ => items.iter().map(|item| show(key, item)).collect::<Vec<_>>().join(", "),
        },
        Json::Object(map) => {
            map.iter().map(|(key, value)| format!("{} {}", words(key), show(key, value))).collect::<Vec<_>>().join(", ")
        }
    }
}
