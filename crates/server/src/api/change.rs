//! The record of changes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::Said;

/// One change in plain words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Its number in the record of this edge.
    pub number: i64,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// How they proved it: `session`, `token-file`, `terminal`, `box`.
    pub authority: String,
    /// The kind of act: `set-mode`.
    pub act: String,
    /// What, one sentence.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Where; empty is the site.
    pub place: String,
    /// How it was before.
    #[schema(value_type = Option<Object>)]
    pub from: Option<serde_json::Value>,
    /// How it is since.
    #[schema(value_type = Option<Object>)]
    pub to: Option<serde_json::Value>,
    /// Why.
    pub because: Option<String>,
    /// SHA-256 of the entry, hex.
    pub digest: String,
}

/// Which changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangeFilter {
    /// The place and what is below it.
    #[serde(default)]
    pub place: Option<String>,
    /// Only those before this number; for the next page.
    #[serde(default)]
    pub before: Option<i64>,
    /// Not before this time.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// Not after this time.
    #[serde(default)]
    pub to_ms: Option<i64>,
    /// Only of this kind.
    #[serde(default)]
    pub act: Option<String>,
    /// At most so many, 1 to 500; 100 when missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of changes, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// The number of the newest entry.
    pub head: i64,
    /// Ask for `before` this number to get more; none when there is no more.
    pub next: Option<i64>,
}

/// What verifying the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainCheck {
    /// Nothing was altered, removed or put in another order.
    pub ok: bool,
    /// Entries that were read.
    pub entries: i64,
    /// What was found, one sentence.
    pub words: String,
    /// The first entry that is wrong.
    pub wrong: Option<i64>,
    /// Digest of the newest entry, hex.
    pub head: Option<String>,
}
