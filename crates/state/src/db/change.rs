//! The stream `change`.

use domain::{PlacePath, Timestamp};
use sqlx::{AnyConnection, Row};

use super::below;
use crate::StateError;

/// The newest entry's number and digest; none while the record is empty.
pub(crate) async fn head(connection: &mut AnyConnection) -> Result<Option<(i64, Vec<u8>)>, StateError> {
    let row = sqlx::query("SELECT number, digest FROM change ORDER BY number DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.try_get("number")?, row.try_get("digest")?)))
}

/// A stored entry with the columns that repeat it.
pub(crate) struct Stored {
    pub(crate) number: i64,
    pub(crate) digest: Vec<u8>,
    pub(crate) entry: Vec<u8>,
    pub(crate) at: Timestamp,
    pub(crate) act: String,
    pub(crate) place: String,
}

fn stored(row: &sqlx::any::AnyRow) -> Result<Stored, StateError> {
    Ok(Stored {
        number: row.try_get("number")?,
        digest: row.try_get("digest")?,
        entry: row.try_get("entry")?,
        at: super::time(row, "at")?,
        act: row.try_get("act")?,
        place: row.try_get("place")?,
    })
}

pub(crate) async fn insert(connection: &mut AnyConnection, change: Stored) -> Result<(), StateError> {
    sqlx::query("INSERT INTO change (number, digest, entry, at, act, place) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(change.number)
        .bind(change.digest)
        .bind(change.entry)
        .bind(change.at.micros())
        .bind(change.act)
        .bind(change.place)
        .execute(connection)
        .await?;
    Ok(())
}

/// The next entries after a number, the oldest first.
pub(crate) async fn after(connection: &mut AnyConnection, number: i64, most: i64) -> Result<Vec<Stored>, StateError> {
    let rows = sqlx::query("SELECT * FROM change WHERE number > $1 ORDER BY number LIMIT $2")
        .bind(number)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(stored).collect()
}

/// Which entries.
#[derive(Clone, Debug)]
pub struct ChangeFilter {
    /// At this place and below.
    pub place: PlacePath,
    /// Before this number.
    pub before: Option<i64>,
    /// Not before this time.
    pub from: Timestamp,
    /// Not after this time.
    pub to: Timestamp,
    /// Only of this kind.
    pub act: Option<String>,
    /// At most so many.
    pub limit: i64,
}

impl Default for ChangeFilter {
    fn default() -> Self {
        Self { place: PlacePath::site(), before: None, from: Timestamp::MIN, to: Timestamp::MAX, act: None, limit: 100 }
    }
}

/// The newest first.
pub(crate) async fn list(connection: &mut AnyConnection, filter: &ChangeFilter) -> Result<Vec<Stored>, StateError> {
    let rows = sqlx::query(
        "SELECT * FROM change WHERE number < $1 AND at >= $2 AND at <= $3 AND ($4 = '' OR act = $5) \
         AND ($6 = '' OR place = $7 OR place LIKE $8 ESCAPE '\\') ORDER BY number DESC LIMIT $9",
    )
    .bind(filter.before.unwrap_or(i64::MAX))
    .bind(filter.from.micros())
    .bind(filter.to.micros())
    .bind(filter.act.clone().unwrap_or_default())
    .bind(filter.act.clone().unwrap_or_default())
    .bind(filter.place.to_string())
    .bind(filter.place.to_string())
    .bind(below(&filter.place))
    .bind(filter.limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(stored).collect()
}
