//! The live feed.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Person};

/// A client that reads event by event.
struct Client {
    answer: reqwest::Response,
    rest: String,
}

impl Client {
    async fn open(bench: &Bench, who: &Person, query: &str) -> Self {
        let answer = bench.ask(who, Method::GET, &format!("/api/v1/live{query}"), None).await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, rest: String::new() }
    }

    /// The next event; none when the feed has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                let read = (field("event: ").to_owned(), serde_json::from_str(field("data: ")).unwrap());
                self.rest = rest.to_string();
                return Some(read);
            }
            let part =
                tokio::time::timeout(Duration::from_secs(20), self.answer.chunk()).await.expect("something comes");
            self.rest.push_str(std::str::from_utf8(&part.unwrap()?).unwrap());
        }
    }

    async fn until(&mut self, name: &str) -> Value {
        loop {
            let (event, data) = self.next().await.expect("the feed goes on");
            if event == name {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn a_feed_begins_with_everything_and_goes_on_with_what_is_new() {
    let (bench, owner) = Bench::ready().await;
    bench.plant.number("line-2/pump-7/vibration_de", 3.0);
    let mut client = Client::open(&bench, &owner, "").await;
    let (first, hello) = client.next().await.unwrap();
    assert_eq!((first.as_str(), &hello["head"]), ("hello", &json!(bench.head())));
    let values = client.until("values").await;
    assert_eq!(values["values"][0]["value"], 3.0);
    assert_eq!(client.until("device").await["state"]["kind"], "not-answering");
    assert_eq!(client.until("deployment").await["health"], "running");
    let advisory = client.until("advisory").await;
    assert_eq!(advisory["state"], "unacknowledged");
    // two values within a second: the newest is sent, once
    bench.plant.number("line-2/pump-7/vibration_de", 4.0);
    bench.plant.number("line-2/pump-7/vibration_de", 5.0);
    let values = client.until("values").await;
    assert_eq!((values["values"].as_array().unwrap().len(), &values["values"][0]["value"]), (1, &json!(5.0)));
    let path = format!("/api/v1/advisories/{}/acknowledge", advisory["id"].as_str().unwrap());
    bench.ok(&owner, Method::POST, &path, json!({})).await;
    assert_eq!(client.until("advisory").await["state"], "acknowledged");
    let changed = client.until("changed").await;
    assert_eq!(changed, json!({"what": ["advisories", "changes"], "head": bench.head()}));
}

#[tokio::test]
async fn a_quiet_feed_still_says_that_it_lives() {
    let (bench, owner) = Bench::ready().await;
    let mut client = Client::open(&bench, &owner, "").await;
    assert!(client.until("heartbeat").await["now_ms"].is_i64());
}

#[tokio::test]
async fn a_feed_holds_only_the_tags_and_the_place_that_were_asked_for_and_may_be_seen() {
    let (bench, owner) = Bench::ready().await;
    bench.plant.number("line-2/pump-7/vibration_de", 3.0);
    bench.plant.number("line-2/pump-7/speed", 1480.0);
    bench.plant.number("line-3/flow", 1.0);
    let names = async |who: &Person, query: &str| {
        let mut client = Client::open(&bench, who, query).await;
        let values = client.until("values").await;
        let names = values["values"].as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned());
        names.collect::<Vec<String>>()
    };
    assert_eq!(names(&owner, "?tags=line-2/pump-7/speed").await, ["line-2/pump-7/speed"]);
    assert_eq!(names(&owner, "?place=line-3").await, ["line-3/flow"]);
    let panel = bench.terminal(&owner, "line-3").await;
    assert_eq!(names(&panel, "").await, ["line-3/flow"]);
    let (status, _) = bench.problem(&panel, Method::GET, "/api/v1/live?place=line-2", None).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn after_a_break_the_feed_says_where_it_goes_on() {
    let (bench, owner) = Bench::ready().await;
    let request = bench.request(&owner, Method::GET, "/api/v1/live").header("last-event-id", "2");
    let mut client = Client { answer: request.send().await.unwrap(), rest: String::new() };
    assert_eq!(client.until("hello").await["resumed_from"], 2);
}

#[tokio::test]
async fn open_feeds_are_counted_and_bounded() {
    let (bench, owner) = Bench::ready().await;
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(Client::open(&bench, &owner, "").await);
    }
    let (status, problem) = bench.problem(&owner, Method::GET, "/api/v1/live", None).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (503, "live.no-room"));
    let text = bench.ask(&owner, Method::GET, "/metrics", None).await.text().await.unwrap();
    assert!(text.contains("lastmile_live_clients 64\n"), "{text}");
}
