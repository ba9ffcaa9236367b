//! What an edge accepts, what it keeps, and how items get there.

use domain::{Id, Timestamp};
use serde_json::{Map, Value, json};

use super::keep::{Keep, Keeps};
use super::proposal::{Decision, Proposal, Situation};
use super::reconcile::{Outcome, Reconcile, Step};
use super::site::{Accepted, Offer};
use super::{Content, Item, ItemName, Maker};
use crate::Digest;
use crate::envelope::Envelope;
use crate::key::PrivateKey;

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[1; 32])
}

fn edge() -> Id {
    Id::from_bytes([5; 16])
}

fn name(name: &str) -> ItemName {
    ItemName { kind: "deployment".to_owned(), name: name.to_owned() }
}

fn content(revision: u64) -> Vec<u8> {
    let item = Item { name: name("pump"), value: json!({ "revision": revision }) };
    serde_json::to_vec(&Content { items: vec![item], more: Map::new() }).unwrap()
}

fn maker(hub_epoch: u64) -> Maker {
    Maker { edge: edge(), hub_epoch, number: 0, head: None }
}

fn offer(accepted: &mut Accepted, head: &Envelope, content: &[u8]) -> Result<bool, String> {
    match accepted.offer(edge(), head, content, &key().public()) {
        Ok(Offer::New(after, _)) => {
            *accepted = after;
            Ok(true)
        }
        Ok(Offer::Same) => Ok(false),
        Err(problem) => Err(problem.code),
    }
}

#[test]
fn a_higher_number_wins_the_same_is_nothing_new_and_an_older_one_is_refused() {
    let (mut hub, mut site) = (maker(1), Accepted::default());
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|revision| hub.make(&content(revision), "eva", &key()));
    assert_eq!(offer(&mut site, &second, &content(2)), Ok(true), "the first may be missed");
    assert_eq!(offer(&mut site, &second, &content(2)), Ok(false));
    assert_eq!(offer(&mut site, &first, &content(1)), Err("desired.older".to_owned()));
    assert_eq!(offer(&mut site, &third, &content(9)), Err("desired.other-content".to_owned()));
    assert_eq!(offer(&mut site, &fourth, &content(4)), Ok(true));
    assert_eq!(site.number, 4);
}

#[test]
fn a_hub_that_was_restored_is_not_followed_until_a_person_agrees() {
    let (mut hub, mut site) = (maker(1), Accepted::default());
    let old = hub.clone();
    let first = hub.make(&content(1), "eva", &key());
    offer(&mut site, &first, &content(1)).unwrap();
    let mut unnoticed = old;
    let other = unnoticed.make(&content(7), "eva", &key());
    assert_eq!(offer(&mut site, &other, &content(7)), Err("desired.forked".to_owned()));
    let next = unnoticed.make(&content(8), "eva", &key());
    assert_eq!(offer(&mut site, &next, &content(8)), Err("desired.forked".to_owned()));
    let new = maker(2).make(&content(9), "eva", &key());
    assert_eq!(offer(&mut site, &new, &content(9)), Err("hub.new-life".to_owned()));
    site.agree(2);
    assert_eq!(offer(&mut site, &new, &content(9)), Ok(true));
}

#[test]
fn what_a_newer_hub_says_besides_is_kept() {
    let bytes = br#"{"items":[{"kind":"deployment","name":"x","value":{"new":1}}],"later":true}"#;
    let content: Content = serde_json::from_slice(bytes).unwrap();
    assert_eq!(serde_json::to_vec(&content).unwrap(), bytes);
}

fn kept(until: Option<i64>) -> Keep {
    let until = until.map(Timestamp::from_millis);
    let (who, why) = ("eva".to_owned(), "it shook".to_owned());
    Keep { what: name("pump"), from: json!(1), to: Value::Null, who, why, since: Timestamp::default(), until }
}

#[test]
fn a_kept_decision_outranks_newer_documents_until_it_is_released() {
    let (mut keeps, mut items) = (Keeps::default(), Reconcile::default());
    keeps.keep(kept(None)).unwrap();
    let now = Timestamp::from_millis(5);
    for revision in 1..4 {
        items.take(&serde_json::from_slice(&content(revision)).unwrap(), &keeps, now);
        assert_eq!(items.of(&name("pump")).unwrap().step, Step::Kept);
        assert_eq!(items.todo().count(), 0);
    }
    assert!(items.take(&Content::default(), &keeps, now).is_empty(), "not removed either");
    keeps.release(&name("pump")).unwrap();
    items.take(&serde_json::from_slice(&content(3)).unwrap(), &keeps, now);
    assert_eq!(items.todo().count(), 1);
}

#[test]
fn a_keep_with_an_end_ends() {
    let mut keeps = Keeps::default();
    keeps.keep(kept(Some(10))).unwrap();
    assert!(keeps.of(&name("pump"), Timestamp::from_millis(9)).is_some());
    assert!(keeps.of(&name("pump"), Timestamp::from_millis(10)).is_none());
    assert_eq!(keeps.take_ended(Timestamp::from_millis(10)).len(), 1);
}

#[test]
fn an_item_goes_step_by_step_and_an_outdated_outcome_changes_nothing() {
    let (keeps, mut items, now) = (Keeps::default(), Reconcile::default(), Timestamp::default());
    items.take(&serde_json::from_slice(&content(1)).unwrap(), &keeps, now);
    let pump = name("pump");
    let old = items.of(&pump).unwrap().wanted;
    assert!(items.ended(&pump, &old, &Step::Plan, Outcome::Done));
    items.take(&serde_json::from_slice(&content(2)).unwrap(), &keeps, now);
    assert!(!items.ended(&pump, &old, &Step::Stage, Outcome::Done), "that was about another revision");
    let wanted = items.of(&pump).unwrap().wanted;
    for step in [Step::Plan, Step::Stage] {
        assert!(items.ended(&pump, &wanted, &step, Outcome::Done));
    }
    items.started();
    assert_eq!(items.of(&pump).unwrap().step, Step::Plan, "a cut before the switch begins again");
    for step in [Step::Plan, Step::Stage, Step::Check, Step::Switch] {
        assert!(items.ended(&pump, &wanted, &step, Outcome::Done));
    }
    items.started();
    assert!(!items.ended(&pump, &wanted, &Step::Soak, Outcome::Done), "soaking ends with a proof only");
    let proof = Digest::of(b"running");
    assert!(items.ended(&pump, &wanted, &Step::Soak, Outcome::Proven(proof)));
    assert_eq!(items.of(&pump).unwrap().step, Step::Proof { proof });
}

#[test]
fn an_unknown_kind_is_refused_in_words_and_does_not_stop_the_others() {
    let bytes = br#"{"items":[{"kind":"robot","name":"x","value":1},{"kind":"deployment","name":"y","value":1}]}"#;
    let mut items = Reconcile::default();
    items.take(&serde_json::from_slice(bytes).unwrap(), &Keeps::default(), Timestamp::default());
    assert_eq!(items.todo().count(), 1);
    let said = serde_json::to_string(&items).unwrap();
    assert!(said.contains("desired.kind"), "{said}");
    assert_eq!(serde_json::from_str::<Reconcile>(&said).unwrap(), items);
}

#[test]
fn a_proposal_applies_by_itself_only_on_its_base_by_policy_and_under_no_enabled_output() {
    let head = Digest::of(b"head");
    let (who, why) = ("eva".to_owned(), String::new());
    let proposal = Proposal { id: edge(), edge: edge(), based_on: head, change: Value::Null, who, why };
    let good = Situation { head, may_apply: true, under_enabled_output: false };
    assert_eq!(proposal.decide(&good), Decision::Apply);
    let changed = Situation { head: Digest::of(b"other"), ..good };
    assert!(matches!(proposal.decide(&changed), Decision::Ask(problem) if problem.code == "proposal.old-base"));
    assert!(matches!(proposal.decide(&Situation { may_apply: false, ..good }), Decision::Ask(_)));
    assert!(matches!(proposal.decide(&Situation { under_enabled_output: true, ..good }), Decision::Stage(_)));
}
