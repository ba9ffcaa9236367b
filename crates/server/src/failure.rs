//! What a route answers when it does not succeed: `application/problem+json`, with one status per kind of failure
//! (the table is in the description of the interface, `lib.rs`).

use std::time::Duration;

use access::Refused;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Problem, Problems, Sentence};
use state::{ActError, StateError};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

use crate::api::problem::{ProblemBody, ProblemItem};

/// Not a success: a status and its problems.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    problems: Box<Problems>,
    who_could: Vec<String>,
    wait: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, problem: Problem) -> Self {
        Self::with(status, problem.into())
    }

    fn with(status: StatusCode, problems: Problems) -> Self {
        Self { status, problems: Box::new(problems), who_could: Vec::new(), wait: None }
    }

    /// What was asked for is not there; `sentence` has a hole for its name.
    pub(crate) fn missing(sentence: &Sentence, name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence.problem(name, [("name", name.into())]))
    }

    /// What was asked is wrong.
    pub(crate) fn wrong(problems: impl Into<Problems>) -> Self {
        Self::with(StatusCode::UNPROCESSABLE_ENTITY, problems.into())
    }

    /// Not allowed; `who_could` is empty when nobody is signed in, who must learn no names.
    pub(crate) fn refused(refused: &Refused, who_could: Vec<String>) -> Self {
        let status = if refused.nobody_there() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Self { who_could, ..Self::new(status, refused.problem()) }
    }

    pub(crate) fn body(self, request: &str) -> ProblemBody {
        let mut items = self.problems.0.into_iter().map(ProblemItem::from);
        let first = items.next().unwrap_or_else(|| {
            ProblemItem::from(Problem::new("server.failed", "the edge", "Something is wrong, and nobody said what."))
        });
        let rest: Vec<ProblemItem> = items.collect();
        let problems = if rest.is_empty() { Vec::new() } else { [vec![first.clone()], rest].concat() };
        ProblemBody {
            code: first.code,
            place: first.place,
            what: first.what,
            why: first.why,
            hint: first.hint,
            args: first.args,
            request: request.to_owned(),
            problems,
            who_could: self.who_could,
        }
    }
}

/// Carried to the layer that knows the number of the request.
#[derive(Clone)]
pub(crate) struct Failed(std::sync::Arc<std::sync::Mutex<Option<Failure>>>);

impl Failed {
    /// The answer in full.
    pub(crate) fn answer(&self, request: &str) -> Option<Response> {
        let failure = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()?;
        let (status, wait) = (failure.status, failure.wait);
        if status.is_server_error() {
            tracing::error!(request, problem = %failure.problems, "A request failed");
        }
        let mut response = (status, Json(failure.body(request))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if status == StatusCode::UNAUTHORIZED {
            const SCHEME: (HeaderName, HeaderValue) = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            headers.insert(SCHEME.0, SCHEME.1);
        }
        Some(response)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Failed(std::sync::Arc::new(std::sync::Mutex::new(Some(self)))));
        response
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let status = match &error {
            StateError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.problem())
    }
}

/// `who.rs` fills in who could.
impl From<ActError> for Failure {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused(refused) => Self::refused(&refused, Vec::new()),
            ActError::Wrong(problems) => Self::wrong(problems),
            ActError::Missing(problem) => Self::new(StatusCode::NOT_FOUND, problem),
            ActError::Conflict(problem) => Self::new(StatusCode::CONFLICT, problem),
            ActError::NotProved(problem) => Self::new(StatusCode::UNAUTHORIZED, problem),
            ActError::TooMany { problem, wait } => {
                Self { wait: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, *problem) }
            }
            ActError::State(error) => error.into(),
        }
    }
}

/// The failures of every operation, for the description.
pub(crate) struct Failures;

impl utoipa::IntoResponses for Failures {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let content = Content::new(Some(Ref::from_schema_name("ProblemBody")));
        let response = ResponseBuilder::new()
            .description("What is wrong, in words")
            .content("application/problem+json", content)
            .build();
        [("default".to_owned(), response.into())].into()
    }
}
