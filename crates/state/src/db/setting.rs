//! Single facts about this node.

use sqlx::{AnyConnection, Row};

use crate::StateError;

/// The name of the node whose record this is.
pub(crate) const NODE: &str = "node";

pub(crate) async fn get(connection: &mut AnyConnection, name: &str) -> Result<Option<String>, StateError> {
    let row = sqlx::query("SELECT value FROM setting WHERE name = $1")
        .bind(name.to_owned())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("value")).transpose()?)
}

/// Sets it unless it is there already.
pub(crate) async fn set_once(connection: &mut AnyConnection, name: &str, value: &str) -> Result<(), StateError> {
    sqlx::query("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name.to_owned())
        .bind(value.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
