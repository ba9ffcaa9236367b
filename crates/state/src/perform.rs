//! The one way to change anything: may → check → effect and record entry in one transaction → notify.

use access::{Actor, Allowed, Authority, may};
use domain::said::act as said;
use domain::{Id, PlacePath, Problem, Problems, Timestamp};
use sqlx::AnyConnection;

use crate::act::{Act, Done, Outcome};
use crate::db;
use crate::effect::{self, Prepared};
use crate::notify::Topic;
use crate::read::Names;
use crate::record::{self, Entry};
use crate::{ActError, State, StateError};

const REASON_MAX: usize = 500;

/// What an effect changed, for its entry. It can't be made without [`Allowed`], which only `access` gives.
pub(crate) struct Changed {
    pub(crate) allowed: Allowed,
    pub(crate) from: Option<serde_json::Value>,
    pub(crate) to: Option<serde_json::Value>,
    pub(crate) topics: Vec<Topic>,
    pub(crate) outcome: Outcome,
    /// Who did it, when the act itself finds that out (signing in, the first owner).
    pub(crate) by: Option<(String, Authority)>,
}

/// What an effect did.
pub(crate) enum Effect {
    /// Something; it gets an entry.
    Changed(Box<Changed>),
    /// Nothing: it was like this already.
    Same { words: String, outcome: Outcome },
}

/// What an effect works with: the one open transaction and who asks.
pub(crate) struct Work<'a> {
    pub(crate) state: &'a State,
    pub(crate) sql: &'a mut AnyConnection,
    pub(crate) actor: &'a Actor,
    pub(crate) now: Timestamp,
    pub(crate) because: Option<&'a str>,
    /// The number its entry will have.
    pub(crate) number: i64,
    /// While a whole document is applied: the deployments it will have in the end.
    pub(crate) deployments_to_be: Option<&'a [config::site::Deployment]>,
}

impl Work<'_> {
    pub(crate) fn may(&self, action: access::Action, place: &PlacePath) -> Result<Allowed, ActError> {
        Ok(may(self.actor, action, place)?)
    }

    pub(crate) fn new_id(&self) -> Id {
        self.state.0.ids.new_id(self.now)
    }
}

/// What is asked for: acts that happen together or not at all.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) acts: Vec<Act>,
    pub(crate) because: Option<String>,
    /// A whole document is applied: one reason for all, and its deployments.
    pub(crate) document: Option<Vec<config::site::Deployment>>,
    /// No relevant change may have come after this one.
    pub(crate) based_on: Option<i64>,
    /// Do everything, then take it back.
    pub(crate) dry_run: bool,
}

impl State {
    /// Does one act. Refused, wrong or late acts change nothing and leave no entry.
    ///
    /// An act that has begun is finished and told to everybody even when whoever asked has gone.
    pub async fn act(
        &self,
        actor: &Actor,
        act: Act,
        because: Option<String>,
        now: Timestamp,
    ) -> Result<Done, ActError> {
        let asked = Asked { acts: vec![act], because, document: None, based_on: None, dry_run: false };
        let done = self.act_together(actor, asked, now).await?;
        done.into_iter().next().ok_or_else(|| StateError::stored("The act did nothing.").into())
    }

    pub(crate) async fn act_together(
        &self,
        actor: &Actor,
        asked: Asked,
        now: Timestamp,
    ) -> Result<Vec<Done>, ActError> {
        let (state, actor) = (self.clone(), actor.clone());
        let task = tokio::spawn(async move { state.perform_on_any_disk(&actor, asked, now).await });
        task.await.map_err(|_| StateError::stored("The act broke off."))?
    }

    /// What must always work is done in the room that is kept for it when there is no other; everything else is refused
    /// as long as that room cannot be kept.
    async fn perform_on_any_disk(&self, actor: &Actor, asked: Asked, now: Timestamp) -> Result<Vec<Done>, ActError> {
        if !asked.acts.iter().all(Act::always_works) {
            if !asked.dry_run {
                self.keep_room().await?;
            }
            return self.perform(actor, asked, now).await;
        }
        match self.perform(actor, asked.clone(), now).await {
            Err(ActError::State(error)) if error.needs_room() && self.0.reserve.give() => {
                self.perform(actor, asked, now).await
            }
            done => done,
        }
    }

    /// Ordinary work waits until the room that is kept for stopping things is there.
    pub(crate) async fn keep_room(&self) -> Result<(), StateError> {
        let state = self.clone();
        let taken = tokio::task::spawn_blocking(move || state.0.reserve.take()).await;
        taken.map_err(|_| StateError::stored("The room on the disk could not be looked at."))?.map_err(StateError::full)
    }

    async fn perform(&self, actor: &Actor, asked: Asked, now: Timestamp) -> Result<Vec<Done>, ActError> {
        let because = reason(asked.because.as_deref())?;
        let mut acts = Vec::with_capacity(asked.acts.len());
        for act in asked.acts {
            // before anything is looked up: whoever may not do this anywhere learns nothing here
            may(actor, act.action(), &actor.holds().map(|(_, place)| place).unwrap_or_default())?;
            if act.needs_reason() && because.is_none() && asked.document.is_none() {
                return Err(no_reason(&act).into());
            }
            let prepared = Prepared::of(self, &act).await?;
            acts.push((act, prepared));
        }
        let mut transaction = self.0.database.begin().await?;
        if let Some(based_on) = asked.based_on {
            crate::apply::check_based_on(&mut transaction, based_on).await?;
        }
        let mut writer = Writer::new(&mut transaction).await?;
        let mut done = Vec::with_capacity(acts.len());
        let mut problems = Problems::default();
        for (act, prepared) in acts {
            let mut work = Work {
                state: self,
                sql: &mut transaction,
                actor,
                now,
                because: because.as_deref(),
                number: writer.next,
                deployments_to_be: asked.document.as_deref(),
            };
            let kind = act.kind();
            match effect::perform(&mut work, act, prepared).await {
                Ok(effect) => {
                    let asker = Asker { node: &self.0.node, actor, because: because.as_deref(), now };
                    done.push(writer.enter(&mut transaction, &asker, kind, effect).await?);
                }
                Err(ActError::Wrong(more)) => add_unsaid(&mut problems, more),
                Err(error) => return Err(error),
            }
        }
        problems.into_result(())?;
        if asked.dry_run {
            transaction.rollback().await?;
            return Ok(done);
        }
        transaction.commit().await?;
        if writer.first_owner {
            self.forget_set_up_code();
        }
        self.0.notifier.tell(Some(writer.next - 1), &writer.topics);
        Ok(done)
    }
}

/// The configuration and a deployment in it may find the same; people read it once.
fn add_unsaid(problems: &mut Problems, more: Problems) {
    let said =
        |known: &Problems, new: &Problem| known.0.iter().any(|one| (&one.code, &one.place) == (&new.code, &new.place));
    let unsaid: Vec<Problem> = more.0.into_iter().filter(|new| !said(problems, new)).collect();
    problems.0.extend(unsaid);
}

/// Who asked, for the entry.
struct Asker<'a> {
    node: &'a str,
    actor: &'a Actor,
    because: Option<&'a str>,
    now: Timestamp,
}

/// The end of the chain while entries are added.
struct Writer {
    next: i64,
    prev: String,
    topics: Vec<Topic>,
    /// The first owner was made: the set-up code has done its work.
    first_owner: bool,
}

impl Writer {
    async fn new(sql: &mut AnyConnection) -> Result<Self, StateError> {
        let head = db::change::head(sql).await?;
        let (number, prev) =
            head.map_or((0, hex::encode(record::BEGINNING)), |(number, digest)| (number, hex::encode(digest)));
        Ok(Self { next: number + 1, prev, topics: Vec::new(), first_owner: false })
    }

    async fn enter(
        &mut self,
        sql: &mut AnyConnection,
        asker: &Asker<'_>,
        kind: &str,
        effect: Effect,
    ) -> Result<Done, StateError> {
        let changed = match effect {
            Effect::Same { words, outcome } => return Ok(Done { change: self.next - 1, words, outcome }),
            Effect::Changed(changed) => changed,
        };
        let (who, authority) = changed.by.unwrap_or_else(|| (asker.actor.reference(), asker.actor.authority()));
        let entry = Entry {
            v: record::VERSION,
            node: asker.node.to_owned(),
            number: self.next,
            prev: self.prev.clone(),
            who,
            authority,
            act: kind.to_owned(),
            place: changed.allowed.place().clone(),
            from: changed.from,
            to: changed.to,
            because: asker.because.map(str::to_owned),
            at: asker.now,
        };
        let bytes = entry.bytes();
        let digest = record::digest_of(&bytes);
        let stored = db::change::Stored {
            number: entry.number,
            digest: digest.to_vec(),
            entry: bytes,
            at: entry.at,
            act: entry.act.clone(),
            place: entry.place.to_string(),
        };
        db::change::insert(sql, stored).await?;
        let names = Names::load(sql).await?;
        let words = record::said(&entry, &|reference| names.of(reference)).words();
        self.prev = hex::encode(digest);
        self.next += 1;
        self.topics.extend(changed.topics);
        self.first_owner |= kind == "first-owner";
        Ok(Done { change: entry.number, words, outcome: changed.outcome })
    }
}

/// The reason without blanks around it; none when there is nothing left.
fn reason(because: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(because) = because.map(str::trim).filter(|because| !because.is_empty()) else { return Ok(None) };
    if because.chars().count() > REASON_MAX {
        return Err(said::REASON_LONG.problem("because", [("most", REASON_MAX.into())]));
    }
    Ok(Some(because.to_owned()))
}

fn no_reason(act: &Act) -> Problem {
    said::NO_REASON.problem("because", [("act", act.kind().into())])
}
