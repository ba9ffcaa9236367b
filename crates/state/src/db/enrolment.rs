//! Claims, boxes that wait, keys of edges.

use link::enrol::{Claim, Enrolled, Enrolments, Waiting};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{id, parsed, time};
use crate::StateError;

/// All of it; when wrong codes came is not kept.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Enrolments, StateError> {
    let claims = sqlx::query("SELECT * FROM claim ORDER BY expires, code").fetch_all(&mut *connection).await?;
    let waiting = sqlx::query("SELECT * FROM waiting_box ORDER BY since, box_key").fetch_all(&mut *connection).await?;
    let enrolled = sqlx::query("SELECT * FROM enrolled_key ORDER BY place, box_key").fetch_all(connection).await?;
    Ok(Enrolments {
        claims: claims.iter().map(claim).collect::<Result<_, _>>()?,
        waiting: waiting.iter().map(waiting_box).collect::<Result<_, _>>()?,
        enrolled: enrolled.iter().map(enrolled_key).collect::<Result<_, _>>()?,
        ..Enrolments::default()
    })
}

fn claim(row: &AnyRow) -> Result<Claim, StateError> {
    Ok(Claim {
        code: parsed(row, "code")?,
        place: row.try_get("place")?,
        made_by: row.try_get("made_by")?,
        expires: time(row, "expires")?,
    })
}

fn waiting_box(row: &AnyRow) -> Result<Waiting, StateError> {
    let again: Option<String> = row.try_get("again")?;
    Ok(Waiting {
        key: parsed(row, "box_key")?,
        name: row.try_get("name")?,
        place: row.try_get("place")?,
        again: again.map(|_| id(row, "again")).transpose()?,
        since: time(row, "since")?,
    })
}

fn enrolled_key(row: &AnyRow) -> Result<Enrolled, StateError> {
    let revoked: i64 = row.try_get("revoked")?;
    Ok(Enrolled {
        edge: id(row, "edge")?,
        key: parsed(row, "box_key")?,
        place: row.try_get("place")?,
        approved_by: row.try_get("approved_by")?,
        expires: time(row, "expires")?,
        revoked: revoked != 0,
    })
}

/// Writes what differs.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    before: &Enrolments,
    after: &Enrolments,
) -> Result<(), StateError> {
    for gone in before.claims.iter().filter(|claim| !after.claims.contains(claim)) {
        remove(connection, "DELETE FROM claim WHERE code = $1", gone.code.to_string()).await?;
    }
    for gone in before.waiting.iter().filter(|waiting| !after.waiting.contains(waiting)) {
        remove(connection, "DELETE FROM waiting_box WHERE box_key = $1", gone.key.to_string()).await?;
    }
    for gone in before.enrolled.iter().filter(|enrolled| !after.enrolled.contains(enrolled)) {
        remove(connection, "DELETE FROM enrolled_key WHERE box_key = $1", gone.key.to_string()).await?;
    }
    for new in after.claims.iter().filter(|claim| !before.claims.contains(claim)) {
        insert_claim(connection, new).await?;
    }
    for new in after.waiting.iter().filter(|waiting| !before.waiting.contains(waiting)) {
        insert_waiting(connection, new).await?;
    }
    for new in after.enrolled.iter().filter(|enrolled| !before.enrolled.contains(enrolled)) {
        insert_enrolled(connection, new).await?;
    }
    Ok(())
}

async fn remove(connection: &mut AnyConnection, query: &'static str, key: String) -> Result<(), StateError> {
    sqlx::query(query).bind(key).execute(connection).await?;
    Ok(())
}

async fn insert_claim(connection: &mut AnyConnection, claim: &Claim) -> Result<(), StateError> {
    sqlx::query("INSERT INTO claim (code, place, made_by, expires) VALUES ($1, $2, $3, $4)")
        .bind(claim.code.to_string())
        .bind(claim.place.clone())
        .bind(claim.made_by.clone())
        .bind(claim.expires.micros())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_waiting(connection: &mut AnyConnection, waiting: &Waiting) -> Result<(), StateError> {
    sqlx::query("INSERT INTO waiting_box (box_key, name, place, again, since) VALUES ($1, $2, $3, $4, $5)")
        .bind(waiting.key.to_string())
        .bind(waiting.name.clone())
        .bind(waiting.place.clone())
        .bind(waiting.again.map(|edge| edge.to_string()))
        .bind(waiting.since.micros())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_enrolled(connection: &mut AnyConnection, enrolled: &Enrolled) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO enrolled_key (box_key, edge, place, approved_by, expires, revoked) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(enrolled.key.to_string())
    .bind(enrolled.edge.to_string())
    .bind(enrolled.place.clone())
    .bind(enrolled.approved_by.clone())
    .bind(enrolled.expires.micros())
    .bind(i64::from(enrolled.revoked))
    .execute(connection)
    .await?;
    Ok(())
}
