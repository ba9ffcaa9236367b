//! Trends and latest values of a hub's edges, out of what came in.

use access::Action;
use axum::extract::State;
use domain::said;
use domain::{Id, Quality, TagPath, Timestamp};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edges::edge_id;
use super::trend::{BUCKETS, TAGS};
use crate::api::common::{Reading, Texts};
use crate::api::edge_history::{EdgeLatest, LatestQuery};
use crate::api::trend::{Trend, TrendQuery, TrendSeries};
use crate::extract::{Json, Path, Query, tags};
use crate::failure::{Failure, Failures};
use crate::hub::HubShared;
use crate::ports::{EdgeTrend, Latest};
use crate::shape;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<HubShared> {
    OpenApiRouter::new().routes(routes!(edge_trend)).routes(routes!(edge_latest))
}

/// Trends of tags of an edge, with gaps that are gaps. Marks of changes stay on the edge.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/trend", tag = "edges", params(TrendQuery),
    responses((status = 200, body = Trend), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("see"))))]
async fn edge_trend(
    State(hub): State<HubShared>,
    who: Who,
    Path(edge): Path<String>,
    Query(ask): Query<TrendQuery>,
) -> Result<Json<Trend>, Failure> {
    let edge = seen(&hub, &who, &edge).await?;
    let tags = tags(&ask.tags, TAGS)?;
    let buckets = ask.buckets.unwrap_or(600);
    if ask.from_ms >= ask.to_ms || !BUCKETS.contains(&buckets) {
        return Err(Failure::wrong(said::act::TREND_RANGE.problem("from_ms", [])));
    }
    let (from, to) = (Timestamp::from_millis(ask.from_ms), Timestamp::from_millis(ask.to_ms));
    let mut series = Vec::with_capacity(tags.len());
    for tag in &tags {
        let trend = hub.history.trend(edge, tag, from, to, buckets).await.map_err(Failure::wrong)?;
        series.push(one(tag, trend));
    }
    Ok(Json(Trend { from_ms: ask.from_ms, to_ms: ask.to_ms, series, marks: Vec::new() }))
}

/// The newest sample of each tag that came to the hub.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/latest", tag = "edges", params(LatestQuery),
    responses((status = 200, body = EdgeLatest), Failures),
    extensions(("x-role" = json!("hub")), ("x-access" = json!("see"))))]
async fn edge_latest(
    State(hub): State<HubShared>,
    who: Who,
    Path(edge): Path<String>,
    Query(ask): Query<LatestQuery>,
) -> Result<Json<EdgeLatest>, Failure> {
    let edge = seen(&hub, &who, &edge).await?;
    let mut readings: Vec<Reading> = Vec::new();
    for tag in tags(&ask.tags, TAGS)? {
        let latest = hub.history.latest(edge, &tag).await.map_err(Failure::wrong)?;
        readings.push(shape::reading(latest.unwrap_or(Latest {
            tag,
            value: None,
            quality: Quality::NO_DATA,
            word: None,
            arrival: None,
            since: None,
        })));
    }
    Ok(Json(EdgeLatest { readings }))
}

/// The edge, if there is one and its place may be seen.
async fn seen(hub: &HubShared, who: &Who, edge: &str) -> Result<Id, Failure> {
    let id = edge_id(edge)?;
    let enrolments = hub.common.state.enrolments().await?;
    let enrolled = enrolments.enrolled.iter().find(|one| one.edge == id);
    // first whether he may see it: nobody learns here which edges there are
    let place = enrolled.and_then(|one| one.place.parse().ok()).unwrap_or_default();
    who.may(Action::See, &place).await?;
    enrolled.ok_or_else(|| Failure::missing(&said::link::EDGE_UNKNOWN, edge))?;
    Ok(id)
}

fn one(tag: &TagPath, trend: EdgeTrend) -> TrendSeries {
    let EdgeTrend { unit, columns } = trend;
    TrendSeries {
        tag: tag.to_string(),
        label: Texts::plain(tag.name()),
        unit,
        t: columns.t,
        min: columns.min,
        max: columns.max,
        mean: columns.mean,
        gaps: columns.gaps,
        normal: None,
        range: None,
        missing: columns.missing,
    }
}
