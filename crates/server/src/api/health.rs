//! Health for machines and doctor for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Said;

/// `/healthz`, without a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, `degraded` or `failed`.
    pub status: String,
    /// The version of the program.
    pub version: String,
    /// `site` or `hub`.
    pub role: String,
    /// Seconds since the process started.
    pub up_s: f64,
    /// Per stream of the log.
    pub log: BTreeMap<String, StreamHealth>,
    /// Seconds from the start of the process to its first prediction; null before it.
    pub first_prediction_s: Option<f64>,
    /// Seconds since the newest prediction.
    pub prediction_age_s: Option<f64>,
    /// Devices that answer.
    pub devices_reading: u32,
    /// Devices.
    pub devices: u32,
    /// What is wrong, in words.
    pub words: Vec<String>,
    /// Of a hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubHealth>,
}

/// How a hub's intake is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HubHealth {
    /// Edges that were let in and not shut out again.
    pub edges: u64,
    /// Of those, the ones that spoke within the last minutes.
    pub connected: u64,
    /// Parcels that are stored.
    pub parcels: u64,
    /// Their bytes.
    pub parcel_bytes: u64,
    /// Requests of edges that were refused since the start, by the code of the reason.
    pub refusals: BTreeMap<String, u64>,
}

/// One stream of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamHealth {
    /// Everything up to this sequence is on disk.
    pub synced_seq: u64,
}

/// How serious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DoctorState {
    /// Fine.
    Ok,
    /// Look at it.
    Look,
    /// Wrong.
    Wrong,
}

/// One thing the doctor looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorLine {
    /// Stable name: `disk.room`, `clock.step`, `worker.sandbox`.
    pub code: String,
    /// How it is.
    pub state: DoctorState,
    /// What was found, one sentence.
    pub words: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}
