//! What comes down: documents and asks over a network that loses, doubles and reorders, to an edge that crashes between any two
//! steps, from a hub that is restored from backups, while people at the site decide otherwise.

use std::collections::HashSet;

use domain::{Id, Timestamp};
use link::Digest;
use link::ask::{AskAnswer, Asked, Asking, Todo, Wish};
use link::desired::keep::{Keep, Keeps};
use link::desired::reconcile::{Outcome, Reconcile, Step};
use link::desired::site::{Accepted, Offer};
use link::desired::{Content, Item, ItemName, Maker};
use link::envelope::Envelope;
use link::key::PrivateKey;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

/// What is on the edge's disk. Each change of it is one transaction.
#[derive(Clone, Default)]
struct Site {
    accepted: Accepted,
    items: Reconcile,
    keeps: Keeps,
    asked: Asked,
    answers: Vec<AskAnswer>,
}

#[derive(Clone)]
struct Hub {
    maker: Maker,
    asking: Asking,
}

enum Message {
    Document(Envelope, Vec<u8>),
    Ask(Envelope),
}

struct World {
    rng: StdRng,
    now: i64,
    hub: Hub,
    site: Site,
    backups: Vec<Hub>,
    /// Everything that was ever sent; a network may bring any of it at any time.
    sent: Vec<Message>,
    /// Hub's life and number of each ask that was done.
    done: HashSet<(u64, Digest)>,
    runs: Option<Value>,
}

fn edge() -> Id {
    Id::from_bytes([4; 16])
}

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[3; 32])
}

fn pump() -> ItemName {
    ItemName { kind: "deployment".to_owned(), name: "pump".to_owned() }
}

impl World {
    fn new(seed: u64) -> Self {
        let maker = Maker { edge: edge(), hub_epoch: 1, number: 0, head: None };
        let hub = Hub { maker, asking: Asking::new(edge(), 1) };
        Self {
            rng: StdRng::seed_from_u64(seed),
            now: 0,
            hub,
            site: Site::default(),
            backups: Vec::new(),
            sent: Vec::new(),
            done: HashSet::new(),
            runs: None,
        }
    }

    fn step(&mut self) {
        self.now += self.rng.random_range(0..50);
        match self.rng.random_range(0..100) {
            0..15 => self.publish(),
            15..30 => {
                let expires = Timestamp::from_millis(self.now + self.rng.random_range(0..500));
                let wish = Wish { act: json!(self.now), person: "eva".to_owned(), proof: None, expires };
                self.hub.asking.ask(wish, &key()).unwrap();
            }
            30..60 => self.bring(),
            60..80 => self.reconcile(),
            80..84 => self.keep(),
            84..88 => drop(self.site.keeps.release(&pump()).map(|_| self.site.items.kept(&pump(), false))),
            88..92 => self.site.items.started(),
            92..94 => self.backups.push(self.hub.clone()),
            94..96 => self.restore(),
            _ => self.answer(),
        }
        self.sent.extend(self.hub.asking.after(0).take(3).cloned().map(Message::Ask));
        if self.sent.len() > 200 {
            self.sent.drain(..100);
        }
    }

    fn publish(&mut self) {
        let item = Item { name: pump(), value: json!({ "revision": self.now }) };
        let content = serde_json::to_vec(&Content { items: vec![item], more: Map::new() }).unwrap();
        let head = self.hub.maker.make(&content, "eva", &key());
        self.sent.push(Message::Document(head, content));
    }

    fn bring(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let at = self.rng.random_range(0..self.sent.len());
        let crashes = self.rng.random_bool(0.1);
        let (accepted, asked) = (&self.site.accepted, &self.site.asked);
        match &self.sent[at] {
            Message::Document(head, content) => {
                let Ok(Offer::New(after, content)) = accepted.offer(edge(), head, content, &key().public()) else {
                    return;
                };
                if crashes {
                    return;
                }
                assert!(after.number > accepted.number, "a document that is not newer was accepted");
                assert!(
                    accepted.hub_epoch.is_none_or(|epoch| Some(epoch) == after.hub_epoch),
                    "a new life without a person"
                );
                self.site.accepted = after;
                self.site.items.take(&content, &self.site.keeps, Timestamp::from_millis(self.now));
            }
            Message::Ask(envelope) => {
                let agreed = accepted.hub_epoch;
                let now = Timestamp::from_millis(self.now);
                let Ok(todo) = asked.take(edge(), envelope, &key().public(), agreed, now) else { return };
                let (after, refused) = match todo {
                    Todo::Done => return,
                    Todo::Do(after, ask) => {
                        assert!(now <= ask.expires, "an expired ask was done");
                        (after, None)
                    }
                    Todo::Decline(after, answer) => (after, answer.refused),
                };
                if crashes {
                    return;
                }
                let done = (agreed.unwrap(), Digest::of(&envelope.payload));
                assert!(self.done.insert(done), "an ask was answered twice");
                self.site.answers.push(AskAnswer { hub_epoch: agreed.unwrap(), seq: after.seq, refused });
                self.site.asked = after;
            }
        }
    }

    fn reconcile(&mut self) {
        let Some((name, status)) = self.site.items.todo().next().map(|(name, status)| (name.clone(), status.clone()))
        else {
            return;
        };
        let outcome = if status.step == Step::Soak { Outcome::Proven(status.wanted) } else { Outcome::Done };
        if status.step == Step::Switch {
            let kept = self.site.keeps.of(&name, Timestamp::from_millis(self.now));
            assert!(kept.is_none(), "a kept decision was overwritten");
            self.runs = Some(json!(status.wanted));
        }
        assert!(self.site.items.ended(&name, &status.wanted, &status.step, outcome));
    }

    fn keep(&mut self) {
        let (from, to) = (self.runs.clone().unwrap_or_default(), json!("off"));
        let (who, why, since) = ("tom".to_owned(), "it shook".to_owned(), Timestamp::from_millis(self.now));
        self.site.keeps.keep(Keep { what: pump(), from, to, who, why, since, until: None }).unwrap();
        self.site.items.kept(&pump(), true);
    }

    /// From a backup: in a new life that a person at the site agrees to, or without anybody noticing.
    fn restore(&mut self) {
        let Some(backup) = self.backups.pop() else { return };
        self.hub = backup;
        if self.rng.random_bool(0.5) {
            let epoch = self.rng.random();
            self.hub = Hub {
                maker: Maker { edge: edge(), hub_epoch: epoch, number: 0, head: None },
                asking: Asking::new(edge(), epoch),
            };
            self.backups.clear();
            self.site.accepted.agree(epoch);
            self.site.asked = Asked::default();
        }
    }

    fn answer(&mut self) {
        for answer in std::mem::take(&mut self.site.answers) {
            if let Err(problem) = self.hub.asking.answered(&answer) {
                assert_eq!(problem.code, "hub.went-back");
            }
        }
    }
}

#[test]
fn no_old_document_is_taken_no_ask_is_done_twice_and_what_is_kept_stays() {
    let mut steps = 0;
    for seed in 0..60 {
        let mut world = World::new(seed);
        for _ in 0..300 {
            world.step();
        }
        steps += world.site.asked.seq + world.site.accepted.number;
    }
    assert!(steps > 300, "hardly anything happened: {steps}");
}
