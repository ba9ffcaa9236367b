//! Deployments with their mode, and their immutable revisions.

use std::collections::BTreeMap;

use config::site::DeploymentAt;
use domain::{Mode, PlacePath, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{json, place, time, to_json};
use crate::StateError;

/// A model at a place: the mode stands beside the revision in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Unique on this edge.
    pub name: String,
    /// The place that contains all of its places.
    pub place: PlacePath,
    /// How far it may go.
    pub mode: Mode,
    /// Since when.
    pub mode_since: Timestamp,
    /// Reference of who set it.
    pub mode_by: String,
    /// The change that touched it last.
    pub head: i64,
    /// The revision in use.
    pub revision: Revision,
}

/// {bundle, mapping, tunables}: never changed, only followed by another.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// 1, 2, 3 … within its deployment.
    pub number: i64,
    /// `sha256:…`.
    pub bundle: String,
    /// One place, or several like ones.
    pub at: Vec<DeploymentAt>,
    /// Tunables that differ from the bundle's.
    pub tune: BTreeMap<String, f64>,
    /// Since when.
    pub made: Timestamp,
    /// Reference of who made it.
    pub made_by: String,
    /// Why.
    pub because: Option<String>,
    /// Its entry in the record.
    pub change: i64,
}

#[derive(Serialize, Deserialize)]
struct Document {
    at: Vec<DeploymentAt>,
    tune: BTreeMap<String, f64>,
}

const JOINED: &str = "SELECT d.name, d.place, d.mode, d.mode_since, d.mode_by, d.head, r.number, r.bundle, r.document, \
    r.at, r.made_by, r.because, r.change FROM deployment d \
    JOIN deployment_revision r ON r.deployment = d.name AND r.number = d.revision WHERE d.removed IS NULL \
    ORDER BY d.created, d.name";
const JOINED_ONE: &str = "SELECT d.name, d.place, d.mode, d.mode_since, d.mode_by, d.head, r.number, r.bundle, \
    r.document, r.at, r.made_by, r.because, r.change FROM deployment d \
    JOIN deployment_revision r ON r.deployment = d.name AND r.number = d.revision \
    WHERE d.removed IS NULL AND d.name = $1";

fn revision(row: &AnyRow) -> Result<Revision, StateError> {
    let document: Document = json(row, "document")?;
    Ok(Revision {
        number: row.try_get("number")?,
        bundle: row.try_get("bundle")?,
        at: document.at,
        tune: document.tune,
        made: time(row, "at")?,
        made_by: row.try_get("made_by")?,
        because: row.try_get("because")?,
        change: row.try_get("change")?,
    })
}

fn deployment(row: &AnyRow) -> Result<Deployment, StateError> {
    let mode: String = row.try_get("mode")?;
    let mode = serde_json::from_value(serde_json::Value::String(mode.clone()))
        .map_err(|_| StateError::stored(format!("Nobody knows the mode {mode}.")))?;
    Ok(Deployment {
        name: row.try_get("name")?,
        place: place(row, "place")?,
        mode,
        mode_since: time(row, "mode_since")?,
        mode_by: row.try_get("mode_by")?,
        head: row.try_get("head")?,
        revision: revision(row)?,
    })
}

/// In the order they were made.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Deployment>, StateError> {
    let rows = sqlx::query(JOINED).fetch_all(connection).await?;
    rows.iter().map(deployment).collect()
}

pub(crate) async fn get(connection: &mut AnyConnection, name: &str) -> Result<Option<Deployment>, StateError> {
    let row = sqlx::query(JOINED_ONE).bind(name.to_owned()).fetch_optional(connection).await?;
    row.as_ref().map(deployment).transpose()
}

/// The newest first.
pub(crate) async fn revisions(connection: &mut AnyConnection, name: &str) -> Result<Vec<Revision>, StateError> {
    let rows = sqlx::query("SELECT * FROM deployment_revision WHERE deployment = $1 ORDER BY number DESC")
        .bind(name.to_owned())
        .fetch_all(connection)
        .await?;
    rows.iter().map(revision).collect()
}

/// The number of the newest revision that ever was under this name, also of one that was removed; 0 for none.
pub(crate) async fn newest_number(connection: &mut AnyConnection, name: &str) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT COALESCE(MAX(number), 0) AS number FROM deployment_revision WHERE deployment = $1")
        .bind(name.to_owned())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("number")?)
}

/// The newest change that touched any deployment, also a removal; 0 for none.
pub(crate) async fn newest_head(connection: &mut AnyConnection) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT COALESCE(MAX(head), 0) AS head FROM deployment").fetch_one(connection).await?;
    Ok(row.try_get("head")?)
}

pub(crate) async fn insert_revision(
    connection: &mut AnyConnection,
    name: &str,
    revision: &Revision,
) -> Result<(), StateError> {
    let document = Document { at: revision.at.clone(), tune: revision.tune.clone() };
    sqlx::query(
        "INSERT INTO deployment_revision (deployment, number, bundle, document, at, made_by, because, change) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(name.to_owned())
    .bind(revision.number)
    .bind(revision.bundle.clone())
    .bind(to_json(&document)?)
    .bind(revision.made.micros())
    .bind(revision.made_by.clone())
    .bind(revision.because.clone())
    .bind(revision.change)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes it, or makes it again after it was removed.
pub(crate) async fn upsert(connection: &mut AnyConnection, deployment: &Deployment) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO deployment (name, place, mode, mode_since, mode_by, revision, created, head, removed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (name) DO UPDATE SET place = excluded.place, \
         mode = excluded.mode, mode_since = excluded.mode_since, mode_by = excluded.mode_by, \
         revision = excluded.revision, created = excluded.created, head = excluded.head, removed = NULL",
    )
    .bind(deployment.name.clone())
    .bind(deployment.place.to_string())
    .bind(deployment.mode.as_str())
    .bind(deployment.mode_since.micros())
    .bind(deployment.mode_by.clone())
    .bind(deployment.revision.number)
    .bind(deployment.head)
    .bind(deployment.head)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn use_revision(
    connection: &mut AnyConnection,
    name: &str,
    place: &PlacePath,
    number: i64,
    head: i64,
) -> Result<(), StateError> {
    sqlx::query("UPDATE deployment SET revision = $1, place = $2, head = $3 WHERE name = $4")
        .bind(number)
        .bind(place.to_string())
        .bind(head)
        .bind(name.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_mode(
    connection: &mut AnyConnection,
    name: &str,
    mode: Mode,
    by: (&str, Timestamp),
    head: i64,
) -> Result<(), StateError> {
    sqlx::query("UPDATE deployment SET mode = $1, mode_by = $2, mode_since = $3, head = $4 WHERE name = $5")
        .bind(mode.as_str())
        .bind(by.0.to_owned())
        .bind(by.1.micros())
        .bind(head)
        .bind(name.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn remove(
    connection: &mut AnyConnection,
    name: &str,
    at: Timestamp,
    head: i64,
) -> Result<(), StateError> {
    sqlx::query("UPDATE deployment SET removed = $1, head = $2 WHERE name = $3")
        .bind(at.micros())
        .bind(head)
        .bind(name.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
