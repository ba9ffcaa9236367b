//! The tree of places.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::AtPlace;
use crate::api::place::Place;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_places))
}

/// The tree of places, in the order of flow.
#[utoipa::path(get, path = "/api/v1/places", tag = "places", params(AtPlace), responses((status = 200, body = Vec<Place>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_places(Query(at): Query<AtPlace>) -> Result<Json<Vec<Place>>, Failure> {
    Err(Failure::not_built())
}
