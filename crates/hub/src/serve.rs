//! Listening for edges and people: HTTPS, or plain HTTP on this machine alone. Connections are bounded in number, and in the time
//! that they may take to begin a request.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::Problem;
use domain::said::link as said;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::run::Tls;

/// So many connections at once; an edge has three.
const CONNECTIONS: usize = 32_768;
/// A handshake, and the head of a request, have to be whole within this. A connection without a request ends after it as well.
const HEAD: Duration = Duration::from_secs(20);
/// After a stop, answers that have begun have so long to end.
const PATIENCE: Duration = Duration::from_secs(2);
/// After a failure to accept (no file handles are left, say).
const BREATH: Duration = Duration::from_millis(100);

/// A place to listen at.
pub(crate) struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Door {
    /// Without HTTPS only an address of this machine alone is taken; port 0 takes a free one.
    pub(crate) async fn open(address: SocketAddr, tls: Option<&Tls>) -> Result<Self, Problem> {
        let place = address.to_string();
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(said::HUB_PLAIN.problem(&place, [("address", place.as_str().into())]));
        }
        let tls = tls.map(acceptor).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Problem::new("listen.failed", place, "The address can't be listened on.")
                .why(error.to_string())
                .hint("Another program may listen there already; choose another port with --listen.")
        })?;
        Ok(Self { listener, tls })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Problem> {
        self.listener.local_addr().map_err(|error| Problem::new("listen.failed", "the hub", error.to_string()))
    }

    /// Serves until `stop`; answers that have begun are finished.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = TaskTracker::new();
        loop {
            // the queue of the system holds those that find no room
            let next = async {
                let room = Arc::clone(&room).acquire_owned().await;
                (room, self.listener.accept().await)
            };
            let (room, accepted) = tokio::select! {
                next = next => next,
                () = stop.cancelled() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            let (tls, router, stop) = (self.tls.clone(), router.clone(), stop.clone());
            connections.spawn(async move {
                connection(stream, tls, router, stop).await;
                drop(room);
            });
        }
        connections.close();
        // whoever does not end by itself is cut off
        let _cut_off = tokio::time::timeout(PATIENCE, connections.wait()).await;
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "A connection can't be told to send at once");
    }
    let Some(tls) = tls else { return requests(stream, router, stop).await };
    match tokio::time::timeout(HEAD, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "A connection did not get as far as HTTPS"),
        Err(_) => tracing::debug!("A connection took too long to get as far as HTTPS"),
    }
}

async fn requests<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection ended early");
    }
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Problem> {
    let Tls { certificate, key } = tls;
    let problem = |path: &Path, why: String| said::HUB_TLS.problem(path.display().to_string(), [("why", why.into())]);
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem(certificate, error.to_string()))?;
    if certificates.is_empty() {
        return Err(problem(certificate, "there is no certificate in it".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| problem(key, error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(certificate, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| problem(certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
