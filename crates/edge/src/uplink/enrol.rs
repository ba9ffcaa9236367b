//! Asks the hub to be enrolled, until a person there approved.

use std::time::Duration;

use domain::Problem;
use link::enrol::{Application, fingerprint};
use link::wire::{self, EnrolAnswer};
use tokio_util::sync::CancellationToken;

use super::Ground;
use super::call::{Call, Caller, Unheard};
use super::membership::{Enrolled, Membership};
use super::seen::Doing;

/// How often a box that waits looks whether a person approved.
const LOOK: Duration = Duration::from_secs(3);
/// The longest wait after a first failure; it doubles up to [`MOST`].
const FIRST: Duration = Duration::from_secs(2);
const MOST: Duration = Duration::from_mins(5);
/// A code that does not work will not work in a minute; the hub counts wrong ones. A person types another and starts anew.
const REFUSED: Duration = Duration::from_hours(1);
/// What the hub says of a code that it does not take.
const WRONG_CODE: &str = "claim.wrong";
/// What the hub says of a key that was shut out.
const REVOKED: &str = "edge.revoked";

/// Asks until the box is an edge; none when it was told to stop.
pub(super) async fn run(
    ground: &Ground,
    caller: &Caller,
    membership: &mut Membership,
    stop: &CancellationToken,
) -> Option<Enrolled> {
    let mut failures = 0;
    loop {
        if membership.code.is_none() && membership.enrolled.is_none() {
            ground.seen.doing(Doing::NeedsCode, ground.clock.now());
            stop.cancelled().await;
            return None;
        }
        let asked = tokio::select! {
            () = stop.cancelled() => return None,
            asked = ask(ground, caller, membership) => asked,
        };
        let now = ground.clock.now();
        let wait = match asked {
            Ok(EnrolAnswer::Is { edge, place, hub, expires }) => {
                let enrolled = Enrolled { edge, place, hub, expires };
                match ground.enrolled(membership, &enrolled).await {
                    Ok(()) => {
                        ground.seen.heard(now);
                        tracing::info!(edge = %enrolled.edge, place = %enrolled.place, "This box is enrolled at the hub");
                        return Some(enrolled);
                    }
                    Err(problem) => {
                        ground.seen.trouble(problem, now);
                        LOOK
                    }
                }
            }
            Ok(EnrolAnswer::Waits { .. }) => {
                // what people compare is made of our own key, not of what came over the wire
                let fingerprint = fingerprint(&caller.key().public());
                ground.seen.heard(now);
                ground.seen.doing(Doing::Waiting(fingerprint), now);
                failures = 0;
                LOOK
            }
            Err(Unheard { problem, quiet }) => {
                let long = [WRONG_CODE, REVOKED].contains(&problem.code.as_str());
                ground.seen.trouble(problem, now);
                failures += 1;
                let wait = if long { REFUSED } else { FIRST.saturating_mul(1 << failures.min(16)).min(MOST) };
                quiet.unwrap_or_default().max(wait.mul_f64(rand::random_range(0.0..1.0)))
            }
        };
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn ask(ground: &Ground, caller: &Caller, membership: &Membership) -> Result<EnrolAnswer, Unheard> {
    let name = ground.site.borrow().site.name.clone();
    let application = Application { key: caller.key().public(), code: membership.code, name };
    let body = serde_json::to_vec(&application.seal(caller.key()));
    let body = body.map_err(|error| -> Problem { caller.nonsense(&error.to_string()) })?.into();
    if ground.seen.now().doing == Doing::Nothing {
        ground.seen.doing(Doing::Asking, ground.clock.now());
    }
    let (method, path, media_type) = ("POST", wire::ENROL, "application/json");
    let answer = caller.call(&Call { method, path, media_type, body, signed: false, patience: Duration::ZERO }).await?;
    serde_json::from_slice(&answer).map_err(|error| caller.nonsense(&error.to_string()).into())
}
