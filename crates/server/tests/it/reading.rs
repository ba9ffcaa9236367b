//! What screens read.

use domain::{Quality, Value};
use reqwest::Method;
use serde_json::json;

use crate::bench::{Bench, Person};

#[tokio::test]
async fn tags_come_with_unit_type_and_what_they_say_now() {
    let (bench, owner) = Bench::ready().await;
    bench.plant.number("line-2/pump-7/vibration_de", 6.2);
    bench.plant.set("line-2/pump-7/pressure", Value::from_f64(2.5), Quality::STALE);
    let tags = bench.get(&owner, "/api/v1/tags?place=line-2").await;
    let tag = |name: &str| tags.as_array().unwrap().iter().find(|tag| tag["name"] == name).cloned().unwrap();
    let vibration = tag("line-2/pump-7/vibration_de");
    assert_eq!((&vibration["unit"], &vibration["value_type"]), (&json!("mm/s"), &json!("f64")));
    assert_eq!((&vibration["latest"]["value"], &vibration["latest"]["quality"]), (&json!(6.2), &json!("good")));
    assert_eq!((&vibration["period_ms"], &vibration["stale_after_ms"]), (&json!(1000), &json!(5000)));
    let pressure = tag("line-2/pump-7/pressure");
    assert_eq!((&pressure["latest"]["stale"], &pressure["latest"]["quality"]), (&json!(true), &json!("uncertain")));
    assert_eq!(tag("line-2/pump-7/speed")["latest"]["value"], json!(null));
    let recipe = tag("line-2/recipe");
    assert_eq!((&recipe["kind"], &recipe["options"]), (&json!("variable"), &json!(["base", "rich"])));
    assert_eq!(recipe["permission"]["allowed"], true);
    assert_eq!(tag("line-2/pump-7/pump-bearing/score")["kind"], "prediction");
    assert_eq!(bench.get(&owner, "/api/v1/tags?place=line-3").await, json!([]));
}

#[tokio::test]
async fn places_carry_the_worst_that_is_below_them() {
    let (bench, owner) = Bench::ready().await;
    let places = bench.get(&owner, "/api/v1/places").await;
    let place = |path: &str| places.as_array().unwrap().iter().find(|place| place["path"] == path).cloned().unwrap();
    assert_eq!((&place("")["name"], &place("")["level"]), (&json!("Plant North"), &json!("site")));
    let pump = place("line-2/pump-7");
    assert_eq!((&pump["picture"], &pump["advisories"]), (&json!("pump"), &json!(1)));
    assert_eq!((&pump["mark"]["letter"], &pump["deployments"]), (&json!("M"), &json!(["pump-7-bearing"])));
    // its device does not answer: that is worse than maintenance
    assert_eq!(place("line-2")["mark"]["letter"], "F");
    assert_eq!(place("line-3")["mark"], json!(null));
}

#[tokio::test]
async fn a_trend_has_its_gaps_and_the_marks_of_changes_at_its_place() {
    let (bench, owner) = Bench::ready().await;
    let query = "tags=line-2/pump-7/vibration_de,line-2/recipe&from_ms=0&to_ms=4000000000000";
    let trend = bench.get(&owner, &format!("/api/v1/trend?{query}")).await;
    assert_eq!(trend["series"][0]["gaps"][0]["reason"], "no answer from plc-2");
    assert_eq!(trend["series"][0]["mean"], json!([2.0, null]));
    let marks: Vec<&str> =
        trend["marks"].as_array().unwrap().iter().filter_map(|mark| mark["words"].as_str()).collect();
    assert!(marks.iter().any(|words| words.starts_with("deployed pump-bearing 1.0.0 as pump-7-bearing")), "{marks:?}");
    assert!(!marks.iter().any(|words| words.contains("owner")), "{marks:?}");
    let wrong = "/api/v1/trend?tags=line-2/recipe&from_ms=5&to_ms=5";
    let (status, problem) = bench.problem(&owner, Method::GET, wrong, None).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (422, "trend.range"));
}

#[tokio::test]
async fn a_deployment_shows_its_signals_conversions_and_ladder() {
    let (bench, owner) = Bench::ready().await;
    let detail = bench.get(&owner, "/api/v1/deployments/pump-7-bearing").await;
    assert_eq!(detail["deployment"]["title"]["de"], "Lagerverschleiß Pumpe");
    assert_eq!((&detail["deployment"]["version"], &detail["deployment"]["mode_by"]), (&json!("1.0.0"), &json!("Anna")));
    assert_eq!(detail["deployment"]["runtime"][0]["words"], "Predicting every second.");
    let signals = detail["at"][0]["signals"].as_array().unwrap();
    let pressure = signals.iter().find(|signal| signal["signal"] == "pressure").unwrap();
    assert!(pressure["conversion"].as_str().unwrap().starts_with("bar(g) → kPa(g)"), "{pressure}");
    assert_eq!(signals[0]["normal"], json!([2.0, 4.0]));
    let ladder = detail["ladder"].as_array().unwrap();
    let current: Vec<&str> =
        ladder.iter().filter(|rung| rung["current"] == true).filter_map(|rung| rung["mode"].as_str()).collect();
    assert_eq!(current, ["advise"]);
    assert_eq!(ladder[1]["evidence"][0]["words"], "6 of 6 signals mapped");
    assert_eq!(ladder[4]["permission"]["allowed"], false);
    assert_eq!(detail["tunables"][0]["value"], 1.0);
    assert_eq!(detail["revisions"][0]["in_use"], true);
}

#[tokio::test]
async fn a_mapping_is_suggested_and_checked_before_anything_is_saved() {
    let (bench, owner) = Bench::ready().await;
    let digest = bench.get(&owner, "/api/v1/bundles").await[0]["digest"].clone();
    let ask = json!({"bundle": digest, "place": "line-2/pump-7"});
    let suggested = bench.ok(&owner, Method::POST, "/api/v1/deployments/suggest", ask).await;
    assert_eq!(suggested[0]["tag"], "line-2/pump-7/vibration_de");
    let wrong =
        json!({"bundle": digest, "at": [{"place": "line-2/pump-7", "map": {"vibration_de": "line-2/pump-7/speed"}}]});
    let check = bench.ok(&owner, Method::POST, "/api/v1/deployments/check", wrong).await;
    assert_eq!(check["ok"], false);
    assert_eq!(check["at"][0]["signals"][0]["findings"][0]["code"], "mapping.wrong-unit");
    assert_eq!(check["at"][0]["signals"][1]["findings"][0]["code"], "mapping.missing");
}

#[tokio::test]
async fn advice_names_the_tags_and_the_words_of_its_bundle() {
    let (bench, owner) = Bench::ready().await;
    let list = bench.get(&owner, "/api/v1/advisories").await;
    assert_eq!((&list["unacknowledged"], &list["raised_last_10_min"]), (&json!(1), &json!(1)));
    let advisory = &list["advisories"][0];
    assert_eq!(advisory["because"][0]["tag"], "line-2/pump-7/vibration_de");
    assert_eq!(advisory["because"][0]["title"]["de"], "Schwingung AS");
    assert_eq!(advisory["score_tag"], "line-2/pump-7/pump-bearing/score");
    assert_eq!(advisory["permission"]["allowed"], true);
    let id = advisory["id"].as_str().unwrap();
    bench.ok(&owner, Method::POST, &format!("/api/v1/advisories/{id}/acknowledge"), json!({})).await;
    let advisory = bench.get(&owner, &format!("/api/v1/advisories/{id}")).await;
    assert_eq!((&advisory["state"], &advisory["acknowledged_by"]), (&json!("acknowledged"), &json!("Anna")));
}

#[tokio::test]
async fn the_record_reads_in_plain_words_verifies_and_can_be_taken_away() {
    let (bench, owner) = Bench::ready().await;
    let page = bench.get(&owner, "/api/v1/changes?limit=2").await;
    let newest = &page["changes"][0];
    assert_eq!(newest["words"], "deployed pump-bearing 1.0.0 as pump-7-bearing, advising");
    assert_eq!((&newest["who"], &newest["because"]), (&json!("Anna"), &json!("because the test says so")));
    let next = page["next"].as_i64().unwrap();
    let rest = bench.get(&owner, &format!("/api/v1/changes?before={next}")).await;
    assert_eq!(rest["changes"].as_array().unwrap().len(), 2);
    assert_eq!(bench.get(&owner, "/api/v1/changes/verify").await["ok"], true);
    let export = bench.ask(&owner, Method::GET, "/api/v1/changes/export", None).await.bytes().await.unwrap();
    let report = state::record::verify_export("record.jsonl", std::io::Cursor::new(export)).unwrap();
    assert_eq!(report.entries, page["head"].as_i64().unwrap());
}

#[tokio::test]
async fn the_configuration_is_read_and_applied_as_one_document_or_one_file() {
    let (bench, owner) = Bench::ready().await;
    let toml = bench.ask(&owner, Method::GET, "/api/v1/site/toml", None).await.text().await.unwrap();
    assert!(toml.contains("[[deployment]]"), "{toml}");
    let head = bench.head();
    let same = bench.ok(&owner, Method::PUT, "/api/v1/site", json!({"toml": toml})).await;
    assert_eq!((&same["applied"], &same["differences"]), (&json!(false), &json!([])));
    let renamed = toml.replace("Plant North", "Plant South");
    let dry = bench.ok(&owner, Method::PUT, "/api/v1/site", json!({"toml": renamed, "dry_run": true})).await;
    assert_eq!((&dry["applied"], dry["differences"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(bench.head(), head);
    bench.ok(&owner, Method::PUT, "/api/v1/site", json!({"toml": renamed})).await;
    assert_eq!(bench.get(&Person(None), "/api/v1/about").await["site"], "Plant South");
    let broken = toml.replace("device = \"plc-2\"", "device = \"plc-9\"").replace("mm/s", "furlongs");
    let (status, problem) = bench.problem(&owner, Method::PUT, "/api/v1/site", Some(json!({"toml": broken}))).await;
    assert_eq!(status, 422);
    let problems = problem["problems"].as_array().unwrap();
    assert!(problems.len() > 1 && problems[0]["place"].as_str().unwrap().starts_with("site.toml:"), "{problem}");
}

#[tokio::test]
async fn a_device_is_saved_with_its_tags_only_when_all_of_it_is_right() {
    let (bench, owner) = Bench::ready().await;
    let device =
        json!({"name": "plc-3", "url": "modbus-tcp://127.0.0.1:1503/1", "budget": {"requests_per_second": 10.0}});
    let tags = json!([{"name": "line-3/flow", "device": "plc-3", "address": "holding:nonsense"}]);
    let ask = json!({"device": device, "tags": tags, "based_on": bench.head()});
    let (status, problem) = bench.problem(&owner, Method::POST, "/api/v1/devices", Some(ask)).await;
    assert_eq!(status, 422, "{problem}");
    let tags =
        json!([{"name": "line-3/flow", "device": "plc-3", "address": "holding:0:float32", "range": [0.0, 10.0]}]);
    let ask = json!({"device": device, "tags": tags, "based_on": bench.head(), "because": "new line"});
    let done = bench.ok(&owner, Method::POST, "/api/v1/devices", ask).await;
    assert_eq!(done["change"], bench.head());
    let settings = bench.get(&owner, "/api/v1/tags/line-3%2Fflow/settings").await;
    assert_eq!(settings["range"], json!([0.0, 10.0]));
    let late = json!({"device": device, "tags": [], "based_on": 1});
    let (status, problem) = bench.problem(&owner, Method::POST, "/api/v1/devices", Some(late)).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (409, "site.changed-meanwhile"));
}

#[tokio::test]
async fn an_export_is_sent_as_a_file_with_the_columns_that_were_named() {
    let (bench, owner) = Bench::ready().await;
    let path = "/api/v1/history/export?tags=vibration_de%3Dline-2/pump-7/vibration_de&from_ms=1&to_ms=2&layout=wide";
    let answer = bench.ask(&owner, Method::GET, path, None).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(answer.text().await.unwrap().ends_with("vibration_de=line-2/pump-7/vibration_de"));
}

#[tokio::test]
async fn a_file_that_is_no_bundle_is_refused_and_leaves_nothing_behind() {
    let (bench, owner) = Bench::ready().await;
    let answer = bench.request(&owner, Method::POST, "/api/v1/bundles").body("no tar").send().await.unwrap();
    assert_eq!(answer.status(), 422);
    let left: Vec<_> = std::fs::read_dir(bench.state.bundle_folder()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(bench.get(&owner, "/api/v1/bundles").await[0]["used_by"], json!(["pump-7-bearing"]));
}

#[tokio::test]
async fn health_says_how_far_each_stream_is_synced() {
    let (bench, _) = Bench::ready().await;
    let health = bench.get(&Person(None), "/healthz").await;
    assert_eq!(health["log"]["change"]["synced_seq"], bench.head());
    assert_eq!(health["log"]["alarm"]["synced_seq"], 1);
}

#[tokio::test]
async fn a_watchdog_gets_an_answer_while_the_database_fails() {
    let (bench, _) = Bench::ready().await;
    bench.state.close().await;
    let health = bench.get(&Person(None), "/healthz").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["words"][0], "The database failed.");
    assert_eq!(health["log"]["data"], json!({ "synced_seq": 12 }), "the log is told as far as it is known: {health}");
}
