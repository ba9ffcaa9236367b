//! What the program itself asks of a running edge: acts, bundles, a site.toml, and plain facts about it.

use std::path::Path;
use std::time::Duration;

use access::Actor;
use domain::{Problem, Problems};
use state::{Act, Done, NewBundle};

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
        if self.state.bundle(&opened.digest).await.map_err(|error| error.problem())?.is_none() {
            let new = NewBundle { digest: opened.digest.clone(), contract: opened.contract, size };
            self.act(&Actor::BOX, Act::AddBundle(Box::new(new)), None).await?;
        }
        Ok(opened.digest)
    }

    /// Makes the configuration be this text, all of it or nothing.
    pub async fn apply_text(&self, text: &str, file: &str, because: &str) -> Result<(), Problems> {
        let document = config::check_site(text, file, &server::Addresses)?;
        let because = Some(because.to_owned());
        let applied = self.state.apply(&Actor::BOX, document, None, because, false, self.clock.now()).await;
        applied.map(drop).map_err(|error| error.problems())
    }

    /// Takes up a site.toml and the bundles it names by path.
    pub async fn apply_file(&self, path: &Path) -> Result<(), Problems> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new("file.unreadable", file.clone(), format!("the file cannot be read: {error}"))
        })?;
        let SiteFile { text, wanted, bundles } =
            site_file::read(&text, path.parent().unwrap_or(Path::new(".")), &file)?;
        let because = format!("started with {file}");
        self.accept_unsigned_first(&wanted, &because).await?;
        for packed in bundles {
            self.add_bundle(packed).await?;
        }
        self.apply_text(&text, &file, &because).await
    }

    /// Bundles come before the deployments that name them, and whether unsigned ones may come stands in the same file.
    async fn accept_unsigned_first(&self, wanted: &config::SiteConfig, because: &str) -> Result<(), Problems> {
        let mut now = self.state.site_document().await.map_err(|error| error.problem())?.config;
        if now.site.accept_unsigned || !wanted.site.accept_unsigned {
            return Ok(());
        }
        now.site.accept_unsigned = true;
        let because = Some(because.to_owned());
        let applied = self.state.apply(&Actor::BOX, now, None, because, false, self.clock.now()).await;
        applied.map(drop).map_err(|error| error.problems())
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
