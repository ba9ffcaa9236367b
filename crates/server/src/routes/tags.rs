//! Tags with their latest values.

use access::Action;
use axum::extract::{DefaultBodyLimit, State};
use domain::said;
use domain::{PlacePath, Problem};
use state::Act;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::Done;
use crate::api::site::RemoveQuery;
use crate::api::tag::{SaveTags, Tag, TagFilter, TagSettings};
use crate::extract::{Json, Path, Query, place, tag};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::routes::edit::{DOCUMENT_BYTES, SiteEdit};
use crate::shape::{Scene, Tags};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_tags, save_tags))
        .layer(DefaultBodyLimit::max(DOCUMENT_BYTES))
        .routes(routes!(show_tag, remove_tag))
        .routes(routes!(tag_settings))
}

/// All tags with their latest value: of devices, local variables, predictions.
#[utoipa::path(get, path = "/api/v1/tags", tag = "tags", params(TagFilter),
    responses((status = 200, body = Vec<Tag>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_tags(
    State(server): State<Shared>,
    who: Who,
    Query(filter): Query<TagFilter>,
) -> Result<Json<Vec<Tag>>, Failure> {
    who.may_somewhere(Action::See).await?;
    let asked = place(filter.place.as_deref())?;
    let scene = Scene::load(&server, who).await?;
    let tags = Tags::of(&scene).all().into_iter().filter(|tag| asked.contains(&tag.place));
    let tags = tags.filter(|tag| filter.device.is_none() || tag.device == filter.device);
    Ok(Json(tags.collect()))
}

/// One tag. Slashes of its name are written %2F.
#[utoipa::path(get, path = "/api/v1/tags/{name}", tag = "tags", responses((status = 200, body = Tag), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_tag(State(server): State<Shared>, who: Who, Path(name): Path<String>) -> Result<Json<Tag>, Failure> {
    let path = tag(&name)?;
    who.may(Action::See, &at(&path)).await?;
    let scene = Scene::load(&server, who).await?;
    Tags::of(&scene).get(&path).map(Json).ok_or_else(|| Failure::missing(&said::act::TAG_UNKNOWN, &name))
}

/// The settings of one device tag, to be changed.
#[utoipa::path(get, path = "/api/v1/tags/{name}/settings", tag = "tags",
    responses((status = 200, body = TagSettings), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn tag_settings(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
) -> Result<Json<TagSettings>, Failure> {
    who.may(Action::See, &at(&tag(&name)?)).await?;
    let site = server.config().await?;
    let found = site.config.tag(&name).ok_or_else(|| Failure::missing(&said::act::TAG_UNKNOWN, &name))?;
    let settings = serde_json::to_value(found).and_then(serde_json::from_value);
    settings.map(Json).map_err(|error| {
        let problem = Problem::new("tag.settings", format!("tag {name}"), "Its settings can't be shown.");
        Failure::wrong(problem.why(error.to_string()))
    })
}

/// Adds tags, or changes those of the same name.
#[utoipa::path(put, path = "/api/v1/tags", tag = "tags", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn save_tags(State(server): State<Shared>, who: Who, Json(ask): Json<SaveTags>) -> Result<Json<Done>, Failure> {
    who.may(Action::Configure, &PlacePath::site()).await?;
    let mut edit = SiteEdit::of(&server).await?;
    edit.put_all("tag", ask.tags.iter().map(|tag| (tag.name.as_str(), tag)));
    let act = Act::ChangeSite { config: edit.checked()?, based_on: Some(ask.based_on) };
    who.act(act, ask.because).await.map(done)
}

/// Removes a tag. Its history stays.
#[utoipa::path(delete, path = "/api/v1/tags/{name}", tag = "tags", params(("name" = String, Path), RemoveQuery),
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn remove_tag(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
    Query(ask): Query<RemoveQuery>,
) -> Result<Json<Done>, Failure> {
    who.may(Action::Configure, &PlacePath::site()).await?;
    if server.config().await?.config.tag(&name).is_none() {
        return Err(Failure::missing(&said::act::TAG_UNKNOWN, &name));
    }
    let mut edit = SiteEdit::of(&server).await?;
    edit.remove("tag", "name", &name);
    let act = Act::ChangeSite { config: edit.checked()?, based_on: Some(ask.based_on) };
    who.act(act, ask.because).await.map(done)
}

fn at(tag: &domain::TagPath) -> PlacePath {
    tag.place().parse().unwrap_or_default()
}
