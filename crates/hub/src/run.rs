//! START HERE: opens what is kept, starts the intake, and serves edges and people until it is told to stop.
//!
//! Edges ─► gate ─► desk ─► writer ─► SQL ─► answers to people
//!
//! The intake is `intake/`; what people ask is `server`, which looks in through `ports.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{self, Next};
use domain::{Problem, Timestamp};
use link::wire::HUB_TIME;
use server::ports::Clock;
use state::State;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::WallClock;
use crate::counters::Counters;
use crate::history::{Compactor, History, Limits, Objects, Port};
use crate::intake::{self, Intake, Writer};
use crate::key;
use crate::ports::Edges;
use crate::serve::Door;

/// How to run a hub.
pub struct HubOptions {
    /// The folder that holds everything this hub knows, but for a database elsewhere.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `postgres://…` instead of the SQLite file in the folder.
    pub database: Option<String>,
    /// Where files of samples are: a folder or `s3://bucket/prefix`; none: `objects` in the folder.
    pub objects: Option<String>,
    /// HTTPS; none: this machine alone.
    pub tls: Option<Tls>,
    /// Another clock than the computer's, for tests.
    pub clock: Option<Arc<dyn Clock>>,
}

/// A certificate chain and its private key, both as PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, the hub's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A hub that runs.
pub struct Hub {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its state: acts go through it.
    pub state: State,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    writing: JoinHandle<()>,
    compacting: JoinHandle<()>,
}

impl Hub {
    /// Stops in order: no new requests, then what was handed in is written, then the database is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in [self.serving, self.writing, self.compacting] {
            if let Err(error) = task.await {
                tracing::error!(%error, "A part of the hub broke off");
            }
        }
        self.state.close().await;
    }
}

/// Starts a hub.
pub async fn start(options: HubOptions) -> Result<Hub, Problem> {
    let HubOptions { data, listen, database, objects, tls, clock } = options;
    let clock: Arc<dyn Clock> = clock.unwrap_or_else(|| Arc::new(WallClock));
    let started = clock.now();

    // What is kept: SQL, and the hub's own key.
    std::fs::create_dir_all(&data).map_err(|error| {
        Problem::new("data.unusable", data.display().to_string(), "The data folder can't be made.")
            .why(error.to_string())
    })?;
    let key = key::load_or_make(&data)?;
    let state = open_state(&data, database, started).await?;
    let counters = Arc::new(Counters::default());
    let (parcels, bytes) = state.staged_size().await.map_err(|error| error.problem())?;
    counters.parcels.store(parcels, Ordering::Relaxed);
    counters.parcel_bytes.store(bytes, Ordering::Relaxed);

    // The intake.
    let stop = CancellationToken::new();
    let (writer, writing) = Writer::new(state.clone(), Arc::clone(&counters));
    let intake = Intake::new(state.clone(), Arc::clone(&clock), key, writer, counters, stop.clone());
    let intake = Arc::new(intake);
    let writing = tokio::spawn(writing);

    // What came in becomes files, and answers.
    let objects = open_objects(&data, objects)?;
    let compactor = Compactor::new(state.clone(), objects.clone(), data.clone(), Limits::default());
    let history = Port { history: History::new(state.clone(), objects), counters: compactor.counters() };
    let compacting = compactor.run(Arc::clone(&clock), stop.clone());

    // How people and programs see it; every answer says the hub's time.
    let door = Door::open(listen, tls.as_ref()).await?;
    let address = door.address()?;
    let edges = Edges { intake: Arc::clone(&intake), started };
    let people = server::hub_router(server::Hub {
        state: state.clone(),
        clock: Arc::clone(&clock),
        edges: Arc::new(edges),
        history: Arc::new(history),
        https: tls.is_some(),
    });
    let with_time = middleware::from_fn(move |request: Request, next: Next| {
        let clock = Arc::clone(&clock);
        async move {
            let mut answer = next.run(request).await;
            answer.headers_mut().insert(HUB_TIME, HeaderValue::from(clock.now().micros()));
            answer
        }
    });
    let router = intake::router(intake).fallback_service(people).layer(with_time);
    let compacting = tokio::spawn(compacting);
    let serving = tokio::spawn(door.serve(router, stop.clone()));
    tracing::info!(%address, "The hub is ready");
    Ok(Hub { address, state, stop, serving, writing, compacting })
}

fn open_objects(data: &std::path::Path, place: Option<String>) -> Result<Objects, Problem> {
    let place = place.unwrap_or_else(|| data.join("objects").display().to_string());
    Objects::at(&place).map_err(|error| {
        let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        Problem::new("objects.unusable", place, error.to_string())
            .why(why)
            .hint("give --objects a folder, or s3://bucket/prefix with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION")
    })
}

async fn open_state(data: &std::path::Path, database: Option<String>, now: Timestamp) -> Result<State, Problem> {
    let options = state::Options {
        folder: data.to_owned(),
        database,
        ids: Arc::new(state::RandomIds),
        addresses: Arc::new(server::Addresses),
    };
    let state = State::open(options, now).await.map_err(|error| error.problem())?;
    state.cli_token_file(now).await.map_err(|error| error.problem())?;
    Ok(state)
}
