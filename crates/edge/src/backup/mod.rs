//! A backup of an edge: what is in it, one that goes out while the edge runs or rests, and an edge that comes back from one.

mod contents;
mod restore;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ::backup::{Manifest, Passphrase};
use access::Actor;
use domain::{Problem, Problems};
use state::{Act, State};
use store::{Store, StoreOptions};

pub(crate) use self::contents::{Ready, Source};
pub use self::restore::{restore, show};
use crate::clock::Clock;

/// Writes a backup of an edge that is not running. `store.in-use` when it is: then ask it.
pub async fn write_resting<W: Write + Send + 'static>(
    data: &Path,
    passphrase: Passphrase,
    history: bool,
    sink: impl FnOnce() -> Result<W, Problem>,
) -> Result<(W, Manifest), Problems> {
    if !data.join("state.sqlite").exists() {
        let what = "there is no edge in this folder";
        return Err(Problem::new("backup.no-edge", data.display().to_string(), what)
            .hint("name its folder with --data, or a running edge with --at")
            .into());
    }
    let clock = Clock::start();
    let store = store(data, false, &clock).await?;
    let state = state(data, &clock).await?;
    let source = Source { data: data.to_owned(), state: state.clone(), store: Arc::new(store) };
    let ready = source.ready(history, clock.now()).await?;
    let act = Act::WriteBackup { history };
    state.act(&Actor::BOX, act, None, clock.now()).await.map_err(|error| error.problems())?;
    let mut sink = sink()?;
    let written = tokio::task::spawn_blocking(move || {
        ready.prepared.write(&mut sink, &passphrase)?;
        Ok::<_, ::backup::BackupError>((sink, ready.prepared.manifest().clone()))
    });
    let written = written.await.map_err(|error| broke_off(&error))?;
    state.close().await;
    written.map_err(|error| error.problem(&data.display().to_string()).into())
}

/// The state in a data folder.
async fn state(data: &Path, clock: &Clock) -> Result<State, Problem> {
    let options = state::Options {
        folder: data.to_owned(),
        database: None,
        ids: Arc::new(state::RandomIds),
        addresses: Arc::new(server::Addresses),
    };
    State::open(options, clock.now()).await.map_err(|error| error.problem())
}

/// The store in a data folder, in its present life or a new one.
async fn store(data: &Path, new_life: bool, clock: &Clock) -> Result<Store, Problem> {
    let options = StoreOptions { new_life, ..StoreOptions::new(data.join("history"), rand::random()) };
    let now = clock.now();
    let opened = tokio::task::spawn_blocking(move || Store::open(options, now)).await;
    opened.map_err(|error| broke_off(&error))?.map(|(store, _)| store)
}

fn broke_off(error: &tokio::task::JoinError) -> Problem {
    Problem::new("backup.failed", "the backup", error.to_string())
}
