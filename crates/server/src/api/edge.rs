//! A hub's edges: claims, boxes that wait, what came from whom.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::ProblemItem;

/// Everything about the edges of a hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edges {
    /// Places that wait for a box. Their codes are shown once, when they are made.
    pub claims: Vec<Claim>,
    /// Boxes that wait for a person.
    pub waiting: Vec<WaitingBox>,
    /// Keys that are, or were, an edge's.
    pub edges: Vec<Edge>,
}

/// A place that waits for a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// Site and place that the box will stand for.
    pub place: String,
    /// Who made it, as people call them.
    pub made_by: String,
    /// Until when its code works.
    pub until_ms: i64,
}

/// A box that asks to be an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingBox {
    /// Names the key in requests.
    pub key: String,
    /// What is compared with the box before it is approved.
    pub fingerprint: String,
    /// What the box calls itself.
    pub name: String,
    /// The place of its claim, or of the edge it was.
    pub place: String,
    /// The edge that it was before; its key's time was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// Since when it waits.
    pub since_ms: i64,
}

/// Whether an edge's key is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeState {
    /// It is.
    In,
    /// Its time is over: a person has to approve it again.
    Expired,
    /// It was shut out.
    Revoked,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// Its id.
    pub edge: String,
    /// Site and place it stands for.
    pub place: String,
    /// Names its key in requests.
    pub key: String,
    /// Its key as people compare it.
    pub fingerprint: String,
    /// Whether its key is heard.
    pub state: EdgeState,
    /// Until when its key works.
    pub until_ms: i64,
    /// Who approved it last, as people call them.
    pub approved_by: String,
    /// It spoke within the last minutes.
    pub connected: bool,
    /// When it was heard last, since the hub started.
    pub heard_ms: Option<i64>,
    /// How its streams stand.
    pub streams: BTreeMap<String, StreamAtHub>,
    /// The lives of its store, the newest first. Whole numbers beyond 2⁵³, so as texts.
    pub lives: Vec<EdgeLife>,
    /// What a person has to read about it.
    pub problems: Vec<ProblemItem>,
}

/// How a stream of an edge stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamAtHub {
    /// Everything up to here is stored, gone, or owed.
    pub mark: u64,
    /// What is owed below it, first and last numbers.
    pub owed: Vec<(u64, u64)>,
}

/// A life of an edge's store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EdgeLife {
    /// Its random number.
    pub epoch: String,
    /// A newer one took its place.
    pub closed: bool,
    /// A box speaks in it although it is closed: one of two is a copy.
    pub speaks: bool,
}

/// A place for a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewClaim {
    /// Site and place that the box will stand for: `leipzig/line-2`.
    pub place: String,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// Type the code at the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimCode {
    /// Eight characters. Works once.
    pub code: String,
    /// Until when.
    pub until_ms: i64,
}

/// Which of two boxes is the right one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RightBox {
    /// The life of its store.
    pub epoch: String,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordsOf {
    /// `data`, `prediction`, `alarm`, `change`.
    pub stream: String,
    /// From this number on.
    #[serde(default)]
    pub from: u64,
    /// All that came, life by life, instead of the present life with what it comes from.
    #[serde(default)]
    pub lives: bool,
}
