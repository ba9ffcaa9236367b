//! Deployments as they run.

use std::sync::Arc;

use server::api::deployment::Runtime;
use server::ports;

use crate::clock::Clock;
use crate::deploy::Deploys;
use crate::pipeline::tag_table::TagTable;

/// See the module.
#[derive(Debug)]
pub(crate) struct Deployments {
    /// What runs.
    pub deploys: Arc<Deploys>,
    /// What they follow, and what it had to drop.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

impl ports::Deployments for Deployments {
    fn runtimes(&self) -> Vec<Runtime> {
        self.deploys.runtimes(&self.table, self.clock.now())
    }

    fn runtime(&self, deployment: &str) -> Vec<Runtime> {
        self.deploys.runtime(deployment, &self.table, self.clock.now())
    }
}
