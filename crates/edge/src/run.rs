//! START HERE: builds the path in the order in which data flows, and runs it until it is told to stop.
//!
//! Device ─► Sample ─► Tag table ─┬─► History
//!                                ├─► Window ─► Prediction ─► Decision ─► Alarm
//!                                └─► Expose
//! The uplink reads what is kept, and is part of nothing: `uplink/`.
//!
//! The stages are in `pipeline/`, one file per noun; what runs is decided by `reconcile.rs`; the server sees all of it
//! through `ports/`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use config::site::SiteConfig;
use domain::{IdSource, Problem};
use inference::WorkerSpec;
use server::Site;
use state::State;
use store::{Store, StoreOptions};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::backup::Source;
use crate::clock::Clock;
use crate::deploy::Deploys;
use crate::lines::{Ground, Lines};
use crate::outlets::Outlets;
use crate::pipeline::alarm::{self, Alarms};
use crate::pipeline::history::{self, History, HistoryReport, Predictions};
use crate::pipeline::tag_table::TagTable;
use crate::ports::{
    backups::Backups, deployments::Deployments, devices::Devices, doctor::Doctor, history::HistoryPort, link::LinkPort,
    live::Live, outlets::OutletsPort,
};
use crate::reconcile::Reconciler;
use crate::tasks::Tasks;
use crate::uplink::seen::Seen as LinkSeen;
use crate::uplink::{self, Joining};
use crate::variables::{self, Variables};

/// How to run an edge.
pub struct EdgeOptions {
    /// The folder that holds everything this edge knows.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one. Loopback only, until there is HTTPS.
    pub listen: SocketAddr,
    /// The worker program; none = this program with `worker`.
    pub worker: Option<WorkerSpec>,
    /// Routes beside the edge's own (the demo's fault switches).
    pub extra: Option<server::Extra>,
    /// What was typed about the hub.
    pub joining: Joining,
}

/// An edge that runs.
pub struct Edge {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its state: acts go through it.
    pub state: State,
    /// Its clock.
    pub clock: Arc<Clock>,
    pub(crate) table: Arc<TagTable>,
    pub(crate) lines: Arc<Lines>,
    pub(crate) deploys: Arc<Deploys>,
    pub(crate) outlets: Arc<Outlets>,
    tasks: Tasks,
    keeping: Tasks,
}

impl Edge {
    /// Stops in the order of the path: devices and models first, then what tells others, what keeps data last.
    pub async fn stop(self) {
        self.tasks.stop().await;
        self.deploys.stop().await;
        self.outlets.stop().await;
        self.keeping.stop().await;
        self.state.close().await;
    }
}

/// Starts an edge: opens what is kept, starts what is configured, serves its pages.
pub async fn start(options: EdgeOptions) -> Result<Edge, Problem> {
    let started = tokio::time::Instant::now();
    let clock = Arc::new(Clock::start());
    // What keeps data stops last, so that what the others still publish is kept.
    let (tasks, keeping) = (Tasks::default(), Tasks::default());
    let ids: Arc<dyn IdSource> = Arc::new(state::RandomIds);

    // What is kept: SQL for acts, the log and history for samples.
    make_folder(&options.data)?;
    let joined = uplink::join(&options.data, options.joining).await?;
    let state = open_state(&options.data, &ids, &clock).await?;
    let site = state.site_document().await.map_err(|error| error.problem())?.config;
    let store = Arc::new(open_store(&options.data, &site, &clock).await?);

    // The path. Each stage hands on through a bounded queue; nothing waits for the one behind it.
    let table = Arc::new(TagTable::default());
    let (flush, flushes) = history::flush();
    let ground = Ground {
        store: Arc::clone(&store),
        flush,
        table: Arc::clone(&table),
        clock: Arc::clone(&clock),
        tasks: tasks.clone(),
    };
    let lines = Arc::new(Lines::default());
    let (alarms, alarm_events) = mpsc::channel(alarm::QUEUE);
    let worker = options.worker.map_or_else(|| inference::library_path().map(WorkerSpec::this_program), Ok);
    let deploys = Arc::new(Deploys::new(worker, alarms));
    let outlets = Arc::new(Outlets::new(options.data.clone(), keeping.clone()));
    let predictions = Predictions::default();
    let history_report = Arc::new(HistoryReport::of(&store));
    let (site_sender, site_now) = watch::channel(Arc::new(site));
    let (variables_sender, variables_now) = watch::channel(Arc::new(Variables::default()));

    let history = History {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        predictions: Arc::clone(&predictions),
        report: Arc::clone(&history_report),
        site: site_now.clone(),
        era: AtomicU32::new(1),
    };
    let scans = table.follow("history", None, history::QUEUE);
    keeping.spawn("history", history::run(history, scans, flushes, keeping.stopping().clone()));
    let alarms = Alarms { state: state.clone(), ids, clock: Arc::clone(&clock) };
    keeping.spawn("alarms", alarm::run(alarms, alarm_events, keeping.stopping().clone()));
    let publishing = variables::run(Arc::clone(&table), Arc::clone(&clock), variables_now, tasks.stopping().clone());
    tasks.spawn("variables", publishing);

    // What runs on it: devices, variables, deployments; now, and with every change.
    let changed = state.changed();
    let reconciler = Reconciler {
        state: state.clone(),
        ground,
        lines: Arc::clone(&lines),
        deploys: Arc::clone(&deploys),
        outlets: Arc::clone(&outlets),
        site: site_sender,
        variables: variables_sender,
        predictions,
    };
    reconciler.once().await?;
    tasks.spawn("reconcile", reconciler.run(changed, tasks.stopping().clone()));

    // What looks in from beside: the uplink, which sends what the hub does not have, and the server for people and programs.
    let link = Arc::new(LinkSeen::default());
    let data = options.data;
    let seen =
        Seen { started, data, state, store, clock, table, lines, deploys, outlets, history_report, link, site_now };
    uplink::start(seen.ground_of_uplink(), joined, &tasks).await?;
    let address = serve(seen.site(options.extra), options.listen, &tasks).await?;
    tracing::info!(%address, "The edge is ready");
    let Seen { state, clock, table, lines, deploys, outlets, .. } = seen;
    Ok(Edge { address, state, clock, table, lines, deploys, outlets, tasks, keeping })
}

/// What the uplink and the server see.
struct Seen {
    started: tokio::time::Instant,
    data: PathBuf,
    state: State,
    store: Arc<Store>,
    clock: Arc<Clock>,
    table: Arc<TagTable>,
    lines: Arc<Lines>,
    deploys: Arc<Deploys>,
    outlets: Arc<Outlets>,
    history_report: Arc<HistoryReport>,
    link: Arc<LinkSeen>,
    site_now: watch::Receiver<Arc<SiteConfig>>,
}

impl Seen {
    fn ground_of_uplink(&self) -> uplink::Ground {
        uplink::Ground {
            data: self.data.clone(),
            store: Arc::clone(&self.store),
            state: self.state.clone(),
            clock: Arc::clone(&self.clock),
            site: self.site_now.clone(),
            synced: self.history_report.committed(),
            seen: Arc::clone(&self.link),
        }
    }

    /// What the server sees through its ports.
    fn site(&self, extra: Option<server::Extra>) -> Site {
        let devices =
            Devices { lines: Arc::clone(&self.lines), clock: Arc::clone(&self.clock), site: self.site_now.clone() };
        let devices = Arc::new(devices);
        Site {
            state: self.state.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn server::ports::Clock>,
            live: Arc::new(Live {
                table: Arc::clone(&self.table),
                clock: Arc::clone(&self.clock),
                lines: Arc::clone(&self.lines),
                deploys: Arc::clone(&self.deploys),
                outlets: Arc::clone(&self.outlets),
                history: Arc::clone(&self.history_report),
                link: Arc::clone(&self.link),
            }),
            history: Arc::new(HistoryPort {
                store: Arc::clone(&self.store),
                table: Arc::clone(&self.table),
                site: self.site_now.clone(),
            }),
            backups: Arc::new(Backups {
                source: Source { data: self.data.clone(), state: self.state.clone(), store: Arc::clone(&self.store) },
                clock: Arc::clone(&self.clock),
                one: Arc::new(Semaphore::new(1)),
            }),
            doctor: Arc::new(Doctor {
                state: self.state.clone(),
                clock: Arc::clone(&self.clock),
                started: self.started,
                data: self.data.clone(),
                history: Arc::clone(&self.history_report),
                deploys: Arc::clone(&self.deploys),
                devices: Arc::clone(&devices),
                link: Arc::clone(&self.link),
            }),
            link: Arc::new(LinkPort {
                seen: Arc::clone(&self.link),
                store: Arc::clone(&self.store),
                site: self.site_now.clone(),
            }),
            devices,
            outlets: Arc::new(OutletsPort {
                outlets: Arc::clone(&self.outlets),
                table: Arc::clone(&self.table),
                clock: Arc::clone(&self.clock),
            }),
            deployments: Arc::new(Deployments {
                deploys: Arc::clone(&self.deploys),
                table: Arc::clone(&self.table),
                clock: Arc::clone(&self.clock),
            }),
            extra,
        }
    }
}

fn make_folder(data: &std::path::Path) -> Result<(), Problem> {
    std::fs::create_dir_all(data).map_err(|error| {
        Problem::new("data.folder", data.display().to_string(), format!("the data folder cannot be made: {error}"))
            .hint("choose another with --data")
    })
}

async fn open_state(data: &std::path::Path, ids: &Arc<dyn IdSource>, clock: &Clock) -> Result<State, Problem> {
    let unusable = |error: state::StateError| error.problem();
    let options = state::Options {
        folder: data.to_path_buf(),
        database: None,
        ids: Arc::clone(ids),
        addresses: Arc::new(server::Addresses),
    };
    let state = State::open(options, clock.now()).await.map_err(unusable)?;
    state.cli_token_file(clock.now()).await.map_err(unusable)?;
    Ok(state)
}

async fn open_store(data: &std::path::Path, site: &SiteConfig, clock: &Clock) -> Result<Store, Problem> {
    let mut options = StoreOptions::new(data.join("history"), rand::random());
    options.memory = site.history.memory.get();
    let now = clock.now();
    let opened = tokio::task::spawn_blocking(move || Store::open(options, now)).await;
    let (store, report) = opened.map_err(|error| Problem::new("history.unusable", "history", error.to_string()))??;
    for problem in &report.problems {
        tracing::error!(%problem, "history was damaged; the rest is served");
    }
    Ok(store)
}

/// Listens and serves until the tasks stop.
async fn serve(site: Site, listen: SocketAddr, tasks: &Tasks) -> Result<SocketAddr, Problem> {
    let listener = server::listen(listen).await?;
    let address =
        listener.local_addr().map_err(|error| Problem::new("listen.failed", listen.to_string(), error.to_string()))?;
    let router = server::router(site);
    let stop = tasks.stopping().clone();
    tasks.spawn("server", async move {
        if let Err(error) = server::serve(listener, router, stop).await {
            tracing::error!(%error, "the server ended");
        }
    });
    Ok(address)
}
