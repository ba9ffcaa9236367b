//! Waits at the hub until there is something for this edge. Its failure disturbs nothing: without it things come a little later.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use link::wire::{self, Nudge};
use tokio_util::sync::CancellationToken;

use super::call::{Call, Caller};
use super::seen::{Doing, Seen};

/// Between two requests at least, however quickly the hub answers.
const SHORTEST: Duration = Duration::from_secs(1);
/// After failures the wait doubles up to this.
const MOST: Duration = Duration::from_mins(5);

/// Runs until `stop`. Asks only while records go up: else the hub does not know this box, or is not there.
pub(super) async fn run(caller: Arc<Caller>, seen: Arc<Seen>, stop: CancellationToken) {
    let (mut number, mut wait) = (0, SHORTEST);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..1.0))) => {}
        }
        if seen.now().doing != Doing::Running {
            continue;
        }
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = ask(&caller, number) => heard,
        };
        match heard {
            Some(nudge) => {
                if nudge.number != number {
                    number = nudge.number;
                    seen.nudged();
                }
                wait = SHORTEST;
            }
            None => wait = (wait * 2).min(MOST),
        }
    }
}

async fn ask(caller: &Caller, seen: u64) -> Option<Nudge> {
    let path = format!("{}?seen={seen}", wire::NUDGE);
    let (method, media_type, patience) = ("GET", "application/json", wire::NUDGE_WAIT);
    let call = Call { method, path: &path, media_type, body: Bytes::new(), signed: true, patience };
    serde_json::from_slice(&caller.call(&call).await.ok()?).ok()
}
