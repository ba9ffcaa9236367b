//! Hello, begin, compare, owe: judged on the account, and stored with it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::Id;
use domain::said::link as said;
use link::up::Refusal as Said;
use link::up::hub::{Account, Lost};
use link::up::site::{Answer, Request as Asked};
use link::wire::MAX_JSON;
use state::{AccountRevision, Intake as Change, StateError};

use super::refusal::Refusal;
use super::{Intake, gate, look_up};

/// An account changes under a request only when a person acts; twice in a row nobody is that quick.
const TRIES: usize = 5;

/// `POST` [`link::wire::REQUESTS`].
pub(super) async fn hear(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    match answer(&intake, request).await {
        Ok(answer) => {
            note(&intake, &answer);
            Json(answer).into_response()
        }
        Err(refusal) => refusal.answer(&intake),
    }
}

/// Counts what the state machine refused.
pub(super) fn note(intake: &Intake, answer: &Answer) {
    if let Answer::Refused(refusal) = answer {
        intake.counters.refused(&refusal.problem("").code);
    }
}

async fn answer(intake: &Intake, request: Request) -> Result<Answer, Refusal> {
    let admitted = gate::admit(intake, request, MAX_JSON).await?;
    let edge = admitted.speaker.edge;
    let asked: Asked = serde_json::from_slice(&admitted.body).map_err(|error| {
        let args = [("why", error.to_string().into())];
        Refusal::of(said::MESSAGE_UNREADABLE.problem(format!("edge {edge}"), args))
    })?;
    let desk = intake.desks.of(edge);
    desk.hear(intake.clock.now());
    // one after the other
    let _memory = desk.turn().await.ok_or_else(Refusal::busy)?;
    for _ in 0..TRIES {
        let AccountRevision { account: before, revision } = intake.state.edge_account(edge).await?;
        let mut account = before.clone();
        let (answer, lost) = match judge(intake, edge, &mut account, &asked).await? {
            Ok(judged) => judged,
            Err(refused) => return Ok(Answer::Refused(refused)),
        };
        if account == before {
            return Ok(answer);
        }
        let at = intake.clock.now();
        let change = Change { account, based_on: revision, parcel: None, lost, at };
        if intake.writer.put(change).await? {
            return Ok(answer);
        }
    }
    Err(Refusal::busy())
}

/// What the account says to a request, and what it lost by it.
async fn judge(
    intake: &Intake,
    edge: Id,
    account: &mut Account,
    asked: &Asked,
) -> Result<Result<(Answer, Vec<Lost>), Said>, StateError> {
    let state = &intake.state;
    Ok(match asked {
        Asked::Hello(hello) => account.hello(hello).map(|greeting| (Answer::Greeting(greeting), Vec::new())),
        Asked::Owe(owe) if !can_be_stored(owe.last) => Err(too_large(edge)),
        Asked::Owe(owe) => account.owe(owe).map(|line| (Answer::Line(line), Vec::new())),
        Asked::Compare(compare) => Ok((Answer::Likeness(look_up::compare(state, account, compare).await?), Vec::new())),
        Asked::Begin(begin) => {
            let crcs = look_up::for_begin(state, account, begin).await?;
            let crc_at = |epoch, stream, number| crcs.get(&(epoch, stream, number)).copied();
            account.begin(begin, crc_at).map(|(standing, lost)| (Answer::Standing(standing), lost))
        }
    })
}

/// SQL counts to half of what the wire can say. Nobody gets there: it is a million records a second for a quarter of a million years.
pub(super) fn can_be_stored(number: u64) -> bool {
    i64::try_from(number).is_ok()
}

pub(super) fn too_large(edge: Id) -> Said {
    Said::Parcel { problem: link::parcel::ParcelError::Contents("range").problem(&format!("edge {edge}")) }
}
