//! Makes what runs equal to what is configured, each time the state says that something changed.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use config::site::SiteConfig;
use domain::{GroupId, Problem};
use state::{Deployment, State, Versions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::deploy::{Deploys, Wanted};
use crate::lines::{Ground, Lines};
use crate::outlets::Outlets;
use crate::pipeline::history::Predictions;
use crate::variables::Variables;

/// What runs, and where its configuration comes from.
pub(crate) struct Reconciler {
    /// The configuration.
    pub state: State,
    /// What everything is built with.
    pub ground: Ground,
    /// Devices.
    pub lines: Arc<Lines>,
    /// Models.
    pub deploys: Arc<Deploys>,
    /// Ways out.
    pub outlets: Arc<Outlets>,
    /// The configuration as the ports see it.
    pub site: watch::Sender<Arc<SiteConfig>>,
    /// Local variables as the path sees them.
    pub variables: watch::Sender<Arc<Variables>>,
    /// Which groups are predictions.
    pub predictions: Predictions,
}

impl Reconciler {
    /// Reconciles once, and then whenever something changed, until `stop`. What fails is logged and tried again with
    /// the next change; what runs goes on.
    pub(crate) async fn run(self, mut changed: watch::Receiver<Versions>, stop: CancellationToken) {
        let mut seen = *changed.borrow_and_update();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                changed = changed.changed() => if changed.is_err() { break },
            }
            let now = *changed.borrow_and_update();
            let relevant = (now.site, now.deployments, now.variables) != (seen.site, seen.deployments, seen.variables);
            seen = now;
            if relevant && let Err(problem) = self.once().await {
                tracing::error!(%problem, "the new configuration could not be taken up whole");
            }
        }
    }

    /// Takes up the configuration as it is now: places, lines, variables, deployments, outlets, in this order.
    pub(crate) async fn once(&self) -> Result<(), Problem> {
        let site = Arc::new(self.state.site_document().await.map_err(|error| error.problem())?.config);
        self.site.send_replace(Arc::clone(&site));
        self.lines.reconcile(&site, &self.ground).await?;
        let variables = Variables::load(&site, &self.state, &self.ground).await?;
        let group = variables.group();
        self.variables.send_replace(Arc::new(variables));
        let deployments = self.state.deployments().await.map_err(|error| error.problem())?;
        let wanted = deployments.into_iter().map(wanted).collect();
        // tags of lines that are gone must be gone before mappings are looked at, those of deployments afterwards
        self.keep_only(group, true);
        self.deploys.reconcile(wanted, &site, &self.ground, &self.state).await;
        self.keep_only(group, false);
        let groups = self.deploys.groups().into_iter().collect();
        *self.predictions.write().unwrap_or_else(PoisonError::into_inner) = groups;
        // last: what they publish may be a prediction
        self.outlets.reconcile(&site, &self.ground, &self.state).await;
        Ok(())
    }

    fn keep_only(&self, variables: Option<GroupId>, with_old_predictions: bool) {
        let mut kept: HashSet<GroupId> = self.lines.groups().into_iter().chain(variables).collect();
        kept.extend(self.deploys.groups());
        if with_old_predictions {
            kept.extend(self.predictions.read().unwrap_or_else(PoisonError::into_inner).iter().copied());
        }
        self.ground.table.keep_only(&kept);
    }
}

fn wanted(deployment: Deployment) -> Wanted {
    Wanted {
        name: deployment.name,
        mode: deployment.mode,
        revision: deployment.revision.number,
        bundle: deployment.revision.bundle,
        at: deployment.revision.at,
        tune: deployment.revision.tune,
    }
}
