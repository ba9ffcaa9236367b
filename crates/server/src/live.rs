//! The live feed of one client: everything as it is now, then what changes, once a second.
//!
//! It holds no queue of values: each second it asks for what changed since, so a slow client gets fewer and newer ones.
//! A client that does not take what it is sent within ten seconds is let go and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use domain::said::act as said;
use domain::{Id, PlacePath, TagPath};
use state::{StateError, Versions};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::ReceiverStream;

use crate::Shared;
use crate::api::advisory::Advisory;
use crate::api::deployment::Runtime;
use crate::api::device::Device;
use crate::api::live::{LiveChanged, LiveHeartbeat, LiveHello, LiveValues};
use crate::common::Counters;
use crate::failure::Failure;
use crate::shape::{Scene, advisory, reading};
use crate::who::Who;

/// Values at most this often.
const EVERY: Duration = Duration::from_secs(1);
/// Something at least this often.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a client may leave what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether the session still stands.
const SESSION: Duration = Duration::from_secs(30);
/// Events on their way to one client.
const QUEUE: usize = 16;

/// The client is gone, or too slow, or its session ended.
struct Over;

pub(crate) struct Feed {
    server: Shared,
    who: Who,
    place: PlacePath,
    tags: Option<BTreeSet<TagPath>>,
    out: Outlet,
    values: u64,
    known: Known,
    versions: Versions,
    _room: OwnedSemaphorePermit,
}

/// What the client knows.
#[derive(Default)]
struct Known {
    devices: BTreeMap<String, Device>,
    runtimes: BTreeMap<(String, String), Runtime>,
    advisories: BTreeMap<String, Advisory>,
}

impl Feed {
    /// Begins; the rest happens in a task of its own that ends with the client.
    pub(crate) fn start(
        server: &Shared,
        who: Who,
        place: PlacePath,
        tags: Option<Vec<TagPath>>,
        seen: Option<i64>,
    ) -> Result<Response, Failure> {
        let room = std::sync::Arc::clone(&server.live_room)
            .try_acquire_owned()
            .map_err(|_| Failure::new(StatusCode::SERVICE_UNAVAILABLE, said::NO_ROOM.problem("the edge", [])))?;
        let (out, events) = mpsc::channel(QUEUE);
        let feed = Self {
            server: Shared::clone(server),
            who,
            place,
            tags: tags.map(|tags| tags.into_iter().collect()),
            out: Outlet { out, last_sent: Instant::now() },
            values: 0,
            known: Known::default(),
            versions: server.versions(),
            _room: room,
        };
        tokio::spawn(feed.run(seen));
        let events = tokio_stream::StreamExt::map(ReceiverStream::new(events), Ok::<Event, Infallible>);
        let mut answer = Sse::new(events).into_response();
        // nobody in between may keep events back
        answer.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
        Ok(answer)
    }

    async fn run(mut self, seen: Option<i64>) {
        let hello = LiveHello { now_ms: self.server.now().millis(), head: self.versions.head, resumed_from: seen };
        if self.send("hello", &hello, Some(self.versions.head)).await.is_err() {
            return;
        }
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut session_seen = Instant::now();
        let mut first = true;
        loop {
            ticks.tick().await;
            if session_seen.elapsed() >= SESSION {
                session_seen = Instant::now();
                if !self.session_stands().await {
                    return;
                }
            }
            match self.look(first).await {
                Ok(Ok(())) => {}
                Ok(Err(Over)) => return,
                Err(error) => tracing::warn!(problem = %error.problem(), "The live feed could not look at the state"),
            }
            first = false;
        }
    }

    async fn session_stands(&self) -> bool {
        match self.who.session {
            Some(session) => {
                let stands = self.server.site.state.is_signed_in(session, self.server.now()).await;
                stands.unwrap_or(true)
            }
            None => false,
        }
    }

    /// One round: what is new since the last.
    async fn look(&mut self, first: bool) -> Result<Result<(), Over>, StateError> {
        let before = self.versions;
        self.versions = self.server.versions();
        if let Err(over) = self.look_at_values(first).await {
            return Ok(Err(over));
        }
        if let Err(over) = self.look_at_running().await {
            return Ok(Err(over));
        }
        if first || before.advisories != self.versions.advisories || before.deployments != self.versions.deployments {
            let scene = Scene::load(&self.server, self.who.again()).await?;
            let fresh = self.fresh_advisories(&scene).await?;
            for advisory in fresh {
                if let Err(over) = self.send("advisory", &advisory, None).await {
                    return Ok(Err(over));
                }
            }
        }
        let what = if first { Vec::new() } else { changed(before, self.versions) };
        if !what.is_empty() {
            let head = self.versions.head;
            if let Err(over) = self.send("changed", &LiveChanged { what, head }, Some(head)).await {
                return Ok(Err(over));
            }
        }
        if self.out.last_sent.elapsed() >= HEARTBEAT {
            let heartbeat = LiveHeartbeat { now_ms: self.server.now().millis() };
            return Ok(self.send("heartbeat", &heartbeat, None).await);
        }
        Ok(Ok(()))
    }

    async fn look_at_values(&mut self, first: bool) -> Result<(), Over> {
        let (version, latest) = self.server.site.live.changed_since(self.values);
        self.values = version;
        let wanted = latest.into_iter().filter(|one| {
            let named = self.tags.as_ref().is_none_or(|tags| tags.contains(&one.tag));
            named && self.place.contains(one.tag.place()) && self.who.sees(one.tag.place())
        });
        let values = LiveValues { now_ms: self.server.now().millis(), values: wanted.map(reading).collect() };
        if values.values.is_empty() && !first {
            return Ok(());
        }
        self.send("values", &values, None).await
    }

    async fn look_at_running(&mut self) -> Result<(), Over> {
        for device in self.server.site.devices.devices() {
            if !self.sees(&device.place) || self.known.devices.get(&device.name) == Some(&device) {
                continue;
            }
            self.send("device", &device, None).await?;
            self.known.devices.insert(device.name.clone(), device);
        }
        for runtime in self.server.site.deployments.runtimes() {
            let key = (runtime.deployment.clone(), runtime.place.clone());
            if !self.sees(&runtime.place) || self.known.runtimes.get(&key) == Some(&runtime) {
                continue;
            }
            self.send("deployment", &runtime, None).await?;
            self.known.runtimes.insert(key, runtime);
        }
        Ok(())
    }

    /// Those that are new or stand elsewhere, also those that are gone and seen by now.
    async fn fresh_advisories(&mut self, scene: &Scene) -> Result<Vec<Advisory>, StateError> {
        let state = &self.server.site.state;
        let filter = state::AdvisoryFilter { place: self.place.clone(), all: false, limit: 100 };
        let deployments = state.deployments().await?;
        let mut found = state.advisories(&filter).await?;
        let listed: BTreeSet<String> = found.iter().map(|one| one.id.to_string()).collect();
        let gone: Vec<Id> =
            self.known.advisories.keys().filter(|id| !listed.contains(*id)).filter_map(|id| id.parse().ok()).collect();
        for id in gone {
            found.extend(state.advisory(id).await?);
        }
        let shaped = found.iter().map(|one| advisory(one, &deployments, scene));
        let shaped: Vec<Advisory> = shaped.filter(|one| self.sees(&one.place)).collect();
        let fresh = shaped.iter().filter(|one| self.known.advisories.get(&one.id) != Some(*one)).cloned().collect();
        self.known.advisories =
            shaped.into_iter().filter(|one| listed.contains(&one.id)).map(|one| (one.id.clone(), one)).collect();
        Ok(fresh)
    }

    fn sees(&self, place: &str) -> bool {
        self.place.contains(place) && self.who.sees(place)
    }

    async fn send(&mut self, name: &str, data: &impl serde::Serialize, id: Option<i64>) -> Result<(), Over> {
        let Ok(mut event) = Event::default().event(name).json_data(data) else { return Ok(()) };
        if let Some(id) = id {
            event = event.id(id.to_string());
        }
        self.out.send(event, &self.server.common.counters).await
    }
}

/// Where events go; it waits for its client, but not for long.
struct Outlet {
    out: mpsc::Sender<Event>,
    last_sent: Instant,
}

impl Outlet {
    async fn send(&mut self, event: Event, counters: &Counters) -> Result<(), Over> {
        match timeout(PATIENCE, self.out.send(event)).await {
            Ok(Ok(())) => {
                Counters::add(&counters.live_events);
                self.last_sent = Instant::now();
                Ok(())
            }
            Ok(Err(_)) => Err(Over),
            Err(_) => {
                Counters::add(&counters.live_dropped);
                tracing::info!("A live feed was closed: its client is too slow");
                Err(Over)
            }
        }
    }
}

/// What the person's page has to ask for again.
fn changed(before: Versions, after: Versions) -> Vec<String> {
    let kinds = [
        ("site", before.site != after.site),
        ("deployments", before.deployments != after.deployments),
        ("bundles", before.bundles != after.bundles),
        ("accounts", before.accounts != after.accounts),
        ("variables", before.variables != after.variables),
        ("advisories", before.advisories != after.advisories),
        ("changes", before.head != after.head),
    ];
    kinds.into_iter().filter(|(_, new)| *new).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_let_go_after_ten_seconds_and_counted() {
        let (out, _client) = mpsc::channel(1);
        let mut outlet = Outlet { out, last_sent: Instant::now() };
        let counters = Counters::default();
        assert!(outlet.send(Event::default(), &counters).await.is_ok());
        let begun = Instant::now();
        assert!(outlet.send(Event::default(), &counters).await.is_err());
        assert_eq!(begun.elapsed(), PATIENCE);
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((count(&counters.live_events), count(&counters.live_dropped)), (1, 1));
    }
}
