//! The hub's list of claims, applications and keys.

use std::time::Duration;

use domain::said::link as said;
use domain::{Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Application, ClaimCode};
use crate::key::{KeyId, PublicKey};

/// No hub holds more open claims, or applications that wait for a person.
pub const MOST_WAITING: usize = 1_000;
/// So many wrong codes in [`GUESSING`] close the door for the rest of it: 40 bits are out of reach then.
const MOST_WRONG: usize = 20;
const GUESSING: Duration = Duration::from_mins(10);

/// A claim that a person made for a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is typed at the box.
    pub code: ClaimCode,
    /// Site and place that the box will stand for.
    pub place: String,
    /// Who made it.
    pub made_by: String,
    /// After this it does not work any more.
    pub expires: Timestamp,
}

/// A box that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its key.
    pub key: PublicKey,
    /// What it calls itself.
    pub name: String,
    /// The place of its claim, or of the edge it was.
    pub place: String,
    /// The edge that it was enrolled as before.
    pub again: Option<Id>,
    /// Since when.
    pub since: Timestamp,
}

/// A key that is, or was, an edge's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Which edge.
    pub edge: Id,
    /// Its key.
    pub key: PublicKey,
    /// Site and place it stands for.
    pub place: String,
    /// Who approved it last.
    pub approved_by: String,
    /// After this it has to ask again. It goes on working meanwhile.
    pub expires: Timestamp,
    /// It is never heard any more.
    pub revoked: bool,
}

/// Everything about enrolment at a hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolments {
    /// Open claims.
    pub claims: Vec<Claim>,
    /// Boxes that wait.
    pub waiting: Vec<Waiting>,
    /// Keys.
    pub enrolled: Vec<Enrolled>,
    /// When wrong codes came, newest last.
    pub wrong: Vec<Timestamp>,
}

/// How an application stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A person has to approve it.
    Waits,
    /// The box is this edge.
    Is(Id),
}

impl Enrolments {
    /// A person makes a claim. `random` are at least 40 random bits.
    pub fn claim(
        &mut self,
        place: &str,
        made_by: &str,
        expires: Timestamp,
        now: Timestamp,
        random: u64,
    ) -> Result<ClaimCode, Problem> {
        self.claims.retain(|claim| claim.expires > now);
        if self.claims.len() >= MOST_WAITING {
            return Err(said::CLAIM_TOO_MANY.problem(place, [("most", MOST_WAITING.into())]));
        }
        let code = ClaimCode::from_random(random);
        if self.claims.iter().any(|claim| claim.code == code) {
            return Err(said::CLAIM_AGAIN.problem(place, []));
        }
        self.claims.push(Claim { code, place: place.to_owned(), made_by: made_by.to_owned(), expires });
        Ok(code)
    }

    /// A box applies; it may ask as often as it likes how it stands. The application must have been opened by
    /// [`Application::open`].
    pub fn apply(&mut self, application: &Application, now: Timestamp) -> Result<Heard, Problem> {
        let key = application.key.id();
        let place = format!("key {key}");
        if let Some(known) = self.enrolled.iter().find(|known| known.key == application.key) {
            if known.revoked {
                return Err(said::EDGE_REVOKED.problem(place, []));
            }
            if known.expires > now {
                return Ok(Heard::Is(known.edge));
            }
            let (again, place) = (Some(known.edge), known.place.clone());
            return self.wait(application, place, again, now);
        }
        if self.waiting.iter().any(|waiting| waiting.key == application.key) {
            return Ok(Heard::Waits);
        }
        self.wrong.retain(|at| now.since(*at) < GUESSING && *at <= now);
        if self.wrong.len() >= MOST_WRONG {
            return Err(said::CLAIM_GUESSED.problem(place, [("wait_ms", GUESSING.into())]));
        }
        let claim = application
            .code
            .and_then(|code| self.claims.iter().position(|claim| claim.code == code && claim.expires > now));
        let Some(claim) = claim else {
            self.wrong.push(now);
            return Err(said::CLAIM_WRONG.problem(place, []));
        };
        let heard = self.wait(application, self.claims[claim].place.clone(), None, now)?;
        self.claims.remove(claim);
        Ok(heard)
    }

    fn wait(
        &mut self,
        application: &Application,
        place: String,
        again: Option<Id>,
        now: Timestamp,
    ) -> Result<Heard, Problem> {
        if self.waiting.iter().any(|waiting| waiting.key == application.key) {
            return Ok(Heard::Waits);
        }
        if self.waiting.len() >= MOST_WAITING {
            return Err(said::CLAIM_TOO_MANY.problem(place, [("most", MOST_WAITING.into())]));
        }
        let Application { key, name, .. } = application.clone();
        self.waiting.push(Waiting { key, name, place, again, since: now });
        Ok(Heard::Waits)
    }

    /// A person compared the fingerprint and approves. `edge` is the id for a box that was none before; a box that asks again keeps
    /// its own.
    pub fn approve(&mut self, key: &KeyId, by: &str, edge: Id, expires: Timestamp) -> Result<Enrolled, Problem> {
        let at = self.waiting.iter().position(|waiting| waiting.key.id() == *key);
        let at = at.ok_or_else(|| said::CLAIM_NOBODY.problem(format!("key {key}"), []))?;
        let Waiting { key, place, again, .. } = self.waiting.remove(at);
        let enrolled =
            Enrolled { edge: again.unwrap_or(edge), key, place, approved_by: by.to_owned(), expires, revoked: false };
        self.enrolled.retain(|known| known.key != key);
        self.enrolled.push(enrolled.clone());
        Ok(enrolled)
    }

    /// A person says no; nothing stays.
    pub fn decline(&mut self, key: &KeyId) {
        self.waiting.retain(|waiting| waiting.key.id() != *key);
    }

    /// A person takes a key away, whatever state it is in.
    pub fn revoke(&mut self, key: &KeyId) -> Result<(), Problem> {
        self.decline(key);
        let known = self.enrolled.iter_mut().find(|known| known.key.id() == *key);
        known.ok_or_else(|| said::CLAIM_NOBODY.problem(format!("key {key}"), []))?.revoked = true;
        Ok(())
    }

    /// The edge whose key this is, if it may speak now. What an expired one sends waits on the edge; nothing of it is lost.
    pub fn speaker(&self, key: &KeyId, now: Timestamp) -> Result<&Enrolled, Problem> {
        let place = || format!("key {key}");
        let known = self.enrolled.iter().find(|known| known.key.id() == *key);
        let known = known.ok_or_else(|| said::EDGE_STRANGER.problem(place(), []))?;
        known.may_speak(now).map(|()| known)
    }
}

impl Enrolled {
    /// Whether it is heard now.
    pub fn may_speak(&self, now: Timestamp) -> Result<(), Problem> {
        let place = || format!("key {}", self.key.id());
        if self.revoked {
            Err(said::EDGE_REVOKED.problem(place(), []))
        } else if self.expires <= now {
            Err(said::EDGE_EXPIRED.problem(place(), []))
        } else {
            Ok(())
        }
    }
}
