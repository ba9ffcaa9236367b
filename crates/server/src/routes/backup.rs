//! Backups: one that goes out, and the notice of an edge that came back from one.

use access::Action;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::PlacePath;
use state::{Act, Secret};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::backup::WriteBackup;
use crate::api::common::Done;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(write_backup)).routes(routes!(read_notice))
}

/// Everything this edge knows as one file, encrypted with a passphrase. The record says who took it.
#[utoipa::path(post, path = "/api/v1/backup", tag = "backup", request_body = WriteBackup,
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("write-backup"))))]
async fn write_backup(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<WriteBackup>,
) -> Result<Response, Failure> {
    who.may(Action::WriteBackup, &PlacePath::site()).await?;
    let prepared = server.site.backups.prepare(Secret::new(ask.passphrase), ask.history).await;
    let prepared = prepared.map_err(Failure::wrong)?;
    // what goes out is in the record before its first byte does
    who.act(Act::WriteBackup { history: ask.history }, ask.because).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"edge.backup\""),
    ];
    Ok((headers, Body::from_stream(prepared.send())).into_response())
}

/// Says that a person has read that this edge was restored from a backup.
#[utoipa::path(put, path = "/api/v1/backup/notice", tag = "backup", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("read-notice"))))]
async fn read_notice(who: Who) -> Result<Json<Done>, Failure> {
    Ok(done(who.act(Act::ReadNotice, None).await?))
}
