//! Accounts and line terminals.

use access::Role;
use domain::{Id, PlacePath, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{id, maybe_time, place, time};
use crate::StateError;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The reference in the record.
    pub id: Id,
    /// What is typed to sign in.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it stands for.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// When it signed in last.
    pub last_seen: Option<Timestamp>,
    /// PHC string; empty: no password yet.
    pub(crate) password: String,
}

/// An enrolled browser at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The reference in the record.
    pub id: Id,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub place: PlacePath,
    /// When it was made.
    pub created: Timestamp,
}

fn account(row: &AnyRow) -> Result<Account, StateError> {
    let role: String = row.try_get("role")?;
    let role = Role::from_name(&role).ok_or_else(|| StateError::stored(format!("Nobody knows the role {role}.")))?;
    Ok(Account {
        id: id(row, "id")?,
        name: row.try_get("name")?,
        label: row.try_get("label")?,
        role,
        created: time(row, "created")?,
        last_seen: maybe_time(row, "last_seen")?,
        password: row.try_get("password")?,
    })
}

pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Account>, StateError> {
    let rows = sqlx::query("SELECT * FROM account ORDER BY created, id").fetch_all(connection).await?;
    rows.iter().map(account).collect()
}

pub(crate) async fn by_name(connection: &mut AnyConnection, name: &str) -> Result<Option<Account>, StateError> {
    let row =
        sqlx::query("SELECT * FROM account WHERE name = $1").bind(name.to_owned()).fetch_optional(connection).await?;
    row.as_ref().map(account).transpose()
}

pub(crate) async fn by_id(connection: &mut AnyConnection, id: Id) -> Result<Option<Account>, StateError> {
    let row =
        sqlx::query("SELECT * FROM account WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(account).transpose()
}

/// The first owner that was made.
pub(crate) async fn first_owner(connection: &mut AnyConnection) -> Result<Option<Account>, StateError> {
    let row = sqlx::query("SELECT * FROM account WHERE role = 'owner' ORDER BY created, id LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(account).transpose()
}

pub(crate) async fn insert(connection: &mut AnyConnection, account: &Account) -> Result<(), StateError> {
    sqlx::query("INSERT INTO account (id, name, label, role, password, created) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(account.id.to_string())
        .bind(account.name.clone())
        .bind(account.label.clone())
        .bind(account.role.as_str())
        .bind(account.password.clone())
        .bind(account.created.micros())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_password(connection: &mut AnyConnection, id: Id, hash: &str) -> Result<(), StateError> {
    sqlx::query("UPDATE account SET password = $1 WHERE id = $2")
        .bind(hash.to_owned())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn seen(connection: &mut AnyConnection, id: Id, at: Timestamp) -> Result<(), StateError> {
    sqlx::query("UPDATE account SET last_seen = $1 WHERE id = $2")
        .bind(at.micros())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

fn terminal(row: &AnyRow) -> Result<Terminal, StateError> {
    Ok(Terminal {
        id: id(row, "id")?,
        name: row.try_get("name")?,
        place: place(row, "place")?,
        created: time(row, "created")?,
    })
}

pub(crate) async fn terminals(connection: &mut AnyConnection) -> Result<Vec<Terminal>, StateError> {
    let rows = sqlx::query("SELECT * FROM terminal ORDER BY name").fetch_all(connection).await?;
    rows.iter().map(terminal).collect()
}

pub(crate) async fn terminal_by_id(connection: &mut AnyConnection, id: Id) -> Result<Option<Terminal>, StateError> {
    let row =
        sqlx::query("SELECT * FROM terminal WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(terminal).transpose()
}

pub(crate) async fn terminal_by_name(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Terminal>, StateError> {
    let row =
        sqlx::query("SELECT * FROM terminal WHERE name = $1").bind(name.to_owned()).fetch_optional(connection).await?;
    row.as_ref().map(terminal).transpose()
}

pub(crate) async fn insert_terminal(connection: &mut AnyConnection, terminal: &Terminal) -> Result<(), StateError> {
    sqlx::query("INSERT INTO terminal (id, name, place, created) VALUES ($1, $2, $3, $4)")
        .bind(terminal.id.to_string())
        .bind(terminal.name.clone())
        .bind(terminal.place.to_string())
        .bind(terminal.created.micros())
        .execute(connection)
        .await?;
    Ok(())
}
