//! Samples, and the scan that brings many of them at once.

use serde::{Deserialize, Serialize};

use crate::{GroupId, Quality, SeriesId, Timestamp, Value};

/// One value of one series at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Whose value.
    pub series: SeriesId,
    /// When it reached this edge, truncated to milliseconds; the time the path runs on.
    pub arrival: Timestamp,
    /// When the device says it was true, if the device says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Timestamp>,
    /// None together with a bad quality.
    pub value: Option<Value>,
    /// How far to trust it.
    pub quality: Quality,
}

/// One reading of one scan group: what a device gave at one moment, in the order of the group's series.
/// One scan is one record of the log. A deployment's predictions of one window are a scan too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Which list of series.
    pub group: GroupId,
    /// When the last byte reached this edge, truncated to milliseconds.
    pub arrival: Timestamp,
    /// When the device says it was true, if it says so, for the whole scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Timestamp>,
    /// One per series of the group; none goes with a bad quality.
    pub values: Vec<Option<Value>>,
    /// One per series of the group.
    pub qualities: Vec<Quality>,
}
