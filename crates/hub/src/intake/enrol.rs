//! A box asks to be an edge, or how that stands. Nobody knows it yet: its envelope is signed by the key that it brings.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::said::link as said;
use link::Envelope;
use link::enrol::{Application, Heard, fingerprint};
use link::wire::EnrolAnswer;

use super::refusal::Refusal;
use super::{Intake, gate};

/// A key, a code and a name.
const MAX_APPLICATION: usize = 16 << 10;
/// What a box calls itself is cut here.
const MAX_NAME: usize = 100;

/// `POST` [`link::wire::ENROL`].
pub(super) async fn enrol(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    match answer(&intake, request).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refusal.answer(&intake),
    }
}

async fn answer(intake: &Intake, request: Request) -> Result<EnrolAnswer, Refusal> {
    let _room = intake.applications.try_acquire().map_err(|_| Refusal::busy())?;
    let (parts, body) = request.into_parts();
    let taken = gate::read(intake, &parts.headers, body, MAX_APPLICATION).await?;
    let unreadable = |why: String| Refusal::of(said::MESSAGE_UNREADABLE.problem("enrolment", [("why", why.into())]));
    let envelope: Envelope = serde_json::from_slice(&taken.body).map_err(|error| unreadable(error.to_string()))?;
    let mut application = Application::open(&envelope).map_err(Refusal::of)?;
    // people read it beside the fingerprint
    application.name = application.name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let heard = intake.state.hear_application(&application, intake.clock.now()).await?.map_err(Refusal::of)?;
    let waits = EnrolAnswer::Waits { fingerprint: fingerprint(&application.key) };
    Ok(match heard {
        Heard::Waits => waits,
        Heard::Is(edge) => {
            let enrolments = intake.state.enrolments().await?;
            let known = enrolments.enrolled.iter().find(|known| known.key == application.key);
            known.map_or(waits, |known| EnrolAnswer::Is {
                edge,
                place: known.place.clone(),
                hub: intake.key.public(),
                expires: known.expires,
            })
        }
    })
}
