//! Thin files, one per resource: read what was asked, ask `access`, ask the state or a port, shape the answer.

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;

use crate::Shared;
use crate::api::common::Done;
use crate::common::Common;
use crate::extract::Json;
use crate::hub::HubShared;

mod about;
mod accounts;
mod advisories;
mod backup;
mod bundles;
mod changes;
mod deployments;
mod devices;
mod doctor;
mod edge_history;
mod edges;
mod edit;
mod history;
mod import;
mod link;
mod live;
mod mapping;
mod outlets;
mod places;
mod session;
mod site;
mod tags;
mod trend;
mod variables;

/// What both roles have.
fn both<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Common: FromRef<S>,
{
    OpenApiRouter::new().merge(session::router()).merge(accounts::router()).merge(changes::router())
}

/// Every operation of a hub under `/api/v1`, but those of its edges.
pub(crate) fn hub() -> OpenApiRouter<HubShared> {
    both().merge(edges::router()).merge(edge_history::router())
}

/// Every operation of a site under `/api/v1`.
pub(crate) fn site() -> OpenApiRouter<Shared> {
    both()
        .merge(about::router())
        .merge(accounts::terminals())
        .merge(places::router())
        .merge(devices::router())
        .merge(outlets::router())
        .merge(tags::router())
        .merge(import::router())
        .merge(variables::router())
        .merge(trend::router())
        .merge(history::router())
        .merge(bundles::router())
        .merge(deployments::router())
        .merge(mapping::router())
        .merge(advisories::router())
        .merge(site::router())
        .merge(link::router())
        .merge(live::router())
        .merge(doctor::router())
        .merge(backup::router())
}

/// An act that was done, as an answer.
fn done(done: state::Done) -> Json<Done> {
    Json(Done { change: done.change, words: done.words })
}
