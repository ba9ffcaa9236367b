//! What a router is made of, and what its handlers share.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::Timestamp;
use state::{SiteRevision, State, StateError, StoredBundle, Versions};
use tokio::sync::{Mutex, Semaphore};

use crate::api::about::Demo;
use crate::common::Common;
use crate::ports::{Backups, Clock, Deployments, Devices, Doctor, History, Link, Live, Outlets};

/// A running edge, as the server sees it.
pub struct Site {
    /// Its state; every change goes through it.
    pub state: State,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Latest values.
    pub live: Arc<dyn Live>,
    /// What was.
    pub history: Arc<dyn History>,
    /// Devices.
    pub devices: Arc<dyn Devices>,
    /// Ways by which tags leave.
    pub outlets: Arc<dyn Outlets>,
    /// Deployments as they run.
    pub deployments: Arc<dyn Deployments>,
    /// How this edge stands with its hub.
    pub link: Arc<dyn Link>,
    /// Everything it knows as one file.
    pub backups: Arc<dyn Backups>,
    /// How the box is.
    pub doctor: Arc<dyn Doctor>,
    /// Switches of the demonstration.
    pub extra: Option<Extra>,
}

/// What the demonstration adds. Its routes ask for a session with the right to cause faults.
#[derive(Clone)]
pub struct Extra {
    /// Mounted at `/demo`.
    pub router: Router,
    /// What `about` says of it, asked each time.
    pub about: Arc<dyn Fn() -> Demo + Send + Sync>,
}

pub(crate) type Shared = Arc<Server>;

/// So many live feeds at once.
const LIVE_CLIENTS: usize = 64;

/// What handlers share.
pub(crate) struct Server {
    pub(crate) common: Common,
    pub(crate) site: Site,
    pub(crate) live_room: Arc<Semaphore>,
    cached_site: Mutex<Option<(u64, Arc<SiteRevision>)>>,
    cached_bundles: Mutex<Option<(u64, Arc<Bundles>)>>,
}

/// Bundles by digest.
pub(crate) type Bundles = HashMap<String, StoredBundle>;

impl FromRef<Shared> for Common {
    fn from_ref(server: &Shared) -> Self {
        server.common.clone()
    }
}

impl Server {
    pub(crate) fn new(site: Site) -> Self {
        Self {
            common: Common::new(site.state.clone(), Arc::clone(&site.clock), false),
            site,
            live_room: Arc::new(Semaphore::new(LIVE_CLIENTS)),
            cached_site: Mutex::new(None),
            cached_bundles: Mutex::new(None),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.common.now()
    }

    pub(crate) fn live_clients(&self) -> usize {
        LIVE_CLIENTS - self.live_room.available_permits()
    }

    /// The newest configuration without deployments; read again only after it changed.
    pub(crate) async fn config(&self) -> Result<Arc<SiteRevision>, StateError> {
        let mut cached = self.cached_site.lock().await;
        // taken before reading: if it changes meanwhile, the next one reads again
        let version = self.versions().site;
        if let Some((known, site)) = cached.as_ref()
            && *known == version
        {
            return Ok(Arc::clone(site));
        }
        let site = Arc::new(self.site.state.site().await?);
        *cached = Some((version, Arc::clone(&site)));
        Ok(site)
    }

    /// All bundles by digest; read again only after one came.
    pub(crate) async fn bundles(&self) -> Result<Arc<Bundles>, StateError> {
        let mut cached = self.cached_bundles.lock().await;
        let version = self.versions().bundles;
        if let Some((known, bundles)) = cached.as_ref()
            && *known == version
        {
            return Ok(Arc::clone(bundles));
        }
        let bundles = self.site.state.bundles().await?.into_iter().map(|one| (one.digest.clone(), one)).collect();
        let bundles = Arc::new(bundles);
        *cached = Some((version, Arc::clone(&bundles)));
        Ok(bundles)
    }

    pub(crate) fn versions(&self) -> Versions {
        self.common.versions()
    }
}
