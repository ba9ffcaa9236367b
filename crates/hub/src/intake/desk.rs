//! A desk per edge: its requests one after the other, what it was told to know already, and whether it is there.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Id, Timestamp};
use link::parcel::Meaning;
use server::ports::Heard;
use state::{LifeOf, State, StateError};
use tokio::sync::{MutexGuard, watch};

/// Who was heard within this time is connected; edges that have nothing to say wait for a nudge.
const CONNECTED: Duration = Duration::from_mins(2);
/// A request waits so long for those of its edge before it: two are under way, and one of the largest takes seconds.
const TURN: Duration = Duration::from_secs(30);

/// One per edge that spoke since the start. Only edges that were let in have one, so there are not more of them.
pub(crate) struct Desks {
    desks: Mutex<HashMap<Id, Arc<Desk>>>,
    /// Numbers of nudges begin here, so that none of an earlier run is taken for a new one.
    first: u64,
}

/// Of one edge.
pub(crate) struct Desk {
    /// Held while one of its requests is dealt with.
    memory: tokio::sync::Mutex<Memory>,
    /// Grows with every change for the edge.
    pub(super) number: watch::Sender<u64>,
    /// How many of its requests wait for that number to grow.
    pub(super) waiting: AtomicUsize,
    /// µs since 1970; 0 for never.
    heard: AtomicI64,
}

/// What was told about the streams of one life, read once. It is thrown away after any failure.
#[derive(Default)]
pub(super) struct Memory(HashMap<LifeOf, Arc<BTreeSet<Meaning>>>);

impl Desks {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { desks: Mutex::default(), first: u64::try_from(now.micros()).unwrap_or(0) }
    }

    /// The desk of an edge that was let in.
    pub(super) fn of(&self, edge: Id) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Desk {
                memory: tokio::sync::Mutex::default(),
                number: watch::Sender::new(self.first),
                waiting: AtomicUsize::new(0),
                heard: AtomicI64::new(0),
            })
        };
        Arc::clone(desks.entry(edge).or_insert_with(new))
    }

    fn known(&self, edge: Id) -> Option<Arc<Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).get(&edge).map(Arc::clone)
    }

    /// There is something for this edge.
    pub(crate) fn nudge(&self, edge: Id) {
        if let Some(desk) = self.known(edge) {
            desk.number.send_modify(|number| *number += 1);
        }
    }

    pub(crate) fn heard(&self, edge: Id, now: Timestamp) -> Heard {
        let Some(desk) = self.known(edge) else { return Heard::default() };
        let heard = desk.heard.load(Ordering::Relaxed);
        let last = (heard != 0).then(|| Timestamp::from_micros(heard));
        let is_waiting = desk.waiting.load(Ordering::Relaxed) > 0;
        Heard { last, connected: is_waiting || last.is_some_and(|last| now.since(last) < CONNECTED) }
    }
}

impl Desk {
    /// When those before it are dealt with; none when that takes too long.
    pub(super) async fn turn(&self) -> Option<MutexGuard<'_, Memory>> {
        tokio::time::timeout(TURN, self.memory.lock()).await.ok()
    }

    /// The edge spoke.
    pub(super) fn hear(&self, now: Timestamp) {
        self.heard.store(now.micros(), Ordering::Relaxed);
    }
}

impl Memory {
    /// What the hub was told about this stream of this life.
    pub(super) async fn told(&mut self, state: &State, life: LifeOf) -> Result<Arc<BTreeSet<Meaning>>, StateError> {
        if let Some(told) = self.0.get(&life) {
            return Ok(Arc::clone(told));
        }
        // one life at a time is spoken of
        self.0.retain(|known, _| known.epoch == life.epoch);
        let told = Arc::new(state.told_meanings(life).await?);
        self.0.insert(life, Arc::clone(&told));
        Ok(told)
    }

    /// More was told, and is stored.
    pub(super) fn learn(&mut self, life: LifeOf, more: BTreeSet<Meaning>) {
        if let Some(told) = self.0.get_mut(&life) {
            Arc::make_mut(told).extend(more);
        }
    }

    /// What is here may not be what is stored.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
