//! Done once, in order, in time.

use domain::{Id, Timestamp};
use serde_json::json;

use super::{AskAnswer, Asked, Asking, Todo, Wish};
use crate::envelope::Envelope;
use crate::key::PrivateKey;

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[1; 32])
}

fn edge() -> Id {
    Id::from_bytes([5; 16])
}

fn wish(what: u64, expires: i64) -> Wish {
    Wish {
        act: json!({ "acknowledge": what }),
        person: "eva".to_owned(),
        proof: None,
        expires: Timestamp::from_millis(expires),
    }
}

fn take(asked: &Asked, envelope: &Envelope, now: i64) -> Result<Todo, String> {
    let taken = asked.take(edge(), envelope, &key().public(), Some(1), Timestamp::from_millis(now));
    taken.map_err(|problem| problem.code)
}

#[test]
fn an_ask_is_done_once_and_in_order() {
    let mut hub = Asking::new(edge(), 1);
    for what in 1..=3 {
        hub.ask(wish(what, 100), &key()).unwrap();
    }
    let asks: Vec<Envelope> = hub.after(0).cloned().collect();
    let mut asked = Asked::default();
    assert_eq!(take(&asked, &asks[1], 0), Err("ask.gap".to_owned()));
    for envelope in &asks {
        let Ok(Todo::Do(after, _)) = take(&asked, envelope, 0) else { panic!("not done") };
        asked = after;
        assert_eq!(take(&asked, envelope, 0), Ok(Todo::Done));
    }
    assert_eq!(take(&asked, &asks[0], 0), Ok(Todo::Done));
    hub.answered(&AskAnswer { hub_epoch: 1, seq: 2, refused: None }).unwrap();
    assert_eq!(hub.after(0).count(), 1);
}

#[test]
fn what_comes_too_late_is_declined_and_the_next_is_done() {
    let mut hub = Asking::new(edge(), 1);
    hub.ask(wish(1, 100), &key()).unwrap();
    hub.ask(wish(2, 900), &key()).unwrap();
    let asks: Vec<Envelope> = hub.after(0).cloned().collect();
    let Ok(Todo::Decline(asked, answer)) = take(&Asked::default(), &asks[0], 101) else { panic!("not declined") };
    assert_eq!(answer.refused.unwrap().code, "ask.expired");
    assert!(matches!(take(&asked, &asks[1], 101), Ok(Todo::Do(..))));
}

#[test]
fn a_restored_hub_is_noticed_by_both() {
    let mut hub = Asking::new(edge(), 1);
    let mut restored = hub.clone();
    hub.ask(wish(1, 100), &key()).unwrap();
    let Ok(Todo::Do(asked, _)) = take(&Asked::default(), hub.after(0).next().unwrap(), 0) else { panic!("not done") };
    let answer = AskAnswer { hub_epoch: 1, seq: 1, refused: None };
    assert_eq!(restored.answered(&answer).unwrap_err().code, "hub.went-back");
    restored.ask(wish(9, 100), &key()).unwrap();
    assert_eq!(take(&asked, restored.after(0).next().unwrap(), 0), Err("ask.forked".to_owned()));
    let mut new = Asking::new(edge(), 2);
    new.ask(wish(1, 100), &key()).unwrap();
    assert_eq!(take(&asked, new.after(0).next().unwrap(), 0), Err("hub.new-life".to_owned()));
}
