//! Trends.

use access::Action;
use axum::extract::State;
use domain::said;
use domain::{PlacePath, TagPath, Timestamp};
use state::ChangeFilter;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::Texts;
use crate::api::trend::{ChangeMark, Trend, TrendQuery, TrendSeries};
use crate::extract::{Json, Query, tags};
use crate::failure::{Failure, Failures};
use crate::ports::TrendColumns;
use crate::shape::{Scene, Tags, is_about_people, mark};
use crate::who::Who;

pub(super) const TAGS: usize = 20;
const MARKS: usize = 200;
pub(super) const BUCKETS: std::ops::RangeInclusive<u32> = 2..=5000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(trend))
}

/// Trends of any tags, with gaps that are gaps and marks of changes.
#[utoipa::path(get, path = "/api/v1/trend", tag = "trend", params(TrendQuery),
    responses((status = 200, body = Trend), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn trend(State(server): State<Shared>, who: Who, Query(ask): Query<TrendQuery>) -> Result<Json<Trend>, Failure> {
    let tags = tags(&ask.tags, TAGS)?;
    for tag in &tags {
        who.may(Action::See, &at(tag)).await?;
    }
    let buckets = ask.buckets.unwrap_or(600);
    if ask.from_ms >= ask.to_ms || !BUCKETS.contains(&buckets) {
        return Err(Failure::wrong(said::act::TREND_RANGE.problem("from_ms", [])));
    }
    let (from, to) = (Timestamp::from_millis(ask.from_ms), Timestamp::from_millis(ask.to_ms));
    let columns = server.site.history.trend(&tags, from, to, buckets).await.map_err(Failure::wrong)?;
    let marks = marks(&server, &tags, from, to).await?;
    let scene = Scene::load(&server, who).await?;
    let index = Tags::of(&scene);
    let series = tags.iter().zip(columns).map(|(tag, columns)| series(tag, columns, &index)).collect();
    Ok(Json(Trend { from_ms: ask.from_ms, to_ms: ask.to_ms, series, marks }))
}

fn series(tag: &TagPath, columns: TrendColumns, index: &Tags<'_>) -> TrendSeries {
    let known = index.get(tag);
    let TrendColumns { t, min, max, mean, gaps, missing } = columns;
    let (label, unit, normal, range) = known.map_or_else(
        || (Texts::plain(tag.name()), String::new(), None, None),
        |known| (known.label, known.unit, known.normal, known.range),
    );
    TrendSeries { tag: tag.to_string(), label, unit, t, min, max, mean, gaps, normal, range, missing }
}

/// Changes at the places of these tags, above them and below them.
async fn marks(server: &Shared, tags: &[TagPath], from: Timestamp, to: Timestamp) -> Result<Vec<ChangeMark>, Failure> {
    let filter = ChangeFilter { from, to, limit: 1000, ..ChangeFilter::default() };
    let near =
        |place: &PlacePath| tags.iter().any(|tag| place.contains(tag.place()) || at(tag).contains(place.as_str()));
    let changes = server.site.state.changes(&filter).await?.into_iter();
    let changes = changes.filter(|line| !is_about_people(&line.entry.act) && near(&line.entry.place));
    let mut marks: Vec<ChangeMark> = changes.take(MARKS).map(mark).collect();
    marks.reverse();
    Ok(marks)
}

fn at(tag: &TagPath) -> PlacePath {
    tag.place().parse().unwrap_or_default()
}
