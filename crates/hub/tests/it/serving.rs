//! Bounds of what is read, HTTPS, and where a hub listens.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub::{HubOptions, Tls};
use link::wire;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::bench::once;

fn options(data: PathBuf, listen: &str, tls: Option<Tls>) -> HubOptions {
    HubOptions { data, listen: listen.parse().unwrap(), database: None, objects: None, tls, clock: None }
}

/// Sends bytes as they are, and gives the answer.
async fn raw(address: std::net::SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") {
        let count = stream.read(&mut part).await.unwrap();
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&part[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    once(|bench| async move {
        let edge = bench.edge(1).await;
        let mut head = format!("POST {} HTTP/1.1\r\nhost: hub\r\n", wire::PARCELS);
        let stamp = edge.stamp(&bench, "POST", wire::PARCELS, b"");
        for (name, value) in stamp.headers() {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", wire::MAX_PARCEL + 1).unwrap();
        let answer = raw(bench.hub.address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains(wire::HUB_TIME), "{answer}");
        let enrol = format!("POST {} HTTP/1.1\r\nhost: hub\r\ncontent-length: 1000000\r\n\r\n", wire::ENROL);
        assert!(raw(bench.hub.address, enrol.as_bytes()).await.starts_with("HTTP/1.1 413"));
    });
}

#[test]
fn a_body_that_does_not_come_ends_and_a_stranger_is_told_before_it() {
    once(|bench| async move {
        let head = format!("POST {} HTTP/1.1\r\nhost: hub\r\ncontent-length: 10\r\n\r\n", wire::ENROL);
        let slow = raw(bench.hub.address, head.as_bytes());
        let unsigned = format!("POST {} HTTP/1.1\r\nhost: hub\r\ncontent-length: 10\r\n\r\n", wire::PARCELS);
        let answer = tokio::time::timeout(Duration::from_secs(10), raw(bench.hub.address, unsigned.as_bytes())).await;
        assert!(answer.unwrap().starts_with("HTTP/1.1 401"), "it does not wait for the body of a stranger");
        let answer = tokio::time::timeout(Duration::from_secs(30), slow).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    });
}

#[tokio::test]
async fn without_https_a_hub_listens_on_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let refused = hub::start(options(folder.path().to_owned(), "0.0.0.0:0", None)).await.err().unwrap();
    assert_eq!(refused.code, "hub.plain");
    assert!(refused.hint.contains("--tls-cert"), "{refused}");
}

#[tokio::test]
async fn with_https_it_answers_to_its_name_and_wrong_files_are_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["hub.example".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    let swapped = Tls { certificate: certificate.clone(), key: certificate.clone() };
    let refused = hub::start(options(folder.path().join("a"), "127.0.0.1:0", Some(swapped))).await.err().unwrap();
    assert_eq!(refused.code, "hub.tls");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Tls { certificate, key };
    let hub = hub::start(options(folder.path().join("b"), "0.0.0.0:0", Some(tls))).await.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", hub.address.port())).await.unwrap();
    let name = ServerName::try_from("hub.example").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: hub.example\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // closing without a farewell is fine
    let _closed = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"role\":\"hub\""), "{answer}");
    hub.stop().await;
}
