//! What a hub keeps of each edge beside its parcels: the account, ranges that will never come, meanings.

use std::collections::BTreeSet;

use domain::{GroupId, Id, Timestamp};
use link::Stream;
use link::parcel::{Gone, GoneReason, Meaning};
use link::up::hub::{Account, Lost};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{json, to_json};
use crate::StateError;
use crate::intake::{AccountRevision, LifeOf, Told};

/// The packing of a group's own series.
const NO_PACKING: i64 = -1;

/// Random bits as a BIGINT, and back.
pub(crate) fn bits(epoch: u64) -> i64 {
    i64::from_le_bytes(epoch.to_le_bytes())
}

pub(crate) fn epoch(bits: i64) -> u64 {
    u64::from_le_bytes(bits.to_le_bytes())
}

/// A number of a record. What is larger than a BIGINT was refused before it came here.
pub(crate) fn number(number: u64) -> Result<i64, StateError> {
    i64::try_from(number).map_err(|_| StateError::stored(format!("{number} is too large for the number of a record.")))
}

pub(crate) fn unsigned(row: &AnyRow, column: &'static str) -> Result<u64, StateError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| StateError::stored(format!("Column {column} holds {number}.")))
}

pub(crate) async fn account(connection: &mut AnyConnection, edge: Id) -> Result<Option<AccountRevision>, StateError> {
    let row = sqlx::query("SELECT * FROM edge_account WHERE edge = $1")
        .bind(edge.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(revision).transpose()
}

pub(crate) async fn accounts(connection: &mut AnyConnection) -> Result<Vec<AccountRevision>, StateError> {
    let rows = sqlx::query("SELECT * FROM edge_account ORDER BY edge").fetch_all(connection).await?;
    rows.iter().map(revision).collect()
}

fn revision(row: &AnyRow) -> Result<AccountRevision, StateError> {
    Ok(AccountRevision { account: json(row, "account")?, revision: row.try_get("revision")? })
}

/// Writes the account unless it was changed since that revision (0: since there was none). False: it was.
pub(crate) async fn put_account(
    connection: &mut AnyConnection,
    account: &Account,
    based_on: i64,
) -> Result<bool, StateError> {
    let query = if based_on == 0 {
        "INSERT INTO edge_account (edge, revision, account) VALUES ($1, $2 + 1, $3) ON CONFLICT (edge) DO NOTHING"
    } else {
        "UPDATE edge_account SET revision = revision + 1, account = $3 WHERE edge = $1 AND revision = $2"
    };
    let result = sqlx::query(query)
        .bind(account.edge.to_string())
        .bind(based_on)
        .bind(to_json(account)?)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() > 0)
}

pub(crate) async fn insert_lost(
    connection: &mut AnyConnection,
    edge: Id,
    lost: &Lost,
    at: Timestamp,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO lost_range (edge, epoch, stream, first, last, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (edge, epoch, stream, first) DO NOTHING",
    )
    .bind(edge.to_string())
    .bind(bits(lost.epoch))
    .bind(i64::from(lost.stream.number()))
    .bind(number(lost.gone.first)?)
    .bind(number(lost.gone.last)?)
    .bind(to_json(&lost.gone.reason)?)
    .bind(at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// Of one stream of one life, ascending.
pub(crate) async fn lost(connection: &mut AnyConnection, life: &LifeOf) -> Result<Vec<Gone>, StateError> {
    let rows = sqlx::query("SELECT * FROM lost_range WHERE edge = $1 AND epoch = $2 AND stream = $3 ORDER BY first")
        .bind(life.edge.to_string())
        .bind(bits(life.epoch))
        .bind(i64::from(life.stream.number()))
        .fetch_all(connection)
        .await?;
    let gone = |row: &AnyRow| {
        let reason: GoneReason = json(row, "reason")?;
        Ok(Gone { first: unsigned(row, "first")?, last: unsigned(row, "last")?, reason })
    };
    rows.iter().map(gone).collect()
}

fn columns(meaning: Meaning) -> Result<(i64, i64), StateError> {
    Ok(match meaning {
        Meaning::Group(group) => (i64::from(group.0), NO_PACKING),
        Meaning::Packing(group, packing) => (i64::from(group.0), number(packing)?),
    })
}

pub(crate) async fn insert_told(
    connection: &mut AnyConnection,
    edge: Id,
    epoch: u64,
    stream: Stream,
    told: &Told,
) -> Result<(), StateError> {
    let (group, packing) = columns(told.meaning)?;
    sqlx::query(
        "INSERT INTO told_meaning (edge, epoch, stream, scan_group, packing, record) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (edge, epoch, stream, scan_group, packing) DO NOTHING",
    )
    .bind(edge.to_string())
    .bind(bits(epoch))
    .bind(i64::from(stream.number()))
    .bind(group)
    .bind(packing)
    .bind(told.record.clone())
    .execute(connection)
    .await?;
    Ok(())
}

/// What was told about one stream of one life.
pub(crate) async fn told(connection: &mut AnyConnection, life: &LifeOf) -> Result<BTreeSet<Meaning>, StateError> {
    let rows =
        sqlx::query("SELECT scan_group, packing FROM told_meaning WHERE edge = $1 AND epoch = $2 AND stream = $3")
            .bind(life.edge.to_string())
            .bind(bits(life.epoch))
            .bind(i64::from(life.stream.number()))
            .fetch_all(connection)
            .await?;
    let meaning = |row: &AnyRow| {
        let group = u32::try_from(unsigned(row, "scan_group")?)
            .map_err(|_| StateError::stored("A group's number is too large."))?;
        let packing: i64 = row.try_get("packing")?;
        let packing = u64::try_from(packing).ok();
        Ok(packing.map_or(Meaning::Group(GroupId(group)), |packing| Meaning::Packing(GroupId(group), packing)))
    };
    rows.iter().map(meaning).collect()
}

/// The record of the log that told it.
pub(crate) async fn told_record(
    connection: &mut AnyConnection,
    life: &LifeOf,
    meaning: Meaning,
) -> Result<Option<Vec<u8>>, StateError> {
    let (group, packing) = columns(meaning)?;
    let row = sqlx::query(
        "SELECT record FROM told_meaning \
         WHERE edge = $1 AND epoch = $2 AND stream = $3 AND scan_group = $4 AND packing = $5",
    )
    .bind(life.edge.to_string())
    .bind(bits(life.epoch))
    .bind(i64::from(life.stream.number()))
    .bind(group)
    .bind(packing)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.try_get("record")).transpose()?)
}
