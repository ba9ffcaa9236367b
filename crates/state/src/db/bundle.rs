//! Bundles on this edge.

use bundle::Contract;
use domain::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{json, time, to_json};
use crate::StateError;

/// A bundle that was checked and registered.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBundle {
    /// `sha256:…`.
    pub digest: String,
    /// What it needs and gives.
    pub contract: Contract,
    /// Size of its file in bytes.
    pub size: i64,
    /// When it came.
    pub added: Timestamp,
    /// Reference of who brought it.
    pub added_by: String,
}

fn bundle(row: &AnyRow) -> Result<StoredBundle, StateError> {
    Ok(StoredBundle {
        digest: row.try_get("digest")?,
        contract: json(row, "contract")?,
        size: row.try_get("size")?,
        added: time(row, "added")?,
        added_by: row.try_get("added_by")?,
    })
}

pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<StoredBundle>, StateError> {
    let rows = sqlx::query("SELECT * FROM bundle ORDER BY added, digest").fetch_all(connection).await?;
    rows.iter().map(bundle).collect()
}

pub(crate) async fn get(connection: &mut AnyConnection, digest: &str) -> Result<Option<StoredBundle>, StateError> {
    let row = sqlx::query("SELECT * FROM bundle WHERE digest = $1")
        .bind(digest.to_owned())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(bundle).transpose()
}

pub(crate) async fn insert(connection: &mut AnyConnection, bundle: &StoredBundle) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO bundle (digest, name, version, contract, size, added, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(bundle.digest.clone())
    .bind(bundle.contract.name.clone())
    .bind(bundle.contract.version.clone())
    .bind(to_json(&bundle.contract)?)
    .bind(bundle.size)
    .bind(bundle.added.micros())
    .bind(bundle.added_by.clone())
    .execute(connection)
    .await?;
    Ok(())
}
