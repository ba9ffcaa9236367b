//! What people are told of samples is the same while they are staged and when they are in files.

use hub::history::{Compactor, Limits, Objects};
use link::Stream;
use serde_json::{Value, json};

use crate::bench::{Bench, both, once};

const TAG: &str = "line-2/pump-7/pressure";

async fn answers(bench: &Bench, edge: &str) -> (Value, Value) {
    let stretch = "from_ms=1000000000&to_ms=1000061000&buckets=5";
    let trend = bench.json(&format!("/api/v1/edges/{edge}/trend?tags={TAG},line-2/none&{stretch}")).await;
    (trend, bench.json(&format!("/api/v1/edges/{edge}/latest?tags={TAG},line-2/none")).await)
}

#[test]
fn trends_and_latest_values_are_the_same_before_and_after_samples_became_files() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.source.add(Stream::Data, 61, 1);
        edge.bring_all(&bench).await;
        let id = edge.id().to_string();
        let (trend, latest) = answers(&bench, &id).await;
        let series = &trend["series"][0];
        assert_eq!((&series["tag"], &series["unit"]), (&json!(TAG), &json!("bar")));
        assert_eq!(series["max"][4], json!(1_000_060.0), "{series}");
        assert!(trend["series"][1]["missing"].is_string());
        assert_eq!(latest["readings"][0]["value"], json!(1_000_061));
        assert_eq!(latest["readings"][1]["at_ms"], json!(null));

        let folder = bench.folder.path();
        let objects = Objects::at(folder.join("objects").to_str().unwrap()).unwrap();
        let compactor = Compactor::new(bench.hub.state.clone(), objects, folder.to_owned(), Limits::default());
        while compactor.compact(edge.id()).await.unwrap() {}
        assert_eq!(bench.hub.state.staged_samples().await.unwrap(), []);
        assert_eq!(answers(&bench, &id).await, (trend, latest));

        // more comes, the hub is started anew, and the edge goes on where it was
        let bench = bench.restart().await;
        edge.source.add(Stream::Data, 9, 1);
        edge.bring_all(&bench).await;
        let (_, latest) = answers(&bench, &id).await;
        assert_eq!(latest["readings"][0]["value"], json!(1_000_070));
        assert!(edge.refused.is_empty(), "{:?}", edge.refused);
    });
}

#[test]
fn an_edge_that_nobody_knows_has_no_history_and_the_compactor_is_counted() {
    once(|bench| async move {
        let nobody = "07070707-0707-0707-0707-070707070707";
        let (status, text) = bench.get(&format!("/api/v1/edges/{nobody}/latest?tags={TAG}")).await;
        assert_eq!(status, 404, "{text}");
        let (_, metrics) = bench.get("/metrics").await;
        assert!(metrics.contains("hub_compactor_waiting_bytes"), "{metrics}");
    });
}
