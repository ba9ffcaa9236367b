//! The live feed; what it sends is made in `live.rs`.

use access::Action;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::live::{LiveEvent, LiveQuery};
use crate::extract::{Query, place, tags};
use crate::failure::{Failure, Failures};
use crate::live::Feed;
use crate::who::Who;

/// So many tags can be asked for by name; without names all come.
const TAGS: usize = 500;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(live))
}

/// The live feed: server-sent events, see `LiveEvent`. Values come at most once a second, each tag with its newest.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(LiveQuery),
    responses((status = 200, description = "Events", body = LiveEvent, content_type = "text/event-stream"), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn live(
    State(server): State<Shared>,
    who: Who,
    Query(ask): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let at = match &ask.place {
        Some(at) => place(Some(at))?,
        None => who.place(),
    };
    who.may(Action::See, &at).await?;
    let wanted = ask.tags.as_deref().map(|names| tags(names, TAGS)).transpose()?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
    Feed::start(&server, who, at, wanted, seen)
}
