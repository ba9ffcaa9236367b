//! Sessions: in, out, one-time codes, line terminals.

use std::time::Duration;

use access::{Action, Authority};
use domain::said::act as said;
use domain::{Id, PlacePath, Timestamp};
use serde_json::json;

use super::Prepared;
use super::account::{check_name, no_account};
use crate::ActError;
use crate::act::{NewSession, OneTimeCode, Outcome};
use crate::db::account::{self, Account, Terminal};
use crate::db::session::{self, LoginCode, Session, SessionKind};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};
use crate::secret::{Secret, new_token, token_digest};

/// A session ends after this, however busy it is.
const LONGEST: Duration = Duration::from_hours(12);
/// A one-time code works this long.
const CODE_WORKS: Duration = Duration::from_hours(1);
/// More browser sessions than this at once are not kept.
const SESSIONS: i64 = 500;

pub(super) async fn sign_in_with_password(work: &mut Work<'_>, prepared: Prepared) -> Result<Effect, ActError> {
    let wrong = || ActError::NotProved(said::SESSION_WRONG.problem("sign-in", []));
    let (id, hash) = prepared.proved.ok_or_else(wrong)?;
    // the password may have been changed while it was being verified
    let account = account::by_id(work.sql, id).await?.filter(|account| account.password == hash).ok_or_else(wrong)?;
    signed_in(work, &account, "password").await
}

pub(super) async fn sign_in_with_code(work: &mut Work<'_>, code: Secret) -> Result<Effect, ActError> {
    let wrong = || ActError::NotProved(said::SESSION_WRONG_CODE.problem("code", []));
    let spent = session::spend_code(work.sql, token_digest(code.reveal().trim())).await?;
    let spent = spent.filter(|spent| spent.expires >= work.now).ok_or_else(wrong)?;
    if let Some(id) = spent.account {
        let account = account::by_id(work.sql, id).await?.ok_or_else(wrong)?;
        return signed_in(work, &account, "code").await;
    }
    let id = spent.terminal.ok_or_else(wrong)?;
    let terminal = account::terminal_by_id(work.sql, id).await?.ok_or_else(wrong)?;
    // a terminal is one browser: the one before is signed out
    session::remove_of_terminal(work.sql, terminal.id).await?;
    let allowed = work.may(Action::SignIn, &terminal.place)?;
    let opened = insert(work, SessionKind::Terminal, None, Some(terminal.id), None).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"terminal": terminal.id, "with": "code"})),
        topics: Vec::new(),
        outcome: Outcome::Session(opened),
        by: Some((format!("terminal:{}", terminal.id), Authority::Terminal)),
    })))
}

async fn signed_in(work: &mut Work<'_>, account: &Account, with: &str) -> Result<Effect, ActError> {
    let allowed = work.may(Action::SignIn, &PlacePath::site())?;
    let opened = open(work, account).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"account": account.id, "with": with})),
        topics: Vec::new(),
        outcome: Outcome::Session(opened),
        by: Some((format!("account:{}", account.id), Authority::Session)),
    })))
}

/// Opens a browser session of an account.
pub(super) async fn open(work: &mut Work<'_>, account: &Account) -> Result<NewSession, ActError> {
    account::seen(work.sql, account.id, work.now).await?;
    session::tidy(work.sql, work.now, SESSIONS - 1).await?;
    insert(work, SessionKind::Browser, Some(account.id), None, Some(work.now.plus(LONGEST))).await
}

async fn insert(
    work: &mut Work<'_>,
    kind: SessionKind,
    account: Option<Id>,
    terminal: Option<Id>,
    expires: Option<Timestamp>,
) -> Result<NewSession, ActError> {
    let token = new_token();
    let session = Session { id: work.new_id(), kind, account, terminal, created: work.now, expires };
    session::insert(work.sql, &session, token_digest(&token)).await?;
    Ok(NewSession { id: session.id, token: Secret::new(token), expires })
}

pub(super) async fn sign_out(work: &mut Work<'_>, id: Id) -> Result<Effect, ActError> {
    let place = work.actor.holds().map(|(_, place)| place).unwrap_or_default();
    let allowed = work.may(Action::SignOut, &place)?;
    let found = session::by_id(work.sql, id).await?;
    let Some(found) = found.filter(|session| session.kind != SessionKind::Token) else {
        return Ok(Effect::Same { words: "was signed out already".to_owned(), outcome: Outcome::Nothing });
    };
    session::remove(work.sql, found.id).await?;
    work.state.0.idle.forget(found.id);
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: None,
        topics: Vec::new(),
        outcome: Outcome::Nothing,
        by: None,
    })))
}

pub(super) async fn make_login_code(work: &mut Work<'_>, name: &str) -> Result<Effect, ActError> {
    let allowed = work.may(Action::ManageAccounts, &PlacePath::site())?;
    let account = account::by_name(work.sql, name).await?.ok_or_else(|| no_account(name))?;
    let code = code(work, Some(account.id), None).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"account": account.id})),
        topics: Vec::new(),
        outcome: Outcome::Code(code),
        by: None,
    })))
}

async fn code(work: &mut Work<'_>, account: Option<Id>, terminal: Option<Id>) -> Result<OneTimeCode, ActError> {
    session::tidy(work.sql, work.now, SESSIONS).await?;
    let code = new_token();
    let expires = work.now.plus(CODE_WORKS);
    session::insert_code(work.sql, token_digest(&code), &LoginCode { account, terminal, expires }).await?;
    Ok(OneTimeCode { code: Secret::new(code), expires })
}

pub(super) async fn enrol_terminal(work: &mut Work<'_>, name: String, place: PlacePath) -> Result<Effect, ActError> {
    let allowed = work.may(Action::EnrolTerminal, &place)?;
    check_name(&said::TERMINAL_BAD_NAME, &name)?;
    let site = work.state.site_in(work.sql).await?;
    if !place.as_str().is_empty() && !site.config.places.iter().any(|known| known.path == place) {
        return Err(said::PLACE_UNKNOWN.problem("place", [("place", place.to_string().into())]).into());
    }
    let known = account::terminal_by_name(work.sql, &name).await?;
    let terminal = match known {
        Some(terminal) if terminal.place == place => terminal,
        Some(terminal) => {
            let args = [("name", name.into()), ("place", terminal.place.to_string().into())];
            return Err(said::TERMINAL_TAKEN.problem("name", args).into());
        }
        None => {
            let terminal = Terminal { id: work.new_id(), name, place, created: work.now };
            account::insert_terminal(work.sql, &terminal).await?;
            terminal
        }
    };
    let code = code(work, None, Some(terminal.id)).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"terminal": terminal.id, "name": terminal.name, "place": terminal.place})),
        topics: vec![Topic::Accounts],
        outcome: Outcome::Code(code),
        by: None,
    })))
}
