//! The link to the hub as it is now. Which hub it is, is said at the box (`lastmile edge --hub`).

use access::Action;
use axum::extract::State;
use domain::PlacePath;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::link::Link;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get_link))
}

/// How this edge stands with its hub, in words, and how far each stream is there.
#[utoipa::path(get, path = "/api/v1/link", tag = "link",
    responses((status = 200, body = Link), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn get_link(State(server): State<Shared>, who: Who) -> Result<Json<Link>, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    Ok(Json(server.site.link.link().await))
}
