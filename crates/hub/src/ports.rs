//! Through which the server looks into a running hub.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Id, Problem, Timestamp};
use server::api::edge::RecordsOf;
use server::api::health::{Health, HubHealth};
use server::ports::{ByteStream, Heard, Metric};

use crate::counters::Counters;
use crate::intake::Intake;
use crate::records;

/// The edges of a hub as they speak with it.
pub(crate) struct Edges {
    pub(crate) intake: Arc<Intake>,
    pub(crate) started: Timestamp,
}

#[async_trait]
impl server::ports::Edges for Edges {
    fn heard(&self, edge: Id) -> Heard {
        self.intake.desks.heard(edge, self.intake.clock.now())
    }

    fn nudge(&self, edge: Id) {
        self.intake.desks.nudge(edge);
    }

    async fn records(&self, edge: Id, ask: RecordsOf) -> Result<ByteStream, Problem> {
        records::lines(self.intake.state.clone(), edge, &ask).await
    }

    async fn health(&self) -> Health {
        let (hub, problem) = match self.hub_health().await {
            Ok(hub) => (hub, None),
            // a watchdog asks most of all when something is wrong
            Err(problem) => (HubHealth::default(), Some(problem)),
        };
        Health {
            status: if problem.is_none() { "ok" } else { "degraded" }.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            role: "hub".to_owned(),
            up_s: self.intake.clock.now().since(self.started).as_secs_f64(),
            log: std::collections::BTreeMap::new(),
            first_prediction_s: None,
            prediction_age_s: None,
            devices_reading: 0,
            devices: 0,
            words: problem.into_iter().map(|problem| problem.what).collect(),
            hub: Some(hub),
        }
    }

    async fn metrics(&self) -> Vec<Metric> {
        let metric = |name, help, value: u64| Metric { name, help, labels: Vec::new(), value: value as f64 };
        let counters = &self.intake.counters;
        let mut metrics = vec![
            metric("hub_parcels", "Parcels that are stored.", Counters::get(&counters.parcels)),
            metric("hub_parcel_bytes", "Bytes of the stored parcels.", Counters::get(&counters.parcel_bytes)),
            metric("hub_already_total", "Parcels that came once more.", Counters::get(&counters.already)),
            metric("hub_commits_total", "Writes of the intake to the database.", Counters::get(&counters.commits)),
        ];
        if let Ok(hub) = self.hub_health().await {
            metrics.push(metric("hub_edges", "Edges that were let in.", hub.edges));
            metrics.push(metric("hub_connected", "Edges that spoke within the last minutes.", hub.connected));
        }
        metrics.extend(counters.refusals().into_iter().map(|(code, count)| Metric {
            name: "hub_refused_total",
            help: "Requests of edges that were refused, by the code of the reason.",
            labels: vec![("code", code)],
            value: count as f64,
        }));
        metrics
    }
}

impl Edges {
    async fn hub_health(&self) -> Result<HubHealth, Problem> {
        let enrolments = self.intake.state.enrolments().await.map_err(|error| error.problem())?;
        let now = self.intake.clock.now();
        let edges = || enrolments.enrolled.iter().filter(|one| !one.revoked);
        let connected = edges().filter(|one| self.intake.desks.heard(one.edge, now).connected).count();
        let counters = &self.intake.counters;
        Ok(HubHealth {
            edges: u64::try_from(edges().count()).unwrap_or(0),
            connected: u64::try_from(connected).unwrap_or(0),
            parcels: Counters::get(&counters.parcels),
            parcel_bytes: Counters::get(&counters.parcel_bytes),
            refusals: counters.refusals(),
        })
    }
}
