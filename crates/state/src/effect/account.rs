//! Accounts: the first owner, further ones, passwords.

use access::{Action, Actor, Authority};
use domain::said::act as said;
use domain::{PlacePath, Problem, Sentence};
use serde_json::json;

use super::Prepared;
use crate::act::{NewAccount, Outcome};
use crate::db::account::{self, Account};
use crate::db::session;
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};
use crate::secret::Secret;
use crate::{ActError, StateError};

const NAME_MAX: usize = 40;

/// Names are typed on panels: letters, digits, `-`, `_`, `.`.
pub(super) fn check_name(otherwise: &Sentence, name: &str) -> Result<(), Problem> {
    let length = name.chars().count();
    let fits = name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if fits && (1..=NAME_MAX).contains(&length) {
        return Ok(());
    }
    Err(otherwise.problem("name", [("name", name.into()), ("most", NAME_MAX.into())]))
}

pub(super) async fn first_owner(
    work: &mut Work<'_>,
    code: Option<Secret>,
    new: NewAccount,
    prepared: Prepared,
) -> Result<Effect, ActError> {
    const THROTTLED: &str = "/set-up-code";
    let allowed = work.may(Action::FirstRun, &PlacePath::site())?;
    if account::first_owner(work.sql).await?.is_some() {
        return Err(ActError::Conflict(said::FIRST_RUN_DONE.problem("the site", [])));
    }
    if !matches!(work.actor, Actor::Box { .. }) {
        work.state.check_throttle(THROTTLED)?;
        let expected = work.state.set_up_code();
        let given = code.as_ref().map(|code| code.reveal().trim().to_uppercase());
        if expected.is_none() || given != expected {
            work.state.0.throttle.wrong(THROTTLED);
            return Err(ActError::NotProved(said::FIRST_RUN_WRONG_CODE.problem("code", [])));
        }
    }
    if new.role != access::Role::Owner {
        return Err(said::ACCOUNT_BAD_ROLE.problem("role", []).into());
    }
    let made = insert(work, new, prepared).await?;
    let reference = format!("account:{}", made.id);
    let outcome = super::session::open(work, &made).await?;
    let by = match work.actor {
        Actor::Nobody => Some((reference, Authority::SetUpCode)),
        _ => None,
    };
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"account": made.id, "role": made.role})),
        topics: vec![Topic::Accounts],
        outcome: Outcome::Session(outcome),
        by,
    })))
}

pub(super) async fn add(work: &mut Work<'_>, new: NewAccount, prepared: Prepared) -> Result<Effect, ActError> {
    let allowed = work.may(Action::ManageAccounts, &PlacePath::site())?;
    if new.role != access::Role::Owner {
        return Err(said::ACCOUNT_BAD_ROLE.problem("role", []).into());
    }
    let made = insert(work, new, prepared).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"account": made.id, "role": made.role})),
        topics: vec![Topic::Accounts],
        outcome: Outcome::Nothing,
        by: None,
    })))
}

async fn insert(work: &mut Work<'_>, new: NewAccount, prepared: Prepared) -> Result<Account, ActError> {
    check_name(&said::ACCOUNT_BAD_NAME, &new.name)?;
    if account::by_name(work.sql, &new.name).await?.is_some() {
        return Err(said::ACCOUNT_TAKEN.problem("name", [("name", new.name.into())]).into());
    }
    let label = if new.label.trim().is_empty() { new.name.clone() } else { new.label.trim().to_owned() };
    let account = Account {
        id: work.new_id(),
        name: new.name,
        label,
        role: new.role,
        created: work.now,
        last_seen: None,
        password: prepared.hash.unwrap_or_default(),
    };
    account::insert(work.sql, &account).await?;
    Ok(account)
}

pub(super) async fn set_password(work: &mut Work<'_>, name: &str, prepared: Prepared) -> Result<Effect, ActError> {
    let allowed = work.may(Action::SetPassword, &PlacePath::site())?;
    let found = account::by_name(work.sql, name).await?.ok_or_else(|| no_account(name))?;
    let hash = prepared.hash.ok_or_else(|| StateError::stored("The password was not hashed."))?;
    account::set_password(work.sql, found.id, &hash).await?;
    session::remove_of_account(work.sql, found.id, None).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"account": found.id})),
        topics: vec![Topic::Accounts],
        outcome: Outcome::Nothing,
        by: None,
    })))
}

pub(super) fn no_account(name: &str) -> ActError {
    ActError::Missing(said::ACCOUNT_UNKNOWN.problem("name", [("name", name.into())]))
}
