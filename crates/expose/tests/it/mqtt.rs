//! The publisher against mosquitto, with paho reading beside it, and against brokers that are none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use expose::mqtt::{Counts, Message, Publisher, Settings, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use testkit::{Broker, Peer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Whatever happens on a busy machine happens within this.
const PATIENCE: Duration = Duration::from_mins(1);

fn settings(port: u16) -> Settings {
    Settings {
        name: "plant".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        client_id: "lastmile-test".to_owned(),
        user: None,
        password_file: None,
        acknowledged: false,
        retain: false,
        queue_bytes: 1_000_000,
        status_topic: "north/_status/plant".to_owned(),
    }
}

/// A publisher whose session runs.
struct Running {
    publisher: Publisher,
    stop: CancellationToken,
    session: JoinHandle<()>,
}

impl Running {
    fn start(settings: Settings) -> Self {
        let (publisher, session) = Publisher::new(settings);
        let stop = CancellationToken::new();
        Self { publisher, session: tokio::spawn(session.run(stop.clone())), stop }
    }

    fn publish(&self, number: u32) {
        let payload = number.to_string().into_bytes();
        self.publisher.publish(Message { topic: "north/line/speed".into(), payload });
    }

    async fn until(&self, what: &str, wished: impl Fn(&Publisher) -> bool) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !wished(&self.publisher) {
            let (connection, counts) = (self.publisher.connection(), self.publisher.counts());
            ensure!(Instant::now() < end, "not within {PATIENCE:?}: {what}; {connection:?} {counts:?}");
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn connected(&self) -> Result<()> {
        self.until("connected", |publisher| publisher.connection().since.is_some()).await
    }

    /// The words of the last problem, once there is one.
    async fn problem(&self) -> Result<String> {
        self.until("a problem", |publisher| publisher.connection().problem.is_some()).await?;
        Ok(self.publisher.connection().problem.map(|(_, problem)| problem.what).unwrap_or_default())
    }

    async fn stop(self) -> Result<Counts> {
        self.stop.cancel();
        self.session.await?;
        let counts = self.publisher.counts();
        assert_eq!(counts.offered, counts.sent + counts.dropped, "{counts:?}");
        Ok(counts)
    }
}

/// paho, subscribed.
async fn reader(port: u16, topic: &str, more: &[&str]) -> Result<Peer> {
    Peer::python("mqtt/reader.py", &[&[port.to_string().as_str(), topic], more].concat()).await
}

/// The next message it read.
async fn next(reader: &mut Peer) -> Result<Value> {
    loop {
        let line = tokio::time::timeout(PATIENCE, reader.next_line()).await.context("no message came")??;
        if line.get("payload").is_some() {
            return Ok(line);
        }
    }
}

#[tokio::test]
async fn what_is_published_is_read_in_order_and_the_broker_knows_whether_we_are_there() -> Result<()> {
    for acknowledged in [false, true] {
        let broker = Broker::open().await?;
        let mut speeds = reader(broker.port(), "north/line/#", &[]).await?;
        let running = Running::start(Settings { acknowledged, retain: true, ..settings(broker.port()) });
        running.connected().await?;
        (0..1000).for_each(|number| running.publish(number));
        for number in 0..1000 {
            let message = next(&mut speeds).await?;
            assert_eq!(message["payload"], number.to_string());
            assert_eq!(
                (&message["topic"], &message["qos"]),
                (&json!("north/line/speed"), &json!(u8::from(acknowledged)))
            );
        }
        drop(speeds);
        let mut latecomer = reader(broker.port(), "#", &[]).await?;
        let kept: BTreeSet<String> = [next(&mut latecomer).await?, next(&mut latecomer).await?]
            .iter()
            .map(|message| format!("{} {} {}", message["topic"], message["payload"], message["retain"]))
            .collect();
        let expected = [r#""north/_status/plant" "{\"state\":\"online\"}" true"#, r#""north/line/speed" "999" true"#];
        assert_eq!(kept.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(running.stop().await?, Counts { offered: 1000, sent: 1000, dropped: 0, waiting: 0 });
        assert_eq!(next(&mut latecomer).await?["payload"], r#"{"state":"offline"}"#, "it said good-bye");
    }
    Ok(())
}

#[tokio::test]
async fn a_publisher_that_dies_is_offline_by_its_last_will() -> Result<()> {
    let broker = Broker::open().await?;
    let mut status = reader(broker.port(), "north/_status/#", &[]).await?;
    let running = Running::start(settings(broker.port()));
    assert_eq!(next(&mut status).await?["payload"], r#"{"state":"online"}"#);
    running.session.abort();
    assert_eq!(next(&mut status).await?["payload"], r#"{"state":"offline"}"#);
    Ok(())
}

#[tokio::test]
async fn a_broker_that_was_killed_is_found_again_and_every_message_is_accounted_for() -> Result<()> {
    let mut broker = Broker::open().await?;
    let running = Running::start(Settings { acknowledged: true, ..settings(broker.port()) });
    running.connected().await?;
    (0..100).for_each(|number| running.publish(number));
    running.until("100 acknowledged", |publisher| publisher.counts().sent == 100).await?;
    broker.kill().await?;
    running.until("the end is seen", |publisher| publisher.connection().since.is_none()).await?;
    assert!(!running.problem().await?.is_empty());
    (100..200).for_each(|number| running.publish(number));
    assert_eq!(running.publisher.counts().waiting, 100);
    let mut resend = running.publisher.resend();
    resend.mark_unchanged();
    broker.again().await?;
    let mut speeds = reader(broker.port(), "north/line/#", &[]).await?;
    running.until("200 acknowledged", |publisher| publisher.counts().sent == 200).await?;
    assert!(resend.has_changed()?, "whoever publishes knows that the broker forgot everything");
    running.publish(200);
    loop {
        if next(&mut speeds).await?["payload"] == "200" {
            break;
        }
    }
    assert_eq!(running.publisher.connection().connects, 2);
    assert_eq!(running.stop().await?.dropped, 0);
    Ok(())
}

#[tokio::test]
async fn a_broker_that_is_not_there_costs_the_oldest_messages_and_nothing_else() -> Result<()> {
    let nobody = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let running = Running::start(Settings { queue_bytes: 10_000, ..settings(nobody) });
    assert!(running.problem().await?.contains("cannot be reached"));
    (0..10_000).for_each(|number| running.publish(number));
    let counts = running.publisher.counts();
    assert_eq!(counts.offered, counts.dropped + counts.waiting);
    assert!(counts.waiting > 50 && counts.waiting < 200, "{counts:?}");
    assert_eq!(running.stop().await?, Counts { offered: 10_000, sent: 0, dropped: 10_000, waiting: 0 });
    Ok(())
}

/// Takes a connection, says yes to CONNECT, and reads nothing more.
async fn deaf_broker() -> Result<(u16, JoinHandle<Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let deaf = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(&[0x20, 2, 0, 0]).await?;
        std::future::pending::<()>().await;
        Ok(())
    });
    Ok((port, deaf))
}

#[tokio::test]
async fn a_broker_that_never_reads_holds_nobody_up() -> Result<()> {
    let (port, _deaf) = deaf_broker().await?;
    let running = Running::start(Settings { queue_bytes: 100_000, ..settings(port) });
    running.connected().await?;
    let payload = vec![b'x'; 1000];
    // more than sockets and queue can hold
    for _ in 0..30_000 {
        running.publisher.publish(Message { topic: "north/line/speed".into(), payload: payload.clone() });
        tokio::task::yield_now().await;
    }
    let counts = running.publisher.counts();
    assert!(counts.dropped > 0, "{counts:?}");
    assert_eq!(counts.offered, counts.sent + counts.dropped + counts.waiting);
    let counts = tokio::time::timeout(PATIENCE, running.stop()).await.context("it holds up the end")??;
    assert_eq!(counts.offered, 30_000);
    Ok(())
}

#[tokio::test]
async fn what_is_no_broker_is_said_in_words() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let web = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
        }
        anyhow::Ok(())
    });
    let running = Running::start(settings(port));
    assert_eq!(running.problem().await?, "the broker does not accept the connection");
    web.abort();
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such_and_the_right_one_is_taken_from_the_file_when_it_is_there() -> Result<()> {
    // `secret`, as mosquitto_passwd -H sha512 writes it
    let passwords = include_str!("passwords");
    let lines = "allow_anonymous false\npassword_file {folder}/passwords\n";
    let broker = Broker::start(lines, &[("passwords", passwords), ("password", "wrong\n")]).await?;
    let with = |file: &str| Settings {
        user: Some("edge".to_owned()),
        password_file: Some(broker.file(file)),
        ..settings(broker.port())
    };
    let running = Running::start(with("password"));
    let words = running.problem().await?;
    assert!(words.contains("user or password") || words.contains("does not let us in"), "{words}");
    std::fs::write(broker.file("password"), "secret\n")?;
    running.connected().await?;
    let missing = Running::start(Settings { client_id: "other".to_owned(), ..with("nowhere") });
    assert!(missing.problem().await?.contains("cannot be read"));
    Ok(())
}

/// PEM files of an authority, and of a broker and a client it vouches for.
struct Certificates {
    authority: String,
    broker: (String, String),
    client: (String, String),
}

fn certificates(broker_name: &str) -> Result<Certificates> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // who signs and what is signed must not have the same name: OpenSSL would take it for self-signed
    authority.distinguished_name.push(DnType::CommonName, "Plant authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let signed = |name: &str| -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &authority)?;
        Ok((certificate.pem(), key.serialize_pem()))
    };
    Ok(Certificates { authority: authority.pem(), broker: signed(broker_name)?, client: signed("edge")? })
}

async fn tls_broker(of: &Certificates) -> Result<Broker> {
    let lines = "allow_anonymous true\ncafile {folder}/ca.pem\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker.key\n\
                 require_certificate true\n";
    let files = [
        ("ca.pem", of.authority.as_str()),
        ("broker.pem", &of.broker.0),
        ("broker.key", &of.broker.1),
        ("client.pem", &of.client.0),
        ("client.key", &of.client.1),
    ];
    Broker::start(lines, &files).await
}

fn over_tls(broker: &Broker, ca: PathBuf, server_name: Option<&str>, own: bool) -> Settings {
    let own = own.then(|| (broker.file("client.pem"), broker.file("client.key")));
    let tls = TlsFiles { ca, server_name: server_name.map(str::to_owned), own };
    Settings { tls: Some(tls), ..settings(broker.port()) }
}

#[tokio::test]
async fn over_tls_both_sides_prove_who_they_are() -> Result<()> {
    let broker = tls_broker(&certificates("127.0.0.1")?).await?;
    let running =
        Running::start(Settings { acknowledged: true, ..over_tls(&broker, broker.file("ca.pem"), None, true) });
    running.connected().await?;
    (0..100).for_each(|number| running.publish(number));
    running.until("100 acknowledged", |publisher| publisher.counts().sent == 100).await?;
    assert_eq!(running.stop().await?.dropped, 0);
    Ok(())
}

#[tokio::test]
async fn over_tls_a_stranger_is_refused_in_words() -> Result<()> {
    let of = certificates("broker.plant")?;
    let broker = tls_broker(&of).await?;
    let other = tempfile::NamedTempFile::new()?;
    std::fs::write(other.path(), certificates("127.0.0.1")?.authority)?;
    let ca = || broker.file("ca.pem");
    let cases = [
        (over_tls(&broker, other.path().to_owned(), Some("broker.plant"), true), "signed by nobody we trust"),
        (over_tls(&broker, ca(), None, true), "not for `127.0.0.1`"),
        (over_tls(&broker, broker.file("broker.key"), None, true), "cannot be used"),
        (over_tls(&broker, ca(), Some("broker.plant"), false), "refused"),
        (settings(broker.port()), "does not accept"),
    ];
    for (settings, expected) in cases {
        let running = Running::start(settings.clone());
        let words = running.problem().await?;
        let (_, problem) = running.publisher.connection().problem.context("a problem")?;
        let told = format!("{words} {}", problem.why);
        // in TLS 1.3 a broker refuses after its handshake: the client hears of it as an end of the connection
        let ended = expected == "refused" && (words.contains("accept") || words.contains("ended"));
        assert!(words.contains(expected) || ended, "{expected}: {told}");
    }
    let named = Running::start(over_tls(&broker, ca(), Some("broker.plant"), true));
    named.connected().await?;
    Ok(())
}
