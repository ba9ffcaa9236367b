//! Who this is.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::about::About;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(about))
}

/// Who this is, and whether it still has to be set up.
#[utoipa::path(get, path = "/api/v1/about", tag = "about", responses((status = 200, body = About), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("health"))))]
async fn about() -> Result<Json<About>, Failure> {
    Err(Failure::not_built())
}
