//! SQL for both roles: one query file per resource, migrations, the record of changes, the one Act function.
//!
//! [`State::act`] is the only way to change anything: may → check → effect and record entry in one transaction → notify.
//! The streams `change` and `alarm` live here; `data` and `prediction` live in `store`.

mod act;
mod apply;
mod backup;
mod check;
mod db;
mod effect;
mod enrolment;
mod error;
mod ids;
mod intake;
mod notify;
mod open;
mod perform;
mod read;
pub mod record;
mod reserve;
mod samples;
mod secret;
mod session;
mod stream;
mod throttle;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub use act::{
    Act, ClaimMade, DeploymentChange, Done, NewAccount, NewBundle, NewDeployment, NewSession, OneTimeCode, Outcome,
    SignIn,
};
pub use apply::{Applied, Apply};
pub use backup::Restored;
pub use check::{check_deployment, tags_of};
pub use db::account::{Account, Terminal};
pub use db::advisory::AdvisoryFilter;
pub use db::bundle::StoredBundle;
pub use db::change::ChangeFilter;
pub use db::deployment::{Deployment, Revision};
pub use db::variable::VariableValue;
pub use error::{ActError, StateError};
pub use ids::RandomIds;
pub use intake::{AccountRevision, Content, Intake, LifeOf, StagedParcel, Told};
pub use notify::Versions;
pub use open::Options;
pub use read::{ChangeLine, Names, RecordExport, SiteRevision};
pub use samples::{MovedParcel, SampleFile, SampleGap, SampleRange, SampleSwap, StagedKey, StagedOf, StagedSamples};
pub use secret::Secret;
pub use session::{SignedIn, write_private};
pub use stream::{StreamName, StreamRecord};

use config::AddressCheck;
use domain::{IdSource, Timestamp};

/// What the drivers know of device URLs and addresses; configuration is checked with it.
pub type Addresses = Arc<dyn AddressCheck + Send + Sync>;

/// The state of one node. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    database: open::Database,
    reserve: reserve::Reserve,
    folder: PathBuf,
    ids: Arc<dyn IdSource>,
    addresses: Addresses,
    node: String,
    notifier: notify::Notifier,
    throttle: throttle::Throttle,
    idle: session::Idle,
    doorkeeper: tokio::sync::Mutex<enrolment::Doorkeeper>,
    set_up_code: Mutex<Option<String>>,
}

impl State {
    /// Opens it, makes it when it is not there, brings its tables up to date.
    pub async fn open(options: Options, now: Timestamp) -> Result<Self, StateError> {
        let Options { folder, database, ids, addresses } = options;
        let bundles = folder.join("bundles");
        std::fs::create_dir_all(&bundles).map_err(|error| StateError::file(&bundles, error))?;
        let (database, reserve) = match database.as_deref() {
            Some(url) => (open::Database::at(url).await?, reserve::Reserve::none()),
            None => (Self::open_on_any_disk(&folder).await?, reserve::Reserve::in_folder(&folder)),
        };
        let mut transaction = database.begin().await?;
        db::setting::set_once(&mut transaction, db::setting::NODE, &ids.new_id(now).to_string()).await?;
        let node = db::setting::get(&mut transaction, db::setting::NODE).await?.unwrap_or_default();
        let head = db::change::head(&mut transaction).await?.map_or(0, |(number, _)| number);
        let owner = db::account::first_owner(&mut transaction).await?;
        transaction.commit().await.map_err(StateError::from)?;
        let set_up_code = owner.is_none().then(secret::new_typed_code);
        Ok(Self(Arc::new(Inner {
            database,
            reserve,
            folder,
            ids,
            addresses,
            node,
            notifier: notify::Notifier::new(head),
            throttle: throttle::Throttle::default(),
            idle: session::Idle::default(),
            doorkeeper: tokio::sync::Mutex::default(),
            set_up_code: Mutex::new(set_up_code),
        })))
    }

    /// Opens the database also on a full disk, where it needs the room that is kept for the acts that must always work.
    async fn open_on_any_disk(folder: &std::path::Path) -> Result<open::Database, StateError> {
        match open::Database::in_folder(folder).await {
            Err(error) if error.needs_room() && reserve::Reserve::give_in(folder) => {
                open::Database::in_folder(folder).await
            }
            opened => opened,
        }
    }

    /// Closes the database; acts after this fail.
    pub async fn close(&self) {
        self.0.database.close().await;
    }

    /// The name of this node in its record.
    pub fn node(&self) -> &str {
        &self.0.node
    }

    /// What the drivers know of device URLs and addresses.
    pub fn addresses(&self) -> &Addresses {
        &self.0.addresses
    }

    /// What changed, as counters; see [`Versions`]. The edge reconciles when `site`, `deployments` or `variables` grows.
    pub fn changed(&self) -> tokio::sync::watch::Receiver<Versions> {
        self.0.notifier.subscribe()
    }

    /// The code that makes the first owner; none once there is one. A new one at each start: print it.
    pub fn set_up_code(&self) -> Option<String> {
        self.0.set_up_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Where a bundle's file is, or has to be put before [`Act::AddBundle`]. `digest` is `sha256:…`.
    pub fn bundle_file(&self, digest: &str) -> PathBuf {
        let name = digest.strip_prefix("sha256:").unwrap_or(digest);
        let safe: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        self.bundle_folder().join(format!("{safe}.tar"))
    }

    /// Puts a bundle's file, which was written and synced in [`State::bundle_folder`], in its place. When this returns its
    /// name survives a power cut, too.
    pub fn place_bundle(&self, incoming: &std::path::Path, digest: &str) -> std::io::Result<()> {
        std::fs::rename(incoming, self.bundle_file(digest))?;
        // a folder cannot be opened where names are durable by themselves
        std::fs::File::open(self.bundle_folder()).map_or(Ok(()), |folder| folder.sync_all())
    }

    /// The folder of bundle files; incoming ones may be written here under another name first.
    pub fn bundle_folder(&self) -> PathBuf {
        self.0.folder.join("bundles")
    }
}
