//! A hub's edges: letting boxes in, shutting them out, and what came from whom.

use access::Action;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::said;
use domain::{Id, PlacePath};
use link::Stream;
use link::key::KeyId;
use state::{Act, Outcome, StateError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::common::{Because, Done};
use crate::api::edge::{ClaimCode, Edges, NewClaim, RecordsOf, RightBox};
use crate::extract::{Json, Path, Query, place};
use crate::failure::{Failure, Failures};
use crate::hub::HubShared;
use crate::routes::done;
use crate::shape;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<HubShared> {
    OpenApiRouter::new()
        .routes(routes!(list_edges))
        .routes(routes!(make_claim))
        .routes(routes!(approve_box))
        .routes(routes!(decline_box))
        .routes(routes!(revoke_key))
        .routes(routes!(choose_box))
        .routes(routes!(list_records))
}

/// Claims, boxes that wait, edges and how their streams stand.
#[utoipa::path(get, path = "/api/v1/edges", tag = "edges", responses((status = 200, body = Edges), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("see"))))]
async fn list_edges(State(hub): State<HubShared>, who: Who) -> Result<Json<Edges>, Failure> {
    who.may_somewhere(Action::See).await?;
    let state = &hub.common.state;
    let (enrolments, accounts, names) = (state.enrolments().await?, state.edge_accounts().await?, state.names().await?);
    let heard = |edge| hub.edges.heard(edge);
    let mut edges = shape::edges(&enrolments, &accounts, &names, &heard, hub.common.now());
    edges.claims.retain(|claim| who.sees(&claim.place));
    edges.waiting.retain(|waiting| who.sees(&waiting.place));
    edges.edges.retain(|edge| who.sees(&edge.place));
    Ok(Json(edges))
}

/// Makes a place for a box and the code to type there.
#[utoipa::path(post, path = "/api/v1/claims", tag = "edges", responses((status = 200, body = ClaimCode), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("enrol-edge"))))]
async fn make_claim(who: Who, Json(ask): Json<NewClaim>) -> Result<Json<ClaimCode>, Failure> {
    let act = Act::Claim { place: place(Some(&ask.place))? };
    let Outcome::Claim(made) = who.act(act, ask.because).await?.outcome else {
        return Err(StateError::Stored { what: "Claiming made no code.".to_owned() }.into());
    };
    Ok(Json(ClaimCode { code: made.code.to_string(), until_ms: made.expires.millis() }))
}

/// Lets a box in that waits. Compare its fingerprint first.
#[utoipa::path(post, path = "/api/v1/boxes/{key}/approve", tag = "edges", params(Because),
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("enrol-edge"))))]
async fn approve_box(
    State(hub): State<HubShared>,
    who: Who,
    Path(key): Path<String>,
    Query(ask): Query<Because>,
) -> Result<Json<Done>, Failure> {
    let approved = who.act(Act::ApproveBox { key: KeyId::from(key.as_str()) }, ask.because).await?;
    Ok(told(&hub, approved))
}

/// Says no to a box that waits.
#[utoipa::path(post, path = "/api/v1/boxes/{key}/decline", tag = "edges", params(Because),
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("enrol-edge"))))]
async fn decline_box(who: Who, Path(key): Path<String>, Query(ask): Query<Because>) -> Result<Json<Done>, Failure> {
    who.act(Act::DeclineBox { key: KeyId::from(key.as_str()) }, ask.because).await.map(done)
}

/// Shuts an edge's key out for good. The edge goes on working; nothing of it is heard any more.
#[utoipa::path(post, path = "/api/v1/boxes/{key}/revoke", tag = "edges", params(Because),
    responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("enrol-edge"))))]
async fn revoke_key(
    State(hub): State<HubShared>,
    who: Who,
    Path(key): Path<String>,
    Query(ask): Query<Because>,
) -> Result<Json<Done>, Failure> {
    let revoked = who.act(Act::RevokeKey { key: KeyId::from(key.as_str()) }, ask.because).await?;
    Ok(told(&hub, revoked))
}

/// Says which of two boxes that speak as one edge is the right one.
#[utoipa::path(put, path = "/api/v1/edges/{edge}/box", tag = "edges", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("enrol-edge"))))]
async fn choose_box(
    State(hub): State<HubShared>,
    who: Who,
    Path(edge): Path<String>,
    Json(ask): Json<RightBox>,
) -> Result<Json<Done>, Failure> {
    let edge = edge_id(&edge)?;
    let epoch = ask.epoch.parse().map_err(|_| {
        let args = [("epoch", ask.epoch.as_str().into())];
        Failure::wrong(said::link::EDGE_NO_SUCH_LIFE.problem(format!("edge {edge}"), args))
    })?;
    let chosen = who.act(Act::ChooseBox { edge, epoch }, ask.because).await?;
    Ok(told(&hub, chosen))
}

/// What is stored of a stream, as JSON lines `{epoch, number, crc, content}` and `{epoch, gone: {first, last, reason}}`.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/records", tag = "edges", params(RecordsOf),
    responses((status = 200, description = "JSON lines", body = String, content_type = "application/x-ndjson"), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("see"))))]
async fn list_records(
    State(hub): State<HubShared>,
    who: Who,
    Path(edge): Path<String>,
    Query(ask): Query<RecordsOf>,
) -> Result<Response, Failure> {
    who.may(Action::See, &PlacePath::site()).await?;
    if !Stream::ALL.iter().any(|stream| stream.name() == ask.stream) {
        let args = [("stream", ask.stream.as_str().into())];
        return Err(Failure::wrong(said::link::STREAM_UNKNOWN.problem("stream", args)));
    }
    let lines = hub.edges.records(edge_id(&edge)?, ask).await;
    let lines = lines.map_err(|problem| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, problem))?;
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

/// The edge that it is about looks at once.
fn told(hub: &HubShared, act: state::Done) -> Json<Done> {
    if let Outcome::Edge(edge) = act.outcome {
        hub.edges.nudge(edge);
    }
    done(act)
}

pub(super) fn edge_id(text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|_| Failure::missing(&said::link::EDGE_UNKNOWN, text))
}
