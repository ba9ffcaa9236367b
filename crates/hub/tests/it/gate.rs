//! Who may speak: everything else is a problem with a status of its own, and every answer says the hub's time.

use std::time::Duration;

use link::up::site::Request;
use link::{Stream, wire};

use crate::bench::{Bench, once};
use crate::speaker::{Answered, Speaker, answered, send_stamped};

fn hello(edge: &Speaker) -> Vec<u8> {
    let hello =
        link::up::Hello { edge: edge.id(), seen: 0, lives: edge.source.lives.clone(), tips: edge.source.tips() };
    serde_json::to_vec(&Request::Hello(hello)).unwrap()
}

fn refused(bench: &Bench, answer: &Answered, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    let off = answer.hub_time.unwrap().since(bench.now()).max(bench.now().since(answer.hub_time.unwrap()));
    assert!(off < Duration::from_secs(1), "every answer says the hub's time");
    for part in ["place", "what"] {
        assert!(!answer.body[part].as_str().unwrap().is_empty(), "{part}: {answer:?}");
    }
}

#[test]
fn a_request_that_was_altered_on_the_way_is_not_heard() {
    once(|bench| async move {
        let edge = bench.edge(1).await;
        let (path, body) = (wire::REQUESTS, hello(&edge));
        let stamp = edge.stamp(&bench, "POST", path, &body);
        let answer = send_stamped(&bench, "POST", path, &stamp, b"{}".to_vec()).await;
        refused(&bench, &answer, 401, "request.other-body");
        let mut later = stamp.clone();
        later.time = later.time.plus(Duration::from_secs(1));
        refused(&bench, &send_stamped(&bench, "POST", path, &later, body.clone()).await, 401, "request.signature");
        let elsewhere = format!("{path}?turn=1");
        let answer = send_stamped(&bench, "POST", &elsewhere, &stamp, body.clone()).await;
        refused(&bench, &answer, 401, "request.signature");
        let answer = send_stamped(&bench, "POST", path, &stamp, body).await;
        assert_eq!(answer.status, 200, "none of them was counted as heard: {answer:?}");
    });
}

#[test]
fn a_request_that_is_recorded_and_sent_again_is_heard_once_also_after_a_restart() {
    once(|bench| async move {
        let edge = bench.edge(1).await;
        let (path, body) = (wire::REQUESTS, hello(&edge));
        let stamp = edge.stamp(&bench, "POST", path, &body);
        assert_eq!(send_stamped(&bench, "POST", path, &stamp, body.clone()).await.status, 200);
        refused(&bench, &send_stamped(&bench, "POST", path, &stamp, body.clone()).await, 409, "request.replayed");
        let bench = bench.restart().await;
        refused(&bench, &send_stamped(&bench, "POST", path, &stamp, body).await, 401, "request.wrong-time");
    });
}

#[test]
fn an_edge_with_a_wrong_clock_is_told_the_time_and_heard_at_the_next_try() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        // a board that starts in 1970
        edge.clock_off = -bench.now().micros();
        let (path, body) = (wire::REQUESTS, hello(&edge));
        let stamp = edge.stamp(&bench, "POST", path, &body);
        refused(&bench, &send_stamped(&bench, "POST", path, &stamp, body).await, 401, "request.wrong-time");
        edge.source.add(Stream::Change, 5, 1);
        edge.bring_all(&bench).await;
        crate::records::assert_same(&bench, &edge).await;
    });
}

#[test]
fn strangers_and_those_who_were_shut_out_or_whose_time_is_over_are_told_so() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        let body = hello(&edge);
        let mut stranger = edge.cloned();
        stranger.key = Speaker::new(9).key;
        let answer = stranger.send(&bench, "POST", wire::REQUESTS, body.clone()).await;
        refused(&bench, &answer, 403, "edge.stranger");
        bench.pass(Duration::from_hours(366 * 24));
        let answer = edge.send(&bench, "POST", wire::REQUESTS, body.clone()).await;
        refused(&bench, &answer, 403, "edge.expired");
        let other = bench.edge(2).await;
        bench.revoke(other.key_id()).await;
        let mut other = other;
        let theirs = hello(&other);
        refused(&bench, &other.send(&bench, "POST", wire::REQUESTS, theirs).await, 403, "edge.revoked");
        let metrics = bench.get("/metrics").await.1;
        for code in ["edge.stranger", "edge.expired", "edge.revoked"] {
            assert!(metrics.contains(&format!("lastmile_hub_refused_total{{code=\"{code}\"}} 1")), "{metrics}");
        }
    });
}

#[test]
fn one_edge_can_not_speak_for_another() {
    once(|bench| async move {
        let (mut one, other) = (bench.edge(1).await, bench.edge(2).await);
        let answer = one.said(&bench, wire::REQUESTS, hello(&other)).await.unwrap();
        let link::up::site::Answer::Refused(refusal) = answer else { panic!("{answer:?}") };
        assert_eq!(refusal, link::up::Refusal::OtherEdge);
    });
}

#[test]
fn what_is_not_signed_or_not_readable_is_a_problem_and_not_a_crash() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        let post = |path: &str| bench.http.post(bench.url(path));
        let answer = answered(post(wire::REQUESTS).body("{}").send().await.unwrap()).await;
        refused(&bench, &answer, 401, "request.unsigned");
        let answer = answered(post(wire::PARCELS).header("lastmile-key", "x").send().await.unwrap()).await;
        refused(&bench, &answer, 401, "request.unsigned");
        for body in [b"{}".to_vec(), b"\xff\xfe".to_vec(), Vec::new()] {
            refused(&bench, &edge.send(&bench, "POST", wire::REQUESTS, body).await, 400, "message.unreadable");
        }
        let answer = edge.send(&bench, "POST", wire::PARCELS, vec![1, 2, 3]).await;
        refused(&bench, &answer, 400, "message.unreadable");
        let answer = answered(post(wire::ENROL).body("{").send().await.unwrap()).await;
        refused(&bench, &answer, 400, "message.unreadable");
        let answer = answered(bench.http.get(bench.url("/api/v1/devices")).send().await.unwrap()).await;
        refused(&bench, &answer, 404, "role.not-here");
    });
}
