//! Every operation of the description has a case here: who may, who may not. Every changing one leaves an entry.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, PASSWORD, Person, WHY, deployment, document, map, packed};

/// What asks for one operation, and whom it answers.
struct Case {
    operation: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    /// Nobody has to be signed in.
    open: bool,
    /// A terminal at line-2 may.
    terminal: bool,
    /// An owner who asks this leaves an entry in the record.
    changes: bool,
}

const NOBODY: bool = true;
const CLOSED: bool = false;

fn read(operation: &'static str, path: &str, terminal: bool) -> Case {
    Case { operation, method: Method::GET, path: path.into(), body: None, open: CLOSED, terminal, changes: false }
}

fn change(operation: &'static str, method: Method, path: &str, body: Option<Value>) -> Case {
    Case { operation, method, path: path.into(), body, open: CLOSED, terminal: false, changes: true }
}

/// In an order in which an owner can do all of them.
fn cases(digest: &str, advisory: &str) -> Vec<Case> {
    let mut cases = readings(digest, advisory);
    cases.extend(changes(digest, advisory));
    cases
}

fn readings(digest: &str, advisory: &str) -> Vec<Case> {
    let tag = "line-2%2Fpump-7%2Fvibration_de";
    let asks_only = |operation, path: &str, body, terminal| Case {
        terminal,
        changes: false,
        ..change(operation, Method::POST, path, Some(body))
    };
    vec![
        Case { open: NOBODY, ..read("about", "/api/v1/about", true) },
        Case { open: NOBODY, ..read("healthz", "/healthz", true) },
        Case { open: NOBODY, ..read("metrics", "/metrics", true) },
        read("me", "/api/v1/me", true),
        read("list_accounts", "/api/v1/accounts", false),
        read("list_places", "/api/v1/places", true),
        read("list_devices", "/api/v1/devices", true),
        read("show_device", "/api/v1/devices/plc-2", true),
        read("list_tags", "/api/v1/tags", true),
        read("show_tag", &format!("/api/v1/tags/{tag}"), true),
        read("tag_settings", &format!("/api/v1/tags/{tag}/settings"), true),
        read("trend", &format!("/api/v1/trend?tags={tag}&from_ms=1&to_ms=2"), true),
        read("history_room", "/api/v1/history", true),
        read("export_history", &format!("/api/v1/history/export?tags={tag}&from_ms=1&to_ms=2"), false),
        read("list_bundles", "/api/v1/bundles", true),
        read("show_bundle", &format!("/api/v1/bundles/{digest}"), true),
        read("list_deployments", "/api/v1/deployments", true),
        read("show_deployment", "/api/v1/deployments/pump-7-bearing", true),
        read("list_advisories", "/api/v1/advisories", true),
        read("show_advisory", &format!("/api/v1/advisories/{advisory}"), true),
        read("list_changes", "/api/v1/changes", true),
        read("verify_changes", "/api/v1/changes/verify", false),
        read("export_changes", "/api/v1/changes/export", false),
        read("show_site", "/api/v1/site", false),
        read("show_site_toml", "/api/v1/site/toml", false),
        read("site_schema", "/api/v1/site/schema", true),
        read("live", "/api/v1/live", true),
        read("doctor", "/api/v1/doctor", false),
        read("list_outlets", "/api/v1/outlets", false),
        read("get_link", "/api/v1/link", false),
        asks_only("test_device", "/api/v1/devices/test", json!({"device": device("new"), "addresses": []}), false),
        asks_only("read_device", "/api/v1/devices/plc-2/read", json!({"addresses": ["holding:0"]}), false),
        asks_only("import_tags", "/api/v1/tags/import", json!({"text": "holding:0 Speed"}), false),
        asks_only("check_tags", "/api/v1/tags/check", json!({"device": "plc-2", "tags": []}), false),
        asks_only("suggest_map", "/api/v1/deployments/suggest", json!({"bundle": digest, "place": "line-2"}), true),
        asks_only("check_deployment", "/api/v1/deployments/check", json!({"bundle": digest, "at": []}), true),
    ]
}

fn changes(digest: &str, advisory: &str) -> Vec<Case> {
    let at = json!([{"place": "line-2/pump-7", "map": map()}]);
    let account = json!({"name": "bert", "password": PASSWORD, "role": "owner"});
    let password = json!({"password": "another four words", "because": WHY});
    let tune = json!({"at": at, "tune": {"advice_from": 2.0}, "based_on": 1, "because": WHY});
    let mut renamed = document();
    renamed["site"]["name"] = "Plant South".into();
    vec![
        Case {
            open: NOBODY,
            changes: false,
            ..change(
                "first_run",
                Method::POST,
                "/api/v1/first-run",
                Some(json!({"code": "no", "name": "x", "password": PASSWORD})),
            )
        },
        Case {
            open: NOBODY,
            ..change("sign_in", Method::POST, "/api/v1/session", Some(json!({"name": "anna", "password": PASSWORD})))
        },
        change("add_account", Method::POST, "/api/v1/accounts", Some(account)),
        change("set_password", Method::PUT, "/api/v1/accounts/bert/password", Some(password)),
        change(
            "enrol_terminal",
            Method::POST,
            "/api/v1/terminals",
            Some(json!({"name": "panel-9", "place": "line-3"})),
        ),
        Case {
            terminal: true,
            ..change(
                "acknowledge",
                Method::POST,
                &format!("/api/v1/advisories/{advisory}/acknowledge"),
                Some(json!({})),
            )
        },
        change("change_deployment", Method::PUT, "/api/v1/deployments/pump-7-bearing", Some(tune)),
        Case {
            terminal: true,
            ..change("set_mode", Method::PUT, "/api/v1/deployments/pump-7-bearing/mode", Some(json!({"mode": "off"})))
        },
        change("remove_deployment", Method::DELETE, "/api/v1/deployments/pump-7-bearing?because=over", None),
        change("deploy", Method::POST, "/api/v1/deployments", Some(deployment("again", digest))),
        change("remove_deployment", Method::DELETE, "/api/v1/deployments/again?because=over", None),
        change("set_variable", Method::PUT, "/api/v1/variables/line-2%2Frecipe", Some(json!({"value": "rich"}))),
        change(
            "save_device",
            Method::POST,
            "/api/v1/devices",
            Some(json!({"device": device("plc-3"), "based_on": 1000})),
        ),
        change("save_tags", Method::PUT, "/api/v1/tags", Some(json!({"tags": [tag("line-3/new")], "based_on": 1000}))),
        change("remove_tag", Method::DELETE, "/api/v1/tags/line-3%2Fnew?based_on=1000", None),
        change("remove_device", Method::DELETE, "/api/v1/devices/plc-3?based_on=1000&because=gone", None),
        change("apply_site", Method::PUT, "/api/v1/site", Some(json!({"document": renamed}))),
        change(
            "write_backup",
            Method::POST,
            "/api/v1/backup",
            Some(json!({"passphrase": "five words in a row", "because": WHY})),
        ),
        // this edge was never restored: there is nothing to read
        Case { changes: false, ..change("read_notice", Method::PUT, "/api/v1/backup/notice", None) },
        Case { terminal: true, ..change("sign_out", Method::DELETE, "/api/v1/session", None) },
    ]
}

fn device(name: &str) -> Value {
    json!({"name": name, "url": "modbus-tcp://127.0.0.1:1503/1", "place": "line-3", "period": "2s"})
}

fn tag(name: &str) -> Value {
    json!({"name": name, "device": "plc-3", "address": "holding:0:float32"})
}

/// Operations of a site in the description; those of a hub are tested with the hub: id → (method, whether it changes something, what it asks for).
fn operations() -> BTreeMap<String, (String, String)> {
    let description: Value = serde_json::from_str(&server::openapi()).unwrap();
    let mut operations = BTreeMap::new();
    for item in description["paths"].as_object().unwrap().values() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["x-role"] == "hub" {
                continue;
            }
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let access = operation["x-access"].as_str().unwrap_or_default().to_owned();
            assert!(operations.insert(id.clone(), (method.clone(), access)).is_none(), "{id} is there twice");
        }
    }
    operations
}

/// Only the beginning of the feed is of interest here, and the bundle is no JSON.
async fn status(bench: &Bench, who: &Person, case: &Case) -> u16 {
    let request = bench.request(who, case.method.clone(), &case.path);
    let request = match &case.body {
        Some(body) => request.json(body),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_operation_has_a_case_and_says_its_role_and_its_action() {
    let operations = operations();
    let mut with_case: BTreeSet<&str> = cases("", "").iter().map(|case| case.operation).collect();
    with_case.insert("add_bundle"); // its body is a file: the test below
    let missing: Vec<&String> = operations.keys().filter(|id| !with_case.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "no access case for {missing:?}");
    let known: BTreeSet<&str> = access::Action::ALL.iter().map(|action| action.as_str()).collect();
    for (id, (_, action)) in &operations {
        assert!(known.contains(action.as_str()), "{id} asks for `{action}`");
    }
    let asked: BTreeSet<&str> = operations.values().map(|(_, action)| action.as_str()).collect();
    let unasked: Vec<&&str> = known.difference(&asked).collect();
    // switching off is set_mode's other face; faults belong to the demonstration, see `pages.rs`; boxes belong to a hub; a restore
    // is no request
    assert_eq!(unasked, [&"cause-fault", &"enrol-edge", &"restore", &"switch-off"]);
}

#[tokio::test]
async fn nobody_is_answered_by_nothing_but_health_and_the_way_in() {
    let (bench, owner) = Bench::ready().await;
    let digest = bench.get(&owner, "/api/v1/bundles").await[0]["digest"].as_str().unwrap().to_owned();
    let head = bench.head();
    for case in cases(&digest, &bench.advisory().await).iter().filter(|case| !case.open) {
        let status = status(&bench, &Person(None), case).await;
        assert_eq!(status, 401, "{} {}", case.method, case.path);
    }
    let answer = bench.request(&Person(None), Method::POST, "/api/v1/bundles").body(packed()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(bench.head(), head);
}

#[tokio::test]
async fn a_line_terminal_sees_its_line_acknowledges_and_switches_off_and_no_more() {
    let (bench, owner) = Bench::ready().await;
    let digest = bench.get(&owner, "/api/v1/bundles").await[0]["digest"].as_str().unwrap().to_owned();
    let panel = bench.terminal(&owner, "line-2").await;
    for case in cases(&digest, &bench.advisory().await) {
        let status = status(&bench, &panel, &case).await;
        if case.operation == "first_run" {
            assert_eq!(status, 409, "it is done once");
        } else if case.terminal || case.open {
            assert_eq!(status, 200, "{} {}", case.method, case.path);
        } else {
            assert_eq!(status, 403, "{} {}", case.method, case.path);
        }
    }
}

#[tokio::test]
async fn a_terminal_of_another_line_sees_nothing_of_this_one() {
    let (bench, owner) = Bench::ready().await;
    let panel = bench.terminal(&owner, "line-3").await;
    for list in ["tags", "devices", "deployments"] {
        assert_eq!(bench.get(&panel, &format!("/api/v1/{list}")).await, json!([]), "{list}");
    }
    assert_eq!(bench.get(&panel, "/api/v1/advisories").await["advisories"], json!([]));
    let (status, problem) = bench.problem(&panel, Method::GET, "/api/v1/tags/line-2%2Frecipe", None).await;
    assert_eq!(
        (status, problem["what"].as_str().unwrap()),
        (403, "You can't see this: this terminal belongs to line-3.")
    );
    assert_eq!(problem["who_could"], json!(["Anna"]));
    let off = Some(json!({"mode": "off"}));
    let (status, _) = bench.problem(&panel, Method::PUT, "/api/v1/deployments/pump-7-bearing/mode", off).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn everything_an_owner_changes_leaves_an_entry_and_nothing_else_does() {
    let (bench, owner) = Bench::ready().await;
    let digest = bench.get(&owner, "/api/v1/bundles").await[0]["digest"].as_str().unwrap().to_owned();
    let advisory = bench.advisory().await;
    let operations = operations();
    let mut changing = BTreeSet::from(["add_bundle"]); // `Bench::ready` did it, and its entry is number 3
    for case in cases(&digest, &advisory) {
        let before = bench.head();
        let answer = bench.ask(&owner, case.method.clone(), &case.path, case.body.clone()).await;
        let status = answer.status().as_u16();
        if case.operation == "live" {
            drop(answer);
            continue;
        }
        let text = answer.text().await.unwrap();
        let wanted = if case.operation == "first_run" { 409 } else { 200 };
        assert_eq!(status, wanted, "{} {}: {text}", case.method, case.path);
        assert_eq!(bench.head() - before, i64::from(case.changes), "{} {}", case.method, case.path);
        // the owner is there already, and this edge was never restored
        if case.changes || ["first_run", "read_notice"].contains(&case.operation) {
            changing.insert(case.operation);
        }
    }
    let asks_only = ["check_deployment", "check_tags", "import_tags", "read_device", "suggest_map", "test_device"];
    let promised: BTreeSet<&str> = operations
        .iter()
        .filter(|(id, (method, _))| method != "get" && !asks_only.contains(&id.as_str()))
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(changing, promised);
    let kinds: Vec<String> = bench
        .state
        .changes(&state::ChangeFilter { limit: 500, ..Default::default() })
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.entry.act)
        .collect();
    assert!(kinds.iter().any(|kind| kind == "add-bundle"));
    bench.state.verify_chain().await.unwrap().unwrap();
}
