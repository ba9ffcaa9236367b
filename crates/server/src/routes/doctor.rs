//! The doctor.

use access::Action;
use axum::extract::State;
use domain::PlacePath;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::health::DoctorLine;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(doctor))
}

/// What is wrong here, in words.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "doctor",
    responses((status = 200, body = Vec<DoctorLine>), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("see"))))]
async fn doctor(State(server): State<Shared>, who: Who) -> Result<Json<Vec<DoctorLine>>, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    Ok(Json(server.site.doctor.look().await))
}
