//! The gate: who speaks, whether it is what they signed, in time, and for the first time. Nothing behind it is reached otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use bytes::{Bytes, BytesMut};
use domain::said::act;
use domain::said::link as said;
use futures_util::StreamExt as _;
use link::enrol::{Enrolled, Enrolments};
use link::key::KeyId;
use link::request::{Stamp, Target};
use tokio::sync::SemaphorePermit;

use super::Intake;
use super::refusal::Refusal;

/// How long the next piece of a body may take to come.
const PIECE: Duration = Duration::from_secs(10);
/// How long a whole body may take: the largest parcel over a slow line.
const BODY: Duration = Duration::from_mins(10);
/// How long a request waits for others to give memory back.
const ROOM: Duration = Duration::from_secs(5);

/// A request that passed.
pub(super) struct Admitted<'a> {
    /// Who speaks.
    pub(super) speaker: Enrolled,
    /// Path and query, as they were signed.
    pub(super) uri: Uri,
    /// The body, whole.
    pub(super) body: Bytes,
    /// The room that the body takes, until it was dealt with.
    _room: SemaphorePermit<'a>,
}

/// A body on its way, no longer than it may be.
pub(super) struct Taken<'a> {
    pub(super) body: Bytes,
    pub(super) room: SemaphorePermit<'a>,
}

/// Lets a request of an edge in, or says why not. Whoever is a stranger is told before the body is read.
pub(super) async fn admit(intake: &Intake, request: Request, most: usize) -> Result<Admitted<'_>, Refusal> {
    let (parts, body) = request.into_parts();
    let stamp = stamp(&parts.headers)?;
    let speaker = speaker(intake, &stamp.key).await?;
    let Taken { body, room } = read(intake, &parts.headers, body, most).await?;
    let (stamp, body) = check(stamp, &speaker, parts.method, &parts.uri, body).await?;
    let now = intake.clock.now();
    let mut replays = intake.replays.lock().unwrap_or_else(PoisonError::into_inner);
    replays.admit(&stamp, now).map_err(Refusal::of)?;
    drop(replays);
    Ok(Admitted { speaker, uri: parts.uri, body, _room: room })
}

fn stamp(headers: &HeaderMap) -> Result<Stamp, Refusal> {
    Stamp::from_headers(|name| headers.get(name).and_then(|value| value.to_str().ok())).map_err(Refusal::of)
}

/// Over a large body the digest takes a tenth of a second.
async fn check(
    stamp: Stamp,
    speaker: &Enrolled,
    method: Method,
    uri: &Uri,
    body: Bytes,
) -> Result<(Stamp, Bytes), Refusal> {
    const AT_ONCE: usize = 64 << 10;
    let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    let (key, is_small) = (speaker.key, body.len() <= AT_ONCE);
    let check = move || {
        let checked = stamp.check(&key, Target { method: method.as_str(), path: &path }, &body);
        checked.map(|()| (stamp, body))
    };
    if is_small {
        return check().map_err(Refusal::of);
    }
    let checked = tokio::task::spawn_blocking(check).await;
    checked.map_err(|_| Refusal::busy())?.map_err(Refusal::of)
}

/// Reads a body that is not longer than `most` bytes, in its time, holding the room that it takes.
pub(super) async fn read<'a>(
    intake: &'a Intake,
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Taken<'a>, Refusal> {
    let too_large = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, act::TOO_LARGE.problem("body", []));
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // one that does not say how long it is may be as long as it may be
    let length = told.unwrap_or(most);
    if length > most {
        return Err(too_large());
    }
    let kib = u32::try_from(length / 1024 + 1).unwrap_or(u32::MAX);
    let room = tokio::time::timeout(ROOM, intake.bodies.acquire_many(kib)).await;
    let room = room.ok().and_then(Result::ok).ok_or_else(Refusal::busy)?;
    let read = async {
        let mut whole = BytesMut::with_capacity(told.unwrap_or(0).min(1 << 20));
        let mut pieces = body.into_data_stream();
        loop {
            let piece = tokio::time::timeout(PIECE, pieces.next()).await.map_err(|_| too_slow())?;
            let Some(piece) = piece else { return Ok(whole.freeze()) };
            let piece = piece.map_err(|error| {
                let problem = act::BROKEN_OFF.problem("body", []).why(error.to_string());
                Refusal::new(StatusCode::BAD_REQUEST, problem)
            })?;
            if whole.len() + piece.len() > most {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
    };
    let body = tokio::time::timeout(BODY, read).await.map_err(|_| too_slow())??;
    Ok(Taken { body, room })
}

fn too_slow() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, said::REQUEST_SLOW.problem("body", []))
}

/// Keys of edges by their ids; read again only after something about them changed.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Arc<Enrolments>, Arc<ByKey>)>>);

type ByKey = HashMap<KeyId, Enrolled>;

async fn speaker(intake: &Intake, key: &KeyId) -> Result<Enrolled, Refusal> {
    let enrolments = intake.state.enrolments().await?;
    let by_key = intake.known.by_key(enrolments);
    let known = by_key.get(key);
    let known = known.ok_or_else(|| Refusal::of(said::EDGE_STRANGER.problem(format!("key {key}"), [])))?;
    known.may_speak(intake.clock.now()).map_err(Refusal::of)?;
    Ok(known.clone())
}

impl Known {
    fn by_key(&self, enrolments: Arc<Enrolments>) -> Arc<ByKey> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, by_key)) = known.as_ref()
            && Arc::ptr_eq(of, &enrolments)
        {
            return Arc::clone(by_key);
        }
        let by_key: ByKey = enrolments.enrolled.iter().map(|one| (one.key.id(), one.clone())).collect();
        let by_key = Arc::new(by_key);
        *known = Some((enrolments, Arc::clone(&by_key)));
        by_key
    }
}
