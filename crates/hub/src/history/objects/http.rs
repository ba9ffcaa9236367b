//! How requests reach a bucket: HTTP/1.1 by hyper, TLS by rustls with ring and the certificates that the computer trusts.
//!
//! `object_store` brings a client of its own, reqwest; with TLS it would need one provider of cryptography for the whole process.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector as Connector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take up to the head of its answer, a part of an upload included.
const ANSWER: Duration = Duration::from_mins(1);
/// How long the next bytes of an answer may take.
const BYTES: Duration = Duration::from_secs(30);
/// Connections that are kept without a request, and how long.
const IDLE: (usize, Duration) = (4, Duration::from_mins(1));

/// Makes the client.
#[derive(Debug)]
pub(super) struct Hyper;

impl Connector for Hyper {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(ring::default_provider());
        let tls = tls.map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .build(connector);
        Ok(HttpClient::new(Service(client)))
    }
}

#[derive(Debug)]
struct Service(Client<HttpsConnector<HttpConnector>, HttpRequestBody>);

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = timeout(ANSWER, self.0.request(request)).await.map_err(|_| too_long())?;
        let answer = answer.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request };
            HttpError::new(kind, error)
        })?;
        let (head, body) = answer.into_parts();
        let frames = futures_util::stream::unfold(body, |mut body| async move {
            let frame = match timeout(BYTES, body.frame()).await {
                Ok(frame) => frame?.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error)),
                Err(_) => Err(too_long()),
            };
            Some((frame, body))
        });
        let body = http_body_util::StreamBody::new(frames);
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

fn too_long() -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut))
}
