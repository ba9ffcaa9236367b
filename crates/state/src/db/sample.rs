//! Files of samples, gaps between samples, and what is staged of the streams that carry samples.

use domain::{Id, Timestamp};
use link::Stream;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::intake::{bits, epoch, number, unsigned};
use super::{id, json, parcel, time, to_json};
use crate::StateError;
use crate::intake::LifeOf;
use crate::samples::{SampleFile, SampleGap, StagedKey, StagedOf, StagedSamples};

/// Bytes of parcels that are read at once, unless one alone has more.
const BATCH: i64 = 256 << 10;
/// Parcels that are looked at for it.
const PARCELS: i64 = 256;

pub(crate) async fn staged(connection: &mut AnyConnection) -> Result<Vec<StagedSamples>, StateError> {
    let rows = sqlx::query(
        "SELECT edge, COUNT(*) AS parcels, CAST(SUM(LENGTH(bytes)) AS BIGINT) AS size, MIN(taken) AS oldest \
         FROM staged_parcel WHERE stream IN (0, 1) GROUP BY edge ORDER BY edge",
    )
    .fetch_all(connection)
    .await?;
    let staged = |row: &AnyRow| {
        Ok(StagedSamples {
            edge: id(row, "edge")?,
            parcels: unsigned(row, "parcels")?,
            bytes: unsigned(row, "size")?,
            oldest: time(row, "oldest")?,
        })
    };
    rows.iter().map(staged).collect()
}

/// Where a parcel stands, as it is compared in SQL.
type Place = (i64, i64, i64);

pub(crate) async fn staged_after(
    connection: &mut AnyConnection,
    edge: Id,
    after: Option<StagedKey>,
) -> Result<Vec<StagedOf>, StateError> {
    let from = match after {
        Some(key) => (bits(key.epoch), i64::from(key.stream), number(key.first)?),
        None => (i64::MIN, -1, -1),
    };
    let Some(to) = end_of_batch(connection, edge, from).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "SELECT * FROM staged_parcel WHERE edge = $1 AND stream IN (0, 1) AND (epoch, stream, first) > ($2, $3, $4) \
         AND (epoch, stream, first) <= ($5, $6, $7) ORDER BY epoch, stream, first",
    )
    .bind(edge.to_string())
    .bind(from.0)
    .bind(from.1)
    .bind(from.2)
    .bind(to.0)
    .bind(to.1)
    .bind(to.2)
    .fetch_all(connection)
    .await?;
    let staged = |row: &AnyRow| {
        let stream: i64 = row.try_get("stream")?;
        let stream = u8::try_from(stream).ok().and_then(Stream::from_number);
        let stream = stream.ok_or_else(|| StateError::stored("A parcel is of a stream that is not known."))?;
        let life = LifeOf { edge, epoch: epoch(row.try_get("epoch")?), stream };
        Ok(StagedOf { life, parcel: parcel::parcel(row)?, taken: time(row, "taken")? })
    };
    rows.iter().map(staged).collect()
}

/// The place of the last parcel that still fits.
async fn end_of_batch(connection: &mut AnyConnection, edge: Id, from: Place) -> Result<Option<Place>, StateError> {
    let rows = sqlx::query(
        "SELECT epoch, stream, first, CAST(LENGTH(bytes) AS BIGINT) AS size FROM staged_parcel \
         WHERE edge = $1 AND stream IN (0, 1) AND (epoch, stream, first) > ($2, $3, $4) \
         ORDER BY epoch, stream, first LIMIT $5",
    )
    .bind(edge.to_string())
    .bind(from.0)
    .bind(from.1)
    .bind(from.2)
    .bind(PARCELS)
    .fetch_all(connection)
    .await?;
    let (mut sum, mut end) = (0_i64, None);
    for row in rows {
        let size: i64 = row.try_get("size")?;
        sum = sum.saturating_add(size);
        if end.is_some() && sum > BATCH {
            break;
        }
        end = Some((row.try_get("epoch")?, row.try_get("stream")?, row.try_get("first")?));
    }
    Ok(end)
}

pub(crate) async fn told(connection: &mut AnyConnection, life: &LifeOf) -> Result<Vec<Vec<u8>>, StateError> {
    let rows = sqlx::query("SELECT record FROM told_meaning WHERE edge = $1 AND epoch = $2 AND stream = $3")
        .bind(life.edge.to_string())
        .bind(bits(life.epoch))
        .bind(i64::from(life.stream.number()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("record")?)).collect()
}

pub(crate) async fn told_groups(connection: &mut AnyConnection, edge: Id) -> Result<Vec<Vec<u8>>, StateError> {
    let rows = sqlx::query("SELECT record FROM told_meaning WHERE edge = $1 AND packing = -1")
        .bind(edge.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("record")?)).collect()
}

/// One with the same name has the same content.
pub(crate) async fn insert_file(connection: &mut AnyConnection, file: &SampleFile) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO sample_file (object, edge, day, size, samples, first_arrival, last_arrival, ranges) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (object) DO UPDATE SET ranges = excluded.ranges",
    )
    .bind(file.object.clone())
    .bind(file.edge.to_string())
    .bind(file.day)
    .bind(number(file.bytes)?)
    .bind(number(file.rows)?)
    .bind(file.first.micros())
    .bind(file.last.micros())
    .bind(to_json(&file.ranges)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// False when it is not in the manifest.
pub(crate) async fn remove_file(connection: &mut AnyConnection, edge: Id, object: &str) -> Result<bool, StateError> {
    let result = sqlx::query("DELETE FROM sample_file WHERE object = $1 AND edge = $2")
        .bind(object.to_owned())
        .bind(edge.to_string())
        .execute(connection)
        .await?;
    Ok(result.rows_affected() > 0)
}

pub(crate) async fn files(
    connection: &mut AnyConnection,
    edge: Id,
    from: i64,
    to: i64,
) -> Result<Vec<SampleFile>, StateError> {
    let rows = sqlx::query(
        "SELECT * FROM sample_file WHERE edge = $1 AND day >= $2 AND day <= $3 ORDER BY day, first_arrival, object",
    )
    .bind(edge.to_string())
    .bind(from)
    .bind(to)
    .fetch_all(connection)
    .await?;
    let file = |row: &AnyRow| {
        Ok(SampleFile {
            edge,
            day: row.try_get("day")?,
            object: row.try_get("object")?,
            bytes: unsigned(row, "size")?,
            rows: unsigned(row, "samples")?,
            first: time(row, "first_arrival")?,
            last: time(row, "last_arrival")?,
            ranges: json(row, "ranges")?,
        })
    };
    rows.iter().map(file).collect()
}

pub(crate) async fn objects(connection: &mut AnyConnection, edge: Id) -> Result<Vec<String>, StateError> {
    let rows = sqlx::query("SELECT object FROM sample_file WHERE edge = $1")
        .bind(edge.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("object")?)).collect()
}

pub(crate) async fn edges(connection: &mut AnyConnection) -> Result<Vec<Id>, StateError> {
    let rows = sqlx::query("SELECT edge FROM edge_account ORDER BY edge").fetch_all(connection).await?;
    rows.iter().map(|row| id(row, "edge")).collect()
}

pub(crate) async fn crowded(
    connection: &mut AnyConnection,
    files: usize,
    below: u64,
) -> Result<Vec<(Id, i64)>, StateError> {
    let rows = sqlx::query(
        "SELECT edge, day FROM sample_file WHERE samples < $1 GROUP BY edge, day HAVING COUNT(*) > $2 \
         ORDER BY edge, day",
    )
    .bind(i64::try_from(below).unwrap_or(i64::MAX))
    .bind(i64::try_from(files).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((id(row, "edge")?, row.try_get("day")?))).collect()
}

pub(crate) async fn insert_gap(connection: &mut AnyConnection, edge: Id, gap: &SampleGap) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO sample_gap (edge, from_arrival, to_arrival, reason) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (edge, from_arrival, to_arrival, reason) DO NOTHING",
    )
    .bind(edge.to_string())
    .bind(gap.from.micros())
    .bind(gap.to.micros())
    .bind(gap.reason.clone())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn gaps(
    connection: &mut AnyConnection,
    edge: Id,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<SampleGap>, StateError> {
    let rows = sqlx::query(
        "SELECT * FROM sample_gap WHERE edge = $1 AND to_arrival >= $2 AND from_arrival <= $3 ORDER BY from_arrival",
    )
    .bind(edge.to_string())
    .bind(from.micros())
    .bind(to.micros())
    .fetch_all(connection)
    .await?;
    let gap = |row: &AnyRow| {
        let (from, to) = (time(row, "from_arrival")?, time(row, "to_arrival")?);
        Ok(SampleGap { from, to, reason: row.try_get("reason")? })
    };
    rows.iter().map(gap).collect()
}
