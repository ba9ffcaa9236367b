//! The record of changes.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::change::{ChainCheck, ChangeFilter, Changes};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_changes)).routes(routes!(verify_changes)).routes(routes!(export_changes))
}

/// The record of changes, the newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangeFilter), responses((status = 200, body = Changes), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_changes(Query(filter): Query<ChangeFilter>) -> Result<Json<Changes>, Failure> {
    Err(Failure::not_built())
}

/// Reads the whole record and verifies its chain.
#[utoipa::path(get, path = "/api/v1/changes/verify", tag = "changes", responses((status = 200, body = ChainCheck), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn verify_changes() -> Result<Json<ChainCheck>, Failure> {
    Err(Failure::not_built())
}

/// The record as JSON lines, for `record verify`.
#[utoipa::path(get, path = "/api/v1/changes/export", tag = "changes", responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn export_changes() -> Result<axum::response::Response, Failure> {
    Err(Failure::not_built())
}
