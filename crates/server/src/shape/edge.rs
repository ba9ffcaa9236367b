//! A hub's edges, from what is stored of them.

use std::collections::BTreeMap;

use domain::{Id, Timestamp};
use link::enrol::{Claim, Enrolled, Enrolments, Waiting, fingerprint};
use link::up::hub::{Account, HubLife};
use link::{PerStream, Stream};
use state::{AccountRevision, Names};

use crate::api::edge::{self, EdgeLife, EdgeState, StreamAtHub};
use crate::ports::Heard;

/// All of them. `heard` says when each spoke.
pub(crate) fn edges(
    enrolments: &Enrolments,
    accounts: &[AccountRevision],
    names: &Names,
    heard: &dyn Fn(Id) -> Heard,
    now: Timestamp,
) -> edge::Edges {
    let account = |edge: Id| accounts.iter().map(|one| &one.account).find(|account| account.edge == edge);
    let claims = enrolments.claims.iter().filter(|claim| claim.expires > now);
    edge::Edges {
        claims: claims.map(|one| claim(one, names)).collect(),
        waiting: enrolments.waiting.iter().map(waiting).collect(),
        edges: enrolments.enrolled.iter().map(|one| enrolled(one, account(one.edge), names, heard, now)).collect(),
    }
}

fn claim(claim: &Claim, names: &Names) -> edge::Claim {
    edge::Claim { place: claim.place.clone(), made_by: names.of(&claim.made_by), until_ms: claim.expires.millis() }
}

fn waiting(waiting: &Waiting) -> edge::WaitingBox {
    edge::WaitingBox {
        key: waiting.key.id().to_string(),
        fingerprint: fingerprint(&waiting.key),
        name: waiting.name.clone(),
        place: waiting.place.clone(),
        again: waiting.again.map(|edge| edge.to_string()),
        since_ms: waiting.since.millis(),
    }
}

fn enrolled(
    enrolled: &Enrolled,
    account: Option<&Account>,
    names: &Names,
    heard: &dyn Fn(Id) -> Heard,
    now: Timestamp,
) -> edge::Edge {
    let heard = heard(enrolled.edge);
    let state = match enrolled.may_speak(now) {
        Ok(()) => EdgeState::In,
        Err(_) if enrolled.revoked => EdgeState::Revoked,
        Err(_) => EdgeState::Expired,
    };
    let problems = account.map(|account| account.problems(&enrolled.place)).unwrap_or_default();
    edge::Edge {
        edge: enrolled.edge.to_string(),
        place: enrolled.place.clone(),
        key: enrolled.key.id().to_string(),
        fingerprint: fingerprint(&enrolled.key),
        state,
        until_ms: enrolled.expires.millis(),
        approved_by: names.of(&enrolled.approved_by),
        connected: heard.connected,
        heard_ms: heard.last.map(Timestamp::millis),
        streams: account.and_then(Account::present).map(streams).unwrap_or_default(),
        lives: account.map(lives).unwrap_or_default(),
        problems: problems.into_iter().map(Into::into).collect(),
    }
}

fn streams(life: &HubLife) -> BTreeMap<String, StreamAtHub> {
    let lines = PerStream::of(|stream| {
        let line = &life.lines[stream];
        StreamAtHub { mark: line.mark.seq, owed: line.owed.iter().map(|owed| (owed.first, owed.last)).collect() }
    });
    Stream::ALL.iter().map(|stream| (stream.name().to_owned(), lines[*stream].clone())).collect()
}

fn lives(account: &Account) -> Vec<EdgeLife> {
    let life = |life: &HubLife| EdgeLife {
        epoch: life.epoch.to_string(),
        closed: life.closed.is_some(),
        speaks: account.two_boxes == Some(life.epoch),
    };
    account.lives.iter().rev().map(life).collect()
}
