//! HTTP for both roles: api shapes, routes, sessions, live feed, web app.
//!
//! Declares the ports (`ports.rs`) through which it sees a running edge; changes go to `state` as acts, never round it.

use std::sync::Arc;

use utoipa::OpenApi;

pub mod api;
mod failure;
pub mod ports;
mod routes;

pub(crate) struct Server;
pub(crate) type Shared = Arc<Server>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "lastmile",
        description = "One interface for a site and, later, a hub. `x-role` says who answers an operation, `x-access` what it asks for."
    ),
    components(schemas(api::problem::ProblemBody, api::live::LiveEvent, api::health::Health))
)]
struct Api;

/// The description of the whole interface, as committed in `web/openapi.json`.
pub fn openapi() -> String {
    let (_, mut description) =
        utoipa_axum::router::OpenApiRouter::with_openapi(Api::openapi()).merge(routes::api()).split_for_parts();
    description.info.version = "1".to_owned();
    let mut text = description.to_pretty_json().expect("a description of plain shapes is always JSON");
    text.push('\n');
    text
}
