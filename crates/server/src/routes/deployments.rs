//! Deployments.

use std::collections::BTreeMap;

use access::Action;
use axum::extract::State;
use config::site::DeploymentAt;
use domain::Mode as StoredMode;
use domain::said;
use state::{Act, DeploymentChange};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::{AtPlace, Because, Done};
use crate::api::deployment::{ChangeDeployment, Deployment, DeploymentDetail, NewDeployment, PlaceMap, SetMode};
use crate::extract::{Json, Path, Query, place, tag};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::shape::{Scene, deployment, deployment_detail};
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_deployments, deploy))
        .routes(routes!(show_deployment, change_deployment, remove_deployment))
        .routes(routes!(set_mode))
}

/// All deployments with what the running part says.
#[utoipa::path(get, path = "/api/v1/deployments", tag = "deployments", params(AtPlace),
    responses((status = 200, body = Vec<Deployment>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_deployments(
    State(server): State<Shared>,
    who: Who,
    Query(at): Query<AtPlace>,
) -> Result<Json<Vec<Deployment>>, Failure> {
    who.may_somewhere(Action::See).await?;
    let asked = place(at.place.as_deref())?;
    let stored = server.site.state.deployments().await?;
    let active = server.site.state.active_advisories().await?;
    let scene = Scene::load(&server, who).await?;
    let here = |one: &&state::Deployment| {
        one.revision.at.iter().any(|at| asked.contains(at.place.as_str()) && scene.who.sees(at.place.as_str()))
    };
    Ok(Json(stored.iter().filter(here).map(|one| deployment(one, &active, &scene)).collect()))
}

/// One deployment: signals, tunables, ladder, revisions.
#[utoipa::path(get, path = "/api/v1/deployments/{name}", tag = "deployments",
    responses((status = 200, body = DeploymentDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_deployment(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
) -> Result<Json<DeploymentDetail>, Failure> {
    who.may_somewhere(Action::See).await?;
    let state = &server.site.state;
    let one = state.deployment(&name).await?.ok_or_else(|| Failure::missing(&said::act::DEPLOYMENT_UNKNOWN, &name))?;
    who.may(Action::See, &one.place).await?;
    let revisions = state.revisions(&name).await?;
    let active = state.active_advisories().await?;
    let scene = Scene::load(&server, who).await?;
    Ok(Json(deployment_detail(&one, &revisions, &active, &scene)))
}

/// Deploys a bundle at a place.
#[utoipa::path(post, path = "/api/v1/deployments", tag = "deployments",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("deploy"))))]
async fn deploy(who: Who, Json(ask): Json<NewDeployment>) -> Result<Json<Done>, Failure> {
    let new = state::NewDeployment {
        name: ask.name,
        bundle: ask.bundle,
        at: places(ask.at)?,
        tune: ask.tune,
        mode: ask.mode.map_or(StoredMode::Off, Into::into),
    };
    who.act(Act::Deploy(new), ask.because).await.map(done)
}

/// Makes a new revision: other bundle, mapping or tunables.
#[utoipa::path(put, path = "/api/v1/deployments/{name}", tag = "deployments",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("deploy"))))]
async fn change_deployment(
    who: Who,
    Path(name): Path<String>,
    Json(ask): Json<ChangeDeployment>,
) -> Result<Json<Done>, Failure> {
    let change = DeploymentChange {
        name,
        based_on: Some(ask.based_on),
        bundle: ask.bundle,
        at: ask.at.map(places).transpose()?,
        tune: ask.tune,
    };
    who.act(Act::ChangeDeployment(change), ask.because).await.map(done)
}

/// Says how far a deployment may go. `off` is the action `switch-off`: a line terminal of the place may, without a
/// reason.
#[utoipa::path(put, path = "/api/v1/deployments/{name}/mode", tag = "deployments",
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("set-mode"))))]
async fn set_mode(who: Who, Path(name): Path<String>, Json(ask): Json<SetMode>) -> Result<Json<Done>, Failure> {
    who.act(Act::SetMode { name, mode: ask.mode.into() }, ask.because).await.map(done)
}

/// Removes a deployment. Its predictions stay in history.
#[utoipa::path(delete, path = "/api/v1/deployments/{name}", tag = "deployments",
    params(("name" = String, Path), Because), responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("remove-deployment"))))]
async fn remove_deployment(
    who: Who,
    Path(name): Path<String>,
    Query(ask): Query<Because>,
) -> Result<Json<Done>, Failure> {
    who.act(Act::RemoveDeployment { name }, ask.because).await.map(done)
}

/// Places and tags as they were asked for.
pub(crate) fn places(asked: Vec<PlaceMap>) -> Result<Vec<DeploymentAt>, Failure> {
    let one = |asked: PlaceMap| {
        let map = asked.map.into_iter().map(|(signal, name)| Ok((signal, tag(&name)?)));
        let map: Result<BTreeMap<String, domain::TagPath>, Failure> = map.collect();
        Ok(DeploymentAt { place: place(Some(&asked.place))?, map: map? })
    };
    asked.into_iter().map(one).collect()
}
