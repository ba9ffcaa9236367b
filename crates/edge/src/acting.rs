//! What the program itself asks of a running edge: acts, bundles, a site.toml, and plain facts about it.

use std::path::Path;
use std::time::Duration;

use access::Actor;
use config::SiteConfig;
use domain::{Problem, Problems};
use state::{Act, Apply, Done, NewBundle};

use crate::run::Edge;
use crate::site_file::{self, SiteFile};

/// What a running edge can say of itself in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Devices.
    pub devices: usize,
    /// Tags, predictions among them.
    pub tags: usize,
    /// Samples taken since the start.
    pub samples: u64,
    /// Scans that did not happen or brought nothing.
    pub missed_scans: u64,
    /// Predictions made.
    pub predictions: u64,
    /// Advisories raised since ever.
    pub advisories: u64,
    /// Memory of this process and its workers, bytes (PSS).
    pub memory_bytes: u64,
    /// From the start of the first deployment to its first prediction.
    pub first_prediction: Option<Duration>,
}

impl Edge {
    /// Does one act.
    pub async fn act(&self, actor: &Actor, act: Act, because: Option<String>) -> Result<Done, Problems> {
        self.state.act(actor, act, because, self.clock.now()).await.map_err(|error| error.problems())
    }

    /// Takes a packed bundle in and gives its digest. One that is here already is fine.
    pub async fn add_bundle(&self, packed: Vec<u8>) -> Result<String, Problems> {
        let new = self.place_bundle(packed).await?;
        let digest = new.digest.clone();
        self.act(&Actor::BOX, Act::AddBundle(Box::new(new)), None).await?;
        Ok(digest)
    }

    /// Checks a packed bundle and puts its file where the act that adds it expects it.
    async fn place_bundle(&self, packed: Vec<u8>) -> Result<NewBundle, Problems> {
        let size = i64::try_from(packed.len()).unwrap_or(i64::MAX);
        let folder = self.state.bundle_folder();
        let incoming = folder.join(format!("incoming-{}", rand::random::<u64>()));
        let written = incoming.clone();
        let opened = tokio::task::spawn_blocking(move || {
            synced_file(&written, &packed).map_err(|error| unwritable(&written, &error))?;
            bundle::open(&written)
        });
        let opened = opened.await.map_err(|error| Problem::new("bundle.failed", "the bundle", error.to_string()))?;
        let opened = opened.inspect_err(|_| {
            let _left = std::fs::remove_file(&incoming);
        })?;
        let placed = self.state.place_bundle(&incoming, &opened.digest);
        placed.map_err(|error| unwritable(&self.state.bundle_file(&opened.digest), &error))?;
        Ok(NewBundle { digest: opened.digest, contract: opened.contract, size })
    }

    /// Makes the configuration be this text, all of it or nothing.
    pub async fn apply_text(&self, text: &str, file: &str, because: &str) -> Result<(), Problems> {
        let document = config::check_site(text, file, &server::Addresses)?;
        self.apply(document, Vec::new(), because).await
    }

    async fn apply(&self, document: SiteConfig, bundles: Vec<NewBundle>, because: &str) -> Result<(), Problems> {
        let asked = Apply { document, bundles, based_on: None, because: Some(because.to_owned()), dry_run: false };
        let applied = self.state.apply(&Actor::BOX, asked, self.clock.now()).await;
        applied.map(drop).map_err(|error| error.problems())
    }

    /// Takes up a site.toml and the bundles it names by path.
    pub async fn apply_file(&self, path: &Path) -> Result<(), Problems> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new("file.unreadable", file.clone(), format!("the file cannot be read: {error}"))
        })?;
        let SiteFile { wanted, bundles, .. } = site_file::read(&text, path.parent().unwrap_or(Path::new(".")), &file)?;
        let mut placed = Vec::with_capacity(bundles.len());
        for packed in bundles {
            placed.push(self.place_bundle(packed.bytes).await?);
        }
        self.apply(wanted, placed, &format!("started with {file}")).await
    }

    /// What it can say of itself now.
    pub async fn facts(&self) -> Facts {
        let devices = self.lines.devices();
        let groups = devices.iter().flat_map(|device| &device.groups);
        let advisories = self.state.advisories_since(domain::Timestamp::MIN).await.unwrap_or(0);
        Facts {
            devices: devices.len(),
            tags: self.table.all().len(),
            samples: self.table.samples(),
            missed_scans: groups.map(|group| group.report.now(self.clock.now()).total.missed).sum(),
            predictions: self.deploys.predictions(),
            advisories: advisories.into(),
            memory_bytes: own_memory() + self.deploys.worker_memory(),
            first_prediction: self.deploys.predictions_seen().0,
        }
    }
}

/// Proportional set size of this process; 0 where the system does not tell.
fn own_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// A file whose content is on the disk when this returns: what the record says is here must be here after a power cut.
fn synced_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new("bundle.unwritable", path.display().to_string(), format!("the bundle cannot be kept: {error}"))
}
