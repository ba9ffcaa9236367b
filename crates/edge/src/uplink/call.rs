//! One request to the hub and its answer: signed, bounded in time and size, over connections that are kept. Whatever comes back is an
//! answer, or a problem in words.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::said::uplink as said;
use domain::{Problem, Timestamp};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use link::key::PrivateKey;
use link::request::{HubTime, Stamp, Target};
use link::wire;

use super::connect::{Sender, Way, silent};
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// The shortest time that a whole request has.
const SHORTEST: Duration = Duration::from_secs(30);
/// A line that is slower than this, in bytes a second, is as good as none.
const SLOWEST: u64 = 4096;
/// The longest time that a whole request has: a parcel of one huge record over a slow line.
const LONGEST: Duration = Duration::from_mins(10);
/// The hub is never left alone for longer because it asked for quiet.
const MOST_QUIET: Duration = Duration::from_hours(1);
/// Connections that wait for the next request: live, back, nudge.
const IDLE: usize = 3;
/// The hub's time is not the one the request was signed with.
const WRONG_TIME: &str = "request.wrong-time";

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unheard {
    /// In words; of a hub that refused, its own.
    pub problem: Problem,
    /// How long the hub asks for quiet.
    pub quiet: Option<Duration>,
}

impl From<Problem> for Unheard {
    fn from(problem: Problem) -> Self {
        Self { problem, quiet: None }
    }
}

/// What to ask.
pub(super) struct Call<'a> {
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    pub media_type: &'a str,
    pub body: Bytes,
    /// With the headers that say who asks; an application says so by its envelope.
    pub signed: bool,
    /// What is waited for on purpose, beside the time that the request itself may take.
    pub patience: Duration,
}

/// What is needed to ask.
pub(super) struct Caller {
    way: Way,
    key: PrivateKey,
    clock: Arc<Clock>,
    hub_time: Mutex<HubTime>,
    idle: Mutex<Vec<Sender>>,
}

impl Caller {
    pub(super) fn new(way: Way, key: PrivateKey, clock: Arc<Clock>) -> Self {
        Self { way, key, clock, hub_time: Mutex::default(), idle: Mutex::default() }
    }

    /// This box's key.
    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The body of an answer with status 200. A request that was refused for its time is signed again, once.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Bytes, Unheard> {
        match self.once(call).await {
            Err(unheard) if unheard.problem.code == WRONG_TIME && call.signed => self.once(call).await,
            answer => answer,
        }
    }

    async fn once(&self, call: &Call<'_>) -> Result<Bytes, Unheard> {
        let seconds = call.body.len() as u64 / SLOWEST;
        let whole = (SHORTEST + Duration::from_secs(seconds)).min(LONGEST) + call.patience;
        let answered = tokio::time::timeout(whole, self.exchange(call)).await;
        let (status, head, body) = answered.map_err(|_| silent(&self.host(), whole))??;
        if let Some(time) = head.hub_time {
            self.hub_time().heard(time, self.clock.now());
        }
        if status == StatusCode::OK && head.hub_time.is_some() {
            Ok(body)
        } else {
            Err(self.refused(status, &head, &body))
        }
    }

    /// Over a connection that waits, else a new one. One that was closed meanwhile does not count as a failure.
    async fn exchange(&self, call: &Call<'_>) -> Result<(StatusCode, Head, Bytes), Unheard> {
        while let Some(mut sender) = self.waiting() {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(self.request(call)?).await {
                Ok(response) => return self.read(sender, response).await,
                // it was never sent
                Err(error) if error.message().is_some() => {}
                Err(error) => return Err(self.way.broke(&error.into_error().to_string()).into()),
            }
        }
        let mut sender = self.way.connect().await?;
        let response = sender.send_request(self.request(call)?).await;
        let response = response.map_err(|error| self.way.broke(&error.to_string()))?;
        self.read(sender, response).await
    }

    async fn read(
        &self,
        sender: Sender,
        response: Response<hyper::body::Incoming>,
    ) -> Result<(StatusCode, Head, Bytes), Unheard> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, wire::MAX_JSON).collect().await;
        let body = body.map_err(|error| self.nonsense(&error.to_string()))?.to_bytes();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let head = Head {
            hub_time: header(wire::HUB_TIME).and_then(|text| text.parse().ok()).map(Timestamp::from_micros),
            retry_after: header(wire::RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs),
        };
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE {
            idle.push(sender);
        }
        Ok((parts.status, head, body))
    }

    /// A connection that is not closed and waits.
    fn waiting(&self) -> Option<Sender> {
        let mut idle = lock(&self.idle);
        idle.retain(|sender| !sender.is_closed());
        idle.pop()
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>, Problem> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(HOST, self.way.address().authority())
            .header(CONTENT_TYPE, call.media_type);
        if call.signed {
            let target = Target { method: call.method, path: call.path };
            let time = self.hub_time().at(self.clock.now());
            let stamp = Stamp::new(&self.key, target, &call.body, time, rand::random());
            for (name, value) in stamp.headers() {
                request = request.header(name, value);
            }
        }
        request.body(Full::new(call.body.clone())).map_err(|error| self.way.broke(&error.to_string()))
    }

    /// What an answer means that is none of the conversation.
    fn refused(&self, status: StatusCode, head: &Head, body: &[u8]) -> Unheard {
        let quiet = head.retry_after.map(|quiet| quiet.min(MOST_QUIET));
        let busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let problem = match serde_json::from_slice::<Problem>(body) {
            Ok(problem) if head.hub_time.is_some() => problem,
            _ if busy => said::HUB_BUSY.problem("hub", [("status", u64::from(status.as_u16()).into())]),
            _ => self.nonsense(&format!("it answered with status {}", status.as_u16())),
        };
        Unheard { problem, quiet }
    }

    /// What came is not what a hub says.
    pub(super) fn nonsense(&self, why: &str) -> Problem {
        said::HUB_NONSENSE.problem("hub", [("host", self.host().into()), ("why", why.into())])
    }

    fn host(&self) -> String {
        self.way.address().host.clone()
    }

    fn hub_time(&self) -> MutexGuard<'_, HubTime> {
        lock(&self.hub_time)
    }
}

/// What an answer says in its headers.
struct Head {
    hub_time: Option<Timestamp>,
    retry_after: Option<Duration>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
