//! Advice.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::advisory::{Advisories, Advisory, AdvisoryFilter};
use crate::api::common::{Because, Done};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_advisories)).routes(routes!(show_advisory)).routes(routes!(acknowledge))
}

/// Advice, unacknowledged first.
#[utoipa::path(get, path = "/api/v1/advisories", tag = "advisories", params(AdvisoryFilter), responses((status = 200, body = Advisories), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_advisories(Query(filter): Query<AdvisoryFilter>) -> Result<Json<Advisories>, Failure> {
    Err(Failure::not_built())
}

/// One advisory.
#[utoipa::path(get, path = "/api/v1/advisories/{id}", tag = "advisories", responses((status = 200, body = Advisory), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_advisory(Path(id): Path<String>) -> Result<Json<Advisory>, Failure> {
    Err(Failure::not_built())
}

/// Says: seen. Needs no reason.
#[utoipa::path(post, path = "/api/v1/advisories/{id}/acknowledge", tag = "advisories", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("acknowledge"))))]
async fn acknowledge(Path(id): Path<String>, Json(ask): Json<Because>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}
