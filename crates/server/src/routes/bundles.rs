//! Bundles.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::bundle::{Bundle, BundleDetail};
use crate::api::common::Because;
use crate::failure::{Failure, Failures};
use axum::body::Body;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_bundles, add_bundle)).routes(routes!(show_bundle))
}

/// All bundles on this edge.
#[utoipa::path(get, path = "/api/v1/bundles", tag = "bundles", responses((status = 200, body = Vec<Bundle>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_bundles() -> Result<Json<Vec<Bundle>>, Failure> {
    Err(Failure::not_built())
}

/// One bundle with its contract.
#[utoipa::path(get, path = "/api/v1/bundles/{digest}", tag = "bundles", responses((status = 200, body = BundleDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_bundle(Path(digest): Path<String>) -> Result<Json<BundleDetail>, Failure> {
    Err(Failure::not_built())
}

/// Takes a bundle file (`application/x-tar`) and checks it. The same bundle again is fine.
#[utoipa::path(post, path = "/api/v1/bundles", tag = "bundles", request_body(content = Vec<u8>, content_type = "application/x-tar"), params(Because), responses((status = 200, body = Bundle), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("add-bundle"))))]
async fn add_bundle(Query(ask): Query<Because>, body: Body) -> Result<Json<Bundle>, Failure> {
    Err(Failure::not_built())
}
