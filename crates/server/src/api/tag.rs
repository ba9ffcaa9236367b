//! Tags and local variables: their settings as in `site.toml`, and what they say now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Permission, Reading, Scalar, Texts};

/// Where a tag comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TagKind {
    /// Read from a device.
    Device,
    /// A local variable.
    Variable,
    /// An output of a model.
    Prediction,
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// `line-2/pump-7/vibration_de`.
    pub name: String,
    /// The name people read.
    pub label: Texts,
    /// Its place.
    pub place: String,
    /// Where it comes from.
    pub kind: TagKind,
    /// Its device, for device tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Its deployment, for predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// Its address, for device tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `bool`, `i64`, `u64`, `f64`, `text`; none when the address does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_type: Option<String>,
    /// Unit as written by people; empty when it has none.
    pub unit: String,
    /// Declared limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Grey band on screens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<(f64, f64)>,
    /// How often it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_ms: Option<i64>,
    /// From which age on it is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after_ms: Option<i64>,
    /// `never` or `guarded`.
    pub write: String,
    /// What a local variable may be set to, when that is limited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What it says now.
    pub latest: Reading,
    /// For local variables: may the person asking set it?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
}

/// Which tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagFilter {
    /// The place and what is below it.
    #[serde(default)]
    pub place: Option<String>,
    /// Only of this device.
    #[serde(default)]
    pub device: Option<String>,
}

/// Raw to engineering units: either `factor` and `offset`, or `raw` and `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScaleSettings {
    /// engineering = raw · factor + offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// See `factor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
    /// Two raw values …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<(f64, f64)>,
    /// … and what they mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<(f64, f64)>,
}

/// Good only while another tag has this value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ValidIf {
    /// The other tag.
    pub tag: String,
    /// The value it must have.
    pub is: Scalar,
}

/// A `[[tag]]` of `site.toml`; durations as there ("1s").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagSettings {
    /// `line-2/pump-7/vibration_de`.
    pub name: String,
    /// The name people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its device.
    pub device: String,
    /// Its address there.
    pub address: String,
    /// Scan period, when not the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Raw to engineering units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleSettings>,
    /// Declared limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Grey band on screens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<(f64, f64)>,
    /// Smaller moves repeat the last value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadband: Option<f64>,
    /// Good only while another tag says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_if: Option<ValidIf>,
    /// Raw values that mean "sensor failed".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fail_codes: Vec<f64>,
    /// A word of the plant per bad quality.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bad_words: BTreeMap<String, String>,
    /// `never` or `guarded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<String>,
    /// From which age on it is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

/// Tags to add or to change, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveTags {
    /// Those with a known name are changed, the others are added.
    pub tags: Vec<TagSettings>,
    /// The head of the site's configuration that this change was made from (`/api/v1/site`).
    pub based_on: i64,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// A `[[variable]]` of `site.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariableSettings {
    /// `line-2/recipe`.
    pub name: String,
    /// `bool`, `i64`, `u64`, `f64`, `text`.
    #[serde(rename = "type")]
    pub value_type: String,
    /// What it starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
    /// What it may be set to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A new value of a local variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SetVariable {
    /// The value.
    #[schema(value_type = Scalar)]
    pub value: domain::Value,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}
