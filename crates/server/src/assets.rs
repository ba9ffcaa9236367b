//! The web app, embedded. Its pages are one document; the interface never answers with it.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::Problem;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::failure::Failure;
use crate::guard::is_api;

/// Read from the folder in a debug build, part of the program in a release build.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>lastmile</title>\
    <h1>The pages are not built into this program</h1>\
    <p>Build them, then the program: <code>cargo xtask setup</code> does both, or by hand \
    <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>.</p>\
    <p>Everything else works: the interface is under <code>/api/v1</code>, health at <code>/healthz</code>.</p></html>";

/// Any path that is no operation: a file of the app, or the app itself, which finds its page by the path.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if is_api(&uri) {
        let what = format!("There is no operation {}.", uri.path());
        return Failure::new(StatusCode::NOT_FOUND, Problem::new("route.unknown", uri.path(), what)).into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return crate::guard::wrong_method(method, uri).await.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let is_page = path.is_empty() || !path.rsplit('/').next().unwrap_or_default().contains('.');
    let path = if is_page { "index.html" } else { path };
    match (Dist::get(path), is_page) {
        (Some(file), _) => send(path, file, &headers),
        (None, true) => {
            let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            (StatusCode::SERVICE_UNAVAILABLE, html, MISSING).into_response()
        }
        (None, false) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn send(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    // 128 bits of the content's SHA-256 tell contents apart
    let [first, second] = [0, 8].map(|from| {
        plain
            .metadata
            .sha256_hash()
            .iter()
            .skip(from)
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    });
    let tag = format!("\"{first:016x}{second:016x}\"");
    let mut answer = if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let small = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(name, _)| {
                accepted.split(',').any(|offer| offer.split(';').next().unwrap_or_default().trim() == *name)
            })
            .find_map(|(name, ending)| Some((name, Dist::get(&format!("{path}.{ending}"))?)));
        let mime = plain.metadata.mimetype().to_owned();
        let (encoding, file) = small.map_or((None, plain), |(name, file)| (Some(name), file));
        let mut answer = file.data.into_owned().into_response();
        if let Ok(mime) = HeaderValue::from_str(&mime) {
            answer.headers_mut().insert(header::CONTENT_TYPE, mime);
        }
        if let Some(encoding) = encoding {
            answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        answer
    };
    // names below assets/ carry a hash of their content: a new content is a new name
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    answer
}
