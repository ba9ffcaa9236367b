//! What every request passes: its number, whose page asks, time-outs, the headers of every answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use access::Action;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::said::act as said;
use domain::{PlacePath, Problem};

use crate::common::{Common, Counters};
use crate::failure::{Failed, Failure};
use crate::who::{Who, bearer};

/// What reads or writes whole files before it answers.
const LONG: [&str; 2] = ["/api/v1/bundles", "/api/v1/backup"];
/// An answer has to begin within this; files may take longer.
const ANSWER: Duration = Duration::from_mins(1);
const FILE: Duration = Duration::from_mins(30);

const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The outermost layer.
pub(crate) async fn request(State(common): State<Common>, request: Request, next: Next) -> Response {
    Counters::add(&common.counters.requests);
    let number = common.request.fetch_add(1, Ordering::Relaxed);
    let number = format!("{:x}-{number}", common.started.millis());
    let limit = if LONG.contains(&request.uri().path()) { FILE } else { ANSWER };
    let api = is_api(request.uri());
    let answer = match same_site(request.method(), request.headers(), request.uri(), common.https) {
        Err(failure) => failure.into_response(),
        Ok(()) => tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
            let problem = said::TOO_SLOW.problem("the edge", [("after_ms", limit.into())]);
            Failure::new(StatusCode::GATEWAY_TIMEOUT, problem).into_response()
        }),
    };
    let failed = answer.extensions().get::<Failed>().and_then(|failed| failed.answer(&number));
    let mut answer = failed.unwrap_or(answer);
    if answer.status().is_client_error() || answer.status().is_server_error() {
        Counters::add(&common.counters.failures);
    }
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(number) = HeaderValue::from_str(&number) {
        headers.insert("x-request-id", number);
    }
    if api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

pub(crate) fn is_api(uri: &Uri) -> bool {
    ["/api/", "/demo/", "/healthz", "/metrics"].iter().any(|start| uri.path().starts_with(start))
}

/// A page of another site must not act with this browser's session: the cookie is `SameSite=Strict`, and a changing
/// request has to come from our own pages besides. Programs with a token are no browsers. Names of other hosts are
/// refused, so that a foreign name that points to this box does not make its pages ours; with HTTPS the certificate sees to that.
fn same_site(method: &Method, headers: &HeaderMap, uri: &Uri, https: bool) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").or_else(|| uri.host()).unwrap_or_default();
    if !https && !is_loopback_name(host) {
        return Err(Failure::new(StatusCode::FORBIDDEN, said::OTHER_HOST.problem(host, [("host", host.into())])));
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) || bearer(headers).is_some() {
        return Ok(());
    }
    let ours = match (text("origin"), text("sec-fetch-site")) {
        (Some(origin), _) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (None, Some(site)) => site == "same-origin",
        // no browser of today sends neither; a program says so by this header
        (None, None) => headers.contains_key("x-lastmile"),
    };
    if ours {
        return Ok(());
    }
    let problem = Problem::new("request.other-site", "origin", "This request comes from a page of another site.")
        .hint("A program sends `Authorization: Bearer`, or the header `X-Lastmile: 1`.");
    Err(Failure::new(StatusCode::FORBIDDEN, problem))
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The demonstration's switches ask for a session, like everything that changes something.
pub(crate) async fn switches(State(common): State<Common>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let allowed = match Who::of(&headers, &common).await {
        Ok(who) => who.may(Action::CauseFault, &PlacePath::site()).await,
        Err(failure) => Err(failure),
    };
    match allowed {
        Ok(_) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// The path is known, the method is not.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Failure {
    let what = format!("{method} does nothing here.");
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, Problem::new("request.method", uri.path(), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_very_machine_are_answered() {
        for ours in ["localhost:7433", "127.0.0.1:7433", "127.0.0.1", "[::1]:7433", "127.1.2.3:80"] {
            assert!(is_loopback_name(ours), "{ours}");
        }
        for other in ["evil.example:7433", "localhost.evil.example", "10.0.0.1:7433", "", "[fe80::1]:80"] {
            assert!(!is_loopback_name(other), "{other}");
        }
    }
}
