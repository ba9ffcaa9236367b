//! Restores and copies: of the edge, of the hub, and two boxes with one key.

use link::up::site::Next;
use link::{PerStream, Stream};
use serde_json::json;
use state::Act;

use crate::bench::{both, once};
use crate::records::assert_same;

#[test]
fn an_edge_that_is_restored_goes_on_in_a_new_life_and_the_hub_keeps_both() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        for stream in Stream::ALL {
            edge.source.add(stream, 20, 1);
        }
        edge.bring_all(&bench).await;
        let backup = edge.source.clone();
        for stream in Stream::ALL {
            edge.source.add(stream, 10, 1);
        }
        edge.bring_all(&bench).await;
        let lost = edge.source.all(Stream::Change);
        // back to the backup, which says so
        edge.source = backup;
        let last = edge.source.last();
        edge.source.begin(77, &last);
        edge.reboot();
        for stream in Stream::ALL {
            edge.source.add(stream, 7, 2);
        }
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
        let lives = bench.lines(edge.id(), "change", "&lives=true").await;
        let of = |epoch: &str| lives.iter().filter(|line| line["epoch"] == epoch).count();
        assert_eq!((of("1001"), of("77")), (lost.len(), 7), "nothing that came is thrown away");
    });
}

#[test]
fn an_edge_that_is_restored_without_knowing_it_finds_where_it_parts_from_the_hub() {
    both(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.source.add(Stream::Change, 20, 1);
        edge.source.add(Stream::Data, 20, 1);
        let backup = edge.source.clone();
        edge.source.add(Stream::Change, 15, 1);
        edge.bring_all(&bench).await;
        edge.source = backup;
        edge.source.add(Stream::Change, 3, 2);
        edge.reboot();
        edge.bring_all(&bench).await;
        assert_ne!(edge.source.epoch(), 1001, "a new life");
        assert_same(&bench, &edge).await;
        let codes: Vec<String> = edge.uplink().problems().map(|problem| problem.code.clone()).collect();
        assert_eq!(codes, ["edge.restored"], "a person has to read that");
    });
}

#[test]
fn a_hub_that_is_restored_from_yesterday_is_brought_what_it_lacks() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        for stream in Stream::ALL {
            edge.source.add(stream, 20, 1);
        }
        edge.bring_all(&bench).await;
        let (bench, yesterday) = bench.copy().await;
        for stream in Stream::ALL {
            edge.source.add(stream, 20, 1);
        }
        edge.bring_all(&bench).await;
        let bench = bench.restart_from(yesterday).await;
        assert_eq!(bench.at_hub(edge.id(), "change").await.len(), 20);
        edge.source.add(Stream::Change, 1, 1);
        edge.bring_all(&bench).await;
        assert_same(&bench, &edge).await;
        let codes: Vec<String> = edge.uplink().problems().map(|problem| problem.code.clone()).collect();
        assert_eq!(codes, ["hub.went-back"]);
    });
}

#[test]
fn of_two_boxes_with_one_key_the_hub_takes_one_and_asks_a_person() {
    both(|bench| async move {
        let mut first = bench.edge(1).await;
        first.source.add(Stream::Change, 10, 1);
        first.bring_all(&bench).await;
        // the disk is copied, and both go on
        let mut second = first.cloned();
        let last = second.source.last();
        second.source.begin(2_002, &last);
        second.source.add(Stream::Change, 5, 2);
        second.bring_all(&bench).await;
        first.source.add(Stream::Change, 5, 1);
        first.steps(&bench, 40).await;
        let codes: Vec<String> = first.uplink().problems().map(|problem| problem.code.clone()).collect();
        assert_eq!(codes, ["edge.two-boxes"], "the box says so");
        let shown = bench.json("/api/v1/edges").await;
        let edge = &shown["edges"][0];
        assert_eq!(edge["problems"][0]["code"], "edge.two-boxes", "and the hub");
        let speaks: Vec<_> = edge["lives"].as_array().unwrap().iter().filter(|life| life["speaks"] == true).collect();
        assert_eq!(speaks, [&json!({"epoch": "1001", "closed": true, "speaks": true})]);
        assert_same(&bench, &second).await;
        // a person says that the first is the right one
        bench.act(Act::ChooseBox { edge: first.id(), epoch: 1_001 }).await;
        first.reboot();
        first.bring_all(&bench).await;
        assert_same(&bench, &first).await;
        second.source.add(Stream::Change, 1, 2);
        second.steps(&bench, 10).await;
        assert!(!second.uplink().is_running(), "now the other one is refused");
    });
}

#[test]
fn a_choice_while_the_edge_speaks_is_not_written_over() {
    once(|bench| async move {
        let mut edge = bench.edge(1).await;
        edge.source.add(Stream::Change, 10, 1);
        edge.bring_all(&bench).await;
        let last = edge.source.last();
        edge.source.begin(5, &last);
        edge.reboot();
        edge.bring_all(&bench).await;
        // the state machine asks for something, and meanwhile a person acts
        edge.source.add(Stream::Change, 1, 1);
        let tips = edge.source.tips();
        let next = edge.uplink().next(std::time::Duration::from_hours(1), &tips, true);
        assert!(matches!(next, Next::Read(..)), "{next:?}");
        bench.act(Act::ChooseBox { edge: edge.id(), epoch: 1_001 }).await;
        edge.reboot();
        edge.bring_all(&bench).await;
        let account = bench.hub.state.edge_account(edge.id()).await.unwrap().account;
        assert_eq!(account.allowed, Some(1_001), "what the person said is still there");
        assert_eq!(PerStream::of(|stream| account.present().unwrap().lines[stream].mark.seq).change, 11);
    });
}
