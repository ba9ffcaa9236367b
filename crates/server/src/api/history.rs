//! What history holds and how to take it out.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How much is kept and how long it lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryRoom {
    /// Bytes on disk.
    pub bytes: i64,
    /// Bytes it may grow to.
    pub max_bytes: i64,
    /// Free bytes on the disk.
    pub free_bytes: Option<i64>,
    /// Days it is kept at most.
    pub keep_days: f64,
    /// The oldest sample.
    pub oldest_ms: Option<i64>,
    /// Days until the room is used up at the rate of the last day; none while unknown.
    pub days_left: Option<f64>,
    /// Samples written since start.
    pub samples: u64,
}

/// Layout of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportLayout {
    /// `arrival_us,tag,value,quality`.
    Long,
    /// `arrival_us,<tag>…`, good values only.
    Wide,
}

/// File format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Text.
    Csv,
    /// Parquet.
    Parquet,
}

/// What to take out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Names of tags, separated by commas. Alternatively `signal=tag` pairs, which name the columns of a wide file.
    pub tags: String,
    /// From when.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// `csv` (default) or `parquet`.
    #[serde(default)]
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// `long` (default) or `wide`.
    #[serde(default)]
    #[param(inline)]
    pub layout: Option<ExportLayout>,
}
