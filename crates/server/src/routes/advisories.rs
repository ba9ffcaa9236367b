//! Advice.

use std::time::Duration;

use access::Action;
use axum::extract::State;
use domain::Id;
use domain::said;
use state::Act;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::advisory::{Advisories, Advisory, AdvisoryFilter, AdvisoryState};
use crate::api::common::{Because, Done};
use crate::extract::{Json, Path, Query, place};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::shape::{Scene, advisory};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_advisories)).routes(routes!(show_advisory)).routes(routes!(acknowledge))
}

/// Advice, unacknowledged first.
#[utoipa::path(get, path = "/api/v1/advisories", tag = "advisories", params(AdvisoryFilter),
    responses((status = 200, body = Advisories), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_advisories(
    State(server): State<Shared>,
    who: Who,
    Query(filter): Query<AdvisoryFilter>,
) -> Result<Json<Advisories>, Failure> {
    who.may_somewhere(Action::See).await?;
    let state = &server.site.state;
    let asked = state::AdvisoryFilter {
        place: place(filter.place.as_deref())?,
        all: filter.all.unwrap_or(false),
        limit: filter.limit.unwrap_or(100).clamp(1, 500).into(),
    };
    let found = state.advisories(&asked).await?;
    let deployments = state.deployments().await?;
    let rate = state.advisories_since(server.now().minus(Duration::from_mins(10))).await?;
    let scene = Scene::load(&server, who).await?;
    let seen = found.iter().filter(|one| scene.who.sees(one.place.as_str()));
    let advisories: Vec<Advisory> = seen.map(|one| advisory(one, &deployments, &scene)).collect();
    let unacknowledged = advisories.iter().filter(|one| one.state == AdvisoryState::Unacknowledged).count();
    Ok(Json(Advisories {
        unacknowledged: u32::try_from(unacknowledged).unwrap_or(u32::MAX),
        raised_last_10_min: rate,
        advisories,
    }))
}

/// One advisory.
#[utoipa::path(get, path = "/api/v1/advisories/{id}", tag = "advisories",
    responses((status = 200, body = Advisory), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_advisory(
    State(server): State<Shared>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Json<Advisory>, Failure> {
    who.may_somewhere(Action::See).await?;
    let state = &server.site.state;
    let found =
        state.advisory(parsed(&id)?).await?.ok_or_else(|| Failure::missing(&said::act::ADVISORY_UNKNOWN, &id))?;
    who.may(Action::See, &found.place).await?;
    let deployments = state.deployments().await?;
    let scene = Scene::load(&server, who).await?;
    Ok(Json(advisory(&found, &deployments, &scene)))
}

/// Says: seen. Needs no reason.
#[utoipa::path(post, path = "/api/v1/advisories/{id}/acknowledge", tag = "advisories",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("acknowledge"))))]
async fn acknowledge(who: Who, Path(id): Path<String>, Json(ask): Json<Because>) -> Result<Json<Done>, Failure> {
    who.act(Act::Acknowledge { advisory: parsed(&id)? }, ask.because).await.map(done)
}

fn parsed(id: &str) -> Result<Id, Failure> {
    id.parse().map_err(|_| Failure::missing(&said::act::ADVISORY_UNKNOWN, id))
}
