//! What the tests stand on: a state on either database, a clock that the test moves, a site with a pump and a model.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use access::{Actor, Role};
use bundle::Contract;
use config::site::DeploymentAt;
use config::{AnyAddress, SiteConfig};
use domain::{Advisory, Id, IdSource, Mode, Timestamp};
use state::{Act, ActError, Done, NewAccount, NewBundle, NewDeployment, Options, Outcome, Secret, State};
use tempfile::TempDir;

use crate::postgres;

/// Ids that count.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl IdSource for Counting {
    fn new_id(&self, at: Timestamp) -> Id {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number);
        Id::new(at, &random)
    }
}

pub(crate) struct Bench {
    pub(crate) state: State,
    pub(crate) folder: Arc<TempDir>,
    pub(crate) database: Option<String>,
    clock: AtomicI64,
    ids: Arc<Counting>,
}

pub(crate) const BUNDLE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const NEWER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
pub(crate) const PASSWORD: &str = "four words in row";

/// Runs a test on SQLite, then on PostgreSQL.
pub(crate) fn both<T: Future<Output = ()>>(test: impl Fn(Bench) -> T) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        // held here: a test that uses one part of the bench lets the others go at once
        let bench = Bench::new(None).await;
        let _folder = Arc::clone(&bench.folder);
        test(bench).await;
        if postgres::is_left_out() {
            return;
        }
        let database = postgres::new_database().await;
        let bench = Bench::new(Some(database)).await;
        let _folder = Arc::clone(&bench.folder);
        test(bench).await;
    });
}

impl Bench {
    async fn new(database: Option<String>) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let ids = Arc::new(Counting::default());
        let clock = AtomicI64::new(1_763_800_000_000);
        let state = open(&folder, database.clone(), ids.clone(), &clock).await;
        Self { state, folder, database, clock, ids }
    }

    /// The same data opened again, as after a restart.
    pub(crate) async fn reopen(self) -> Self {
        self.state.close().await;
        let state = open(&self.folder, self.database.clone(), self.ids.clone(), &self.clock).await;
        Self { state, ..self }
    }

    /// Each look moves the clock by a millisecond.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) async fn act(&self, actor: &Actor, act: Act) -> Result<Done, ActError> {
        self.state.act(actor, act, Some("because the test says so".into()), self.now()).await
    }

    /// The first owner, made by the box.
    pub(crate) async fn owner(&self) -> Actor {
        let act = Act::FirstOwner { code: None, account: account("anna") };
        let done = self.act(&Actor::BOX, act).await.unwrap();
        let Outcome::Session(session) = done.outcome else { panic!("a session") };
        self.actor(&session.token).await.unwrap()
    }

    pub(crate) async fn actor(&self, token: &Secret) -> Option<Actor> {
        let token = exposed(token);
        self.state.signed_in(&token, self.now()).await.unwrap().map(|signed_in| signed_in.actor)
    }

    /// An owner, a site with a pump, a bundle.
    pub(crate) async fn ready(&self) -> Actor {
        let owner = self.owner().await;
        let act = Act::ChangeSite { config: Box::new(site()), based_on: None };
        self.act(&owner, act).await.unwrap();
        self.act(&owner, Act::AddBundle(Box::new(bundle(BUNDLE, "1.0.0")))).await.unwrap();
        owner
    }

    pub(crate) async fn terminal(&self, owner: &Actor, place: &str) -> Actor {
        let act =
            Act::EnrolTerminal { name: format!("panel-{}", place.replace('/', ".")), place: place.parse().unwrap() };
        let Outcome::Code(code) = self.act(owner, act).await.unwrap().outcome else { panic!("a code") };
        let act = Act::SignIn(state::SignIn::Code(code.code));
        let Outcome::Session(session) = self.act(&Actor::Nobody, act).await.unwrap().outcome else {
            panic!("a session")
        };
        self.actor(&session.token).await.unwrap()
    }

    /// Kinds of the entries, the oldest first.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let mut changes = self.state.changes(&state::ChangeFilter { limit: 500, ..Default::default() }).await.unwrap();
        changes.reverse();
        changes.into_iter().map(|line| line.entry.act).collect()
    }

    pub(crate) async fn newest_words(&self) -> String {
        let changes = self.state.changes(&state::ChangeFilter { limit: 1, ..Default::default() }).await.unwrap();
        changes.first().map(|line| format!("{} {}", line.who, line.said)).unwrap_or_default()
    }
}

async fn open(folder: &TempDir, database: Option<String>, ids: Arc<Counting>, clock: &AtomicI64) -> State {
    let options = Options { folder: folder.path().to_owned(), database, ids, addresses: Arc::new(AnyAddress) };
    State::open(options, Timestamp::from_millis(clock.fetch_add(1, Ordering::Relaxed))).await.unwrap()
}

/// Secrets are not printed; a test that must have one takes it out of a sign-in with it.
pub(crate) fn exposed(secret: &Secret) -> String {
    secret.reveal().to_owned()
}

pub(crate) fn account(name: &str) -> NewAccount {
    NewAccount { name: name.into(), label: String::new(), role: Role::Owner, password: Some(Secret::new(PASSWORD)) }
}

pub(crate) fn site() -> SiteConfig {
    site_from(&serde_json::json!({}))
}

/// A site with one pump; `more` replaces parts of it.
pub(crate) fn site_from(more: &serde_json::Value) -> SiteConfig {
    let mut site = serde_json::json!({
        "site": {"name": "Plant North", "accept_unsigned": true},
        "place": [
            {"path": "line-2", "name": "Line 2", "level": "line"},
            {"path": "line-2/pump-7", "name": "Pump 7", "level": "cell"},
            {"path": "line-2/pump-8", "name": "Pump 8", "level": "cell"}
        ],
        "device": [{"name": "plc-2", "url": "modbus-tcp://127.0.0.1:1502/1", "place": "line-2"}],
        "tag": [
            {"name": "line-2/pump-7/vibration_de", "device": "plc-2", "address": "holding:0:float32", "unit": "mm/s"},
            {"name": "line-2/pump-8/vibration_de", "device": "plc-2", "address": "holding:2:float32", "unit": "mm/s"},
            {"name": "line-2/pump-7/pressure", "device": "plc-2", "address": "holding:4:float32", "unit": "bar"}
        ],
        "variable": [{"name": "line-2/recipe", "type": "text", "value": "base", "options": ["base", "rich"]}]
    });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        site[key] = value;
    }
    serde_json::from_value(site).unwrap()
}

pub(crate) fn contract(version: &str) -> Contract {
    serde_json::from_value(serde_json::json!({
        "format": 1, "name": "pump-bearing", "version": version, "title": {"en": "Pump bearing wear"},
        "model": "model.onnx",
        "trigger": {"kind": "every", "period": "1s"},
        "window": {"length": "20s", "step": "1s"},
        "signal": [{"name": "vibration_de", "title": {"en": "Vibration DE"}, "unit": "mm/s", "range": [0.0, 25.0]}],
        "tensor": {"input": "x", "layout": "window"},
        "output": [{"name": "score", "tensor": "score", "title": {"en": "Wear score"}}],
        "tunable": [{"name": "advice_from", "value": 1.0, "min": 0.5, "max": 5.0, "title": {"en": "Advice from"}}]
    }))
    .unwrap()
}

pub(crate) fn bundle(digest: &str, version: &str) -> NewBundle {
    NewBundle { digest: digest.into(), contract: contract(version), size: 4096 }
}

pub(crate) fn at(place: &str) -> DeploymentAt {
    let tag = format!("{place}/vibration_de").parse().unwrap();
    DeploymentAt { place: place.parse().unwrap(), map: BTreeMap::from([("vibration_de".to_owned(), tag)]) }
}

pub(crate) fn deployment(name: &str, place: &str) -> NewDeployment {
    NewDeployment {
        name: name.into(),
        bundle: BUNDLE.into(),
        at: vec![at(place)],
        tune: BTreeMap::new(),
        mode: Mode::Advise,
    }
}

pub(crate) fn advisory(bench: &Bench, place: &str) -> Advisory {
    let raised = bench.now();
    Advisory {
        id: Counting::default().new_id(raised),
        deployment: "pump-7-bearing".into(),
        place: place.parse().unwrap(),
        version: "1.0.0".into(),
        raised,
        cleared: None,
        acknowledged: None,
        title: BTreeMap::from([("en".to_owned(), "Pump 7: bearing wear likely".to_owned())]),
        response: BTreeMap::new(),
        reason: "Vibration is high.".into(),
        because: Vec::new(),
    }
}

/// Codes of the problems of an act that was not done.
pub(crate) fn codes(result: Result<Done, ActError>) -> Vec<String> {
    result.unwrap_err().problems().0.into_iter().map(|problem| problem.code).collect()
}
