//! The site's configuration as one document.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The whole configuration with its deployments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteDocument {
    /// The number of the change that made it; give it back as `based_on`.
    pub head: i64,
    /// The document, same model as `site.toml` (schema: `/api/v1/site/schema`).
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
}

/// A document to apply: exactly one of `toml` and `document`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplySite {
    /// As a file for people; problems then say line and column.
    #[serde(default)]
    pub toml: Option<String>,
    /// What the file is called in problems; `site.toml` when missing.
    #[serde(default)]
    pub file: Option<String>,
    /// As JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub document: Option<serde_json::Value>,
    /// The head it was made from. Missing: whatever is there now.
    #[serde(default)]
    pub based_on: Option<i64>,
    /// Bundles that the document names and that are not on this edge yet. For a dry run only: to apply it, add them first.
    #[serde(default)]
    pub bundles: Vec<BundleToCome>,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// A bundle that would be added before the document is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleToCome {
    /// `sha256:…`, the digest of its manifest.
    pub digest: String,
    /// Its contract.toml: what the deployments are judged by.
    pub contract: String,
    /// Size of its file in bytes.
    pub size: i64,
}

/// What applying did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// In plain words, one line each; empty when nothing changes.
    pub differences: Vec<String>,
    /// False after a dry run and when nothing changes.
    pub applied: bool,
    /// The head now.
    pub head: i64,
}

/// How to write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// The head of the site's configuration that this change was made from.
    pub based_on: i64,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}
