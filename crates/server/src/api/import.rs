//! Many tags at once: a text of another system read as tags, and tags checked before they are saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Scalar;
use super::tag::{ScaleSettings, TagSettings};

/// What kind of text it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportFormat {
    /// Find out.
    #[default]
    Auto,
    /// A pasted list, CSV or TSV.
    List,
    /// A flow of Node-RED as JSON.
    NodeRed,
    /// The tags of a Kepware device as CSV.
    Kepware,
}

/// A text to read. Nothing is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportText {
    /// The text, at most 10 MB.
    pub text: String,
    /// What it is.
    #[serde(default)]
    pub format: ImportFormat,
}

/// A device that the text names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedDevice {
    /// As the text calls it; tags refer to it by this.
    pub name: String,
    /// Its URL, when the text says it and its protocol is spoken here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One tag as the text has it. What it does not say is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedTag {
    /// The line of the text it begins on, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The device it is read from, by its name in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Its name in the text; may be empty.
    pub name: String,
    /// What people read; may be empty.
    pub label: String,
    /// Its address: `holding:100:float32:cdab`.
    pub address: String,
    /// Unit as the text has it, known or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Raw to engineering units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleSettings>,
    /// Lowest and highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// How often the other system reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_ms: Option<u64>,
    /// Whether the other system may write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writable: Option<bool>,
}

/// How much a sentence of the report matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportRemarkKind {
    /// Something did not become a tag.
    NotTaken,
    /// A tag was taken, and something about it was assumed.
    Assumed,
    /// Something has no counterpart here.
    LeftAside,
}

/// One sentence of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportRemark {
    /// How much it matters.
    pub kind: ImportRemarkKind,
    /// Stable name, `noun.cause`.
    pub code: String,
    /// The line of the text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What it is about.
    pub about: String,
    /// What was found, one sentence.
    pub what: String,
    /// What to do; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the sentence, to say it in another language.
    pub words: BTreeMap<String, String>,
}

/// What a text holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// What kind of text it was.
    pub format: ImportFormat,
    /// The devices it names.
    pub devices: Vec<ImportedDevice>,
    /// Its tags, in its order, at most 100,000.
    pub tags: Vec<ImportedTag>,
    /// What was not taken, assumed or left aside; what matters most first.
    pub report: Vec<ImportRemark>,
    /// So many more sentences were not kept.
    pub more: usize,
}

/// Tags as they would be saved. Nothing is saved and no device is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckTags {
    /// The device they are read from.
    pub device: String,
    /// Its URL; empty while nobody typed one.
    #[serde(default)]
    pub url: String,
    /// The tags, at most 100,000.
    pub tags: Vec<TagSettings>,
    /// What they read now, raw, in the same order; shorter or null where nothing was read.
    #[serde(default)]
    #[schema(value_type = Vec<Option<Scalar>>)]
    pub values: Vec<Option<domain::Value>>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagFindingLevel {
    /// It can't be saved like this.
    Stop,
    /// It can be saved; look at it.
    Look,
}

/// What is wrong or odd about one tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagFinding {
    /// Which of the tags, from 0.
    pub tag: usize,
    /// How much it matters.
    pub level: TagFindingLevel,
    /// Stable name, `tag.cause`.
    pub code: String,
    /// One sentence.
    pub what: String,
    /// What to do; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the sentence, to say it in another language.
    pub words: BTreeMap<String, String>,
    /// Ways out, the most likely one first; all four word orders where that is the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<TagFix>,
}

/// One way out of a finding: the fields of the tag that would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagFix {
    /// `name`, `unit`, `factor`, `address`, `word-order`.
    pub change: String,
    /// What the tag would read then, in its unit before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<f64>,
    /// That is within the range, or nothing speaks against it.
    pub fits: bool,
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The range in the new unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// The new factor from raw to engineering value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// The new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `abcd`, `cdab`, `badc`, `dcba`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}
