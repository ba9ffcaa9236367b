//! Trends: columns of numbers, gaps that are gaps, and marks of changes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Said, Texts};

/// Which trend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrendQuery {
    /// Names of tags, separated by commas, at most 20.
    pub tags: String,
    /// From when.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// How many points at most per series, 2 to 5000; 600 when missing.
    #[serde(default)]
    pub buckets: Option<u32>,
}

/// Several series over one stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trend {
    /// As asked.
    pub from_ms: i64,
    /// As asked.
    pub to_ms: i64,
    /// In the order asked.
    pub series: Vec<TrendSeries>,
    /// Changes in this stretch at the places of these tags and above, oldest first, at most 200.
    pub marks: Vec<ChangeMark>,
}

/// One series as columns of equal length. Down-sampled points stand at the middle of their bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrendSeries {
    /// The tag.
    pub tag: String,
    /// The name people read.
    pub label: Texts,
    /// Unit.
    pub unit: String,
    /// Times, ascending.
    pub t: Vec<i64>,
    /// Smallest in the bucket; null inside a gap.
    pub min: Vec<Option<f64>>,
    /// Largest in the bucket; null inside a gap.
    pub max: Vec<Option<f64>>,
    /// Mean of the bucket; null inside a gap.
    pub mean: Vec<Option<f64>>,
    /// Stretches without usable values.
    pub gaps: Vec<Gap>,
    /// Grey band.
    pub normal: Option<(f64, f64)>,
    /// Declared limits.
    pub range: Option<(f64, f64)>,
    /// When there is no series: why, one sentence ("no history of this tag yet").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A stretch without usable values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// From when.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// Why, in words: "no answer from plc-2", "not applicable: start-up", "edge was off".
    pub reason: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// A change as a mark under the axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeMark {
    /// When.
    pub at_ms: i64,
    /// Its number in the record.
    pub number: i64,
    /// Who.
    pub who: String,
    /// What, one sentence.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Why.
    pub because: Option<String>,
}
