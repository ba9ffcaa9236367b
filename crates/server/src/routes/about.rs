//! Who this is.

use access::Action;
use axum::extract::State;
use domain::PlacePath;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::about::About;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::who::Who;

/// A hub says it in its own way (`hub.rs`).
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(about))
}

/// Who this is, and whether it still has to be set up. Needs no session.
#[utoipa::path(get, path = "/api/v1/about", tag = "about", responses((status = 200, body = About), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("health"))))]
async fn about(State(server): State<Shared>, who: Who) -> Result<Json<About>, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    let site = &server.config().await?.config.site;
    Ok(Json(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        role: "site".to_owned(),
        site: site.name.clone(),
        time_zone: site.time_zone.clone(),
        language: site.language.clone(),
        now_ms: server.now().millis(),
        first_run: !server.site.state.has_owner().await?,
        demo: server.site.extra.as_ref().map(|extra| (extra.about)()),
    }))
}
