//! Sessions and one-time codes. Tokens and codes are stored hashed.

use domain::{Id, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{id, maybe_time, time};
use crate::StateError;

/// What opened a session, and so how long it may idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Browser,
    Terminal,
    Token,
}

impl SessionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Terminal => "terminal",
            Self::Token => "token",
        }
    }
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: Id,
    pub(crate) kind: SessionKind,
    pub(crate) account: Option<Id>,
    pub(crate) terminal: Option<Id>,
    pub(crate) created: Timestamp,
    pub(crate) expires: Option<Timestamp>,
}

fn maybe_id(row: &AnyRow, column: &'static str) -> Result<Option<Id>, StateError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|_| id(row, column)).transpose()
}

fn session(row: &AnyRow) -> Result<Session, StateError> {
    let kind: String = row.try_get("kind")?;
    let kind = match kind.as_str() {
        "browser" => SessionKind::Browser,
        "terminal" => SessionKind::Terminal,
        "token" => SessionKind::Token,
        other => return Err(StateError::stored(format!("Nobody knows sessions of kind {other}."))),
    };
    Ok(Session {
        id: id(row, "id")?,
        kind,
        account: maybe_id(row, "account")?,
        terminal: maybe_id(row, "terminal")?,
        created: time(row, "created")?,
        expires: maybe_time(row, "expires")?,
    })
}

pub(crate) async fn by_token(connection: &mut AnyConnection, token: Vec<u8>) -> Result<Option<Session>, StateError> {
    let row = sqlx::query("SELECT id, kind, account, terminal, created, expires FROM session WHERE token = $1")
        .bind(token)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(session).transpose()
}

pub(crate) async fn by_id(connection: &mut AnyConnection, id: Id) -> Result<Option<Session>, StateError> {
    let row = sqlx::query("SELECT id, kind, account, terminal, created, expires FROM session WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(session).transpose()
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    session: &Session,
    token: Vec<u8>,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO session (id, token, kind, account, terminal, created, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(session.id.to_string())
    .bind(token)
    .bind(session.kind.as_str())
    .bind(session.account.map(|id| id.to_string()))
    .bind(session.terminal.map(|id| id.to_string()))
    .bind(session.created.micros())
    .bind(session.expires.map(Timestamp::micros))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remove(connection: &mut AnyConnection, id: Id) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Ends the browser sessions of an account, but not `keep`.
pub(crate) async fn remove_of_account(
    connection: &mut AnyConnection,
    account: Id,
    keep: Option<Id>,
) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session WHERE account = $1 AND id <> $2")
        .bind(account.to_string())
        .bind(keep.map(|id| id.to_string()).unwrap_or_default())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn remove_of_terminal(connection: &mut AnyConnection, terminal: Id) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session WHERE terminal = $1").bind(terminal.to_string()).execute(connection).await?;
    Ok(())
}

pub(crate) async fn remove_tokens(connection: &mut AnyConnection) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session WHERE kind = 'token'").execute(connection).await?;
    Ok(())
}

/// Ends every session and makes every one-time code useless.
pub(crate) async fn remove_all(connection: &mut AnyConnection) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session").execute(&mut *connection).await?;
    sqlx::query("DELETE FROM login_code").execute(connection).await?;
    Ok(())
}

/// Removes what has expired, and the oldest browser sessions beyond `most`.
pub(crate) async fn tidy(connection: &mut AnyConnection, now: Timestamp, most: i64) -> Result<(), StateError> {
    sqlx::query("DELETE FROM session WHERE expires < $1").bind(now.micros()).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM login_code WHERE expires < $1").bind(now.micros()).execute(&mut *connection).await?;
    sqlx::query(
        "DELETE FROM session WHERE kind = 'browser' AND id NOT IN \
         (SELECT id FROM session WHERE kind = 'browser' ORDER BY created DESC, id DESC LIMIT $1)",
    )
    .bind(most)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whom a code signs in.
#[derive(Clone, Debug)]
pub(crate) struct LoginCode {
    pub(crate) account: Option<Id>,
    pub(crate) terminal: Option<Id>,
    pub(crate) expires: Timestamp,
}

pub(crate) async fn insert_code(
    connection: &mut AnyConnection,
    digest: Vec<u8>,
    code: &LoginCode,
) -> Result<(), StateError> {
    sqlx::query("INSERT INTO login_code (code, account, terminal, expires) VALUES ($1, $2, $3, $4)")
        .bind(digest)
        .bind(code.account.map(|id| id.to_string()))
        .bind(code.terminal.map(|id| id.to_string()))
        .bind(code.expires.micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a code out: it works once.
pub(crate) async fn spend_code(
    connection: &mut AnyConnection,
    digest: Vec<u8>,
) -> Result<Option<LoginCode>, StateError> {
    let row = sqlx::query("SELECT account, terminal, expires FROM login_code WHERE code = $1")
        .bind(digest.clone())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    sqlx::query("DELETE FROM login_code WHERE code = $1").bind(digest).execute(connection).await?;
    let code = LoginCode {
        account: maybe_id(&row, "account")?,
        terminal: maybe_id(&row, "terminal")?,
        expires: time(&row, "expires")?,
    };
    Ok(Some(code))
}
