//! Bundles on this edge and what they need and give.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{Said, Texts};

/// One bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bundle {
    /// `sha256:…`, the digest of its manifest.
    pub digest: String,
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Title per language.
    pub title: Texts,
    /// What it is for, per language.
    pub about: Texts,
    /// Size of the file in bytes.
    pub size: i64,
    /// When it came.
    pub added_ms: i64,
    /// Who brought it.
    pub added_by: String,
    /// Whether a signature was verified; signatures come with trust.
    pub signed: bool,
    /// Deployments whose revision in use is this bundle.
    pub used_by: Vec<String>,
}

/// One bundle with its contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BundleDetail {
    /// As in the list.
    pub bundle: Bundle,
    /// Its signals.
    pub signals: Vec<ContractSignal>,
    /// Its outputs.
    pub outputs: Vec<ContractOutput>,
    /// Its tunables.
    pub tunables: Vec<ContractTunable>,
    /// When it applies, in order.
    pub conditions: Vec<ContractCondition>,
    /// What starts a window, one sentence.
    pub trigger: String,
    /// The window, one sentence.
    pub window: String,
    /// `trigger` for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_trigger: Option<Said>,
    /// `window` for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_window: Option<Said>,
    /// The whole contract as JSON, as `contract.toml` says it.
    #[schema(value_type = Object)]
    pub contract: serde_json::Value,
}

/// A named input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContractSignal {
    /// Its name.
    pub name: String,
    /// Title per language.
    pub title: Texts,
    /// Unit.
    pub unit: String,
    /// `number`, `bool`, `text`.
    pub value_type: String,
    /// `input`, `condition`, `key`, `trigger`.
    pub role: String,
    /// Limits the model was made for.
    pub range: Option<(f64, f64)>,
    /// Normal band while the model applies, from training.
    pub normal: Option<(f64, f64)>,
    /// Expected sample period.
    pub rate_ms: Option<i64>,
}

/// A named output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContractOutput {
    /// Its name.
    pub name: String,
    /// Title per language.
    pub title: Texts,
    /// Unit.
    pub unit: String,
    /// Limits.
    pub range: Option<(f64, f64)>,
}

/// A setting the plant may change within limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContractTunable {
    /// Its name.
    pub name: String,
    /// Title per language.
    pub title: Texts,
    /// What the bundle says.
    pub default: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

/// When the model applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractCondition {
    /// Its name.
    pub name: String,
    /// Title per language.
    pub title: Texts,
    /// False: while this holds, the model does not apply.
    pub applies: bool,
}
