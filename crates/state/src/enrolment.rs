//! Enrolment as a box meets it: it applies, and asks how that stands. What people do about it are acts (`effect/enrolment.rs`).

use std::sync::Arc;

use domain::{Problem, Timestamp};
use link::enrol::{Application, Enrolments, Heard};

use crate::db::enrolment;
use crate::notify::Topic;
use crate::{State, StateError};

/// What is remembered beside the tables.
#[derive(Default)]
pub(crate) struct Doorkeeper {
    /// The newest of all, with the version it was read at.
    read: Option<(u64, Arc<Enrolments>)>,
    /// When wrong codes came, newest last. In memory: whoever guesses can't start the hub again.
    wrong: Vec<Timestamp>,
}

impl State {
    /// Claims, boxes that wait, keys. Read again only after something changed.
    pub async fn enrolments(&self) -> Result<Arc<Enrolments>, StateError> {
        let mut doorkeeper = self.0.doorkeeper.lock().await;
        self.read_enrolments(&mut doorkeeper).await
    }

    async fn read_enrolments(&self, doorkeeper: &mut Doorkeeper) -> Result<Arc<Enrolments>, StateError> {
        // taken before reading: if it changes meanwhile, the next one reads again
        let version = self.0.notifier.now().enrolments;
        if let Some((known, enrolments)) = &doorkeeper.read
            && *known == version
        {
            return Ok(Arc::clone(enrolments));
        }
        let mut sql = self.0.database.reader().await?;
        let enrolments = Arc::new(enrolment::all(&mut sql).await?);
        doorkeeper.read = Some((version, Arc::clone(&enrolments)));
        Ok(enrolments)
    }

    /// A box applies, or asks how its application stands. Nothing is written when it asks again, or is refused.
    pub async fn hear_application(
        &self,
        application: &Application,
        now: Timestamp,
    ) -> Result<Result<Heard, Problem>, StateError> {
        // one after the other: what is looked at is what is written
        let mut doorkeeper = self.0.doorkeeper.lock().await;
        let known = self.read_enrolments(&mut doorkeeper).await?;
        let mut after = Enrolments { wrong: doorkeeper.wrong.clone(), ..Enrolments::clone(&known) };
        let heard = after.apply(application, now);
        let is_same = (&after.claims, &after.waiting) == (&known.claims, &known.waiting);
        if is_same {
            doorkeeper.wrong = after.wrong;
            return Ok(heard);
        }
        let mut transaction = self.0.database.begin().await?;
        let before = enrolment::all(&mut transaction).await?;
        let mut after = Enrolments { wrong: doorkeeper.wrong.clone(), ..before.clone() };
        let heard = after.apply(application, now);
        enrolment::put(&mut transaction, &before, &after).await?;
        transaction.commit().await?;
        doorkeeper.wrong = after.wrong;
        self.0.notifier.tell(None, &[Topic::Enrolments]);
        Ok(heard)
    }
}
