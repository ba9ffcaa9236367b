//! Accounts and line terminals.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::account::{Account, Enrolment, NewAccount, NewPassword, NewTerminal};
use crate::api::common::Done;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, add_account))
        .routes(routes!(set_password))
        .routes(routes!(enrol_terminal))
}

/// All accounts, without their secrets.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", responses((status = 200, body = Vec<Account>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("manage-accounts"))))]
async fn list_accounts() -> Result<Json<Vec<Account>>, Failure> {
    Err(Failure::not_built())
}

/// Adds an account.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("manage-accounts"))))]
async fn add_account(Json(ask): Json<NewAccount>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Sets a password: the own one, or as owner anybody's. Ends that account's other sessions.
#[utoipa::path(put, path = "/api/v1/accounts/{name}/password", tag = "accounts", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("set-password"))))]
async fn set_password(Path(name): Path<String>, Json(ask): Json<NewPassword>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Makes a one-time code that turns a browser into a line terminal.
#[utoipa::path(post, path = "/api/v1/terminals", tag = "accounts", responses((status = 200, body = Enrolment), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("enrol-terminal"))))]
async fn enrol_terminal(Json(ask): Json<NewTerminal>) -> Result<Json<Enrolment>, Failure> {
    Err(Failure::not_built())
}
