//! Who a token belongs to; how long a session may idle; the token file of this box.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use access::{Actor, Authority};
use domain::{Id, Timestamp};
use tokio::time::Instant;

use crate::db::session::{Session, SessionKind};
use crate::db::{account, session};
use crate::secret::{new_token, token_digest};
use crate::{Secret, State, StateError};

/// A browser session that nobody used for this long has ended.
const IDLE: Duration = Duration::from_hours(1);
/// From so many remembered uses on, those that idled out are forgotten.
const REMEMBERED: usize = 2000;

/// When sessions were used last: by monotonic time and in memory, because the wall clock of a plant may jump.
/// After a restart every session counts as just used; the longest life of a session is in its row.
#[derive(Default)]
pub(crate) struct Idle(Mutex<HashMap<Id, Instant>>);

impl Idle {
    /// Notes a use; false when it came too late.
    fn used(&self, id: Id) -> bool {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if uses.len() >= REMEMBERED {
            uses.retain(|_, last| now.saturating_duration_since(*last) <= IDLE);
        }
        let last = uses.insert(id, now);
        last.is_none_or(|last| now.saturating_duration_since(last) <= IDLE)
    }

    /// Whether it has idled out, without using it.
    fn is_over(&self, id: Id) -> bool {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.get(&id).is_some_and(|last| Instant::now().saturating_duration_since(*last) > IDLE)
    }

    pub(crate) fn forget(&self, id: Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// Who a token belongs to.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session, to end it.
    pub session: Id,
    /// Who.
    pub actor: Actor,
    /// What people call them.
    pub label: String,
}

impl State {
    /// Whose token this is; none when it is nobody's, or has ended. A use keeps the session from idling out.
    pub async fn signed_in(&self, token: &str, now: Timestamp) -> Result<Option<SignedIn>, StateError> {
        let mut sql = self.0.database.reader().await?;
        let Some(found) = session::by_token(&mut sql, token_digest(token)).await? else { return Ok(None) };
        let ended = found.expires.is_some_and(|expires| expires < now)
            || (found.kind == SessionKind::Browser && !self.0.idle.used(found.id));
        if ended {
            drop(sql);
            let mut transaction = self.0.database.begin().await?;
            session::remove(&mut transaction, found.id).await?;
            transaction.commit().await?;
            self.0.idle.forget(found.id);
            return Ok(None);
        }
        actor_of(&mut sql, &found).await
    }

    /// Whether a session still stands. Looking is no use: an open page alone does not keep a session from idling out.
    pub async fn is_signed_in(&self, session: Id, now: Timestamp) -> Result<bool, StateError> {
        let mut sql = self.0.database.reader().await?;
        let Some(found) = session::by_id(&mut sql, session).await? else { return Ok(false) };
        let idled_out = found.kind == SessionKind::Browser && self.0.idle.is_over(session);
        Ok(!idled_out && found.expires.is_none_or(|expires| expires >= now))
    }

    /// Makes `cli-token` in the data folder, readable by its owner only, unless a good one is there. It acts as the
    /// first owner, and as this box while there is none.
    pub async fn cli_token_file(&self, now: Timestamp) -> Result<PathBuf, StateError> {
        let path = self.0.folder.join("cli-token");
        if let Ok(token) = std::fs::read_to_string(&path) {
            let mut sql = self.0.database.reader().await?;
            if session::by_token(&mut sql, token_digest(token.trim())).await?.is_some() {
                return Ok(path);
            }
        }
        let token = Secret::new(new_token());
        let row = Session {
            id: self.0.ids.new_id(now),
            kind: SessionKind::Token,
            account: None,
            terminal: None,
            created: now,
            expires: None,
        };
        write_private(&path, token.reveal()).map_err(|error| StateError::file(&path, error))?;
        let mut transaction = self.0.database.begin().await?;
        session::remove_tokens(&mut transaction).await?;
        session::insert(&mut transaction, &row, token_digest(token.reveal())).await?;
        transaction.commit().await?;
        Ok(path)
    }

    pub(crate) fn forget_set_up_code(&self) {
        *self.0.set_up_code.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn actor_of(sql: &mut sqlx::AnyConnection, found: &Session) -> Result<Option<SignedIn>, StateError> {
    let person = |account: account::Account, authority| SignedIn {
        session: found.id,
        label: account.label,
        actor: Actor::Person { account: account.id, name: account.name, role: account.role, authority },
    };
    if found.kind == SessionKind::Token {
        let owner = account::first_owner(sql).await?;
        let authority = Authority::TokenFile;
        let this_box = || SignedIn { session: found.id, actor: Actor::Box { authority }, label: "this box".to_owned() };
        return Ok(Some(owner.map_or_else(this_box, |owner| person(owner, authority))));
    }
    if let Some(id) = found.account {
        return Ok(account::by_id(sql, id).await?.map(|account| person(account, Authority::Session)));
    }
    let Some(id) = found.terminal else { return Ok(None) };
    let terminal = account::terminal_by_id(sql, id).await?;
    Ok(terminal.map(|terminal| SignedIn {
        session: found.id,
        label: terminal.name.clone(),
        actor: Actor::Terminal { terminal: terminal.id, name: terminal.name, place: terminal.place },
    }))
}

/// A whole new file of text, never readable by others, not even for a moment. Written beside as `.NAME.new` and put in place, so
/// that a power cut leaves the old or the new one; when this returns it is the new one.
pub fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    if let Err(error) = std::fs::remove_file(&beside)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    writeln!(file, "{content}")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    // a folder cannot be opened where names are durable by themselves
    let folder = path.parent().and_then(|folder| File::open(folder).ok());
    folder.map_or(Ok(()), |folder| folder.sync_all())
}
