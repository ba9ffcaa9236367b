//! A connection to the hub: its name, perhaps a proxy, TLS. Each step has its time and says in words what is wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::Problem;
use domain::said::uplink as said;
use http_body_util::Full;
use hyper::Uri;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore, crypto};

use super::address::HubAddress;
use crate::tasks::Tasks;

/// Each step of a connection ends after this time at the latest.
const STEP: Duration = Duration::from_secs(10);
/// No proxy says more before it lets through.
const MOST_PROXY_HEAD: usize = 8 << 10;

/// A connection that requests can be sent over, one after the other.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// How the hub is reached.
pub(super) struct Way {
    address: HubAddress,
    tls: Option<TlsConnector>,
    proxy: Matcher,
    tasks: Tasks,
}

impl Way {
    /// `ca` are certificates (PEM) of who may vouch for the hub beside those that this computer trusts. Reads those; to be called
    /// where it may block.
    pub(super) fn new(address: HubAddress, ca: Option<&str>, tasks: Tasks) -> Result<Self, Problem> {
        Self::through_proxy(address, ca, Matcher::from_env(), tasks)
    }

    /// The same with other proxies than those of the environment (`HTTPS_PROXY`, `NO_PROXY`).
    pub(super) fn through_proxy(
        address: HubAddress,
        ca: Option<&str>,
        proxy: Matcher,
        tasks: Tasks,
    ) -> Result<Self, Problem> {
        let bad = |why: String| said::HUB_CA.problem("hub", [("file", "--hub-ca".into()), ("why", why.into())]);
        let config = if address.tls { Some(trusting(ca).map_err(bad)?) } else { None };
        let tls = config.map(|config| TlsConnector::from(Arc::new(config)));
        Ok(Self { address, tls, proxy, tasks })
    }

    /// Where it leads.
    pub(super) fn address(&self) -> &HubAddress {
        &self.address
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Sender, Problem> {
        let HubAddress { host, port, .. } = &self.address;
        let stream = match self.proxy() {
            None => dial(host, *port).await?,
            Some(proxy) => self.through(&proxy).await?,
        };
        match &self.tls {
            None => self.begin(stream).await,
            Some(connector) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| self.no_tls("this is no name of a host"))?;
                let secured = tokio::time::timeout(STEP, connector.connect(name, stream)).await;
                let secured = secured.map_err(|_| silent(host, STEP))?;
                self.begin(secured.map_err(|error| self.untrusted(&error))?).await
            }
        }
    }

    /// The proxy that is configured for this address; none on this computer.
    fn proxy(&self) -> Option<Intercept> {
        let uri: Uri = self.address.to_string().parse().ok()?;
        self.address.tls.then(|| self.proxy.intercept(&uri)).flatten()
    }

    /// A tunnel through a proxy (RFC 9110, section 9.3.6).
    async fn through(&self, proxy: &Intercept) -> Result<TcpStream, Problem> {
        let host = proxy.uri().host().unwrap_or_default();
        let mut stream = dial(host, proxy.uri().port_u16().unwrap_or(80)).await?;
        let HubAddress { host: hub, port, .. } = &self.address;
        let target = if hub.contains(':') { format!("[{hub}]:{port}") } else { format!("{hub}:{port}") };
        let mut ask = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
        if let Some(credentials) = proxy.basic_auth().and_then(|header| header.to_str().ok()) {
            ask.extend(["proxy-authorization: ", credentials, "\r\n"]);
        }
        ask.push_str("\r\n");
        let refused = |why: String| {
            said::HUB_PROXY.problem(
                "hub",
                [("proxy", host.into()), ("host", self.address.host.as_str().into()), ("why", why.into())],
            )
        };
        let asked = tokio::time::timeout(STEP, async {
            stream.write_all(ask.as_bytes()).await?;
            read_head(&mut stream).await
        });
        let head = asked.await.map_err(|_| silent(host, STEP))?.map_err(|error| refused(error.to_string()))?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status.starts_with('2') { Ok(stream) } else { Err(refused(head)) }
    }

    async fn begin<S>(&self, stream: S) -> Result<Sender, Problem>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let begun = tokio::time::timeout(STEP, handshake(TokioIo::new(stream))).await;
        let (sender, connection) =
            begun.map_err(|_| silent(&self.address.host, STEP))?.map_err(|error| self.broke(&error.to_string()))?;
        let stop = self.tasks.stopping().clone();
        self.tasks.spawn("hub connection", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "A connection to the hub ended");
                    }
                }
            }
        });
        Ok(sender)
    }

    /// The connection ended in the middle.
    pub(super) fn broke(&self, why: &str) -> Problem {
        let host = self.address.host.as_str();
        said::HUB_BROKE.problem("hub", [("host", host.into()), ("why", why.into())])
    }

    fn no_tls(&self, why: &str) -> Problem {
        said::HUB_TLS.problem("hub", [("host", self.address.host.as_str().into()), ("why", why.into())])
    }

    /// What a failed handshake means.
    fn untrusted(&self, error: &io::Error) -> Problem {
        let host = self.address.host.as_str();
        let about = |sentence: &domain::said::Sentence| sentence.problem("hub", [("host", host.into())]);
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
            Some(TlsError::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::InvalidPurpose,
            )) => about(&said::HUB_UNTRUSTED),
            Some(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => about(&said::HUB_OTHER_NAME),
            Some(TlsError::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            )) => about(&said::HUB_CERTIFICATE_OLD),
            _ => self.no_tls(&error.to_string()),
        }
    }
}

/// TLS with *ring*, as everywhere here; trust from this computer and from `ca`.
fn trusting(ca: Option<&str>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "A certificate of this computer was passed over");
    }
    roots.add_parsable_certificates(native.certs);
    for certificate in certificates(ca.unwrap_or_default())? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn certificates(ca: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(ca.as_bytes()).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Why a text holds no certificates that can be used.
pub(super) fn check_ca(ca: &str) -> Result<(), String> {
    let found = certificates(ca)?;
    let mut roots = RootCertStore::empty();
    found.iter().try_for_each(|one| roots.add(one.clone())).map_err(|error| error.to_string())?;
    if found.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(()) }
}

/// What a step that took too long means.
pub(super) fn silent(host: &str, after: Duration) -> Problem {
    said::HUB_SILENT.problem("hub", [("host", host.into()), ("after_ms", after.into())])
}

/// A TCP connection to the first address of the name that answers.
async fn dial(host: &str, port: u16) -> Result<TcpStream, Problem> {
    let resolved = tokio::time::timeout(STEP, tokio::net::lookup_host((host, port))).await;
    let unknown = |why: String| said::HUB_NAME.problem("hub", [("host", host.into()), ("why", why.into())]);
    let addresses = resolved.map_err(|_| silent(host, STEP))?.map_err(|error| unknown(error.to_string()))?;
    let unreachable = |why: String| said::HUB_UNREACHABLE.problem("hub", [("host", host.into()), ("why", why.into())]);
    let mut last = unknown("it has no address".to_owned());
    let deadline = tokio::time::Instant::now() + STEP;
    for address in addresses {
        match tokio::time::timeout_at(deadline, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // a small request waits for nothing
                let _as_it_is = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = unreachable(error.to_string()),
            Err(_) => return Err(silent(host, STEP)),
        }
    }
    Err(last)
}

/// The first line of an answer, read up to the empty line behind its head and not a byte further.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MOST_PROXY_HEAD {
            return Err(io::Error::other("its answer is far too long"));
        }
        head.push(stream.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
