//! Parcels as they came, and the marks that stay of those that were moved out.

use domain::{Id, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::intake::{bits, number, unsigned};
use crate::StateError;
use crate::intake::{LifeOf, StagedParcel};

pub(crate) fn parcel(row: &AnyRow) -> Result<StagedParcel, StateError> {
    let crc: i64 = row.try_get("crc")?;
    Ok(StagedParcel {
        first: unsigned(row, "first")?,
        last: unsigned(row, "last")?,
        crc: u32::try_from(crc).map_err(|_| StateError::stored(format!("Column crc holds {crc}.")))?,
        bytes: row.try_get("bytes")?,
    })
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    life: &LifeOf,
    parcel: &StagedParcel,
    taken: Timestamp,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO staged_parcel (edge, epoch, stream, first, last, crc, taken, bytes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(life.edge.to_string())
    .bind(bits(life.epoch))
    .bind(i64::from(life.stream.number()))
    .bind(number(parcel.first)?)
    .bind(number(parcel.last)?)
    .bind(i64::from(parcel.crc))
    .bind(taken.micros())
    .bind(parcel.bytes.clone())
    .execute(connection)
    .await?;
    Ok(())
}

/// The one that covers this number, else the next one after it.
pub(crate) async fn at_or_after(
    connection: &mut AnyConnection,
    life: &LifeOf,
    seq: u64,
) -> Result<Option<StagedParcel>, StateError> {
    let row = sqlx::query(
        "SELECT * FROM staged_parcel WHERE edge = $1 AND epoch = $2 AND stream = $3 AND first = COALESCE( \
         (SELECT MAX(first) FROM staged_parcel \
          WHERE edge = $1 AND epoch = $2 AND stream = $3 AND first <= $4 AND last >= $4), \
         (SELECT MIN(first) FROM staged_parcel WHERE edge = $1 AND epoch = $2 AND stream = $3 AND first > $4))",
    )
    .bind(life.edge.to_string())
    .bind(bits(life.epoch))
    .bind(i64::from(life.stream.number()))
    .bind(i64::try_from(seq).unwrap_or(i64::MAX))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(parcel).transpose()
}

/// Removes one that was moved out.
pub(crate) async fn remove(connection: &mut AnyConnection, life: &LifeOf, first: u64) -> Result<bool, StateError> {
    let result = sqlx::query("DELETE FROM staged_parcel WHERE edge = $1 AND epoch = $2 AND stream = $3 AND first = $4")
        .bind(life.edge.to_string())
        .bind(bits(life.epoch))
        .bind(i64::from(life.stream.number()))
        .bind(number(first)?)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() > 0)
}

/// How many there are, and their bytes.
pub(crate) async fn size(connection: &mut AnyConnection) -> Result<(i64, i64), StateError> {
    // a sum of BIGINT is a NUMERIC on PostgreSQL, which nobody here reads
    let row = sqlx::query(
        "SELECT COUNT(*) AS parcels, CAST(COALESCE(SUM(LENGTH(bytes)), 0) AS BIGINT) AS bytes FROM staged_parcel",
    )
    .fetch_one(connection)
    .await?;
    Ok((row.try_get("parcels")?, row.try_get("bytes")?))
}

/// The lives of which something is kept in this stream.
pub(crate) async fn epochs(
    connection: &mut AnyConnection,
    edge: Id,
    stream: link::Stream,
) -> Result<Vec<u64>, StateError> {
    let rows = sqlx::query(
        "SELECT DISTINCT epoch FROM staged_parcel WHERE edge = $1 AND stream = $2 \
         UNION SELECT DISTINCT epoch FROM lost_range WHERE edge = $1 AND stream = $2 ORDER BY epoch",
    )
    .bind(edge.to_string())
    .bind(i64::from(stream.number()))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(super::intake::epoch(row.try_get("epoch")?))).collect()
}

pub(crate) async fn keep_mark(
    connection: &mut AnyConnection,
    life: &LifeOf,
    seq: u64,
    crc: u32,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO kept_mark (edge, epoch, stream, seq, crc) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (edge, epoch, stream, seq) DO NOTHING",
    )
    .bind(life.edge.to_string())
    .bind(bits(life.epoch))
    .bind(i64::from(life.stream.number()))
    .bind(number(seq)?)
    .bind(i64::from(crc))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn kept_mark(
    connection: &mut AnyConnection,
    life: &LifeOf,
    seq: u64,
) -> Result<Option<u32>, StateError> {
    let row = sqlx::query("SELECT crc FROM kept_mark WHERE edge = $1 AND epoch = $2 AND stream = $3 AND seq = $4")
        .bind(life.edge.to_string())
        .bind(bits(life.epoch))
        .bind(i64::from(life.stream.number()))
        .bind(i64::try_from(seq).unwrap_or(i64::MAX))
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let crc: i64 = row.try_get("crc")?;
    Ok(u32::try_from(crc).ok())
}
