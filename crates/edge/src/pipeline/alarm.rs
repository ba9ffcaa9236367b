//! Advisories into the record of alarms. A bounded queue stands between: the path never waits for SQL.

use std::sync::Arc;

use config::site::DeploymentAt;
use domain::{Advisory, Decision, Id, IdSource, Mode, PlacePath};
use inference::Decided;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Decisions waiting to be noted.
pub(crate) const QUEUE: usize = 1024;

/// One decision of one deployment at one place.
#[derive(Clone, Debug)]
pub(crate) struct AlarmEvent {
    /// The deployment.
    pub deployment: String,
    /// Index of its place.
    pub place: usize,
    /// What was decided, with its words.
    pub decided: Decided,
}

/// What the writer needs.
pub(crate) struct Alarms {
    /// The record.
    pub state: state::State,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The time of the path.
    pub clock: Arc<Clock>,
}

/// Writes decisions until `stop`, in their order. What cannot be written is told and lost; the path goes on.
pub(crate) async fn run(alarms: Alarms, mut events: mpsc::Receiver<AlarmEvent>, stop: CancellationToken) {
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.recv() => event,
        };
        let Some(event) = event else { break };
        if let Err(error) = alarms.note(event).await {
            tracing::error!(%error, "an advisory could not be noted");
        }
    }
}

impl Alarms {
    async fn note(&self, event: AlarmEvent) -> Result<(), state::StateError> {
        let AlarmEvent { deployment, place, decided } = event;
        let Some((at, version)) = self.where_and_what(&deployment, place).await? else { return Ok(()) };
        let standing = self.standing(&deployment, &at.place).await?;
        match decided.decision {
            Decision::Raise { time, reason, because } if standing.is_none() => {
                let advisory = Advisory {
                    id: self.ids.new_id(self.clock.now()),
                    deployment,
                    place: at.place,
                    version,
                    raised: time,
                    cleared: None,
                    acknowledged: None,
                    title: decided.title,
                    response: decided.response,
                    reason,
                    because,
                };
                self.state.raise_advisory(&advisory).await.map(drop)
            }
            Decision::Raise { .. } => Ok(()),
            Decision::Clear { time, reason } => match standing {
                Some(id) => self.state.clear_advisory(id, time, &reason).await.map(drop),
                None => Ok(()),
            },
        }
    }

    async fn standing(&self, deployment: &str, place: &PlacePath) -> Result<Option<Id>, state::StateError> {
        let active = self.state.active_advisories().await?;
        let mut here = active.into_iter().filter(|advisory| advisory.deployment == deployment);
        Ok(here.find(|advisory| advisory.place == *place).map(|advisory| advisory.id))
    }

    /// The place of a deployment that advises, by its index, and the version of its bundle.
    async fn where_and_what(
        &self,
        deployment: &str,
        place: usize,
    ) -> Result<Option<(DeploymentAt, String)>, state::StateError> {
        let found = self.state.deployment(deployment).await?;
        // what was decided before a person switched it off is no advice any more
        let Some(deployment) = found.filter(|found| found.mode >= Mode::Advise) else { return Ok(None) };
        let bundle = self.state.bundle(&deployment.revision.bundle).await?;
        let version = bundle.map(|bundle| bundle.contract.version).unwrap_or_default();
        Ok(deployment.revision.at.into_iter().nth(place).map(|at| (at, version)))
    }
}
