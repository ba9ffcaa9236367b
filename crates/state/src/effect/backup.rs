//! Backups: one that goes out, and a state that came back from one.

use access::{Action, Allowed};
use domain::{Mode, PlacePath, Timestamp};
use serde_json::{Value, json};

use crate::act::Outcome;
use crate::db::{deployment, session};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};
use crate::{ActError, backup};

/// How far anything may go after a restore until a person raises it again: nobody knows what the box did since.
const HIGHEST: Mode = Mode::Ask;

pub(super) fn write(work: &mut Work<'_>, history: bool) -> Result<Effect, ActError> {
    let allowed = work.may(Action::WriteBackup, &PlacePath::site())?;
    Ok(changed(allowed, Some(json!({"history": history})), Vec::new()))
}

pub(super) async fn restore(work: &mut Work<'_>, made: Timestamp) -> Result<Effect, ActError> {
    let allowed = work.may(Action::Restore, &PlacePath::site())?;
    // whoever holds the old box holds its tokens
    session::remove_all(work.sql).await?;
    let mut lowered = Vec::new();
    for found in deployment::all(work.sql).await? {
        if found.mode > HIGHEST {
            let by = work.actor.reference();
            deployment::set_mode(work.sql, &found.name, HIGHEST, (&by, work.now), work.number).await?;
            lowered.push(found.name);
        }
    }
    let topics = vec![Topic::Deployments, Topic::Accounts];
    Ok(changed(allowed, Some(json!({"made": made, "lowered": lowered})), topics))
}

pub(super) async fn read_notice(work: &mut Work<'_>) -> Result<Effect, ActError> {
    let allowed = work.may(Action::ReadNotice, &PlacePath::site())?;
    match backup::unread(work.sql).await? {
        Some(notice) => Ok(changed(allowed, Some(json!({"restore": notice.change})), Vec::new())),
        None => Ok(Effect::Same { words: "there is nothing to read".to_owned(), outcome: Outcome::Nothing }),
    }
}

fn changed(allowed: Allowed, to: Option<Value>, topics: Vec<Topic>) -> Effect {
    Effect::Changed(Box::new(Changed { allowed, from: None, to, topics, outcome: Outcome::Nothing, by: None }))
}
