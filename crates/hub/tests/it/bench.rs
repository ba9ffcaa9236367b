//! What the tests stand on: a hub in a temporary folder, with a clock that the test moves, and what people ask of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use access::Actor;
use domain::{Id, Timestamp};
use hub::{Hub, HubOptions};
use link::key::KeyId;
use serde_json::Value;
use state::{Act, Outcome};
use tempfile::TempDir;

use crate::postgres;
use crate::speaker::Speaker;

/// Moves by a microsecond with each look, and when the test says so.
pub(crate) struct TestClock(AtomicI64);

impl server::ports::Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) struct Bench {
    pub(crate) hub: Hub,
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) http: reqwest::Client,
    database: Option<String>,
}

/// Runs a test on SQLite, then on PostgreSQL.
pub(crate) fn both<T: Future<Output = ()>>(test: impl Fn(Bench) -> T) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        test(Bench::new(None).await).await;
        if postgres::is_left_out() {
            return;
        }
        let database = postgres::new_database().await;
        test(Bench::new(Some(database)).await).await;
    });
}

/// Runs a test on SQLite only: nothing in it is about SQL.
pub(crate) fn once<T: Future<Output = ()>>(test: impl Fn(Bench) -> T) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { test(Bench::new(None).await).await });
}

async fn start(folder: &Path, database: Option<String>, clock: &Arc<TestClock>) -> Hub {
    let clock = Arc::clone(clock) as Arc<dyn server::ports::Clock>;
    let listen = "127.0.0.1:0".parse().unwrap();
    let options =
        HubOptions { data: folder.to_owned(), listen, database, objects: None, tls: None, clock: Some(clock) };
    hub::start(options).await.unwrap()
}

impl Bench {
    async fn new(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_780_000_000_000_000)));
        let hub = start(folder.path(), database.clone(), &clock).await;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { hub, folder, clock, http, database }
    }

    /// The same hub, stopped and started again.
    pub(crate) async fn restart(self) -> Self {
        let Self { hub, folder, clock, http, database } = self;
        hub.stop().await;
        let hub = start(folder.path(), database.clone(), &clock).await;
        Self { hub, folder, clock, http, database }
    }

    /// Stops, puts another folder in place of the hub's, and starts.
    pub(crate) async fn restart_from(self, copy: TempDir) -> Self {
        let Self { hub, folder: _gone, clock, http, database } = self;
        hub.stop().await;
        let hub = start(copy.path(), database.clone(), &clock).await;
        Self { hub, folder: copy, clock, http, database }
    }

    pub(crate) fn now(&self) -> Timestamp {
        server::ports::Clock::now(&*self.clock)
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.hub.address)
    }

    pub(crate) async fn act(&self, act: Act) -> Outcome {
        self.hub.state.act(&Actor::BOX, act, None, self.now()).await.unwrap().outcome
    }

    /// A box that was let in as an edge.
    pub(crate) async fn edge(&self, number: u8) -> Speaker {
        let mut edge = Speaker::new(number);
        let Outcome::Claim(claim) = self.act(Act::Claim { place: "leipzig/line-2".parse().unwrap() }).await else {
            panic!("a code")
        };
        edge.apply(self, Some(claim.code)).await.unwrap();
        self.act(Act::ApproveBox { key: edge.key_id() }).await;
        edge.apply(self, None).await.unwrap();
        edge
    }

    pub(crate) async fn revoke(&self, key: KeyId) {
        self.act(Act::RevokeKey { key }).await;
    }

    /// What a person with the token file is answered.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let token = std::fs::read_to_string(self.folder.path().join("cli-token")).unwrap();
        let answer = self.http.get(self.url(path)).bearer_auth(token.trim()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The lines of `hub records`.
    pub(crate) async fn lines(&self, edge: Id, stream: &str, more: &str) -> Vec<Value> {
        let (status, text) = self.get(&format!("/api/v1/edges/{edge}/records?stream={stream}{more}")).await;
        assert_eq!(status, 200, "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What is at the hub: numbers with their CRC.
    pub(crate) async fn at_hub(&self, edge: Id, stream: &str) -> Vec<(u64, u64)> {
        let lines = self.lines(edge, stream, "").await;
        let records = lines.iter().filter(|line| line.get("number").is_some());
        records.map(|line| (line["number"].as_u64().unwrap(), line["crc"].as_u64().unwrap())).collect()
    }

    /// A copy of the hub's folder while it stands still.
    pub(crate) async fn copy(self) -> (Self, TempDir) {
        let Self { hub, folder, clock, http, database } = self;
        hub.stop().await;
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        let hub = start(folder.path(), database.clone(), &clock).await;
        (Self { hub, folder, clock, http, database }, copy)
    }
}
