//! Many tags at once: read a text, check tags. Saving goes through the routes of devices and tags.

use access::Action;
use axum::extract::{DefaultBodyLimit, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::import::{CheckTags, ImportText, Imported, TagFinding};
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::Who;

/// Ten megabytes of text, with what JSON puts before quotes and line ends.
const BODY_BYTES: usize = 24 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(import_tags))
        .routes(routes!(check_tags))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// Reads a list, a CSV, a Node-RED flow or a Kepware export: its tags, and what was not understood. Saves nothing.
#[utoipa::path(post, path = "/api/v1/tags/import", tag = "tags", responses((status = 200, body = Imported), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn import_tags(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<ImportText>,
) -> Result<Json<Imported>, Failure> {
    who.may_somewhere(Action::TestDevice).await?;
    server.site.devices.import(ask).await.map(Json).map_err(Failure::wrong)
}

/// Says what is wrong or odd about tags before they are saved: names, addresses, units, ranges, values. Saves nothing.
#[utoipa::path(post, path = "/api/v1/tags/check", tag = "tags",
    responses((status = 200, body = Vec<TagFinding>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn check_tags(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<CheckTags>,
) -> Result<Json<Vec<TagFinding>>, Failure> {
    who.may_somewhere(Action::TestDevice).await?;
    server.site.devices.check(ask).await.map(Json).map_err(Failure::wrong)
}
