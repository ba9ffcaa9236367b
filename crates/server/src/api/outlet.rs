//! Outlets: the ways by which tags leave the edge, as they are now.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Said;

/// What kind of way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutletKind {
    /// Published to an MQTT broker.
    Mqtt,
    /// Read from our Modbus server.
    Modbus,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutletStateKind {
    /// Connected, or listening.
    Open,
    /// Not yet; nothing went wrong so far.
    Opening,
    /// Something is wrong; it is tried again.
    Closed,
}

/// How an outlet is, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutletState {
    /// For colours and filters.
    pub kind: OutletStateKind,
    /// One sentence.
    pub words: String,
    /// The sentence for other languages.
    pub said: Option<Said>,
    /// What to do, when something is wrong.
    pub hint: String,
    /// Since when it is open; null while it is not.
    pub since_ms: Option<i64>,
}

/// A way by which tags leave the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outlet {
    /// Its name.
    pub name: String,
    /// Where it goes, or where it listens.
    pub url: String,
    /// What kind of way.
    pub kind: OutletKind,
    /// How it is.
    pub state: OutletState,
    /// Tags that are published one by one, or stand in registers.
    pub tags: u64,
    /// Messages of one's own form.
    pub messages: u64,
    /// MQTT: messages that were to be sent. Always sent + dropped + waiting.
    pub offered: u64,
    /// MQTT: messages that went to the broker.
    pub sent: u64,
    /// MQTT: messages that the broker was too slow for.
    pub dropped: u64,
    /// MQTT: messages that are not sent yet.
    pub waiting: u64,
    /// MQTT: messages that were not made because a tag had no good value.
    pub skipped: u64,
    /// MQTT: how often it was connected.
    pub connects: u64,
    /// Modbus: requests that were answered with values.
    pub answered: u64,
    /// Modbus: requests that were refused.
    pub refused: u64,
    /// Modbus: local variables that were written.
    pub written: u64,
    /// Scans that this edge was too slow to publish.
    pub lost_scans: u64,
}
