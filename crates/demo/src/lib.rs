//! A simulated plant, an edge and a screen in one command: what a newcomer sees first, made of the real parts.
//!
//! The plant answers on real Modbus TCP, the model was really trained, the edge is the one that runs in plants.

mod log_in;
mod switches;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{Problem, Problems};
use edge::{Edge, EdgeOptions};
use serde::Serialize;
use simulator::Simulator;

pub use log_in::LogIn;

/// The plant is the same at every start.
const SEED: u64 = 7;

/// The trained bundle of `examples/pump-station`, packed by its own folder.
const CONTRACT: &str = include_str!("../../../examples/pump-station/bundle/contract.toml");
const MODEL: &[u8] = include_bytes!("../../../examples/pump-station/bundle/model.onnx");
const GOLDEN: &str = include_str!("../../../examples/pump-station/bundle/golden.json");

/// How to run the demonstration.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Seconds of plant per second.
    pub speed: f64,
    /// Where the screen listens.
    pub listen: SocketAddr,
    /// Where the edge keeps its data; none = a folder that is removed at the end.
    pub data: Option<PathBuf>,
    /// Faults to switch on, each so long after the start.
    pub faults: Vec<(String, Duration)>,
}

/// A demonstration that runs.
pub struct Demo {
    edge: Edge,
    plant: Arc<Simulator>,
    log_in: LogIn,
    folder: PathBuf,
    temporary: bool,
    faults: tokio::task::JoinHandle<()>,
}

/// What ran, as one line.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Edges.
    pub sites: usize,
    /// Devices.
    pub devices: usize,
    /// Tags, predictions among them.
    pub tags: usize,
    /// Samples taken.
    pub samples: u64,
    /// Scans that did not happen or brought nothing.
    pub missed_scans: u64,
    /// Predictions made.
    pub predictions: u64,
    /// Advisories raised.
    pub advisories: u64,
    /// Memory of all processes, MB.
    pub rss_mb: f64,
    /// From the start of the deployment to its first prediction, s.
    pub first_prediction_s: Option<f64>,
}

/// Starts plant, edge and screen.
pub async fn start(options: DemoOptions) -> Result<Demo, Problems> {
    for (name, _) in &options.faults {
        name.parse::<simulator::pump_station::Fault>()?;
    }
    let plant_at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let plant = Simulator::start(plant_at, SEED, options.speed)
        .await
        .map_err(|error| Problem::new("demo.no-plant", "the simulated plant", format!("it cannot listen: {error}")))?;
    let plant = Arc::new(plant);
    let temporary = options.data.is_none();
    let folder =
        options.data.unwrap_or_else(|| std::env::temp_dir().join(format!("lastmile-demo-{}", std::process::id())));
    let extra = switches::extra(Arc::clone(&plant));
    let edge_options = EdgeOptions {
        data: folder.clone(),
        listen: options.listen,
        worker: None,
        extra: Some(extra),
        joining: edge::Joining::default(),
    };
    let edge = edge::start(edge_options).await?;
    let log_in = log_in::first_owner(&edge).await?;
    configure(&edge, &plant).await?;
    let faults = tokio::spawn(switches::schedule(Arc::clone(&plant), options.faults));
    Ok(Demo { edge, plant, log_in, folder, temporary, faults })
}

/// Brings the bundle and applies the plant's site.toml with the deployment of the bundle.
async fn configure(edge: &Edge, plant: &Simulator) -> Result<(), Problems> {
    const BECAUSE: &str = "the demonstration's plant";
    let site = plant.site_toml();
    // the site first: it says that bundles without a signature are accepted
    edge.apply_text(&site, "demo site.toml", BECAUSE).await?;
    let digest = edge.add_bundle(packed()?).await?;
    edge.apply_text(&format!("{site}\n{}", deployment(&digest)), "demo site.toml", BECAUSE).await
}

/// The demonstration's bundle as one file.
fn packed() -> Result<Vec<u8>, Problems> {
    let folder = tempfile::tempdir();
    let unwritable =
        |error: std::io::Error| Problem::new("demo.no-bundle", "the demonstration's bundle", error.to_string());
    let folder = folder.map_err(unwritable)?;
    for (name, bytes) in
        [("contract.toml", CONTRACT.as_bytes()), ("model.onnx", MODEL), ("golden.json", GOLDEN.as_bytes())]
    {
        std::fs::write(folder.path().join(name), bytes).map_err(unwritable)?;
    }
    bundle::pack(folder.path()).map(|packed| packed.tar)
}

/// Every signal of the contract is a signal of the plant under the same name.
fn deployment(digest: &str) -> String {
    let mapped = simulator::pump_station::SIGNALS
        .iter()
        .filter(|signal| CONTRACT.contains(&format!("name = \"{}\"", signal.signal)));
    let map: Vec<String> = mapped.map(|signal| format!("{} = \"{}\"", signal.signal, signal.tag())).collect();
    format!(
        "[[deployment]]\nname = \"pump-7-bearing\"\nplace = \"line-2/pump-7\"\nbundle = \"{digest}\"\nmode = \"advise\"\n\
         map = {{ {} }}\n",
        map.join(", ")
    )
}

impl Demo {
    /// Where the screen is.
    pub fn url(&self) -> String {
        format!("http://{}", self.edge.address)
    }

    /// Where the plant answers.
    pub fn plant(&self) -> SocketAddr {
        self.plant.addr()
    }

    /// How to sign in.
    pub fn log_in(&self) -> &LogIn {
        &self.log_in
    }

    /// The token for commands that talk to this edge.
    pub fn token_file(&self) -> PathBuf {
        self.folder.join("cli-token")
    }

    /// Stops everything and says what ran.
    pub async fn stop(self) -> Summary {
        self.faults.abort();
        let facts = self.edge.facts().await;
        let summary = Summary {
            sites: 1,
            devices: facts.devices,
            tags: facts.tags,
            samples: facts.samples,
            missed_scans: facts.missed_scans,
            predictions: facts.predictions,
            advisories: facts.advisories,
            rss_mb: facts.memory_bytes as f64 / 1e6,
            first_prediction_s: facts.first_prediction.map(|took| took.as_secs_f64()),
        };
        self.edge.stop().await;
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(folder = %self.folder.display(), %error, "the demonstration's folder could not be removed");
        }
        summary
    }
}
