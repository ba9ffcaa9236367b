//! What a route answers when it does not succeed: `application/problem+json`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::Problem;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

use crate::api::problem::{ProblemBody, ProblemItem};

/// Not a success: a status and its problems.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    problems: Vec<Problem>,
}

impl Failure {
    pub(crate) fn not_built() -> Self {
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            problems: vec![Problem::new("route.not-built", "", "Not built yet.")],
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut items = self.problems.into_iter().map(ProblemItem::from);
        let Some(first) = items.next() else { return self.status.into_response() };
        let body = ProblemBody {
            code: first.code,
            place: first.place,
            what: first.what,
            why: first.why,
            hint: first.hint,
            request: String::new(),
            problems: items.collect(),
            who_could: Vec::new(),
        };
        (self.status, Json(body)).into_response()
    }
}

/// The failures of every operation, for OpenAPI.
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
