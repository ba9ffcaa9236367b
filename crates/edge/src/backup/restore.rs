//! An edge comes back: everything is proved and made ready in a folder beside, which then gets its name in one step.

use std::path::Path;

use ::backup::{BackupError, Kind, Manifest, Passphrase, Restoring};
use access::Actor;
use domain::{Problem, Problems};
use state::Act;

use super::{broke_off, state, store};
use crate::clock::Clock;

/// Reads a whole backup and proves it. Changes nothing.
pub async fn show(file: &Path, passphrase: Passphrase) -> Result<Manifest, Problem> {
    let (file, place) = (file.to_owned(), file.display().to_string());
    let read = tokio::task::spawn_blocking(move || {
        let opened = ::backup::open_file(&file)?;
        ::backup::verify(opened, &passphrase).map_err(|error: BackupError| error.problem(&place))
    });
    read.await.map_err(|error| broke_off(&error))?
}

/// Makes `data` the folder of the edge that the backup holds. It must be empty or missing, and stays so when this fails.
///
/// The edge begins a new life: its record goes on with an entry of the restore, sessions and one-time codes are gone, no mode
/// is above `ask`, and its store has a new epoch.
pub async fn restore(file: &Path, passphrase: Passphrase, data: &Path) -> Result<Manifest, Problems> {
    let restoring = Restoring::to(data)?;
    let file = file.to_owned();
    let unpacked = tokio::task::spawn_blocking(move || {
        let manifest = restoring.unpack(&file, &passphrase)?;
        Ok::<_, Problem>((restoring, manifest))
    });
    let (restoring, manifest) = unpacked.await.map_err(|error| broke_off(&error))??;
    if manifest.kind != Kind::Edge {
        let what = "this is the backup of a hub, not of an edge";
        return Err(Problem::new("backup.of-a-hub", data.display().to_string(), what).into());
    }
    let clock = Clock::start();
    let state = state(restoring.folder(), &clock).await?;
    let act = Act::Restore { made: manifest.made };
    let done = state.act(&Actor::BOX, act, None, clock.now()).await.map_err(|error| error.problems());
    state.close().await;
    done?;
    drop(store(restoring.folder(), true, &clock).await?);
    let placed = tokio::task::spawn_blocking(move || restoring.put_in_place());
    placed.await.map_err(|error| broke_off(&error))??;
    Ok(manifest)
}
