//! Opening the database: one SQLite file with one writer, or PostgreSQL by URL; migrations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::IdSource;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, Row, Transaction};

use crate::StateError;

/// Where the state is and what it needs from outside.
pub struct Options {
    /// The data folder: `state.sqlite`, `bundles/`, `cli-token`.
    pub folder: PathBuf,
    /// `postgres://…` instead of the file in the folder.
    pub database: Option<String>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// What the drivers know of device URLs and addresses.
    pub addresses: crate::Addresses,
}

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The pools: readers in parallel, one writer.
pub(crate) struct Database {
    pub(crate) dialect: Dialect,
    readers: AnyPool,
    writer: AnyPool,
}

const READERS: u32 = 3;
/// Any number; it names the lock that makes PostgreSQL writers follow each other, as SQLite's do by nature.
const WRITER_LOCK: i64 = 0x6c61_7374;

impl Database {
    /// PostgreSQL.
    pub(crate) async fn at(url: &str) -> Result<Self, StateError> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(READERS + 1).connect(url).await?;
        let database = Self { dialect: Dialect::Postgres, readers: pool.clone(), writer: pool };
        database.migrate().await?;
        Ok(database)
    }

    /// SQLite, the file `state.sqlite`.
    pub(crate) async fn in_folder(folder: &Path) -> Result<Self, StateError> {
        sqlx::any::install_default_drivers();
        let database = Self::open_file(&folder.join("state.sqlite")).await?;
        database.migrate().await?;
        Ok(database)
    }

    async fn open_file(path: &Path) -> Result<Self, StateError> {
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let options: AnyConnectOptions = url.parse()?;
        let pool = |size: u32| {
            AnyPoolOptions::new()
                .max_connections(size)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        // FULL: what was acknowledged survives a power cut, also the last transaction.
                        for pragma in
                            ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 10000"]
                        {
                            sqlx::raw_sql(pragma).execute(&mut *connection).await?;
                        }
                        Ok(())
                    })
                })
                // A full or failing disk makes SQLite roll back by itself. The connection then fails to roll back what is
                // gone, and would refuse to begin for ever (<https://sqlite.org/lang_transaction.html>, section 3). The
                // ping comes after the roll-back that is under way.
                .after_release(|connection, _| {
                    Box::pin(async move {
                        connection.ping().await?;
                        Ok(!connection.is_in_transaction())
                    })
                })
                .connect_with(options.clone())
        };
        let writer = pool(1).await?;
        let readers = pool(READERS).await?;
        Ok(Self { dialect: Dialect::Sqlite, readers, writer })
    }

    /// A connection to read with.
    pub(crate) async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, StateError> {
        Ok(self.readers.acquire().await?)
    }

    /// The one transaction that may write now.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, sqlx::Any>, StateError> {
        match self.dialect {
            Dialect::Sqlite => Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?),
            Dialect::Postgres => {
                let mut transaction = self.writer.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER_LOCK).execute(&mut *transaction).await?;
                Ok(transaction)
            }
        }
    }

    /// Closes every connection and, for SQLite, folds the write-ahead log in.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn migrate(&self) -> Result<(), StateError> {
        let mut connection = self.writer.acquire().await?;
        migrate(&mut connection, self.dialect).await
    }
}

/// In order; a released one is never edited.
const MIGRATIONS: [(i64, &str); 3] = [
    (1, include_str!("../migrations/0001_first.sql")),
    (2, include_str!("../migrations/0002_hub.sql")),
    (3, include_str!("../migrations/0003_manifest.sql")),
];

async fn migrate(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), StateError> {
    let mut transaction = connection.begin().await?;
    if dialect == Dialect::Postgres {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER_LOCK).execute(&mut *transaction).await?;
    }
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)")
        .execute(&mut *transaction)
        .await?;
    let row =
        sqlx::query("SELECT COALESCE(MAX(number), 0) AS number FROM migration").fetch_one(&mut *transaction).await?;
    let done: i64 = row.try_get("number")?;
    let newest = MIGRATIONS.last().map_or(0, |(number, _)| *number);
    if done > newest {
        let what = format!("This data folder was written by a newer version (schema {done}, this one knows {newest}).");
        return Err(StateError::stored(what));
    }
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > done) {
        let sql = match dialect {
            Dialect::Sqlite => (*sql).to_owned(),
            Dialect::Postgres => sql.replace(" BLOB", " BYTEA"),
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO migration (number) VALUES ($1)").bind(*number).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_keep_the_next_from_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_folder(folder.path()).await.unwrap();
        let mut transaction = database.begin().await.unwrap();
        sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        database.begin().await.unwrap().commit().await.unwrap();
    }
}
