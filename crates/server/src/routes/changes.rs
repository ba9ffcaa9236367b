//! The record of changes.

use access::Action;
use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::{PlacePath, Timestamp};
use futures_util::stream;
use state::RecordExport;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::change::{ChainCheck, ChangeFilter, Changes};
use crate::common::Common;
use crate::extract::{Json, Query, place};
use crate::failure::{Failure, Failures};
use crate::shape::change;
use crate::who::Who;

pub(crate) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Common: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_changes)).routes(routes!(verify_changes)).routes(routes!(export_changes))
}

/// The record of changes, the newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangeFilter),
    responses((status = 200, body = Changes), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("see"))))]
async fn list_changes(
    State(common): State<Common>,
    who: Who,
    Query(ask): Query<ChangeFilter>,
) -> Result<Json<Changes>, Failure> {
    let asked = match &ask.place {
        Some(at) => place(Some(at))?,
        None => who.place(),
    };
    who.may(Action::See, &asked).await?;
    let limit = ask.limit.unwrap_or(100).clamp(1, 500);
    let filter = state::ChangeFilter {
        place: asked,
        before: ask.before,
        from: ask.from_ms.map_or(Timestamp::MIN, Timestamp::from_millis),
        to: ask.to_ms.map_or(Timestamp::MAX, Timestamp::from_millis),
        act: ask.act,
        limit: limit.into(),
    };
    let found = common.state.changes(&filter).await?;
    let full = u32::try_from(found.len()).unwrap_or(u32::MAX) >= limit;
    let next = found.last().map(|line| line.entry.number).filter(|number| full && *number > 1);
    let changes = found.into_iter().map(change).collect();
    Ok(Json(Changes { changes, head: common.versions().head, next }))
}

/// Reads the whole record and verifies its chain.
#[utoipa::path(get, path = "/api/v1/changes/verify", tag = "changes",
    responses((status = 200, body = ChainCheck), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("see"))))]
async fn verify_changes(State(common): State<Common>, who: Who) -> Result<Json<ChainCheck>, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    let check = match common.state.verify_chain().await? {
        Ok(report) => ChainCheck {
            ok: true,
            words: format!("All {} entries are as they were written, in order, none is missing.", report.entries),
            entries: report.entries,
            wrong: None,
            head: Some(report.head),
        },
        Err(fault) => {
            let (entries, wrong) = (fault.number - 1, Some(fault.number));
            ChainCheck { ok: false, entries, words: fault.words, wrong, head: None }
        }
    };
    Ok(Json(check))
}

/// The record as JSON lines, for `record verify`.
#[utoipa::path(get, path = "/api/v1/changes/export", tag = "changes",
    responses((status = 200, description = "JSON lines", body = String, content_type = "application/x-ndjson"), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("see"))))]
async fn export_changes(State(common): State<Common>, who: Who) -> Result<Response, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    let state = common.state.clone();
    let pages = stream::try_unfold((state, RecordExport::default()), |(state, mut export)| async move {
        let page = state.export_page(&mut export).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(page.map(|page| (page, (state, export))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"record.jsonl\""),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}
