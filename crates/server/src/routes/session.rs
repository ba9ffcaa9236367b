//! Signing in and out, and the first owner.

use access::{Action, ActionGroup, Actor, Role};
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::said;
use state::{Act, NewAccount, NewSession, Outcome, Secret, StateError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::account::{ActorKind, FirstRun, Me, SignIn};
use crate::api::common::Done;
use crate::common::Common;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::{Who, cookie_name};

/// A terminal stays signed in for good; browsers cap this at 400 days.
const FOR_GOOD: u64 = 400 * 86_400;

pub(crate) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Common: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(sign_in, sign_out)).routes(routes!(me)).routes(routes!(first_run))
}

/// Signs in with name and password or with a one-time code, and sets the session cookie. Needs no session.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("sign-in"))))]
async fn sign_in(
    State(common): State<Common>,
    who: Who,
    headers: HeaderMap,
    Json(ask): Json<SignIn>,
) -> Result<Response, Failure> {
    let how = match ask {
        SignIn { code: Some(code), .. } => state::SignIn::Code(Secret::new(code)),
        SignIn { name: Some(name), password: Some(password), code: None } => {
            state::SignIn::Password { name, password: Secret::new(password) }
        }
        _ => {
            let problem = said::act::SESSION_INCOMPLETE.problem("body", []);
            return Err(Failure::wrong(problem));
        }
    };
    let done = who.act(Act::SignIn(how), None).await?;
    welcome(&common, &headers, done.outcome).await
}

/// Ends the own session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("sign-out"))))]
async fn sign_out(State(common): State<Common>, who: Who, headers: HeaderMap) -> Result<Response, Failure> {
    let Some(session) = who.session else {
        who.may_somewhere(Action::SignOut).await?;
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            said::access::NOBODY_THERE.problem("session", [("action", (&said::access::SIGN_OUT).into())]),
        ));
    };
    let done = who.act(Act::SignOut { session }, None).await?;
    Ok(with_cookie(Json(Done { change: done.change, words: done.words }).into_response(), &common, &headers, ("", 0)))
}

/// Who is asking, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("see"))))]
async fn me(State(common): State<Common>, who: Who) -> Result<Json<Me>, Failure> {
    who.may_somewhere(Action::See).await?;
    Ok(Json(describe(&common, &who).await?))
}

/// Makes the first owner with the set-up code that the edge printed, and signs them in. Needs no session, works once.
#[utoipa::path(post, path = "/api/v1/first-run", tag = "session", responses((status = 200, body = Me), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("first-run"))))]
async fn first_run(
    State(common): State<Common>,
    who: Who,
    headers: HeaderMap,
    Json(ask): Json<FirstRun>,
) -> Result<Response, Failure> {
    let account = NewAccount {
        name: ask.name,
        label: ask.label.unwrap_or_default(),
        role: Role::Owner,
        password: Some(Secret::new(ask.password)),
    };
    let done = who.act(Act::FirstOwner { code: Some(Secret::new(ask.code)), account }, None).await?;
    welcome(&common, &headers, done.outcome).await
}

/// The cookie of a new session, and who it is.
async fn welcome(common: &Common, headers: &HeaderMap, outcome: Outcome) -> Result<Response, Failure> {
    let Outcome::Session(NewSession { token, expires, .. }) = outcome else {
        return Err(StateError::Stored { what: "Signing in opened no session.".to_owned() }.into());
    };
    let signed_in = common.state.signed_in(token.reveal(), common.now()).await?;
    let me = describe(common, &Who::from_signed_in(signed_in, common)).await?;
    let age = expires.map_or(FOR_GOOD, |expires| expires.since(common.now()).as_secs());
    Ok(with_cookie(Json(me).into_response(), common, headers, (token.reveal(), age)))
}

/// `Secure` with HTTPS only: over plain HTTP on loopback browsers would drop it.
fn with_cookie(mut answer: Response, common: &Common, headers: &HeaderMap, (token, age_s): (&str, u64)) -> Response {
    let name = cookie_name(headers);
    let secure = if common.https { "; Secure" } else { "" };
    let cookie = format!("{name}={token}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

async fn describe(common: &Common, who: &Who) -> Result<Me, Failure> {
    let holders = common.holders().await?;
    let place = who.place();
    let closed = Action::ALL.into_iter().filter(|action| action.group() == ActionGroup::Closed);
    Ok(Me {
        kind: match who.actor {
            Actor::Terminal { .. } => ActorKind::Terminal,
            Actor::Box { .. } => ActorKind::Box,
            // an outlet has no session
            Actor::Person { .. } | Actor::Nobody | Actor::Outlet { .. } => ActorKind::Person,
        },
        name: who.actor.name().to_owned(),
        label: who.label.clone(),
        role: who.actor.holds().map(|(role, _)| role.to_string()).unwrap_or_default(),
        place: place.to_string(),
        permissions: closed.map(|action| who.permission(action, &place, &holders)).collect(),
    })
}
