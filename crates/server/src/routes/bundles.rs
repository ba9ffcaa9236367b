//! Bundles.

use std::path::PathBuf;

use access::Action;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use domain::said;
use domain::{PlacePath, Problem};
use futures_util::StreamExt as _;
use state::{Act, NewBundle, StateError};
use tokio::io::AsyncWriteExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::bundle::{Bundle, BundleDetail};
use crate::api::common::Because;
use crate::extract::{Json, Path, Query};
use crate::failure::{Failure, Failures};
use crate::shape::{Scene, bundle, bundle_detail};
use crate::who::Who;

/// A bundle's file is at most this long.
const FILE_BYTES: usize = 1024 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_bundles, add_bundle))
        .layer(DefaultBodyLimit::disable())
        .routes(routes!(show_bundle))
}

/// All bundles on this edge.
#[utoipa::path(get, path = "/api/v1/bundles", tag = "bundles", responses((status = 200, body = Vec<Bundle>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_bundles(State(server): State<Shared>, who: Who) -> Result<Json<Vec<Bundle>>, Failure> {
    who.may_somewhere(Action::See).await?;
    let stored = server.site.state.bundles().await?;
    let deployments = server.site.state.deployments().await?;
    let scene = Scene::load(&server, who).await?;
    Ok(Json(stored.iter().map(|one| bundle(one, &deployments, &scene)).collect()))
}

/// One bundle with its contract.
#[utoipa::path(get, path = "/api/v1/bundles/{digest}", tag = "bundles",
    responses((status = 200, body = BundleDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_bundle(
    State(server): State<Shared>,
    who: Who,
    Path(digest): Path<String>,
) -> Result<Json<BundleDetail>, Failure> {
    who.may_somewhere(Action::See).await?;
    let stored = server
        .site
        .state
        .bundle(&digest)
        .await?
        .ok_or_else(|| Failure::missing(&said::act::BUNDLE_UNKNOWN, &digest))?;
    let deployments = server.site.state.deployments().await?;
    let scene = Scene::load(&server, who).await?;
    Ok(Json(bundle_detail(&stored, &deployments, &scene)))
}

/// Takes a bundle file (`application/x-tar`) and checks it. The same bundle again is fine.
#[utoipa::path(post, path = "/api/v1/bundles", tag = "bundles", params(Because),
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 200, body = Bundle), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("add-bundle"))))]
async fn add_bundle(
    State(server): State<Shared>,
    who: Who,
    Query(ask): Query<Because>,
    body: Body,
) -> Result<Json<Bundle>, Failure> {
    who.may(Action::AddBundle, &PlacePath::site()).await?;
    let state = &server.site.state;
    let incoming = Incoming::new(&server);
    let size = incoming.receive(body).await?;
    let path = incoming.0.clone();
    let opened = tokio::task::spawn_blocking(move || bundle::open(&path)).await;
    let opened = opened.map_err(|_| failed("Opening the bundle broke off."))?.map_err(Failure::wrong)?;
    let digest = opened.digest.clone();
    let (placing, path, named) = (state.clone(), incoming.0.clone(), digest.clone());
    let placed = tokio::task::spawn_blocking(move || placing.place_bundle(&path, &named)).await;
    placed.map_err(|_| failed("Placing the bundle broke off."))?.map_err(|error| file_failed(&error))?;
    let new = NewBundle { digest: opened.digest, contract: opened.contract, size };
    who.act(Act::AddBundle(Box::new(new)), ask.because).await?;
    let stored = state.bundle(&digest).await?.ok_or_else(|| failed("The bundle was added and is not there."))?;
    let deployments = state.deployments().await?;
    let scene = Scene::load(&server, who).await?;
    Ok(Json(bundle(&stored, &deployments, &scene)))
}

/// A file on its way in; removed when it does not become a bundle.
struct Incoming(PathBuf);

impl Incoming {
    fn new(server: &Shared) -> Self {
        let number = server.common.request.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("incoming-{:x}-{number}", server.common.started.millis());
        Self(server.site.state.bundle_folder().join(name))
    }

    /// Writes the body to the file, synced; gives its size.
    async fn receive(&self, body: Body) -> Result<i64, Failure> {
        let mut file = tokio::fs::File::create(&self.0).await.map_err(|error| file_failed(&error))?;
        let mut size = 0;
        let mut parts = body.into_data_stream();
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| {
                let problem = said::act::BROKEN_OFF.problem("body", []).why(error.to_string());
                Failure::new(StatusCode::BAD_REQUEST, problem)
            })?;
            size += part.len();
            if size > FILE_BYTES {
                let problem = said::act::BUNDLE_LARGE.problem("body", []);
                return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, problem));
            }
            file.write_all(&part).await.map_err(|error| file_failed(&error))?;
        }
        file.sync_all().await.map_err(|error| file_failed(&error))?;
        Ok(i64::try_from(size).unwrap_or(i64::MAX))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // gone already when it became a bundle
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "An incoming file stays behind");
        }
    }
}

fn failed(what: &str) -> Failure {
    StateError::Stored { what: what.to_owned() }.into()
}

fn file_failed(error: &std::io::Error) -> Failure {
    let problem = Problem::new("bundle.unwritable", "bundles", "The bundle's file can't be written.");
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, problem.why(error.to_string()))
}
