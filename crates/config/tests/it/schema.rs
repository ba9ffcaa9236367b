//! The schema and the file with every key know the same keys.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// `tag.valid_if.is`: every key that a schema knows, but for those of free tables.
fn keys_of_schema(root: &Json, schema: &Json, path: &str, keys: &mut BTreeSet<String>) {
    let target = schema.get("$ref").and_then(Json::as_str).and_then(|name| root.pointer(name.trim_start_matches('#')));
    let schema = target.unwrap_or(schema);
    for list in ["anyOf", "oneOf", "allOf"] {
        for one in schema.get(list).and_then(Json::as_array).into_iter().flatten() {
            keys_of_schema(root, one, path, keys);
        }
    }
    if let Some(items) = schema.get("items") {
        keys_of_schema(root, items, path, keys);
    }
    for (key, inner) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let path = format!("{path}.{key}");
        keys_of_schema(root, inner, &path, keys);
        keys.insert(path);
    }
}

fn keys_of_file(value: &toml::Value, path: &str, keys: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                let path = format!("{path}.{key}");
                // their keys are names of signals, tunables, qualities and what messages repeat over
                if !["map", "tune", "bad_words", "each"].contains(&key.as_str()) {
                    keys_of_file(inner, &path, keys);
                }
                keys.insert(path);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| keys_of_file(item, path, keys)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_schema_is_in_the_file_with_every_key_and_the_other_way_round() {
    let schema = config::schema();
    let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
    keys_of_schema(&schema, &schema, "", &mut known);
    keys_of_file(&toml::from_str(include_str!("plant-north.toml")).unwrap(), "", &mut used);
    assert_eq!(known.symmetric_difference(&used).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(known.len() > 60, "{known:?}");
}
