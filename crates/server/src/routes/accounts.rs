//! Accounts and line terminals.

use access::{Action, Role};
use axum::extract::{FromRef, State};
use domain::said;
use domain::{PlacePath, Timestamp};
use state::{Act, Outcome, Secret, StateError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::account::{Account, Enrolment, NewAccount, NewPassword, NewTerminal};
use crate::api::common::Done;
use crate::common::Common;
use crate::extract::{Json, Path, place};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::who::Who;

pub(crate) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Common: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_accounts, add_account)).routes(routes!(set_password))
}

/// A hub has no lines.
pub(crate) fn terminals<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Common: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(enrol_terminal))
}

/// All accounts, without their secrets.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    responses((status = 200, body = Vec<Account>), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("manage-accounts"))))]
async fn list_accounts(State(common): State<Common>, who: Who) -> Result<Json<Vec<Account>>, Failure> {
    who.may(Action::ManageAccounts, &PlacePath::site()).await?;
    let accounts = common.state.accounts().await?.into_iter().map(|account| Account {
        name: account.name,
        label: account.label,
        role: account.role.to_string(),
        created_ms: account.created.millis(),
        last_seen_ms: account.last_seen.map(Timestamp::millis),
    });
    Ok(Json(accounts.collect()))
}

/// Adds an account.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("manage-accounts"))))]
async fn add_account(who: Who, Json(ask): Json<NewAccount>) -> Result<Json<Done>, Failure> {
    let Some(role) = Role::from_name(&ask.role) else {
        let problem = said::act::ACCOUNT_BAD_ROLE.problem("role", []);
        return Err(Failure::wrong(problem.hint("`owner` is there.")));
    };
    let account = state::NewAccount {
        name: ask.name,
        label: ask.label.unwrap_or_default(),
        role,
        password: Some(Secret::new(ask.password)),
    };
    who.act(Act::AddAccount(account), ask.because).await.map(done)
}

/// Sets a password: the own one, or as owner anybody's. Ends that account's sessions.
#[utoipa::path(put, path = "/api/v1/accounts/{name}/password", tag = "accounts",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("set-password"))))]
async fn set_password(who: Who, Path(name): Path<String>, Json(ask): Json<NewPassword>) -> Result<Json<Done>, Failure> {
    let act = Act::SetPassword { name, password: Secret::new(ask.password) };
    who.act(act, ask.because).await.map(done)
}

/// Makes a one-time code that turns a browser into a line terminal.
#[utoipa::path(post, path = "/api/v1/terminals", tag = "accounts",
    responses((status = 200, body = Enrolment), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("enrol-terminal"))))]
async fn enrol_terminal(who: Who, Json(ask): Json<NewTerminal>) -> Result<Json<Enrolment>, Failure> {
    let act = Act::EnrolTerminal { name: ask.name, place: place(Some(&ask.place))? };
    let Outcome::Code(code) = who.act(act, ask.because).await?.outcome else {
        return Err(StateError::Stored { what: "Enrolling made no code.".to_owned() }.into());
    };
    let path = format!("/enter/{}", code.code.reveal());
    Ok(Json(Enrolment { code: code.code.reveal().to_owned(), path, until_ms: code.expires.millis() }))
}
