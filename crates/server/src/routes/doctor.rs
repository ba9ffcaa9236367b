//! The doctor.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::health::DoctorLine;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(doctor))
}

/// What is wrong here, in words.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "doctor", responses((status = 200, body = Vec<DoctorLine>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn doctor() -> Result<Json<Vec<DoctorLine>>, Failure> {
    Err(Failure::not_built())
}
