//! What a hub knows of the samples of its edges.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::Reading;

/// Which tags of an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LatestQuery {
    /// Names of tags on that edge, separated by commas, at most 20.
    pub tags: String,
}

/// The newest samples that came to the hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EdgeLatest {
    /// In the order asked; a tag of which nothing came has no time.
    pub readings: Vec<Reading>,
}
