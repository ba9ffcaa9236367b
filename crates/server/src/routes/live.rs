//! The live feed.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::live::{LiveEvent, LiveQuery};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(live))
}

/// The live feed: server-sent events, see `LiveEvent`.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(LiveQuery), responses((status = 200, description = "Events", body = LiveEvent, content_type = "text/event-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn live(Query(ask): Query<LiveQuery>) -> Result<axum::response::Response, Failure> {
    Err(Failure::not_built())
}
