//! Revisions of the site's configuration: each an immutable document without its deployments.

use config::SiteConfig;
use domain::Timestamp;
use sqlx::{AnyConnection, Row};

use super::{json, to_json};
use crate::StateError;

/// The newest revision: the number of the change that made it, and the document.
pub(crate) async fn newest(connection: &mut AnyConnection) -> Result<Option<(i64, SiteConfig)>, StateError> {
    let row = sqlx::query("SELECT head, document FROM site_revision ORDER BY head DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.try_get("head")?, json(&row, "document")?)))
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    head: i64,
    at: Timestamp,
    config: &SiteConfig,
) -> Result<(), StateError> {
    sqlx::query("INSERT INTO site_revision (head, at, document) VALUES ($1, $2, $3)")
        .bind(head)
        .bind(at.micros())
        .bind(to_json(config)?)
        .execute(connection)
        .await?;
    Ok(())
}
