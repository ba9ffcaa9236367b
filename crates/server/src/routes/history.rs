//! History: room and export.

use access::Action;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::said;
use domain::{PlacePath, Timestamp};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::history::{ExportFormat, ExportLayout, ExportQuery, HistoryRoom};
use crate::extract::{Json, Query, tag};
use crate::failure::{Failure, Failures};
use crate::ports::Export;
use crate::who::Who;

/// So many columns in one file.
const COLUMNS: usize = 1000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(history_room)).routes(routes!(export_history))
}

/// How much history there is and how long the room lasts.
#[utoipa::path(get, path = "/api/v1/history", tag = "history",
    responses((status = 200, body = HistoryRoom), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn history_room(State(server): State<Shared>, who: Who) -> Result<Json<HistoryRoom>, Failure> {
    who.may_somewhere(Action::See).await?;
    Ok(Json(server.site.history.room().await))
}

/// Samples as a file; the same file goes into `bundle run`.
#[utoipa::path(get, path = "/api/v1/history/export", tag = "history", params(ExportQuery),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("export-history"))))]
async fn export_history(
    State(server): State<Shared>,
    who: Who,
    Query(ask): Query<ExportQuery>,
) -> Result<Response, Failure> {
    let columns = columns(&ask.tags)?;
    for (_, tag) in &columns {
        let place: PlacePath = tag.place().parse().unwrap_or_default();
        who.may(Action::ExportHistory, &place).await?;
    }
    if ask.from_ms >= ask.to_ms {
        return Err(Failure::wrong(said::act::EXPORT_RANGE.problem("from_ms", [])));
    }
    let format = ask.format.unwrap_or(ExportFormat::Csv);
    let export = Export {
        columns,
        from: Timestamp::from_millis(ask.from_ms),
        to: Timestamp::from_millis(ask.to_ms),
        format,
        layout: ask.layout.unwrap_or(ExportLayout::Long),
    };
    let file = server.site.history.export(export).await.map_err(Failure::wrong)?;
    let (mime, name) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"history.csv\""),
        ExportFormat::Parquet => ("application/vnd.apache.parquet", "attachment; filename=\"history.parquet\""),
    };
    let headers = [(header::CONTENT_TYPE, mime), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(file)).into_response())
}

/// `tag,tag` or `signal=tag,signal=tag`.
fn columns(text: &str) -> Result<Vec<(String, domain::TagPath)>, Failure> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.len() > COLUMNS {
        let args = [("most", COLUMNS.into()), ("count", parts.len().into())];
        return Err(Failure::wrong(said::act::TOO_MANY_TAGS.problem("tags", args)));
    }
    let column = |part: &str| {
        let (name, path) = part.split_once('=').unwrap_or((part, part));
        Ok((name.to_owned(), tag(path)?))
    };
    parts.into_iter().map(column).collect()
}
