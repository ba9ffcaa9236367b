//! The configuration as one document.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::site::{Applied, ApplySite, SiteDocument};
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show_site, apply_site))
        .routes(routes!(show_site_toml))
        .routes(routes!(site_schema))
}

/// The whole configuration with its deployments.
#[utoipa::path(get, path = "/api/v1/site", tag = "site", responses((status = 200, body = SiteDocument), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_site() -> Result<Json<SiteDocument>, Failure> {
    Err(Failure::not_built())
}

/// The same as a file for people.
#[utoipa::path(get, path = "/api/v1/site/toml", tag = "site", responses((status = 200, description = "TOML", body = String, content_type = "application/toml"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_site_toml() -> Result<axum::response::Response, Failure> {
    Err(Failure::not_built())
}

/// JSON schema of the configuration.
#[utoipa::path(get, path = "/api/v1/site/schema", tag = "site", responses((status = 200, description = "JSON schema", body = Object, content_type = "application/json"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn site_schema() -> Result<axum::response::Response, Failure> {
    Err(Failure::not_built())
}

/// Applies a whole configuration, or says what would change.
#[utoipa::path(put, path = "/api/v1/site", tag = "site", responses((status = 200, body = Applied), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn apply_site(Json(ask): Json<ApplySite>) -> Result<Json<Applied>, Failure> {
    Err(Failure::not_built())
}
