//! The JSON schema of site.toml, for editors and for `lastmile schema`.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{ByteSize, SiteConfig, TimeSpan};

/// The schema of [`SiteConfig`] (JSON Schema 2020-12).
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<SiteConfig>();
    schema.insert("title".to_owned(), "lastmile site.toml".into());
    schema.to_value()
}

impl JsonSchema for TimeSpan {
    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\s*([0-9.]+\s*(us|ms|s|min|m|h|d)\s*)+$",
            "examples": ["250ms", "1s", "5min", "90d"],
        })
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\s*[0-9.]+\s*([kKMGT]i?)?B\s*$",
            "examples": ["64MB", "20GB", "512MiB"],
        })
    }
}
