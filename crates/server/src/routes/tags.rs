//! Tags with their latest values.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::Done;
use crate::api::site::RemoveQuery;
use crate::api::tag::{SaveTags, Tag, TagFilter, TagSettings};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_tags, save_tags))
        .routes(routes!(show_tag, remove_tag))
        .routes(routes!(tag_settings))
}

/// All tags with their latest value: of devices, local variables, predictions.
#[utoipa::path(get, path = "/api/v1/tags", tag = "tags", params(TagFilter), responses((status = 200, body = Vec<Tag>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_tags(Query(filter): Query<TagFilter>) -> Result<Json<Vec<Tag>>, Failure> {
    Err(Failure::not_built())
}

/// One tag. Slashes of its name are written %2F.
#[utoipa::path(get, path = "/api/v1/tags/{name}", tag = "tags", responses((status = 200, body = Tag), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_tag(Path(name): Path<String>) -> Result<Json<Tag>, Failure> {
    Err(Failure::not_built())
}

/// The settings of one device tag, to be changed.
#[utoipa::path(get, path = "/api/v1/tags/{name}/settings", tag = "tags", responses((status = 200, body = TagSettings), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn tag_settings(Path(name): Path<String>) -> Result<Json<TagSettings>, Failure> {
    Err(Failure::not_built())
}

/// Adds tags, or changes those of the same name.
#[utoipa::path(put, path = "/api/v1/tags", tag = "tags", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn save_tags(Json(ask): Json<SaveTags>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Removes a tag. Its history stays.
#[utoipa::path(delete, path = "/api/v1/tags/{name}", tag = "tags", params(("name" = String, Path), RemoveQuery), responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn remove_tag(Path(name): Path<String>, Query(ask): Query<RemoveQuery>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}
