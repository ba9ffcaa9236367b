//! What is wrong, on the wire: `application/problem+json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemItem {
    /// Stable name, `noun.cause`.
    pub code: String,
    /// Where.
    pub place: String,
    /// What is wrong, one sentence.
    pub what: String,
    /// Why; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do now; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the holes of its sentence, by name; `code` names the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Object>)]
    pub args: BTreeMap<String, domain::Arg>,
}

/// The body of every answer that is not a success. The first problem stands on top; `problems` holds all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// Stable name, `noun.cause`.
    pub code: String,
    /// Where.
    pub place: String,
    /// What is wrong, one sentence.
    pub what: String,
    /// Why; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do now; may be missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the holes of its sentence, by name; `code` names the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Object>)]
    pub args: BTreeMap<String, domain::Arg>,
    /// The number of the request, as in the edge's own log.
    pub request: String,
    /// All problems when there is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemItem>,
    /// With `access.refused`: who could.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who_could: Vec<String>,
}

impl From<domain::Problem> for ProblemItem {
    fn from(problem: domain::Problem) -> Self {
        let domain::Problem { code, place, what, why, hint, args } = problem;
        Self { code, place, what, why, hint, args }
    }
}
