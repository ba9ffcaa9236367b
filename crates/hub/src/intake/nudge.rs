//! Waits until there is something for an edge, and says so by a number that grew.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use link::wire::{NUDGE_WAIT, Nudge};

use super::desk::Desk;
use super::refusal::Refusal;
use super::{Intake, gate};

/// `GET` [`link::wire::NUDGE`].
pub(super) async fn wait(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    match answer(&intake, request).await {
        Ok(nudge) => Json(nudge).into_response(),
        Err(refusal) => refusal.answer(&intake),
    }
}

async fn answer(intake: &Intake, request: Request) -> Result<Nudge, Refusal> {
    let _room = intake.nudges.try_acquire().map_err(|_| Refusal::busy())?;
    let admitted = gate::admit(intake, request, 0).await?;
    let pairs = admitted.uri.query().unwrap_or_default().split('&');
    let seen = pairs.filter_map(|pair| pair.strip_prefix("seen=")).find_map(|seen| seen.parse::<u64>().ok());
    let desk = intake.desks.of(admitted.speaker.edge);
    desk.hear(intake.clock.now());
    let mut number = desk.number.subscribe();
    let _waiting = Waiting::at(&desk);
    let new = number.wait_for(|number| Some(*number) != seen);
    tokio::select! {
        _ = tokio::time::timeout(NUDGE_WAIT, new) => {}
        () = intake.stopping.cancelled() => {}
    }
    let number = *desk.number.borrow();
    Ok(Nudge { number })
}

/// Counts one that waits, also when it goes away.
struct Waiting<'a>(&'a Desk);

impl<'a> Waiting<'a> {
    fn at(desk: &'a Desk) -> Self {
        desk.waiting.fetch_add(1, Ordering::Relaxed);
        Self(desk)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
