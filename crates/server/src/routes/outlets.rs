//! Outlets as they are now. What they are is changed with the site's configuration.

use access::Action;
use axum::extract::State;
use domain::PlacePath;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::outlet::Outlet;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_outlets))
}

/// All ways by which tags leave this edge, with their state in words.
#[utoipa::path(get, path = "/api/v1/outlets", tag = "outlets",
    responses((status = 200, body = Vec<Outlet>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_outlets(State(server): State<Shared>, who: Who) -> Result<Json<Vec<Outlet>>, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    Ok(Json(server.site.outlets.outlets()))
}
