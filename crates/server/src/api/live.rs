//! The live feed: server-sent events at `/api/v1/live`. The name of an event is the name of its shape here.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::Reading;

/// What to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// The place and what is below it.
    #[serde(default)]
    pub place: Option<String>,
    /// Names of tags, separated by commas; all tags when missing.
    #[serde(default)]
    pub tags: Option<String>,
}

/// Event `hello`: the first of a connection, also after a break. What follows starts with everything as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveHello {
    /// The edge's clock.
    pub now_ms: i64,
    /// The number of the newest entry in the record of changes.
    pub head: i64,
    /// The number of the newest entry this client had seen before the break (its `Last-Event-ID`).
    pub resumed_from: Option<i64>,
}

/// Event `values`: tags whose latest value is new, at most once a second. The first one after `hello` has all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveValues {
    /// The edge's clock; ages are counted from it.
    pub now_ms: i64,
    /// New readings.
    pub values: Vec<Reading>,
}

/// Event `heartbeat`: every five seconds when nothing else was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveHeartbeat {
    /// The edge's clock.
    pub now_ms: i64,
}

/// Event `changed`: something else than a value is new; ask again for what you show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveChanged {
    /// `site`, `deployments`, `bundles`, `accounts`, `variables`, `advisories`, `changes`.
    pub what: Vec<String>,
    /// The number of the newest entry in the record of changes; also the event's id.
    pub head: i64,
}

/// All events of the feed. `advisory`, `deployment` and `device` carry `Advisory`, `Runtime` and `Device`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", tag = "event", content = "data")]
pub enum LiveEvent {
    /// See its shape.
    Hello(LiveHello),
    /// See its shape.
    Values(LiveValues),
    /// One that was raised, cleared or acknowledged; after `hello` every active one.
    Advisory(Box<super::advisory::Advisory>),
    /// A deployment at a place whose running part changed; after `hello` all of them.
    Deployment(Box<super::deployment::Runtime>),
    /// A device whose state changed; after `hello` all of them.
    Device(Box<super::device::Device>),
    /// See its shape.
    Changed(LiveChanged),
    /// See its shape.
    Heartbeat(LiveHeartbeat),
}
