//! Values that people set local variables to. Declarations and first values are in the configuration.

use domain::{TagPath, Timestamp, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{json, parsed, time, to_json};
use crate::StateError;

/// What a local variable was set to.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableValue {
    /// Which.
    pub name: TagPath,
    /// The value, of the declared type when it was set.
    pub value: Value,
    /// When.
    pub at: Timestamp,
    /// Reference of who.
    pub set_by: String,
}

fn variable(row: &AnyRow) -> Result<VariableValue, StateError> {
    Ok(VariableValue {
        name: parsed(row, "name")?,
        value: json(row, "value")?,
        at: time(row, "at")?,
        set_by: row.try_get("set_by")?,
    })
}

pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<VariableValue>, StateError> {
    let rows = sqlx::query("SELECT * FROM variable ORDER BY name").fetch_all(connection).await?;
    rows.iter().map(variable).collect()
}

pub(crate) async fn get(connection: &mut AnyConnection, name: &TagPath) -> Result<Option<VariableValue>, StateError> {
    let row =
        sqlx::query("SELECT * FROM variable WHERE name = $1").bind(name.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(variable).transpose()
}

pub(crate) async fn set(connection: &mut AnyConnection, value: &VariableValue) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO variable (name, value, at, set_by) VALUES ($1, $2, $3, $4) ON CONFLICT (name) \
         DO UPDATE SET value = excluded.value, at = excluded.at, set_by = excluded.set_by",
    )
    .bind(value.name.to_string())
    .bind(to_json(&value.value)?)
    .bind(value.at.micros())
    .bind(value.set_by.clone())
    .execute(connection)
    .await?;
    Ok(())
}
