//! HTTP for both roles: api shapes, routes, sessions, live feed, web app.
//!
//! Declares the ports (`ports.rs`) through which it sees a running edge; changes go to `state` as acts, never round it.
//! [`router`] makes everything of a [`Site`]; the description of it is [`openapi`], committed as `web/openapi.json`.

mod addresses;
pub mod api;
mod assets;
mod common;
mod extract;
mod failure;
mod guard;
mod health;
mod hub;
mod live;
pub mod ports;
mod routes;
mod serve;
mod shape;
mod site;
mod who;

pub use addresses::Addresses;
pub use hub::{Hub, hub_router};
pub use serve::{listen, serve};
pub use site::{Extra, Site};

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use site::{Server, Shared};

/// A body that is no file is at most this long.
const BODY_BYTES: usize = 1024 * 1024;

/// Everything: the interface under `/api/v1`, health, metrics, the pages.
pub fn router(site: Site) -> Router {
    let extra = site.extra.clone();
    let server = Arc::new(Server::new(site));
    let (api, _) = OpenApiRouter::with_openapi(Api::openapi()).merge(routes::site()).split_for_parts();
    let mut app = api
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    if let Some(extra) = extra {
        let guarded = extra.router.layer(middleware::from_fn_with_state(server.common.clone(), guard::switches));
        app = app.nest("/demo", guarded.with_state(()));
    }
    app.fallback(assets::page)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(middleware::from_fn_with_state(server.common.clone(), guard::request))
        .with_state(server)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "lastmile",
        description = "One interface for a site and a hub. `x-role` says who answers an operation, `x-access` \
                       which action it asks for. Whatever is no success is `application/problem+json`: 400 the request \
                       can't be read; 401 nobody is signed in, or name, password or code is wrong; 403 not allowed (says \
                       who could), or asked by another site; 404 not there; 405 another method; 409 somebody was \
                       quicker, look again; 413 too large; 422 something is wrong with what was asked, all problems at \
                       once; 429 too many tries; 500 the edge failed; 503 no room for one more live feed; 504 it took \
                       too long. A browser's session is a cookie; programs send `Authorization: Bearer` with the token file."
    ),
    components(schemas(api::problem::ProblemBody, api::live::LiveEvent))
)]
struct Api;

/// The description of the whole interface, as committed in `web/openapi.json`.
pub fn openapi() -> String {
    let (_, mut description) = OpenApiRouter::<Shared>::with_openapi(Api::openapi())
        .merge(routes::site())
        .merge(health::described())
        .split_for_parts();
    let (_, hub) = routes::hub().split_for_parts();
    description.merge(hub);
    "1".clone_into(&mut description.info.version);
    let plain = "a description of plain shapes is always JSON";
    let description = sorted(serde_json::to_value(&description).expect(plain));
    let mut text = serde_json::to_string_pretty(&description).expect(plain);
    text.push('\n');
    text
}

/// Keys in the order of the alphabet: the same description is the same text, however it was built.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(object) => {
            let mut pairs: Vec<(String, Value)> = object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
