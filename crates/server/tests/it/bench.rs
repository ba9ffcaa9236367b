//! A server on a free port, and people who ask it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Id, IdSource, Timestamp};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::ports::Clock as _;
use server::{Extra, Site};
use state::{Options, Outcome, State};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::plant::Plant;

pub(crate) const PASSWORD: &str = "four words in row";
pub(crate) const WHY: &str = "because the test says so";

#[derive(Default)]
struct Counting(AtomicU64);

impl IdSource for Counting {
    fn new_id(&self, at: Timestamp) -> Id {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Id::new(at, &random)
    }
}

pub(crate) struct Bench {
    pub(crate) url: String,
    pub(crate) plant: Arc<Plant>,
    pub(crate) state: State,
    pub(crate) folder: TempDir,
    client: reqwest::Client,
    _stop: DropGuard,
}

/// Who asks, by their token; nobody has none.
#[derive(Clone)]
pub(crate) struct Person(pub(crate) Option<String>);

impl Bench {
    /// Nothing is set up yet.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plant = Arc::new(Plant::new());
        let options = Options {
            folder: folder.path().to_owned(),
            database: None,
            ids: Arc::new(Counting::default()),
            addresses: Arc::new(server::Addresses),
        };
        let state = State::open(options, plant.now()).await.unwrap();
        let demo = server::api::about::Demo { about: server::api::common::Texts::plain("A pump."), faults: Vec::new() };
        let switch = axum::Router::new().route("/faults/bearing-wear", axum::routing::post(|| async { "on" }));
        let site = Site {
            state: state.clone(),
            clock: plant.clone(),
            live: plant.clone(),
            history: plant.clone(),
            devices: plant.clone(),
            outlets: plant.clone(),
            link: plant.clone(),
            deployments: plant.clone(),
            backups: plant.clone(),
            doctor: plant.clone(),
            extra: Some(Extra { router: switch, about: Arc::new(move || demo.clone()) }),
        };
        let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(server::serve(listener, server::router(site), stop.clone()));
        let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build().unwrap();
        Self { url, plant, state, folder, client, _stop: stop.drop_guard() }
    }

    /// An owner, a site with a pump, a bundle that is deployed, an advisory.
    pub(crate) async fn ready() -> (Self, Person) {
        let bench = Self::new().await;
        let owner = bench.owner().await;
        bench.ok(&owner, Method::PUT, "/api/v1/site", json!({"document": document(), "because": WHY})).await;
        let digest = bench.add_bundle(&owner).await;
        bench.ok(&owner, Method::POST, "/api/v1/deployments", deployment("pump-7-bearing", &digest)).await;
        bench.state.raise_advisory(&advisory(bench.plant.now())).await.unwrap();
        (bench, owner)
    }

    pub(crate) async fn owner(&self) -> Person {
        let code = self.state.set_up_code().expect("no owner yet");
        let ask = json!({"code": code, "name": "anna", "label": "Anna", "password": PASSWORD});
        let answer = self.ask(&Person(None), Method::POST, "/api/v1/first-run", Some(ask)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Person(Some(token_of(&answer)))
    }

    pub(crate) async fn terminal(&self, owner: &Person, place: &str) -> Person {
        let ask = json!({"name": format!("panel-{}", place.replace('/', ".")), "place": place});
        let enrolment = self.ok(owner, Method::POST, "/api/v1/terminals", ask).await;
        let answer =
            self.ask(&Person(None), Method::POST, "/api/v1/session", Some(json!({"code": enrolment["code"]}))).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Person(Some(token_of(&answer)))
    }

    pub(crate) async fn add_bundle(&self, owner: &Person) -> String {
        let request = self.request(owner, Method::POST, "/api/v1/bundles?because=new").body(packed());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["digest"].as_str().unwrap().to_owned()
    }

    pub(crate) fn request(&self, who: &Person, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &who.0 {
            Some(token) => request.header("cookie", self.cookie(token)).header("origin", &self.url),
            None => request.header("origin", &self.url),
        }
    }

    pub(crate) fn cookie(&self, token: &str) -> String {
        format!("lastmile_session_{}={token}", self.url.rsplit(':').next().unwrap())
    }

    pub(crate) async fn ask(&self, who: &Person, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self.request(who, method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, who: &Person, path: &str) -> Value {
        let answer = self.ask(who, Method::GET, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn ok(&self, who: &Person, method: Method, path: &str, body: Value) -> Value {
        let answer = self.ask(who, method.clone(), path, Some(body)).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The problem of an answer that is no success.
    pub(crate) async fn problem(&self, who: &Person, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.ask(who, method, path, body).await;
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{path}");
        let number = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["request"], number.as_str(), "{path}");
        (status, problem)
    }

    pub(crate) fn head(&self) -> i64 {
        self.state.changed().borrow().head
    }

    pub(crate) async fn advisory(&self) -> String {
        self.state.active_advisories().await.unwrap()[0].id.to_string()
    }

    pub(crate) async fn code_for(&self, name: &str) -> String {
        let act = state::Act::MakeLoginCode { name: name.into() };
        let done = self.state.act(&access::Actor::BOX, act, None, self.plant.now()).await.unwrap();
        let Outcome::Code(code) = done.outcome else { panic!("a code") };
        code.code.reveal().to_owned()
    }
}

pub(crate) fn token_of(answer: &Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let (name, rest) = cookie.split_once('=').unwrap();
    assert!(name.starts_with("lastmile_session_"), "{name}");
    rest.split(';').next().unwrap().to_owned()
}

/// A real bundle, packed from the files that `bundle` tests itself with.
pub(crate) fn packed() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bundle/tests/it/valid");
    bundle::pack(&folder).unwrap_or_else(|problems| panic!("{problems}")).tar
}

pub(crate) fn document() -> Value {
    let tag = |name: &str, address: &str, unit: &str| {
        let mut tag = json!({"name": format!("line-2/{name}"), "device": "plc-2", "address": address});
        if !unit.is_empty() {
            tag["unit"] = unit.into();
        }
        tag
    };
    json!({
        "site": {"name": "Plant North", "time_zone": "Europe/Berlin", "accept_unsigned": true},
        "place": [
            {"path": "line-2", "name": "Line 2", "level": "line"},
            {"path": "line-2/pump-7", "name": "Pump 7", "level": "cell", "picture": "pump",
             "key_tags": ["line-2/pump-7/vibration_de"]},
            {"path": "line-3", "name": "Line 3", "level": "line"}
        ],
        "device": [{"name": "plc-2", "url": "modbus-tcp://127.0.0.1:1502/1", "place": "line-2"}],
        "tag": [
            tag("pump-7/vibration_de", "holding:0:float32", "mm/s"),
            tag("pump-7/pressure", "holding:2:float32", "bar(g)"),
            tag("pump-7/speed", "holding:4:uint16", "1/min"),
            tag("pump-7/sensor_ok", "coil:0", "")
        ],
        "variable": [
            {"name": "line-2/recipe", "type": "text", "value": "base", "options": ["base", "rich"]},
            {"name": "line-2/serial", "type": "text", "value": "A1"}
        ]
    })
}

pub(crate) fn map() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("vibration_de", "line-2/pump-7/vibration_de"),
        ("pressure", "line-2/pump-7/pressure"),
        ("speed", "line-2/pump-7/speed"),
        ("product", "line-2/recipe"),
        ("sensor_ok", "line-2/pump-7/sensor_ok"),
        ("serial", "line-2/serial"),
    ])
}

pub(crate) fn deployment(name: &str, bundle: &str) -> Value {
    json!({"name": name, "bundle": bundle, "at": [{"place": "line-2/pump-7", "map": map()}], "mode": "advise", "because": WHY})
}

pub(crate) fn advisory(raised: Timestamp) -> domain::Advisory {
    let contribution = domain::Contribution {
        signal: "vibration_de".into(),
        value: Some(6.2),
        normal: Some((2.0, 4.0)),
        deviation: Some(3.2),
    };
    domain::Advisory {
        id: Id::new(raised, &[7; 10]),
        deployment: "pump-7-bearing".into(),
        place: "line-2/pump-7".parse().unwrap(),
        version: "1.0.0".into(),
        raised,
        cleared: None,
        acknowledged: None,
        title: BTreeMap::from([("en".to_owned(), "Pump 7: bearing wear likely".to_owned())]),
        response: BTreeMap::from([("en".to_owned(), vec!["Check lubrication.".to_owned()])]),
        reason: "Vibration DE 6.2 mm/s.".into(),
        because: vec![contribution],
    }
}
