//! Local variables.

use state::Act;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::Done;
use crate::api::tag::SetVariable;
use crate::extract::{Json, Path, tag};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(set_variable))
}

/// Sets a local variable. Slashes of its name are written %2F.
#[utoipa::path(put, path = "/api/v1/variables/{name}", tag = "variables",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("set-variable"))))]
async fn set_variable(who: Who, Path(name): Path<String>, Json(ask): Json<SetVariable>) -> Result<Json<Done>, Failure> {
    who.act(Act::SetVariable { name: tag(&name)?, value: ask.value }, ask.because).await.map(done)
}
