//! Advisories as they stand, and the stream `alarm` that they came by.

use domain::{Advisory, Id, PlacePath, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{below, id, json, maybe_time, place, time, to_json};
use crate::StateError;

fn advisory(row: &AnyRow) -> Result<Advisory, StateError> {
    let body: Advisory = json(row, "body")?;
    let acknowledged = maybe_time(row, "acknowledged")?;
    let by: Option<String> = row.try_get("acknowledged_by")?;
    Ok(Advisory {
        id: id(row, "id")?,
        deployment: row.try_get("deployment")?,
        place: place(row, "place")?,
        version: row.try_get("version")?,
        raised: time(row, "raised")?,
        cleared: maybe_time(row, "cleared")?,
        acknowledged: acknowledged.zip(by),
        ..body
    })
}

pub(crate) async fn get(connection: &mut AnyConnection, id: Id) -> Result<Option<Advisory>, StateError> {
    let row =
        sqlx::query("SELECT * FROM advisory WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(advisory).transpose()
}

/// Which advisories.
#[derive(Clone, Debug)]
pub struct AdvisoryFilter {
    /// At this place and below.
    pub place: PlacePath,
    /// Also those that are cleared and acknowledged.
    pub all: bool,
    /// At most so many.
    pub limit: i64,
}

impl Default for AdvisoryFilter {
    fn default() -> Self {
        Self { place: PlacePath::site(), all: false, limit: 100 }
    }
}

/// Unacknowledged first, then the newest first.
pub(crate) async fn list(connection: &mut AnyConnection, filter: &AdvisoryFilter) -> Result<Vec<Advisory>, StateError> {
    let rows = sqlx::query(
        "SELECT * FROM advisory WHERE ($1 = 1 OR cleared IS NULL OR acknowledged IS NULL) \
         AND ($2 = '' OR place = $3 OR place LIKE $4 ESCAPE '\\') \
         ORDER BY CASE WHEN acknowledged IS NULL THEN 0 ELSE 1 END, raised DESC, id DESC LIMIT $5",
    )
    .bind(i64::from(filter.all))
    .bind(filter.place.to_string())
    .bind(filter.place.to_string())
    .bind(below(&filter.place))
    .bind(filter.limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(advisory).collect()
}

/// Those that are not cleared, of one deployment or of all (empty).
pub(crate) async fn active(connection: &mut AnyConnection, deployment: &str) -> Result<Vec<Advisory>, StateError> {
    let rows = sqlx::query(
        "SELECT * FROM advisory WHERE cleared IS NULL AND ($1 = '' OR deployment = $2) ORDER BY raised, id",
    )
    .bind(deployment.to_owned())
    .bind(deployment.to_owned())
    .fetch_all(connection)
    .await?;
    rows.iter().map(advisory).collect()
}

pub(crate) async fn raised_since(connection: &mut AnyConnection, since: Timestamp) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM advisory WHERE raised >= $1")
        .bind(since.micros())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("n")?)
}

/// False when it is there already.
pub(crate) async fn insert(connection: &mut AnyConnection, advisory: &Advisory) -> Result<bool, StateError> {
    let result = sqlx::query(
        "INSERT INTO advisory (id, deployment, place, version, raised, body) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(advisory.id.to_string())
    .bind(advisory.deployment.clone())
    .bind(advisory.place.to_string())
    .bind(advisory.version.clone())
    .bind(advisory.raised.micros())
    .bind(to_json(advisory)?)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// False when it is cleared already or not there.
pub(crate) async fn clear(connection: &mut AnyConnection, id: Id, at: Timestamp) -> Result<bool, StateError> {
    let result = sqlx::query("UPDATE advisory SET cleared = $1 WHERE id = $2 AND cleared IS NULL")
        .bind(at.micros())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(result.rows_affected() > 0)
}

pub(crate) async fn acknowledge(
    connection: &mut AnyConnection,
    id: Id,
    at: Timestamp,
    by: &str,
) -> Result<(), StateError> {
    sqlx::query("UPDATE advisory SET acknowledged = $1, acknowledged_by = $2 WHERE id = $3")
        .bind(at.micros())
        .bind(by.to_owned())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Appends to the stream `alarm`; gives the sequence.
pub(crate) async fn append_alarm(
    connection: &mut AnyConnection,
    at: Timestamp,
    kind: &'static str,
    advisory: Id,
    body: &str,
) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS seq FROM alarm").fetch_one(&mut *connection).await?;
    let seq = row.try_get::<i64, _>("seq")? + 1;
    sqlx::query("INSERT INTO alarm (seq, at, kind, advisory, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(seq)
        .bind(at.micros())
        .bind(kind)
        .bind(advisory.to_string())
        .bind(body.to_owned())
        .execute(connection)
        .await?;
    Ok(seq)
}

/// The newest sequence of the stream `alarm`; 0 while it is empty.
pub(crate) async fn alarm_seq(connection: &mut AnyConnection) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS seq FROM alarm").fetch_one(connection).await?;
    Ok(row.try_get("seq")?)
}
