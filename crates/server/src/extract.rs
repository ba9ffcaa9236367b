//! Extractors whose refusals are problems in words. Named like axum's own, so that the description finds them.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::Problem;
use domain::said::act as said;
use serde::Serialize;

use crate::failure::Failure;

/// A JSON body, in and out.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Failure))]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// What stands behind the `?`.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Failure))]
pub(crate) struct Query<T>(pub(crate) T);

/// What stands in the path; `%2F` is a slash of a name.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Failure))]
pub(crate) struct Path<T>(pub(crate) T);

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        let status = rejection.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::new(status, said::TOO_LARGE.problem("body", []));
        }
        Self::new(status, malformed("body", rejection.body_text()))
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, malformed("query", rejection.body_text()))
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, malformed("path", rejection.body_text()))
    }
}

fn malformed(place: &str, why: String) -> Problem {
    Problem::new("request.malformed", place, format!("The {place} of the request can't be read.")).why(why)
}

/// A place as it was asked for.
pub(crate) fn place(text: Option<&str>) -> Result<domain::PlacePath, Failure> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|why: String| Failure::wrong(Problem::new("place.invalid", text, why)))
}

/// The name of a tag as it was asked for.
pub(crate) fn tag(text: &str) -> Result<domain::TagPath, Failure> {
    text.parse().map_err(|why: String| Failure::wrong(Problem::new("tag.invalid", text, why)))
}

/// Names of tags, separated by commas; `most` bounds the work that one request asks for.
pub(crate) fn tags(text: &str, most: usize) -> Result<Vec<domain::TagPath>, Failure> {
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.len() > most {
        let args = [("most", most.into()), ("count", names.len().into())];
        return Err(Failure::wrong(said::TOO_MANY_TAGS.problem("tags", args)));
    }
    names.into_iter().map(tag).collect()
}
