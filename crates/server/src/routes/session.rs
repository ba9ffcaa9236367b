//! Signing in and out, and the first owner.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::account::{FirstRun, Me, SignIn};
use crate::api::common::Done;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(sign_in, sign_out)).routes(routes!(me)).routes(routes!(first_run))
}

/// Signs in and sets the session cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("sign-in"))))]
async fn sign_in(Json(ask): Json<SignIn>) -> Result<Json<Me>, Failure> {
    Err(Failure::not_built())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("sign-out"))))]
async fn sign_out() -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Who is asking, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn me() -> Result<Json<Me>, Failure> {
    Err(Failure::not_built())
}

/// Makes the first owner with the set-up code, and signs them in.
#[utoipa::path(post, path = "/api/v1/first-run", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("first-run"))))]
async fn first_run(Json(ask): Json<FirstRun>) -> Result<Json<Me>, Failure> {
    Err(Failure::not_built())
}
