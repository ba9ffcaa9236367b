//! Letting boxes in as edges and shutting them out: claims, approvals, and which of two boxes is the right one.

use std::time::Duration;

use access::Action;
use domain::said::link as said;
use domain::{Id, PlacePath};
use link::enrol::{Enrolled, Enrolments, fingerprint};
use link::key::KeyId;
use serde_json::{Value, json};

use crate::act::{ClaimMade, Outcome};
use crate::db::{enrolment, intake};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};
use crate::{ActError, secret};

/// A code can be typed this long; a technician may have to travel.
const CLAIM_WORKS: Duration = Duration::from_hours(7 * 24);
/// After this a person has to approve a key again. It says so long before, and nothing stops at the site when it ends.
const KEY_WORKS: Duration = Duration::from_hours(365 * 24);

fn changed(allowed: access::Allowed, from: Option<Value>, to: Option<Value>, outcome: Outcome) -> Effect {
    Effect::Changed(Box::new(Changed { allowed, from, to, topics: vec![Topic::Enrolments], outcome, by: None }))
}

/// Where a claim's or a box's place lies in the tree that rights hang on.
fn place_of(place: &str) -> PlacePath {
    place.parse().unwrap_or_default()
}

fn box_as_json(key: &link::key::PublicKey, place: &str) -> Value {
    json!({"key": key.id().to_string(), "fingerprint": fingerprint(key), "place": place})
}

pub(super) async fn claim(work: &mut Work<'_>, place: PlacePath) -> Result<Effect, ActError> {
    let allowed = work.may(Action::EnrolEdge, &place)?;
    let before = enrolment::all(work.sql).await?;
    let mut after = before.clone();
    let random = u64::from_le_bytes(secret::random_bytes());
    let expires = work.now.plus(CLAIM_WORKS);
    let code = after.claim(place.as_str(), &work.actor.reference(), expires, work.now, random)?;
    enrolment::put(work.sql, &before, &after).await?;
    // the code itself is a secret until it is used
    let to = json!({"place": place, "expires": expires});
    Ok(changed(allowed, None, Some(to), Outcome::Claim(ClaimMade { code, expires })))
}

pub(super) async fn approve(work: &mut Work<'_>, key: &KeyId) -> Result<Effect, ActError> {
    let before = enrolment::all(work.sql).await?;
    let waiting = before.waiting.iter().find(|waiting| waiting.key.id() == *key);
    let place = waiting.map(|waiting| place_of(&waiting.place)).unwrap_or_default();
    let allowed = work.may(Action::EnrolEdge, &place)?;
    let mut after = before.clone();
    let new_edge = work.new_id();
    let approved = after.approve(key, &work.actor.reference(), new_edge, work.now.plus(KEY_WORKS));
    let approved = approved.map_err(ActError::Missing)?;
    enrolment::put(work.sql, &before, &after).await?;
    let Enrolled { edge, key, place, expires, .. } = &approved;
    let mut to = box_as_json(key, place);
    (to["edge"], to["expires"]) = (json!(edge), json!(expires));
    Ok(changed(allowed, None, Some(to), Outcome::Edge(*edge)))
}

pub(super) async fn decline(work: &mut Work<'_>, key: &KeyId) -> Result<Effect, ActError> {
    let before = enrolment::all(work.sql).await?;
    let waiting = before.waiting.iter().find(|waiting| waiting.key.id() == *key);
    let place = waiting.map(|waiting| place_of(&waiting.place)).unwrap_or_default();
    let allowed = work.may(Action::EnrolEdge, &place)?;
    let waiting = waiting.ok_or_else(|| nobody(key))?;
    let from = box_as_json(&waiting.key, &waiting.place);
    let mut after = before.clone();
    after.decline(key);
    enrolment::put(work.sql, &before, &after).await?;
    Ok(changed(allowed, Some(from), None, Outcome::Nothing))
}

pub(super) async fn revoke(work: &mut Work<'_>, key: &KeyId) -> Result<Effect, ActError> {
    let before = enrolment::all(work.sql).await?;
    let known = before.enrolled.iter().find(|known| known.key.id() == *key);
    let place = known.map(|known| place_of(&known.place)).unwrap_or_default();
    let allowed = work.may(Action::EnrolEdge, &place)?;
    let known = known.ok_or_else(|| nobody(key))?;
    if known.revoked {
        return Ok(Effect::Same { words: "was shut out already".to_owned(), outcome: Outcome::Nothing });
    }
    let mut to = box_as_json(&known.key, &known.place);
    (to["edge"], to["revoked"]) = (json!(known.edge), json!(true));
    let outcome = Outcome::Edge(known.edge);
    let mut after = before.clone();
    after.revoke(key).map_err(ActError::Missing)?;
    enrolment::put(work.sql, &before, &after).await?;
    Ok(changed(allowed, None, Some(to), outcome))
}

/// Says which of two boxes with one name is the right one: the one whose store lives in this epoch.
pub(super) async fn choose(work: &mut Work<'_>, edge: Id, epoch: u64) -> Result<Effect, ActError> {
    let place = place_of_edge(&enrolment::all(work.sql).await?, edge);
    let allowed = work.may(Action::EnrolEdge, &place)?;
    let stored = intake::account(work.sql, edge).await?;
    let Some(mut stored) = stored else {
        return Err(ActError::Missing(said::EDGE_UNKNOWN.problem(format!("edge {edge}"), [])));
    };
    if !stored.account.lives.iter().any(|life| life.epoch == epoch) {
        let args = [("epoch", epoch.to_string().into())];
        return Err(ActError::Missing(said::EDGE_NO_SUCH_LIFE.problem(format!("edge {edge}"), args)));
    }
    let other = stored.account.two_boxes.map(|other| other.to_string());
    stored.account.decide(epoch);
    intake::put_account(work.sql, &stored.account, stored.revision).await?;
    let from = json!({"two_boxes": other});
    let to = json!({"edge": edge, "epoch": epoch.to_string(), "place": place});
    Ok(changed(allowed, Some(from), Some(to), Outcome::Edge(edge)))
}

fn place_of_edge(enrolments: &Enrolments, edge: Id) -> PlacePath {
    let known = enrolments.enrolled.iter().find(|known| known.edge == edge);
    known.map(|known| place_of(&known.place)).unwrap_or_default()
}

fn nobody(key: &KeyId) -> ActError {
    ActError::Missing(said::CLAIM_NOBODY.problem(format!("key {key}"), []))
}
