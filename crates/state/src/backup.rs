//! A copy of the state while it goes on, and what the record says of backups.

use std::path::Path;

use domain::said::{backup as said, change};
use domain::{Arg, Said, Timestamp};
use serde_json::Value;
use sqlx::AnyConnection;

use crate::db::change::{ChangeFilter, list};
use crate::open::Dialect;
use crate::record::Entry;
use crate::{State, StateError};

/// That this node came back from a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The entry that says so.
    pub change: i64,
    /// When the backup was made.
    pub made: Timestamp,
    /// Deployments that may go less far since.
    pub lowered: Vec<String>,
}

impl Restored {
    fn of(entry: &Entry) -> Self {
        let to = entry.to.as_ref();
        let made = to.and_then(|to| to.get("made")).and_then(Value::as_i64).unwrap_or_default();
        let lowered = to.and_then(|to| to.get("lowered")).and_then(Value::as_array).into_iter().flatten();
        Self {
            change: entry.number,
            made: Timestamp::from_micros(made),
            lowered: lowered.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// What a person has to read.
    pub fn said(&self) -> Said {
        let made = ("made", Arg::from(self.made.utc()));
        if self.lowered.is_empty() {
            return said::RESTORED.say([made]);
        }
        said::RESTORED_LOWERED.say([made, ("deployments", self.lowered.join(", ").into())])
    }
}

/// The entry of a restore, as the record says it.
pub(crate) fn said_of(entry: &Entry) -> Said {
    let Restored { made, lowered, .. } = Restored::of(entry);
    let made = ("made", Arg::from(made.utc()));
    if lowered.is_empty() {
        return change::RESTORE.say([made]);
    }
    change::RESTORE_LOWERED.say([made, ("deployments", lowered.join(", ").into())])
}

async fn newest(sql: &mut AnyConnection, act: &str) -> Result<Option<Entry>, StateError> {
    let filter = ChangeFilter { act: Some(act.to_owned()), limit: 1, ..ChangeFilter::default() };
    let Some(stored) = list(sql, &filter).await?.into_iter().next() else { return Ok(None) };
    let entry = serde_json::from_slice(&stored.entry);
    entry.map(Some).map_err(|error| StateError::stored(format!("Entry {} can't be read: {error}.", stored.number)))
}

/// The newest restore, unless somebody has said that it was read.
pub(crate) async fn unread(sql: &mut AnyConnection) -> Result<Option<Restored>, StateError> {
    let Some(restored) = newest(sql, "restore").await? else { return Ok(None) };
    let read = newest(sql, "read-notice").await?;
    Ok((read.is_none_or(|read| read.number < restored.number)).then(|| Restored::of(&restored)))
}

impl State {
    /// That this node was restored and nobody has read it yet.
    pub async fn restored(&self) -> Result<Option<Restored>, StateError> {
        let mut sql = self.0.database.reader().await?;
        unread(&mut sql).await
    }

    /// When the newest backup was made, also the one that this state came back from.
    pub async fn last_backup(&self) -> Result<Option<Timestamp>, StateError> {
        let mut sql = self.0.database.reader().await?;
        let written = newest(&mut sql, "write-backup").await?.map(|entry| entry.at);
        let restored = newest(&mut sql, "restore").await?.map(|entry| Restored::of(&entry).made);
        Ok(written.max(restored))
    }

    /// Writes the database as it is now into a file of its own, which must not be there. Acts go on meanwhile.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StateError> {
        if self.0.database.dialect != Dialect::Sqlite {
            return Err(StateError::Elsewhere);
        }
        let name = file
            .to_str()
            .ok_or_else(|| StateError::file(file, std::io::Error::other("a database needs a path that is Unicode")))?;
        let mut sql = self.0.database.reader().await?;
        sqlx::query("VACUUM INTO $1").bind(name.to_owned()).execute(&mut *sql).await?;
        Ok(())
    }
}
