//! A hub as people and watchdogs see it: what its router is made of, who it is, how it is.

use std::sync::Arc;

use access::Action;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use domain::PlacePath;
use domain::said::act as said;

use crate::api::about::About;
use crate::api::health::{Health, StreamHealth};
use crate::common::Common;
use crate::extract::Json;
use crate::failure::Failure;
use crate::ports::{Clock, EdgeHistory, Edges};
use crate::who::Who;
use crate::{BODY_BYTES, guard, health, routes};

/// A running hub, as the server sees it.
pub struct Hub {
    /// Its state; every change goes through it.
    pub state: state::State,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its edges.
    pub edges: Arc<dyn Edges>,
    /// Their samples.
    pub history: Arc<dyn EdgeHistory>,
    /// It is reached by HTTPS only.
    pub https: bool,
}

/// What handlers of a hub share.
#[derive(Clone)]
pub(crate) struct HubShared {
    pub(crate) common: Common,
    pub(crate) edges: Arc<dyn Edges>,
    pub(crate) history: Arc<dyn EdgeHistory>,
}

impl FromRef<HubShared> for Common {
    fn from_ref(hub: &HubShared) -> Self {
        hub.common.clone()
    }
}

/// What people and watchdogs ask of a hub. What its edges say comes in elsewhere.
pub fn hub_router(hub: Hub) -> Router {
    let Hub { state, clock, edges, history, https } = hub;
    let common = Common::new(state, clock, https);
    let (api, _) = routes::hub().split_for_parts();
    api.route("/api/v1/about", get(about))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .fallback(not_here)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(middleware::from_fn_with_state(common.clone(), guard::request))
        .with_state(HubShared { common, edges, history })
}

async fn about(State(common): State<Common>, who: Who) -> Result<Json<About>, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    Ok(Json(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        role: "hub".to_owned(),
        site: String::new(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
        now_ms: common.now().millis(),
        first_run: !common.state.has_owner().await?,
        demo: None,
    }))
}

async fn healthz(State(hub): State<HubShared>, who: Who) -> Result<Json<Health>, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    let mut health = hub.edges.health().await;
    let synced_seq = u64::try_from(hub.common.versions().head).unwrap_or(0);
    health.log.insert("change".to_owned(), StreamHealth { synced_seq });
    Ok(Json(health))
}

async fn metrics(State(hub): State<HubShared>, who: Who) -> Result<impl IntoResponse, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    let mut metrics = hub.edges.metrics().await;
    metrics.extend(hub.history.metrics());
    metrics.extend(health::answers(&hub.common));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health::text(metrics)))
}

/// Pages and operations of sites.
async fn not_here(uri: Uri) -> Failure {
    let args = [("path", uri.path().into())];
    Failure::new(StatusCode::NOT_FOUND, said::ROLE_NOT_HERE.problem(uri.path(), args))
}
