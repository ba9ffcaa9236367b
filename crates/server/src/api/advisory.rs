//! Advice: raised and cleared by the path, acknowledged by people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Permission, Texts};
use super::deployment::Contribution;

/// ISA-18.2 states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdvisoryState {
    /// Active, nobody has seen it.
    Unacknowledged,
    /// Active and seen.
    Acknowledged,
    /// Gone before anybody saw it.
    Returned,
    /// Gone and seen.
    Done,
}

/// One advisory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Advisory {
    /// Its id.
    pub id: String,
    /// The deployment that raised it.
    pub deployment: String,
    /// Title of the model per language.
    pub model: Texts,
    /// Version of the model.
    pub version: String,
    /// Where.
    pub place: String,
    /// Where it stands.
    pub state: AdvisoryState,
    /// Title per language.
    pub title: Texts,
    /// Why, one sentence per language.
    pub reason: Texts,
    /// What to do, in steps, per language.
    pub response: BTreeMap<String, Vec<String>>,
    /// The signals that drive it, the strongest first.
    pub because: Vec<Contribution>,
    /// The prediction tag of the rule, to be trended.
    pub score_tag: Option<String>,
    /// When it was raised.
    pub raised_ms: i64,
    /// When it was cleared.
    pub cleared_ms: Option<i64>,
    /// When it was acknowledged.
    pub acknowledged_ms: Option<i64>,
    /// By whom.
    pub acknowledged_by: Option<String>,
    /// Whether the person asking may acknowledge it.
    pub permission: Permission,
}

/// Which advisories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdvisoryFilter {
    /// The place and what is below it.
    #[serde(default)]
    pub place: Option<String>,
    /// Also those that are gone and seen.
    #[serde(default)]
    pub all: Option<bool>,
    /// At most so many, 1 to 500; 100 when missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A list, unacknowledged first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Advisories {
    /// The advisories.
    pub advisories: Vec<Advisory>,
    /// How many were raised in the last ten minutes.
    pub raised_last_10_min: u32,
    /// How many are active and unacknowledged.
    pub unacknowledged: u32,
}
