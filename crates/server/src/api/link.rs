//! The link: how this edge stands with its hub.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Said;
use super::problem::ProblemItem;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkStateKind {
    /// This edge has no hub.
    None,
    /// A person has to do something: type a code, or approve this box at the hub.
    Waiting,
    /// Not yet; nothing went wrong so far.
    Connecting,
    /// Records go to the hub.
    Connected,
    /// Something is wrong; it is tried again.
    Away,
}

/// How the link is, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkState {
    /// For colours and filters.
    pub kind: LinkStateKind,
    /// One sentence.
    pub words: String,
    /// The sentence for other languages.
    pub said: Said,
    /// What to do; may be empty.
    pub hint: String,
    /// Since when that is so.
    pub since_ms: Option<i64>,
}

/// A stretch of a stream, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkRange {
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
}

/// How one stream stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkStream {
    /// `data`, `prediction`, `alarm` or `change`.
    pub stream: String,
    /// The newest number here.
    pub tip: u64,
    /// Up to where it is at the hub, gone, or owed.
    pub at_hub: u64,
    /// Records that the hub does not have yet, those that are owed included.
    pub waiting: u64,
    /// What comes later, behind newer records.
    pub owed: Vec<LinkRange>,
}

/// How this edge stands with its hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// The hub's address; null without a hub.
    pub hub: Option<String>,
    /// How it is.
    pub state: LinkState,
    /// What this edge is called at the hub, once it was approved.
    pub edge: Option<String>,
    /// Site and place that it stands for there.
    pub place: Option<String>,
    /// While it waits for approval: what people compare on both screens.
    pub fingerprint: Option<String>,
    /// When a person has to approve it again.
    pub expires_ms: Option<i64>,
    /// One per stream.
    pub streams: Vec<LinkStream>,
    /// For how many days there is room for what waits, where that can be said.
    pub room_days: Option<u32>,
    /// What is wrong, and what happened and has to be read.
    pub problems: Vec<ProblemItem>,
}
