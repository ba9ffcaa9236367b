//! Local variables.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::Done;
use crate::api::tag::SetVariable;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(set_variable))
}

/// Sets a local variable.
#[utoipa::path(put, path = "/api/v1/variables/{name}", tag = "variables", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("set-variable"))))]
async fn set_variable(Path(name): Path<String>, Json(ask): Json<SetVariable>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}
