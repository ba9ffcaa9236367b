//! Trends.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::trend::{Trend, TrendQuery};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(trend))
}

/// Trends of any tags, with gaps that are gaps and marks of changes.
#[utoipa::path(get, path = "/api/v1/trend", tag = "trend", params(TrendQuery), responses((status = 200, body = Trend), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn trend(Query(ask): Query<TrendQuery>) -> Result<Json<Trend>, Failure> {
    Err(Failure::not_built())
}
