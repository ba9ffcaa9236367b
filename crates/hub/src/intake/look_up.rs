//! What is stored of a number, in whichever life of the edge says it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::Id;
use link::Stream;
use link::parcel::GoneReason;
use link::up::hub::Account;
use link::up::{Begin, Compare, Likeness, MOST_POINTS};
use state::{Content, LifeOf, State, StateError};

/// What the hub has at a number of a stream of this life, or of another one that says the same up to there. What was lost when a
/// life ended is no answer: another life may have brought it.
async fn find(
    state: &State,
    account: &Account,
    epoch: u64,
    stream: Stream,
    number: u64,
) -> Result<Option<Content>, StateError> {
    let Some(this) = account.lives.iter().find(|life| life.epoch == epoch) else { return Ok(None) };
    // the life itself is the likeliest, then the newest
    let lives = account.lives.iter().rev().filter(|life| this.shared(life, stream) >= number);
    for life in lives {
        let of = LifeOf { edge: account.edge, epoch: life.epoch, stream };
        let found = state.content_at(of, number).await?;
        if found.is_some_and(|found| found != Content::Gone(GoneReason::Restored)) {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Answers a comparison; changes nothing.
pub(super) async fn compare(state: &State, account: &Account, compare: &Compare) -> Result<Vec<Likeness>, StateError> {
    let mut here = BTreeMap::new();
    for point in compare.points.iter().take(MOST_POINTS) {
        if let Some(Content::Record(crc)) = find(state, account, compare.epoch, compare.stream, point.seq).await? {
            here.insert(point.seq, crc);
        }
    }
    Ok(Account::compare(compare, |number| here.get(&number).copied()))
}

/// What stands for the content where a new life parts from older ones. It is begun once on a copy of the account, to learn which
/// numbers it asks for: they do not depend on the answers.
pub(super) async fn for_begin(
    state: &State,
    account: &Account,
    begin: &Begin,
) -> Result<BTreeMap<(u64, Stream, u64), u32>, StateError> {
    let asked = RefCell::new(BTreeSet::new());
    let noted = |epoch, stream, number| {
        asked.borrow_mut().insert((epoch, stream, number));
        None
    };
    if account.clone().begin(begin, noted).is_err() {
        return Ok(BTreeMap::new());
    }
    let mut found = BTreeMap::new();
    for (epoch, stream, number) in asked.into_inner() {
        if let Some(crc) = crc_at(state, account.edge, epoch, stream, number).await? {
            found.insert((epoch, stream, number), crc);
        }
    }
    Ok(found)
}

async fn crc_at(state: &State, edge: Id, epoch: u64, stream: Stream, number: u64) -> Result<Option<u32>, StateError> {
    let found = state.content_at(LifeOf { edge, epoch, stream }, number).await?;
    Ok(match found {
        Some(Content::Record(crc)) => Some(crc),
        Some(Content::Gone(_)) | None => None,
    })
}
