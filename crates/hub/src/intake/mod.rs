//! What edges say: one thin route per line of the table in `crates/link/src/wire.rs`.
//!
//! Every request passes the gate (`gate.rs`: who, unaltered, in time, for the first time). One edge's requests are heard one after
//! the other at its desk (`desk.rs`), those of different edges side by side. What a request changes is written by one writer
//! (`writer.rs`), and synced, before its answer leaves.

mod desk;
mod enrol;
mod gate;
mod look_up;
mod nudge;
mod parcels;
mod refusal;
mod requests;
mod writer;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use link::key::PrivateKey;
use link::request::Replays;
use link::wire;
use server::ports::Clock;
use state::State;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) use self::desk::Desks;
use self::writer::Failed;
pub(crate) use self::writer::Writer;
use crate::counters::Counters;

/// So many requests are remembered, so as to be heard once: 30 a second for the hours that the law asks, 500 at most.
const REMEMBERED: usize = 300_000;
/// Bodies that are being read or looked at hold so much memory at most, in KiB: a few of the largest, hundreds of the usual.
const BODIES_KIB: usize = 256 << 10;
/// So many edges wait for something to do at once.
const NUDGES: usize = 20_000;
/// So many parcels are unpacked and checked at once; each may need twice the size of the largest record.
const UNPACKED: usize = 4;
/// So many applications are looked at at once.
const APPLICATIONS: usize = 8;

/// What the routes share.
pub(crate) struct Intake {
    pub(crate) state: State,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) key: PrivateKey,
    pub(crate) desks: Desks,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stopping: CancellationToken,
    replays: Mutex<Replays>,
    writer: Writer,
    bodies: Semaphore,
    nudges: Semaphore,
    unpacking: Semaphore,
    applications: Semaphore,
    known: gate::Known,
    /// Numbers of failures, to find them in the log.
    failures: AtomicU64,
}

impl Intake {
    pub(crate) fn new(
        state: State,
        clock: Arc<dyn Clock>,
        key: PrivateKey,
        writer: Writer,
        counters: Arc<Counters>,
        stopping: CancellationToken,
    ) -> Self {
        let now = clock.now();
        Self {
            state,
            clock,
            key,
            desks: Desks::new(now),
            counters,
            stopping,
            replays: Mutex::new(Replays::new(now, REMEMBERED)),
            writer,
            bodies: Semaphore::new(BODIES_KIB),
            nudges: Semaphore::new(NUDGES),
            unpacking: Semaphore::new(UNPACKED),
            applications: Semaphore::new(APPLICATIONS),
            known: gate::Known::default(),
            failures: AtomicU64::new(0),
        }
    }
}

/// The routes.
pub(crate) fn router(intake: Arc<Intake>) -> Router {
    Router::new()
        .route(wire::ENROL, post(enrol::enrol))
        .route(wire::REQUESTS, post(requests::hear))
        .route(wire::PARCELS, post(parcels::take))
        .route(wire::NUDGE, get(nudge::wait))
        .with_state(intake)
}
