//! First run, cookies, codes, the token file.

use reqwest::Method;
use serde_json::json;

use crate::bench::{Bench, PASSWORD, Person, token_of};

#[tokio::test]
async fn a_new_edge_asks_to_be_set_up_and_then_never_again() {
    let bench = Bench::new().await;
    assert_eq!(bench.get(&Person(None), "/api/v1/about").await["first_run"], true);
    let owner = bench.owner().await;
    assert_eq!(bench.get(&Person(None), "/api/v1/about").await["first_run"], false);
    let me = bench.get(&owner, "/api/v1/me").await;
    assert_eq!(
        (me["name"].as_str(), me["label"].as_str(), me["role"].as_str()),
        (Some("anna"), Some("Anna"), Some("owner"))
    );
    let all = me["permissions"].as_array().unwrap().iter().all(|one| one["allowed"] == true);
    assert!(all, "{me}");
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_from_other_sites_and_ends_with_the_session() {
    let bench = Bench::new().await;
    bench.owner().await;
    let ask = json!({"name": "anna", "password": PASSWORD});
    let answer = bench.ask(&Person(None), Method::POST, "/api/v1/session", Some(ask)).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.ends_with("; Path=/; Max-Age=43199; HttpOnly; SameSite=Strict"), "{cookie}");
    let person = Person(Some(token_of(&answer)));
    bench.get(&person, "/api/v1/me").await;
    let out = bench.ask(&person, Method::DELETE, "/api/v1/session", None).await;
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let (status, problem) = bench.problem(&person, Method::GET, "/api/v1/me", None).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (401, "session.missing"));
}

#[tokio::test]
async fn guessing_is_answered_slower_and_says_how_long_to_wait() {
    let bench = Bench::new().await;
    bench.owner().await;
    let wrong = json!({"name": "anna", "password": "not this one"});
    for _ in 0..5 {
        let (status, problem) =
            bench.problem(&Person(None), Method::POST, "/api/v1/session", Some(wrong.clone())).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (401, "session.wrong"));
    }
    let answer = bench.ask(&Person(None), Method::POST, "/api/v1/session", Some(wrong)).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
}

#[tokio::test]
async fn a_one_time_code_opens_a_session_once() {
    let bench = Bench::new().await;
    bench.owner().await;
    let ask = json!({"code": bench.code_for("anna").await});
    let answer = bench.ask(&Person(None), Method::POST, "/api/v1/session", Some(ask.clone())).await;
    bench.get(&Person(Some(token_of(&answer))), "/api/v1/me").await;
    let (status, _) = bench.problem(&Person(None), Method::POST, "/api/v1/session", Some(ask)).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_program_signs_in_with_the_token_file_of_the_data_folder() {
    let bench = Bench::new().await;
    bench.owner().await;
    let path = bench.state.cli_token_file(domain::Timestamp::from_millis(1)).await.unwrap();
    assert!(path.starts_with(bench.folder.path()));
    let token = std::fs::read_to_string(path).unwrap();
    let url = format!("{}/api/v1/me", bench.url);
    let client = reqwest::Client::builder().build().unwrap();
    let answer = client.get(url).bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["name"], "anna");
}

#[tokio::test]
async fn nobody_is_told_who_could() {
    let (bench, _) = Bench::ready().await;
    let (_, problem) = bench.problem(&Person(None), Method::GET, "/api/v1/tags", None).await;
    assert_eq!(problem["who_could"], serde_json::Value::Null);
}
