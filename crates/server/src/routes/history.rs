//! History: room and export.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::history::{ExportQuery, HistoryRoom};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(history_room)).routes(routes!(export_history))
}

/// How much history there is and how long the room lasts.
#[utoipa::path(get, path = "/api/v1/history", tag = "history", responses((status = 200, body = HistoryRoom), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn history_room() -> Result<Json<HistoryRoom>, Failure> {
    Err(Failure::not_built())
}

/// Samples as a file; the same file goes into `bundle run`.
#[utoipa::path(get, path = "/api/v1/history/export", tag = "history", params(ExportQuery), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("export-history"))))]
async fn export_history(Query(ask): Query<ExportQuery>) -> Result<axum::response::Response, Failure> {
    Err(Failure::not_built())
}
