//! Deployments as they run.

use std::sync::Arc;

use server::api::deployment::Runtime;
use server::ports;

use crate::clock::Clock;
use crate::deploy::Deploys;

/// See the module.
#[derive(Debug)]
pub(crate) struct Deployments {
    /// What runs.
    pub deploys: Arc<Deploys>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

impl ports::Deployments for Deployments {
    fn runtimes(&self) -> Vec<Runtime> {
        self.deploys.runtimes(self.clock.now())
    }

    fn runtime(&self, deployment: &str) -> Vec<Runtime> {
        self.deploys.runtime(deployment, self.clock.now())
    }
}
