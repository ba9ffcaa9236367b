//! The tree of places, as the Line picture needs it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Mark;

/// One place. The list is in the order of the file, which is the order of flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// `line-2/pump-7`; empty is the site itself.
    pub path: String,
    /// The place above; none for the site itself.
    pub parent: Option<String>,
    /// The name people read.
    pub name: String,
    /// `enterprise`, `site`, `area`, `line`, `cell`.
    pub level: String,
    /// The grey block: `tank`, `pump`, `exchanger`, `vessel`, `motor`, `valve`, `machine`.
    pub picture: Option<String>,
    /// The two to four values on the picture.
    pub key_tags: Vec<String>,
    /// Deployments at this very place.
    pub deployments: Vec<String>,
    /// Active advisories at this place and below.
    pub advisories: u32,
    /// The worst mark at this place and below.
    pub mark: Option<Mark>,
}
