//! The configuration as one document.

use access::Action;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use config::SiteConfig;
use domain::{PlacePath, Problem, Problems, said};
use state::{NewBundle, StateError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::site::{Applied, ApplySite, SiteDocument};
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::routes::edit::DOCUMENT_BYTES;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show_site, apply_site))
        .layer(DefaultBodyLimit::max(DOCUMENT_BYTES))
        .routes(routes!(show_site_toml))
        .routes(routes!(site_schema))
}

/// The whole configuration with its deployments.
#[utoipa::path(get, path = "/api/v1/site", tag = "site", responses((status = 200, body = SiteDocument), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_site(State(server): State<Shared>, who: Who) -> Result<Json<SiteDocument>, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    let site = server.site.state.site_document().await?;
    let document = serde_json::to_value(&site.config)
        .map_err(|error| StateError::Stored { what: format!("The configuration can't be shown: {error}.") })?;
    Ok(Json(SiteDocument { head: site.head, document }))
}

/// The same as a file for people.
#[utoipa::path(get, path = "/api/v1/site/toml", tag = "site",
    responses((status = 200, description = "TOML", body = String, content_type = "application/toml"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_site_toml(State(server): State<Shared>, who: Who) -> Result<Response, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    let site = server.site.state.site_document().await?;
    Ok(([(header::CONTENT_TYPE, "application/toml")], config::to_toml(&site.config)).into_response())
}

/// JSON schema of the configuration.
#[utoipa::path(get, path = "/api/v1/site/schema", tag = "site",
    responses((status = 200, description = "JSON schema", body = Object, content_type = "application/json"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn site_schema(who: Who) -> Result<Json<serde_json::Value>, Failure> {
    who.may_somewhere(Action::See).await?;
    Ok(Json(config::schema()))
}

/// Applies a whole configuration, or says what would change.
#[utoipa::path(put, path = "/api/v1/site", tag = "site", responses((status = 200, body = Applied), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn apply_site(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<ApplySite>,
) -> Result<Json<Applied>, Failure> {
    who.may(Action::Configure, &PlacePath::site()).await?;
    let (document, bundles) = (read(&server, &ask)?, to_come(&ask)?);
    let ApplySite { based_on, because, dry_run, .. } = ask;
    let asked = state::Apply { document, bundles, based_on, because, dry_run };
    match server.site.state.apply(&who.actor, asked, server.now()).await {
        Ok(state::Applied { differences, applied, head }) => Ok(Json(Applied { differences, applied, head })),
        Err(error) => Err(who.failure(error).await?),
    }
}

/// A contract without its model is enough to judge by, and not enough to keep.
fn to_come(ask: &ApplySite) -> Result<Vec<NewBundle>, Failure> {
    if !ask.dry_run && !ask.bundles.is_empty() {
        return Err(Failure::wrong(said::act::BUNDLE_NOT_SENT.problem("bundles", [])));
    }
    let mut problems = Problems::default();
    let mut bundles = Vec::with_capacity(ask.bundles.len());
    for bundle in &ask.bundles {
        match bundle::check_contract(&bundle.contract, bundle::CONTRACT_FILE) {
            Ok(contract) => bundles.push(NewBundle { digest: bundle.digest.clone(), contract, size: bundle.size }),
            Err(found) => problems.0.extend(found.0),
        }
    }
    problems.into_result(bundles).map_err(Failure::wrong)
}

fn read(server: &Shared, ask: &ApplySite) -> Result<SiteConfig, Failure> {
    let addresses = server.site.state.addresses().as_ref();
    match (&ask.toml, &ask.document) {
        (Some(toml), None) => {
            let file = ask.file.as_deref().unwrap_or("site.toml");
            config::check_site(toml, file, addresses).map_err(Failure::wrong)
        }
        (None, Some(document)) => config::check_site_json(document, addresses).map_err(Failure::wrong),
        _ => Err(Failure::wrong(Problem::new("site.one-document", "body", "Give either `toml` or `document`."))),
    }
}
