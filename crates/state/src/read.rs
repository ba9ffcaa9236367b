//! Reading the state, and the stream `alarm` that the path writes (raise and clear are no acts).

use std::collections::HashMap;

use access::{Holder, Role};
use config::SiteConfig;
use domain::{Advisory, Id, PlacePath, Said, Timestamp};
use sqlx::AnyConnection;

use crate::db::{self, account, advisory, bundle, change, deployment, site, variable};
use crate::notify::Topic;
use crate::record::{self, Chain, ChainFault, ChainReport, Entry};
use crate::{
    Account, AdvisoryFilter, ChangeFilter, Deployment, Revision, State, StateError, StoredBundle, Terminal,
    VariableValue,
};

/// The configuration without its deployments, and the change that made it (0: as nobody has configured it yet).
#[derive(Clone, Debug, PartialEq)]
pub struct SiteRevision {
    /// The number of the change.
    pub head: i64,
    /// The configuration.
    pub config: SiteConfig,
}

/// An entry with its sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeLine {
    /// The entry.
    pub entry: Entry,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// What people call who did it.
    pub who: String,
    /// What was done, one sentence without its subject.
    pub said: Said,
}

/// What people call accounts and terminals, by their references in the record.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    pub(crate) async fn load(sql: &mut AnyConnection) -> Result<Self, StateError> {
        let accounts = account::all(sql).await?.into_iter().map(|one| (format!("account:{}", one.id), one.label));
        let mut names: HashMap<String, String> = accounts.collect();
        let terminals = account::terminals(sql).await?;
        names.extend(terminals.into_iter().map(|one| (format!("terminal:{}", one.id), one.name)));
        Ok(Self(names))
    }

    /// The name behind a reference; an erased account keeps its entries but not its name.
    pub fn of(&self, reference: &str) -> String {
        match reference {
            "box" => "this box".to_owned(),
            "nobody" => "nobody".to_owned(),
            known if known.starts_with("outlet:") => known.replacen(':', " ", 1),
            known => self.0.get(known).cloned().unwrap_or_else(|| "a former account".to_owned()),
        }
    }
}

/// How far an export of the record has come.
pub struct RecordExport {
    chain: Option<Chain>,
    last: i64,
}

impl Default for RecordExport {
    fn default() -> Self {
        Self { chain: Some(Chain::new()), last: 0 }
    }
}

/// So many entries are read at once when the whole record is walked.
const PAGE: i64 = 500;

impl State {
    pub(crate) async fn site_in(&self, sql: &mut AnyConnection) -> Result<SiteRevision, StateError> {
        let newest = site::newest(sql).await?;
        let (head, config) = newest.unwrap_or_else(|| (0, SiteConfig::new("New site")));
        Ok(SiteRevision { head, config })
    }

    /// The configuration without its deployments.
    pub async fn site(&self) -> Result<SiteRevision, StateError> {
        let mut sql = self.0.database.reader().await?;
        self.site_in(&mut sql).await
    }

    /// The whole configuration with its deployments and their modes, as `export` writes it. `head` is the newest change
    /// of any of it: `based_on` for the next one.
    pub async fn site_document(&self) -> Result<SiteRevision, StateError> {
        let mut sql = self.0.database.reader().await?;
        crate::apply::document(self, &mut sql).await
    }

    /// All deployments with their revision in use, in the order they were made.
    pub async fn deployments(&self) -> Result<Vec<Deployment>, StateError> {
        let mut sql = self.0.database.reader().await?;
        deployment::all(&mut sql).await
    }

    /// One deployment.
    pub async fn deployment(&self, name: &str) -> Result<Option<Deployment>, StateError> {
        let mut sql = self.0.database.reader().await?;
        deployment::get(&mut sql, name).await
    }

    /// Every revision a deployment had, the newest first.
    pub async fn revisions(&self, name: &str) -> Result<Vec<Revision>, StateError> {
        let mut sql = self.0.database.reader().await?;
        deployment::revisions(&mut sql, name).await
    }

    /// All bundles.
    pub async fn bundles(&self) -> Result<Vec<StoredBundle>, StateError> {
        let mut sql = self.0.database.reader().await?;
        bundle::all(&mut sql).await
    }

    /// One bundle by its digest.
    pub async fn bundle(&self, digest: &str) -> Result<Option<StoredBundle>, StateError> {
        let mut sql = self.0.database.reader().await?;
        bundle::get(&mut sql, digest).await
    }

    /// What local variables were set to. One that is not here has its declared first value.
    pub async fn variables(&self) -> Result<Vec<VariableValue>, StateError> {
        let mut sql = self.0.database.reader().await?;
        variable::all(&mut sql).await
    }

    /// All accounts.
    pub async fn accounts(&self) -> Result<Vec<Account>, StateError> {
        let mut sql = self.0.database.reader().await?;
        account::all(&mut sql).await
    }

    /// All line terminals.
    pub async fn terminals(&self) -> Result<Vec<Terminal>, StateError> {
        let mut sql = self.0.database.reader().await?;
        account::terminals(&mut sql).await
    }

    /// Everybody who holds a role somewhere, for "who could?".
    pub async fn holders(&self) -> Result<Vec<Holder>, StateError> {
        let mut sql = self.0.database.reader().await?;
        let accounts = account::all(&mut sql).await?.into_iter();
        let accounts = accounts.map(|one| Holder { name: one.label, role: one.role, place: PlacePath::site() });
        let terminals = account::terminals(&mut sql).await?.into_iter();
        let terminals = terminals.map(|one| Holder { name: one.name, role: Role::LineTerminal, place: one.place });
        Ok(accounts.chain(terminals).collect())
    }

    /// What people call accounts and terminals.
    pub async fn names(&self) -> Result<Names, StateError> {
        let mut sql = self.0.database.reader().await?;
        Names::load(&mut sql).await
    }

    /// Whether somebody can sign in already.
    pub async fn has_owner(&self) -> Result<bool, StateError> {
        let mut sql = self.0.database.reader().await?;
        Ok(account::first_owner(&mut sql).await?.is_some())
    }

    /// A page of the record, the newest first.
    pub async fn changes(&self, filter: &ChangeFilter) -> Result<Vec<ChangeLine>, StateError> {
        let mut sql = self.0.database.reader().await?;
        let stored = change::list(&mut sql, filter).await?;
        let names = Names::load(&mut sql).await?;
        let line = |stored: change::Stored| {
            let entry: Entry = serde_json::from_slice(&stored.entry)
                .map_err(|error| StateError::stored(format!("Entry {} can't be read: {error}.", stored.number)))?;
            let said = record::said(&entry, &|reference| names.of(reference));
            Ok(ChangeLine { who: names.of(&entry.who), digest: hex::encode(&stored.digest), said, entry })
        };
        stored.into_iter().map(line).collect()
    }

    /// Reads the whole record and verifies it: every digest, every link, every repeated column.
    pub async fn verify_chain(&self) -> Result<Result<ChainReport, ChainFault>, StateError> {
        let mut chain = Chain::new();
        let mut last = 0;
        loop {
            let mut sql = self.0.database.reader().await?;
            let page = change::after(&mut sql, last, PAGE).await?;
            drop(sql);
            let Some(newest) = page.last() else { return Ok(Ok(chain.report())) };
            last = newest.number;
            for stored in page {
                if let Err(fault) = follow(&mut chain, &stored) {
                    return Ok(Err(fault));
                }
            }
        }
    }

    /// The next part of the record as JSON lines, at most a few hundred entries; the last part ends with the closing
    /// line, after it there is none. [`record::verify_export`] reads the whole.
    pub async fn export_page(&self, export: &mut RecordExport) -> Result<Option<Vec<u8>>, StateError> {
        let Some(chain) = &mut export.chain else { return Ok(None) };
        let mut sql = self.0.database.reader().await?;
        let page = change::after(&mut sql, export.last, PAGE).await?;
        drop(sql);
        let mut out = Vec::new();
        for stored in &page {
            follow(chain, stored).map_err(|fault| StateError::stored(fault.words))?;
            out.extend_from_slice(&stored.entry);
            out.push(b'\n');
        }
        match page.last() {
            Some(newest) => export.last = newest.number,
            None => {
                if let Some(chain) = export.chain.take() {
                    out.extend(record::end_line(&chain.report()));
                    out.push(b'\n');
                }
            }
        }
        Ok(Some(out))
    }

    /// The newest advisories of a place.
    pub async fn advisories(&self, filter: &AdvisoryFilter) -> Result<Vec<Advisory>, StateError> {
        let mut sql = self.0.database.reader().await?;
        advisory::list(&mut sql, filter).await
    }

    /// One advisory.
    pub async fn advisory(&self, id: Id) -> Result<Option<Advisory>, StateError> {
        let mut sql = self.0.database.reader().await?;
        advisory::get(&mut sql, id).await
    }

    /// Advisories that are not cleared: what the path takes up again after a restart.
    pub async fn active_advisories(&self) -> Result<Vec<Advisory>, StateError> {
        let mut sql = self.0.database.reader().await?;
        advisory::active(&mut sql, "").await
    }

    /// How many advisories were raised since.
    pub async fn advisories_since(&self, since: Timestamp) -> Result<u32, StateError> {
        let mut sql = self.0.database.reader().await?;
        Ok(u32::try_from(advisory::raised_since(&mut sql, since).await?).unwrap_or(u32::MAX))
    }

    /// Stream `alarm`: an advisory starts. Gives its sequence; the same id again changes nothing.
    pub async fn raise_advisory(&self, raised: &Advisory) -> Result<i64, StateError> {
        let mut transaction = self.0.database.begin().await?;
        if !advisory::insert(&mut transaction, raised).await? {
            let seq = advisory::alarm_seq(&mut transaction).await?;
            transaction.rollback().await?;
            return Ok(seq);
        }
        let body = db::to_json(raised)?;
        let seq = advisory::append_alarm(&mut transaction, raised.raised, "raise", raised.id, &body).await?;
        transaction.commit().await?;
        self.0.notifier.tell(None, &[Topic::Advisories]);
        Ok(seq)
    }

    /// Stream `alarm`: an advisory ends. Gives its sequence; one that ended already stays as it is.
    pub async fn clear_advisory(&self, id: Id, at: Timestamp, reason: &str) -> Result<i64, StateError> {
        let mut transaction = self.0.database.begin().await?;
        if !advisory::clear(&mut transaction, id, at).await? {
            let seq = advisory::alarm_seq(&mut transaction).await?;
            transaction.rollback().await?;
            return Ok(seq);
        }
        let body = serde_json::json!({ "reason": reason }).to_string();
        let seq = advisory::append_alarm(&mut transaction, at, "clear", id, &body).await?;
        transaction.commit().await?;
        self.0.notifier.tell(None, &[Topic::Advisories]);
        Ok(seq)
    }

    /// The newest sequence of the stream `alarm`, for `/healthz`.
    pub async fn alarm_seq(&self) -> Result<i64, StateError> {
        let mut sql = self.0.database.reader().await?;
        advisory::alarm_seq(&mut sql).await
    }
}

/// The next stored entry: its link, and the columns beside its bytes.
fn follow(chain: &mut Chain, stored: &change::Stored) -> Result<(), ChainFault> {
    let entry = chain.follow(&stored.entry)?;
    let fault = |words| Err(ChainFault { number: stored.number, words });
    if stored.digest != chain.head() {
        return fault(format!("Entry {} does not have the digest it was stored with: it was altered.", stored.number));
    }
    let columns = (stored.number, stored.at, stored.act.as_str(), stored.place.as_str());
    if columns != (entry.number, entry.at, entry.act.as_str(), entry.place.as_str()) {
        return fault(format!("Entry {} says something else than the columns beside it.", stored.number));
    }
    Ok(())
}
