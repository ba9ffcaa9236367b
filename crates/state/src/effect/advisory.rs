//! Acknowledging advice. Raising and clearing is not an act: the path does it (`read.rs`, stream `alarm`).

use access::Action;
use domain::Id;
use domain::said::act as said;
use serde_json::json;

use crate::ActError;
use crate::act::Outcome;
use crate::db::advisory;
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};

pub(super) async fn acknowledge(work: &mut Work<'_>, id: Id) -> Result<Effect, ActError> {
    let found = advisory::get(work.sql, id).await?;
    let Some(found) = found else {
        let problem = said::ADVISORY_UNKNOWN.problem("advisory", [("name", id.to_string().into())]);
        return Err(ActError::Missing(problem));
    };
    let allowed = work.may(Action::Acknowledge, &found.place)?;
    if found.acknowledged.is_some() {
        return Ok(Effect::Same { words: "was acknowledged already".to_owned(), outcome: Outcome::Nothing });
    }
    advisory::acknowledge(work.sql, id, work.now, &work.actor.reference()).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"advisory": id, "deployment": found.deployment, "raised": found.raised})),
        topics: vec![Topic::Advisories],
        outcome: Outcome::Nothing,
        by: None,
    })))
}
