//! Thin files, one per resource: read what was asked, ask `access`, ask the state or a port, shape the answer.

use utoipa_axum::router::OpenApiRouter;

use crate::Shared;
use crate::api::common::Done;
use crate::extract::Json;

mod about;
mod accounts;
mod advisories;
mod bundles;
mod changes;
mod deployments;
mod devices;
mod doctor;
mod edit;
mod history;
mod import;
mod live;
mod mapping;
mod outlets;
mod places;
mod session;
mod site;
mod tags;
mod trend;
mod variables;

/// Every operation under `/api/v1`.
pub(crate) fn api() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(about::router())
        .merge(accounts::router())
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
        .merge(changes::router())
        .merge(site::router())
        .merge(live::router())
        .merge(doctor::router())
}

/// An act that was done, as an answer.
fn done(done: state::Done) -> Json<Done> {
    Json(Done { change: done.change, words: done.words })
}
