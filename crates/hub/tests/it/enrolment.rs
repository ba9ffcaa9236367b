//! From a code on the phone to an edge, over HTTP, as people and boxes do it.

use link::enrol::fingerprint;
use link::wire::{self, EnrolAnswer, Nudge};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, both, once};
use crate::speaker::{Speaker, answered};

async fn ask(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let token = std::fs::read_to_string(bench.folder.path().join("cli-token")).unwrap();
    let request = bench.http.request(method, bench.url(path)).bearer_auth(token.trim());
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = answered(request.send().await.unwrap()).await;
    (answer.status, answer.body)
}

#[test]
fn a_box_is_let_in_by_code_and_fingerprint_and_learns_who_the_hub_is() {
    both(|bench| async move {
        let body = json!({"place": "leipzig/line-2"});
        let (status, claim) = ask(&bench, Method::POST, "/api/v1/claims", Some(body)).await;
        assert_eq!(status, 200, "{claim}");
        let code = claim["code"].as_str().unwrap().to_lowercase().replace('-', " ").parse().unwrap();
        let mut edge = Speaker::new(1);
        let heard = edge.apply(&bench, Some(code)).await.unwrap();
        let print = fingerprint(&edge.key.public());
        assert_eq!(heard, EnrolAnswer::Waits { fingerprint: print.clone() });
        let shown = bench.json("/api/v1/edges").await;
        assert_eq!(shown["claims"], json!([]), "a code works once");
        assert_eq!(shown["waiting"][0]["fingerprint"], json!(print));
        let approve = format!("/api/v1/boxes/{}/approve?because=called", edge.key_id());
        let (status, done) = ask(&bench, Method::POST, &approve, None).await;
        assert_eq!(status, 200, "{done}");
        let EnrolAnswer::Is { place, hub, .. } = edge.apply(&bench, None).await.unwrap() else { panic!("it is in") };
        assert_eq!(place, "leipzig/line-2");
        edge.bring_all(&bench).await;
        let bench = bench.restart().await;
        let EnrolAnswer::Is { hub: again, .. } = edge.apply(&bench, None).await.unwrap() else { panic!("it is in") };
        assert_eq!(again, hub, "the hub keeps its key");
        let shown = bench.json("/api/v1/edges").await;
        assert_eq!(shown["edges"][0]["state"], "in");
        let changes = bench.json("/api/v1/changes").await;
        let words: Vec<&str> =
            changes["changes"].as_array().unwrap().iter().filter_map(|one| one["words"].as_str()).collect();
        assert!(words[0].contains(&print) && words[0].contains("leipzig/line-2"), "{words:?}");
    });
}

#[test]
fn people_need_a_session_and_a_box_needs_a_code() {
    once(|bench| async move {
        let description: Value = serde_json::from_str(&server::openapi()).unwrap();
        let mut asked = 0;
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, _) in item.as_object().unwrap().iter().filter(|(_, operation)| operation["x-role"] == "hub") {
                let path = path.replace("{edge}", &domain::Id::from_bytes([1; 16]).to_string()).replace("{key}", "x");
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let body = json!({"place": "a", "epoch": "1"});
                let request =
                    bench.http.request(method, bench.url(&format!("{path}?stream=data&tags=a&from_ms=0&to_ms=1")));
                let answer = answered(request.header("x-lastmile", "1").json(&body).send().await.unwrap()).await;
                assert_eq!((answer.status, answer.code()), (401, "session.missing"), "{path}");
                asked += 1;
            }
        }
        assert_eq!(asked, 9);
        let answer = answered(bench.http.get(bench.url("/api/v1/changes")).send().await.unwrap()).await;
        assert_eq!((answer.status, answer.code()), (401, "session.missing"));
        let refused = Speaker::new(1).apply(&bench, None).await.unwrap_err();
        assert_eq!((refused.status, refused.code()), (403, "claim.wrong"));
        assert!(refused.hub_time.is_some());
        let about = bench.json("/api/v1/about").await;
        assert_eq!((&about["role"], &about["first_run"]), (&json!("hub"), &json!(true)));
    });
}

#[test]
fn codes_can_not_be_guessed_over_the_network() {
    once(|bench| async move {
        for guess in 0..20 {
            let mut stranger = Speaker::new(guess);
            let code = link::enrol::ClaimCode::from_random(u64::from(guess));
            assert_eq!(stranger.apply(&bench, Some(code)).await.unwrap_err().code(), "claim.wrong");
        }
        let refused = Speaker::new(1).apply(&bench, None).await.unwrap_err();
        assert_eq!((refused.status, refused.code()), (429, "claim.guessed"));
        assert!(refused.retry_after);
    });
}

async fn nudge(bench: &Bench, edge: &mut Speaker, seen: &str) -> u64 {
    let answer = edge.send(bench, "GET", &format!("{}{seen}", wire::NUDGE), Vec::new()).await;
    let nudge: Nudge = serde_json::from_value(answer.body).unwrap();
    nudge.number
}

#[test]
fn an_edge_that_waits_hears_at_once_when_a_person_did_something_about_it() {
    once(|bench| async move {
        let (mut edge, mut other) = (bench.edge(1).await, bench.edge(2).await);
        edge.bring_all(&bench).await;
        let first = nudge(&bench, &mut edge, "").await;
        assert!(first > 0, "one of an earlier run is no answer");
        assert_eq!(nudge(&bench, &mut edge, "?seen=1").await, first, "it is not what was seen");
        let seen = format!("?seen={first}");
        let others = nudge(&bench, &mut other, "").await;
        let id = edge.id();
        let waits = nudge(&bench, &mut edge, &seen);
        let acts = async {
            let path = format!("/api/v1/edges/{id}/box");
            let body = json!({"epoch": "1001"});
            assert_eq!(ask(&bench, Method::PUT, &path, Some(body)).await.0, 200);
        };
        let (number, ()) = tokio::join!(waits, acts);
        assert_eq!(number, first + 1);
        assert_eq!(nudge(&bench, &mut other, "").await, others, "it was about the other one");
    });
}
