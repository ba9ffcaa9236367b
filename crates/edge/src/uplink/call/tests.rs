//! Requests to servers that are no hub, or a strange one: each ends with an answer or in words.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper_util::client::proxy::matcher::Matcher;
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::tasks::Tasks;

/// Reads one request: its head and its body. None at the end of the connection.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A hub's answer, at its time.
fn hub_says(status: &str, hub_time: i64, body: &str) -> String {
    reply(status, &format!("lastmile-hub-time: {hub_time}\r\n"), body)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: impl Fn(&str, &[u8]) -> String) {
    while let Some((head, body)) = read_request(&mut stream).await {
        stream.write_all(answer(&head, &body).as_bytes()).await.unwrap();
    }
}

/// A server on this computer, and how many connections it took.
async fn server<A>(answer: A) -> (SocketAddr, Arc<AtomicUsize>)
where
    A: Fn(&str, &[u8]) -> String + Clone + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, answer.clone()));
        }
    });
    (address, connections)
}

fn caller(url: &str, ca: Option<&str>, proxy: Matcher) -> Caller {
    let way = Way::through_proxy(url.parse().unwrap(), ca, proxy, Tasks::default()).unwrap();
    Caller::new(way, PrivateKey::from_seed(&[3; 32]), Arc::new(Clock::start()))
}

fn to(address: SocketAddr) -> Caller {
    caller(&format!("http://{address}"), None, Matcher::from_env())
}

fn hello() -> Call<'static> {
    let (body, patience) = (Bytes::from_static(b"{}"), Duration::ZERO);
    Call { method: "POST", path: wire::REQUESTS, media_type: "application/json", body, signed: true, patience }
}

async fn code(caller: &Caller) -> String {
    caller.call(&hello()).await.unwrap_err().problem.code
}

#[tokio::test]
async fn answers_come_over_a_connection_that_is_kept() {
    let (address, connections) = server(|_, body| hub_says("200 OK", 5, std::str::from_utf8(body).unwrap())).await;
    let caller = to(address);
    for _ in 0..3 {
        assert_eq!(caller.call(&hello()).await.unwrap().as_ref(), b"{}");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_no_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let caller = to(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _request = read_request(&mut stream).await;
            stream.write_all(hub_says("200 OK", 5, "{}").as_bytes()).await.unwrap();
        }
    });
    for _ in 0..5 {
        assert!(caller.call(&hello()).await.is_ok());
    }
}

#[tokio::test]
async fn a_request_that_was_refused_for_its_time_is_signed_again_by_the_hubs_clock() {
    const HUB: i64 = 4_000_000_000_000_000;
    let (address, _) = server(|head, body| {
        let stamp = Stamp::from_headers(|name| header(head, name)).unwrap();
        let target = Target { method: "POST", path: wire::REQUESTS };
        assert_eq!(stamp.check(&PrivateKey::from_seed(&[3; 32]).public(), target, body), Ok(()));
        if (stamp.time.micros() - HUB).abs() > 60_000_000 {
            let problem = domain::said::link::REQUEST_TIME.problem("key", [("off_ms", 9_u64.into())]);
            return hub_says("401 Unauthorized", HUB, &serde_json::to_string(&problem).unwrap());
        }
        hub_says("200 OK", HUB, "{}")
    })
    .await;
    assert!(to(address).call(&hello()).await.is_ok());
}

#[tokio::test]
async fn what_is_no_hub_is_said_in_words() {
    for (answer, code_of) in [
        (reply("200 OK", "", "<html>Sign in</html>"), "hub.nonsense"),
        (reply("502 Bad Gateway", "", "oops"), "hub.nonsense"),
        (reply("503 Service Unavailable", "", "oops"), "hub.quiet"),
        (hub_says("500 Internal Server Error", 5, "oops"), "hub.nonsense"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "hub.broke"),
        (hub_says("200 OK", 5, &"x".repeat(wire::MAX_JSON + 1)), "hub.nonsense"),
    ] {
        let (address, _) = server(move |_, _| answer.clone()).await;
        assert_eq!(code(&to(address)).await, code_of);
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(code(&to(nobody)).await, "hub.unreachable");
}

#[tokio::test]
async fn a_hub_that_asks_for_quiet_is_left_alone_for_an_hour_at_most() {
    for (asked, quiet) in [("7", 7), ("86400", 3600)] {
        let answer = reply("503 Service Unavailable", &format!("retry-after: {asked}\r\n"), "");
        let (address, _) = server(move |_, _| answer.clone()).await;
        assert_eq!(to(address).call(&hello()).await.unwrap_err().quiet, Some(Duration::from_secs(quiet)));
    }
}

#[tokio::test]
async fn a_refusal_of_the_hub_comes_in_its_own_words() {
    let problem = domain::said::link::EDGE_REVOKED.problem("key", []);
    let body = serde_json::to_string(&problem).unwrap();
    let (address, _) = server(move |_, _| hub_says("403 Forbidden", 5, &body)).await;
    assert_eq!(to(address).call(&hello()).await.unwrap_err().problem, problem);
}

/// A certificate for these names that vouches for itself, and a server with it.
async fn secured(name: &str) -> (SocketAddr, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, |_, _| hub_says("200 OK", 5, "{}")));
            }
        }
    });
    (address, certificate.pem())
}

#[tokio::test]
async fn a_certificate_counts_when_somebody_trusted_vouches_for_it_and_for_its_name_only() {
    let (address, ca) = secured("127.0.0.1").await;
    let url = format!("https://{address}");
    assert_eq!(code(&caller(&url, None, Matcher::from_env())).await, "hub.untrusted");
    assert!(caller(&url, Some(&ca), Matcher::from_env()).call(&hello()).await.is_ok());
    let (address, ca) = secured("another.example").await;
    assert_eq!(code(&caller(&format!("https://{address}"), Some(&ca), Matcher::from_env())).await, "hub.other-name");
}

#[tokio::test]
async fn a_server_without_tls_is_said_to_be_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _first = stream.read_u8().await;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    assert_eq!(code(&caller(&url, None, Matcher::from_env())).await, "hub.no-tls");
}

/// A proxy that lets everything through to one address, or nothing.
async fn proxy(lets_through_to: Option<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (head, _) = read_request(&mut stream).await.unwrap();
            assert!(head.starts_with("CONNECT hub.example:443 HTTP/1.1\r\n"), "{head}");
            let Some(to) = lets_through_to else {
                stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
                continue;
            };
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let mut onward = TcpStream::connect(to).await.unwrap();
            tokio::spawn(async move {
                let _ended = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn a_hub_behind_a_proxy_is_reached_through_it() {
    let (hub, ca) = secured("hub.example").await;
    let through = async |to| {
        let proxy = proxy(to).await;
        let proxy = Matcher::builder().https(format!("http://{proxy}")).build();
        caller("https://hub.example", Some(&ca), proxy).call(&hello()).await
    };
    assert!(through(Some(hub)).await.is_ok());
    let refused = through(None).await.unwrap_err().problem;
    assert_eq!(refused.code, "hub.proxy");
    assert!(refused.what.contains("407"), "{refused}");
}

#[tokio::test]
async fn a_name_that_is_nowhere_is_said_to_be_unknown() {
    assert_eq!(code(&caller("https://no..where", None, Matcher::builder().build())).await, "hub.unknown-name");
}
