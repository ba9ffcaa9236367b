//! What each act does, inside the transaction: look, ask `may`, check, write.

mod account;
mod advisory;
mod backup;
mod bundle;
mod deployment;
mod enrolment;
mod session;
mod site;
mod variable;

use std::time::Duration;

use domain::Id;
use domain::said::act as said;

use crate::act::{Act, SignIn};
use crate::perform::{Effect, Work};
use crate::secret::{self, Secret};
use crate::{ActError, State, db};

/// What takes long and so is done before the transaction: hashes.
#[derive(Default)]
pub(crate) struct Prepared {
    /// The hash of a new password.
    hash: Option<String>,
    /// The account whose password was right, with the hash it was right for.
    proved: Option<(Id, String)>,
}

impl Prepared {
    pub(crate) async fn of(state: &State, act: &Act) -> Result<Self, ActError> {
        let new_password = match act {
            Act::FirstOwner { account, .. } | Act::AddAccount(account) => account.password.as_ref(),
            Act::SetPassword { password, .. } => Some(password),
            Act::SignIn(SignIn::Password { name, password }) => {
                return Self::proved(state, name, password).await;
            }
            _ => None,
        };
        let Some(password) = new_password else { return Ok(Self::default()) };
        secret::check_password(password)?;
        Ok(Self { hash: Some(secret::hash_password(password.clone()).await?), proved: None })
    }

    async fn proved(state: &State, name: &str, password: &Secret) -> Result<Self, ActError> {
        state.check_throttle(name)?;
        let mut reader = state.0.database.reader().await?;
        let account = db::account::by_name(&mut reader, name).await?;
        drop(reader);
        let account = account.filter(|account| !account.password.is_empty());
        let hash = account.as_ref().map(|account| account.password.clone());
        let right = secret::verify_password(password.clone(), hash).await?;
        let proved = account.filter(|_| right).map(|account| (account.id, account.password));
        if proved.is_none() {
            state.0.throttle.wrong(name);
            return Err(ActError::NotProved(said::SESSION_WRONG.problem("sign-in", [])));
        }
        state.0.throttle.right(name);
        Ok(Self { hash: None, proved })
    }
}

impl State {
    /// Refuses further tries while this name has to wait.
    pub(crate) fn check_throttle(&self, name: &str) -> Result<(), ActError> {
        let Some(wait) = self.0.throttle.wait(name) else { return Ok(()) };
        let whole = Duration::from_secs(wait.as_secs().max(1));
        let problem = said::SESSION_TOO_MANY.problem("sign-in", [("wait_ms", whole.into())]);
        Err(ActError::TooMany { problem: Box::new(problem), wait })
    }
}

pub(crate) async fn perform(work: &mut Work<'_>, act: Act, prepared: Prepared) -> Result<Effect, ActError> {
    match act {
        Act::FirstOwner { code, account } => account::first_owner(work, code, account, prepared).await,
        Act::AddAccount(account) => account::add(work, account, prepared).await,
        Act::SetPassword { name, .. } => account::set_password(work, &name, prepared).await,
        Act::SignIn(SignIn::Password { .. }) => session::sign_in_with_password(work, prepared).await,
        Act::SignIn(SignIn::Code(code)) => session::sign_in_with_code(work, code).await,
        Act::SignOut { session } => session::sign_out(work, session).await,
        Act::MakeLoginCode { name } => session::make_login_code(work, &name).await,
        Act::EnrolTerminal { name, place } => session::enrol_terminal(work, name, place).await,
        Act::ChangeSite { config, based_on } => site::change(work, *config, based_on).await,
        Act::AddBundle(bundle) => bundle::add(work, *bundle).await,
        Act::Deploy(deployment) => deployment::deploy(work, deployment).await,
        Act::ChangeDeployment(change) => deployment::change(work, change).await,
        Act::SetMode { name, mode } => deployment::set_mode(work, &name, mode).await,
        Act::RemoveDeployment { name } => deployment::remove(work, &name).await,
        Act::Acknowledge { advisory } => advisory::acknowledge(work, advisory).await,
        Act::WriteBackup { history } => backup::write(work, history),
        Act::Restore { made } => backup::restore(work, made).await,
        Act::ReadNotice => backup::read_notice(work).await,
        Act::SetVariable { name, value } => variable::set(work, name, value).await,
        Act::Claim { place } => enrolment::claim(work, place).await,
        Act::ApproveBox { key } => enrolment::approve(work, &key).await,
        Act::DeclineBox { key } => enrolment::decline(work, &key).await,
        Act::RevokeKey { key } => enrolment::revoke(work, &key).await,
        Act::ChooseBox { edge, epoch } => enrolment::choose(work, edge, epoch).await,
    }
}
