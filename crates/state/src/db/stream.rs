//! The streams `change` and `alarm` as they go to a hub: bytes by number.
//!
//! A record of `change` is its entry's canonical bytes, those that its digest is over. A record of `alarm` is one line of JSON with
//! its columns in this order and without spaces, so the same row gives the same bytes on every database and at any time:
//!
//! ```text
//! {"v":1,"number":7,"at":1764300000000000,"kind":"raise","advisory":"0195…","body":{…}}
//! ```
//!
//! `number` counts from 1, `at` is µs since 1970 UTC by the site's clock, `kind` is `raise` or `clear`, and `body` is what was
//! stored when it happened, byte for byte: the advisory, or the reason for which it ended.

use sqlx::{AnyConnection, Row};

use crate::StateError;

/// The version of the layout of an alarm's bytes.
const ALARM_VERSION: u32 = 1;

/// At most `most` entries of `change` from this number on.
pub(crate) async fn changes(
    connection: &mut AnyConnection,
    from: i64,
    most: i64,
) -> Result<Vec<(i64, Vec<u8>)>, StateError> {
    let rows = sqlx::query("SELECT number, entry FROM change WHERE number >= $1 ORDER BY number LIMIT $2")
        .bind(from)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("number")?, row.try_get("entry")?))).collect()
}

/// At most `most` records of `alarm` from this number on.
pub(crate) async fn alarms(
    connection: &mut AnyConnection,
    from: i64,
    most: i64,
) -> Result<Vec<(i64, Vec<u8>)>, StateError> {
    let rows = sqlx::query("SELECT seq, at, kind, advisory, body FROM alarm WHERE seq >= $1 ORDER BY seq LIMIT $2")
        .bind(from)
        .bind(most)
        .fetch_all(connection)
        .await?;
    let bytes = |row: &sqlx::any::AnyRow| {
        let (number, at): (i64, i64) = (row.try_get("seq")?, row.try_get("at")?);
        let (kind, advisory): (String, String) = (row.try_get("kind")?, row.try_get("advisory")?);
        let body: String = row.try_get("body")?;
        Ok((number, alarm_bytes(number, at, &kind, &advisory, &body)))
    };
    rows.iter().map(bytes).collect()
}

/// Kind and id are words of ours, and the body is JSON already: nothing in them needs escaping.
fn alarm_bytes(number: i64, at: i64, kind: &str, advisory: &str, body: &str) -> Vec<u8> {
    let head = format!(r#"{{"v":{ALARM_VERSION},"number":{number},"at":{at},"kind":"{kind}","advisory":"{advisory}""#);
    format!(r#"{head},"body":{body}}}"#).into_bytes()
}
