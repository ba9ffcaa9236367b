//! Records come to the hub exactly once, whatever happens on the way.

use link::parcel::{Header, Parcel};
use link::up::{Line, Refusal, site::Answer};
use link::{Stream, wire};
use serde_json::json;

use crate::bench::{Bench, both, once};
use crate::speaker::Speaker;

/// All that the edge has is at the hub, once.
pub(crate) async fn assert_same(bench: &Bench, edge: &Speaker) {
    for stream in Stream::ALL {
        assert_eq!(bench.at_hub(edge.id(), stream.name()).await, edge.source.all(stream), "{stream:?}");
    }
}

fn fill(edge: &mut Speaker, count: u64) {
    for stream in Stream::ALL {
        edge.source.add(stream, count, 1);
    }
}

#[test]
fn every_record_of_every_stream_comes_once_also_over_a_restart_of_both() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        fill(&mut edge, 40);
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
        let bench = bench.restart().await;
        fill(&mut edge, 10);
        edge.bring_all(&bench).await;
        edge.reboot();
        fill(&mut edge, 10);
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
        assert!(edge.refused.is_empty(), "{:?}", edge.refused);
        let changes = bench.lines(edge.id(), "change", "&from=59").await;
        assert_eq!(changes.len(), 2);
        assert_eq!(changes[0]["content"], json!({"n": 59, "seed": 1}), "what SQL keeps can be read");
    });
}

#[test]
fn an_answer_that_is_lost_after_the_commit_costs_no_record_and_doubles_none() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        fill(&mut edge, 40);
        edge.lose_answers.extend([true, false, true, true, false, true]);
        edge.bring_all(&bench).await;
        assert!(edge.lose_answers.is_empty());
        assert_same(&bench, &edge).await;
    });
}

#[test]
fn what_is_owed_comes_behind_live_records_and_fills_its_range() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.source.add(Stream::Data, 300, 1);
        edge.steps(&bench, 8).await;
        let shown = bench.json("/api/v1/edges").await;
        let data = &shown["edges"][0]["streams"]["data"];
        assert_eq!(data["mark"], json!(300));
        assert!(!data["owed"].as_array().unwrap().is_empty(), "{data}");
        edge.source.add(Stream::Data, 5, 1);
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
    });
}

#[test]
fn what_an_edge_had_to_drop_shows_as_a_gap_with_its_reason() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.source.add(Stream::Alarm, 20, 1);
        edge.source.lose(Stream::Alarm, 6, 9);
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
        let lines = bench.lines(edge.id(), "alarm", "").await;
        let gone: Vec<_> = lines.iter().filter_map(|line| line.get("gone")).collect();
        assert_eq!(gone, [&json!({"first": 6, "last": 9, "reason": "disk-full"})]);
        assert_eq!(lines[5].get("gone"), gone.first().copied(), "in its place");
    });
}

/// A parcel of `change` as the edge would send it.
fn parcel(edge: &Speaker, first: u64, last: u64) -> Vec<u8> {
    let want = link::up::site::Want { stream: Stream::Change, first, last, max_bytes: usize::MAX };
    let crc = |number| edge.source.crc(Stream::Change, number).unwrap_or(0);
    let header = Header {
        edge: edge.id(),
        epoch: edge.source.epoch(),
        stream: Stream::Change,
        first,
        last,
        count: u32::try_from(last - first + 1).unwrap(),
        prev_crc: crc(first - 1),
        crc: crc(last),
        gone: Vec::new(),
    };
    Parcel { header, told: Vec::new(), records: edge.source.read(&want).records }.encode(1)
}

async fn post(bench: &Bench, edge: &mut Speaker, bytes: Vec<u8>) -> Result<Line, Refusal> {
    let path = format!("{}?turn={}", wire::PARCELS, edge.uplink().turn());
    match edge.said(bench, &path, bytes).await.unwrap() {
        Answer::Line(line) => Ok(line),
        Answer::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

#[test]
fn parcels_that_overlap_leave_a_gap_come_late_or_twice_are_refused_or_acknowledged_and_change_nothing() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.bring_all(&bench).await;
        edge.source.add(Stream::Change, 30, 1);
        let stream = Stream::Change;
        let second = parcel(&edge, 11, 20);
        assert_eq!(post(&bench, &mut edge, second.clone()).await, Err(Refusal::Gap { stream, expected: 1, first: 11 }));
        let first = parcel(&edge, 1, 10);
        assert_eq!(post(&bench, &mut edge, first.clone()).await.unwrap().mark.seq, 10);
        assert_eq!(post(&bench, &mut edge, first).await.unwrap().mark.seq, 10, "twice");
        let overlap = parcel(&edge, 8, 12);
        let expected = Refusal::Overlap { stream, expected: 11, first: 8 };
        assert_eq!(post(&bench, &mut edge, overlap).await, Err(expected));
        assert_eq!(post(&bench, &mut edge, second).await.unwrap().mark.seq, 20);
        let older = parcel(&edge, 3, 7);
        assert_eq!(post(&bench, &mut edge, older).await.unwrap().mark.seq, 20, "older");
        let mut damaged = parcel(&edge, 21, 30);
        *damaged.last_mut().unwrap() ^= 1;
        let Err(Refusal::Parcel { problem }) = post(&bench, &mut edge, damaged).await else { panic!("damaged") };
        assert_eq!(problem.code, "parcel.damaged");
        assert_eq!(bench.at_hub(edge.id(), "change").await, edge.source.all(stream)[..20]);
        edge.reboot();
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
    });
}

#[test]
fn a_number_that_no_database_can_hold_is_refused_and_not_an_error() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.bring_all(&bench).await;
        let (turn, epoch) = (edge.uplink().turn(), edge.source.epoch());
        let owe = link::up::Owe { turn, epoch, stream: Stream::Data, first: 1, last: u64::MAX - 1, crc: 1 };
        let body = serde_json::to_vec(&link::up::site::Request::Owe(owe)).unwrap();
        let answer = edge.said(&bench, wire::REQUESTS, body).await.unwrap();
        assert!(matches!(answer, Answer::Refused(Refusal::Parcel { .. })), "{answer:?}");
    });
}

#[test]
fn many_edges_at_once_are_all_served_and_none_waits_for_another() {
    both(|bench| async move {
        let mut edges = Vec::new();
        for number in 1..=8 {
            let mut edge = bench.edge(number).await;
            fill(&mut edge, 20);
            edges.push(edge);
        }
        let bench = &bench;
        let all = edges.into_iter().map(async |mut edge| {
            edge.bring_all(bench).await;
            edge
        });
        for edge in futures_util::future::join_all(all).await {
            assert_same(bench, &edge).await;
        }
        let health = bench.json("/healthz").await;
        assert_eq!((&health["hub"]["edges"], &health["hub"]["connected"]), (&json!(8), &json!(8)));
        assert!(health["hub"]["parcel_bytes"].as_u64().unwrap() > 0);
        assert_eq!(bench.hub.state.staged_size().await.unwrap().0, health["hub"]["parcels"].as_u64().unwrap());
    });
}
