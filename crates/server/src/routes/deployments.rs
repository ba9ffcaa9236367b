//! Deployments.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::{AtPlace, Because, Done};
use crate::api::deployment::{
    ChangeDeployment, CheckDeployment, Deployment, DeploymentCheck, DeploymentDetail, NewDeployment, SetMode,
    SignalChoices, SuggestMap,
};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_deployments, deploy))
        .routes(routes!(show_deployment, change_deployment, remove_deployment))
        .routes(routes!(set_mode))
        .routes(routes!(suggest_map))
        .routes(routes!(check_deployment))
}

/// All deployments with what the running part says.
#[utoipa::path(get, path = "/api/v1/deployments", tag = "deployments", params(AtPlace), responses((status = 200, body = Vec<Deployment>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_deployments(Query(at): Query<AtPlace>) -> Result<Json<Vec<Deployment>>, Failure> {
    Err(Failure::not_built())
}

/// One deployment: signals, tunables, ladder, revisions.
#[utoipa::path(get, path = "/api/v1/deployments/{name}", tag = "deployments", responses((status = 200, body = DeploymentDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_deployment(Path(name): Path<String>) -> Result<Json<DeploymentDetail>, Failure> {
    Err(Failure::not_built())
}

/// Deploys a bundle at a place.
#[utoipa::path(post, path = "/api/v1/deployments", tag = "deployments", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("deploy"))))]
async fn deploy(Json(ask): Json<NewDeployment>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Makes a new revision: other bundle, mapping or tunables.
#[utoipa::path(put, path = "/api/v1/deployments/{name}", tag = "deployments", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("deploy"))))]
async fn change_deployment(Path(name): Path<String>, Json(ask): Json<ChangeDeployment>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Says how far a deployment may go. `off` is `switch-off`: any line terminal of the place may, without a reason.
#[utoipa::path(put, path = "/api/v1/deployments/{name}/mode", tag = "deployments", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("set-mode"))))]
async fn set_mode(Path(name): Path<String>, Json(ask): Json<SetMode>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Removes a deployment. Its predictions stay in history.
#[utoipa::path(delete, path = "/api/v1/deployments/{name}", tag = "deployments", params(("name" = String, Path), Because), responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("remove-deployment"))))]
async fn remove_deployment(Path(name): Path<String>, Query(ask): Query<Because>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Tags that fit a bundle's signals, by name, unit and range.
#[utoipa::path(post, path = "/api/v1/deployments/suggest", tag = "deployments", responses((status = 200, body = Vec<SignalChoices>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn suggest_map(Json(ask): Json<SuggestMap>) -> Result<Json<Vec<SignalChoices>>, Failure> {
    Err(Failure::not_built())
}

/// What would be found if this were deployed. Nothing is saved.
#[utoipa::path(post, path = "/api/v1/deployments/check", tag = "deployments", responses((status = 200, body = DeploymentCheck), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn check_deployment(Json(ask): Json<CheckDeployment>) -> Result<Json<DeploymentCheck>, Failure> {
    Err(Failure::not_built())
}
