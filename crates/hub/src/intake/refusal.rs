//! What an edge is answered when its request does not get as far as the state machine: a problem with a status of its own.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Problem;
use domain::said::link as said;
use link::wire;
use server::api::problem::ProblemItem;
use state::StateError;

use super::{Failed, Intake};

/// A problem and its status.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    problem: Box<Problem>,
}

/// How long an edge is asked to be quiet when there is too much of everything, in seconds.
const QUIET_S: u64 = 10;

impl Refusal {
    pub(super) fn new(status: StatusCode, problem: Problem) -> Self {
        Self { status, problem: Box::new(problem) }
    }

    /// From what `link` says of the sender or the request.
    pub(super) fn of(problem: Problem) -> Self {
        let status = match problem.code.as_str() {
            "request.unsigned" | "request.signature" | "request.other-body" | "request.wrong-time" => {
                StatusCode::UNAUTHORIZED
            }
            "edge.stranger" | "edge.revoked" | "edge.expired" | "claim.wrong" => StatusCode::FORBIDDEN,
            "request.replayed" => StatusCode::CONFLICT,
            "request.too-many" | "claim.guessed" | "claim.too-many" => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, problem)
    }

    /// There is no room for this request now.
    pub(super) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, said::HUB_BUSY.problem("hub", []))
    }

    /// Counted, and as an answer.
    pub(super) fn answer(self, intake: &Intake) -> Response {
        let Self { status, problem } = self;
        intake.counters.refused(&problem.code);
        if status.is_server_error() {
            let number = intake.failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tracing::error!(number, %problem, "A request of an edge failed");
        } else {
            tracing::debug!(code = problem.code, place = problem.place, "A request of an edge was refused");
        }
        let mut response = (status, axum::Json(ProblemItem::from(*problem))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let is_for_now =
            [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE, StatusCode::INSUFFICIENT_STORAGE];
        if is_for_now.contains(&status) {
            headers.insert(wire::RETRY_AFTER, HeaderValue::from(QUIET_S));
        }
        response
    }
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        let status = if failed.is_full { StatusCode::INSUFFICIENT_STORAGE } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, problem: failed.problem }
    }
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Failed::from(&error).into()
    }
}
