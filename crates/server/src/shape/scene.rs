//! What a request looks at: the configuration, the bundles, the people, and who asks.

use std::sync::Arc;

use access::Holder;
use bundle::Contract;
use domain::PlacePath;
use state::{Names, SiteRevision, StateError};

use crate::Shared;
use crate::api::common::Permission;
use crate::site::{Bundles, Server};
use crate::who::Who;

/// Loaded once per request.
pub(crate) struct Scene {
    pub(crate) server: Shared,
    pub(crate) who: Who,
    pub(crate) site: Arc<SiteRevision>,
    pub(crate) bundles: Arc<Bundles>,
    pub(crate) holders: Vec<Holder>,
    pub(crate) names: Names,
}

impl Scene {
    pub(crate) async fn load(server: &Shared, who: Who) -> Result<Self, StateError> {
        Ok(Self {
            site: server.config().await?,
            bundles: server.bundles().await?,
            holders: server.common.holders().await?,
            names: server.site.state.names().await?,
            server: Arc::<Server>::clone(server),
            who,
        })
    }

    pub(crate) fn contract(&self, digest: &str) -> Option<&Contract> {
        self.bundles.get(digest).map(|bundle| &bundle.contract)
    }

    pub(crate) fn permission(&self, action: access::Action, place: &PlacePath) -> Permission {
        self.who.permission(action, place, &self.holders)
    }
}
