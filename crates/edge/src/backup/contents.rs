//! What is in a backup of an edge: a copy of the state, bundles, the store (with history, or only what it needs to go on), and
//! every small file of the data folder, such as keys and certificates. Not in it: `cli-token`, which a new box makes anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::backup::{About, Kind, Part, Prepared, ReadAt, small_files};
use domain::said::backup as said;
use domain::{Problem, Timestamp};
use state::State;
use store::{SnapshotFile, Store};

use super::broke_off;

const STATE: &str = "state.sqlite";
const STORE: &str = "history";
/// Copies of the state begin like this; one stays behind when power is cut.
const COPY: &str = "backup-copy-";

/// Where a backup comes from.
pub(crate) struct Source {
    /// The data folder.
    pub data: PathBuf,
    /// Its state.
    pub state: State,
    /// Its store.
    pub store: Arc<Store>,
}

/// A backup that may go out.
pub(crate) struct Ready {
    pub prepared: Prepared,
    /// Needed until it is out.
    _copy: Copy,
}

/// The copy of the state; removed with this.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // what stays behind is removed before the next backup
        let _gone = fs::remove_file(&self.0);
    }
}

impl Source {
    /// Copies the state, holds everything else as it is now, and reads all of it once.
    pub(crate) async fn ready(&self, history: bool, now: Timestamp) -> Result<Ready, Problem> {
        remove_old_copies(&self.data);
        let copy = Copy(self.data.join(format!("{COPY}{:08x}", rand::random::<u32>())));
        let record = self.state.changed().borrow().head;
        self.state.copy_to(&copy.0).await.map_err(|error| error.problem())?;
        let site = self.state.site().await.map_err(|error| error.problem())?.config;
        let about = About {
            kind: Kind::Edge,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            node: self.state.node().to_owned(),
            name: site.site.name,
            made: now,
            record,
            history,
        };
        let (data, store) = (self.data.clone(), Arc::clone(&self.store));
        let ready = tokio::task::spawn_blocking(move || {
            let parts = parts(&data, &store, &copy.0, history)?;
            let place = data.display().to_string();
            let prepared = Prepared::new(about, parts).map_err(|error| error.problem(&place))?;
            Ok(Ready { prepared, _copy: copy })
        });
        ready.await.map_err(|error| broke_off(&error))?
    }
}

fn remove_old_copies(data: &Path) {
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(COPY) {
            let _gone = fs::remove_file(entry.path());
        }
    }
}

fn parts(data: &Path, store: &Store, copy: &Path, history: bool) -> Result<Vec<Part>, Problem> {
    let unusable = |part: &str, error: &io::Error| {
        said::PART.problem(data.display().to_string(), [("part", part.into())]).why(error.to_string())
    };
    let mut parts = vec![Part::path(STATE, copy).map_err(|error| unusable(STATE, &error))?];
    parts.extend(small_files(data, &left_out)?);
    let bundles = data.join("bundles");
    for entry in fs::read_dir(&bundles).and_then(Iterator::collect::<io::Result<Vec<_>>>).unwrap_or_default() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // one that is on its way in has no digest for a name yet
        if entry.path().extension().is_some_and(|ending| ending == "tar") {
            let part = Part::path(format!("bundles/{name}"), &entry.path()).map_err(|error| unusable(&name, &error))?;
            parts.push(part);
        }
    }
    let files = store.snapshot(history)?.files.into_iter();
    parts.extend(files.map(|file| Part::at(format!("{STORE}/{}", file.name), file.len, Box::new(InStore(file)))));
    Ok(parts)
}

/// What is copied in another way, and what a new box makes anew.
fn left_out(name: &str) -> bool {
    let made_anew = matches!(name, "cli-token" | "reserve");
    let copied = matches!(name, "bundles" | STORE) || name.starts_with(STATE) || name.starts_with(COPY);
    made_anew || copied
}

struct InStore(SnapshotFile);

impl ReadAt for InStore {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_at(buf, offset)
    }
}
