//! The queries, one file per resource. Every one of them runs on SQLite and on PostgreSQL (`tests/it`).

pub(crate) mod account;
pub(crate) mod advisory;
pub(crate) mod bundle;
pub(crate) mod change;
pub(crate) mod deployment;
pub(crate) mod enrolment;
pub(crate) mod intake;
pub(crate) mod parcel;
pub(crate) mod sample;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod site;
pub(crate) mod stream;
pub(crate) mod variable;

use std::str::FromStr;

use domain::{Id, PlacePath, Timestamp};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::StateError;

/// A column that must be what it was stored as.
pub(crate) fn parsed<T: FromStr>(row: &AnyRow, column: &'static str) -> Result<T, StateError>
where
    T::Err: std::fmt::Display,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error| StateError::stored(format!("Column {column} holds `{text}`: {error}.")))
}

pub(crate) fn id(row: &AnyRow, column: &'static str) -> Result<Id, StateError> {
    parsed(row, column)
}

pub(crate) fn place(row: &AnyRow, column: &'static str) -> Result<PlacePath, StateError> {
    parsed(row, column)
}

pub(crate) fn time(row: &AnyRow, column: &'static str) -> Result<Timestamp, StateError> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

pub(crate) fn maybe_time(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StateError> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// A JSON column.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, StateError> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| StateError::stored(format!("Column {column} can't be read: {error}.")))
}

/// A value as its JSON column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StateError> {
    serde_json::to_string(value).map_err(|error| StateError::stored(format!("A value can't be stored: {error}.")))
}

/// The pattern for `LIKE … ESCAPE '\'` that fits everything below a place.
pub(crate) fn below(place: &PlacePath) -> String {
    if place.as_str().is_empty() {
        return "%".to_owned();
    }
    format!("{}/%", place.as_str().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
