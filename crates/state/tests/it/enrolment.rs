//! From a claim to an edge, and out again: boxes apply, people act.

use std::time::Duration;

use access::Actor;
use domain::Id;
use link::enrol::{Application, ClaimCode, Heard};
use link::key::{KeyId, PrivateKey};
use link::up::hub::Account;
use link::up::{Begin, Hello, Life};
use link::{PerStream, Stream};
use state::{Act, ActError, Intake, Outcome};

use crate::bench::{Bench, both};

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_seed(&[number; 32])
}

fn application(number: u8, code: Option<ClaimCode>) -> Application {
    Application { key: key(number).public(), code, name: format!("box-{number}") }
}

async fn claim(bench: &Bench, owner: &Actor) -> ClaimCode {
    let done = bench.act(owner, Act::Claim { place: "leipzig/line-2".parse().unwrap() }).await.unwrap();
    let Outcome::Claim(made) = done.outcome else { panic!("a code") };
    made.code
}

async fn apply(bench: &Bench, application: &Application) -> Result<Heard, String> {
    bench.state.hear_application(application, bench.now()).await.unwrap().map_err(|problem| problem.code)
}

/// Has a code and waits for a person, with the key it gives.
pub(crate) async fn waits(bench: &Bench, owner: &Actor, number: u8) -> KeyId {
    let code = claim(bench, owner).await;
    assert_eq!(apply(bench, &application(number, Some(code))).await, Ok(Heard::Waits));
    key(number).public().id()
}

/// Enrolled as the edge it gives.
pub(crate) async fn enrolled(bench: &Bench, owner: &Actor, number: u8) -> Id {
    let approve = Act::ApproveBox { key: waits(bench, owner, number).await };
    let Outcome::Edge(edge) = bench.act(owner, approve).await.unwrap().outcome else { panic!("an edge") };
    edge
}

/// The edge spoke: it has an account with two lives, and a copy of it spoke, too.
pub(crate) async fn two_boxes(bench: &Bench, edge: Id) {
    let mut account = Account::new(edge);
    let life = |epoch| Life { epoch, same_until: PerStream::of(|_: Stream| 0) };
    for (turn, lives) in [(1, vec![life(5)]), (2, vec![life(6), life(5)])] {
        let hello = Hello { edge, seen: turn - 1, lives: lives.clone(), tips: PerStream::default() };
        account.hello(&hello).unwrap();
        account.begin(&Begin { turn, lives }, |_, _, _| None).unwrap();
    }
    account.hello(&Hello { edge, seen: 2, lives: vec![life(5)], tips: PerStream::default() }).unwrap();
    assert_eq!(account.two_boxes, Some(5));
    let intake = Intake { account, based_on: 0, parcel: None, lost: Vec::new(), at: bench.now() };
    bench.state.take_in(&[intake]).await.unwrap();
}

#[test]
fn a_box_becomes_an_edge_by_a_code_and_a_person_and_the_record_says_who() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let entries = bench.kinds().await.len();
        let edge = enrolled(&bench, &owner, 1).await;
        assert_eq!(bench.kinds().await.split_off(entries), ["claim", "approve-box"], "an application is no act");
        let words = bench.newest_words().await;
        assert!(words.starts_with("anna let the box with the key ") && words.ends_with("leipzig/line-2"), "{words}");
        let bench = bench.reopen().await;
        assert_eq!(apply(&bench, &application(1, None)).await, Ok(Heard::Is(edge)));
        let enrolments = bench.state.enrolments().await.unwrap();
        let known = enrolments.speaker(&key(1).public().id(), bench.now()).unwrap();
        assert_eq!((known.edge, known.place.as_str()), (edge, "leipzig/line-2"));
        assert!(known.approved_by.starts_with("account:"), "no name in what is kept: {}", known.approved_by);
        assert!(enrolments.claims.is_empty() && enrolments.waiting.is_empty());
    });
}

#[test]
fn a_code_works_once_and_until_its_end_and_can_not_be_guessed() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let code = claim(&bench, &owner).await;
        apply(&bench, &application(1, Some(code))).await.unwrap();
        assert_eq!(apply(&bench, &application(2, Some(code))).await, Err("claim.wrong".into()));
        assert_eq!(apply(&bench, &application(1, None)).await, Ok(Heard::Waits), "asking again changes nothing");
        let late = claim(&bench, &owner).await;
        bench.pass(Duration::from_hours(8 * 24));
        assert_eq!(apply(&bench, &application(2, Some(late))).await, Err("claim.wrong".into()));
        let good = claim(&bench, &owner).await;
        for guess in 0..19 {
            let wrong = application(3, Some(ClaimCode::from_random(guess)));
            assert_eq!(apply(&bench, &wrong).await, Err("claim.wrong".into()));
        }
        assert_eq!(apply(&bench, &application(3, Some(good))).await, Err("claim.guessed".into()));
        bench.pass(Duration::from_mins(11));
        assert_eq!(apply(&bench, &application(3, Some(good))).await, Ok(Heard::Waits));
    });
}

#[test]
fn a_box_that_is_declined_is_gone_and_one_that_is_shut_out_never_comes_back() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let code = claim(&bench, &owner).await;
        apply(&bench, &application(1, Some(code))).await.unwrap();
        bench.act(&owner, Act::DeclineBox { key: key(1).public().id() }).await.unwrap();
        assert!(bench.state.enrolments().await.unwrap().waiting.is_empty());
        assert_eq!(apply(&bench, &application(1, None)).await, Err("claim.wrong".into()));
        enrolled(&bench, &owner, 2).await;
        let revoke = || Act::RevokeKey { key: key(2).public().id() };
        bench.act(&owner, revoke()).await.unwrap();
        let entries = bench.kinds().await.len();
        bench.act(&owner, revoke()).await.unwrap();
        assert_eq!(bench.kinds().await.len(), entries, "it was so already");
        let code = claim(&bench, &owner).await;
        assert_eq!(apply(&bench, &application(2, Some(code))).await, Err("edge.revoked".into()));
        let approve = bench.act(&owner, Act::ApproveBox { key: key(9).public().id() }).await;
        assert!(matches!(approve, Err(ActError::Missing(_))));
    });
}

#[test]
fn a_key_whose_time_is_over_asks_again_and_stays_the_same_edge() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let edge = enrolled(&bench, &owner, 1).await;
        bench.pass(Duration::from_hours(366 * 24));
        let speaker = bench.state.enrolments().await.unwrap().speaker(&key(1).public().id(), bench.now()).cloned();
        assert_eq!(speaker.unwrap_err().code, "edge.expired");
        assert_eq!(apply(&bench, &application(1, None)).await, Ok(Heard::Waits));
        let approve = Act::ApproveBox { key: key(1).public().id() };
        let Outcome::Edge(again) = bench.act(&owner, approve).await.unwrap().outcome else { panic!("an edge") };
        assert_eq!(again, edge);
        assert_eq!(apply(&bench, &application(1, None)).await, Ok(Heard::Is(edge)));
    });
}

#[test]
fn a_person_says_which_of_two_boxes_is_the_right_one() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let edge = enrolled(&bench, &owner, 1).await;
        let choose = |epoch| Act::ChooseBox { edge, epoch };
        assert!(matches!(bench.act(&owner, choose(5)).await, Err(ActError::Missing(_))), "it never spoke");
        two_boxes(&bench, edge).await;
        assert!(matches!(bench.act(&owner, choose(4)).await, Err(ActError::Missing(_))), "no such life");
        bench.act(&owner, choose(5)).await.unwrap();
        let account = bench.state.edge_account(edge).await.unwrap();
        assert_eq!((account.account.two_boxes, account.account.allowed, account.revision), (None, Some(5), 2));
    });
}
