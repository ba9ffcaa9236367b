//! A box that speaks to the hub as an edge does: signs, is told the time, sends what the state machine says.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{Id, Timestamp};
use link::enrol::{Application, ClaimCode};
use link::key::{KeyId, PrivateKey};
use link::request::{HubTime, Stamp, Target};
use link::up::site::{Answer, Next, Settings, Uplink};
use link::wire::{self, EnrolAnswer};
use link::{PerStream, Stream};
use rand::Rng as _;
use serde_json::Value;

use crate::bench::Bench;
use crate::source::{Known, Source};

/// Where an edge speaks, and as whom.
pub(crate) struct Speaker {
    number: u64,
    pub(crate) key: PrivateKey,
    pub(crate) source: Source,
    pub(crate) edge: Option<Id>,
    /// How far the box's clock is from the hub's.
    pub(crate) clock_off: i64,
    pub(crate) hub_time: HubTime,
    uplink: Option<Uplink>,
    /// Time of the state machine; it passes when there is something to wait for.
    passed: Duration,
    /// Of the next parcels: whether the answer is lost on the way.
    pub(crate) lose_answers: VecDeque<bool>,
    pub(crate) settings: Settings,
    /// Codes of what the hub refused in the conversation.
    pub(crate) refused: Vec<String>,
}

/// What the hub answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) hub_time: Option<Timestamp>,
    pub(crate) retry_after: bool,
}

impl Answered {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

pub(crate) async fn answered(answer: reqwest::Response) -> Answered {
    let hub_time = answer.headers().get(wire::HUB_TIME).and_then(|time| time.to_str().ok()?.parse().ok());
    let retry_after = answer.headers().contains_key(wire::RETRY_AFTER);
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answered { status, body, hub_time: hub_time.map(Timestamp::from_micros), retry_after }
}

impl Speaker {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            number: u64::from(number),
            key: PrivateKey::from_seed(&[number; 32]),
            source: Source::new(1_000 + u64::from(number)),
            edge: None,
            clock_off: 0,
            hub_time: HubTime::default(),
            uplink: None,
            passed: Duration::ZERO,
            lose_answers: VecDeque::new(),
            settings: Settings { parcel_bytes: 400, owe_after: 50, ..Settings::default() },
            refused: Vec::new(),
        }
    }

    /// The same box once more: a copy of its disk, with its key.
    pub(crate) fn cloned(&self) -> Self {
        let mut copy = Self::new(0);
        copy.key = self.key.clone();
        copy.source = self.source.clone();
        copy.edge = self.edge;
        copy
    }

    pub(crate) fn key_id(&self) -> KeyId {
        self.key.public().id()
    }

    pub(crate) fn id(&self) -> Id {
        self.edge.unwrap()
    }

    /// Asks to be an edge, or how that stands.
    pub(crate) async fn apply(&mut self, bench: &Bench, code: Option<ClaimCode>) -> Result<EnrolAnswer, Answered> {
        let application = Application { key: self.key.public(), code, name: "box".to_owned() };
        let sealed = application.seal(&self.key);
        let answer = answered(bench.http.post(bench.url(wire::ENROL)).json(&sealed).send().await.unwrap()).await;
        if answer.status != 200 {
            return Err(answer);
        }
        let heard: EnrolAnswer = serde_json::from_value(answer.body).unwrap();
        if let EnrolAnswer::Is { edge, .. } = &heard {
            self.edge = Some(*edge);
        }
        Ok(heard)
    }

    pub(crate) fn stamp(&self, bench: &Bench, method: &str, path: &str, body: &[u8]) -> Stamp {
        let clock = Timestamp::from_micros(bench.now().micros() + self.clock_off);
        let nonce = rand::rng().random();
        Stamp::new(&self.key, Target { method, path }, body, self.hub_time.at(clock), nonce)
    }

    /// A signed request; when the hub says that its time is wrong, it is signed again, once.
    pub(crate) async fn send(&mut self, bench: &Bench, method: &str, path: &str, body: Vec<u8>) -> Answered {
        let stamp = self.stamp(bench, method, path, &body);
        let answer = send_stamped(bench, method, path, &stamp, body.clone()).await;
        if answer.code() != "request.wrong-time" {
            return answer;
        }
        let clock = Timestamp::from_micros(bench.now().micros() + self.clock_off);
        self.hub_time.heard(answer.hub_time.unwrap(), clock);
        let stamp = self.stamp(bench, method, path, &body);
        send_stamped(bench, method, path, &stamp, body).await
    }

    pub(crate) async fn said(&mut self, bench: &Bench, path: &str, body: Vec<u8>) -> Result<Answer, Answered> {
        let answer = self.send(bench, "POST", path, body).await;
        if answer.status != 200 {
            return Err(answer);
        }
        let answer: Answer = serde_json::from_value(answer.body).unwrap();
        if let Answer::Refused(refusal) = &answer {
            self.refused.push(refusal.problem("").code);
        }
        Ok(answer)
    }

    /// The program on the box starts again.
    pub(crate) fn reboot(&mut self) {
        self.uplink = None;
    }

    pub(crate) fn uplink(&mut self) -> &mut Uplink {
        let (settings, edge, lives) = (self.settings.clone(), self.id(), self.source.lives.clone());
        self.uplink.get_or_insert_with(|| Uplink::new(settings, edge, lives, PerStream::default()))
    }

    /// Speaks with the hub until everything is there, and nothing is owed; at most so many turns of the conversation.
    pub(crate) async fn bring_all(&mut self, bench: &Bench) {
        for _ in 0..2_000 {
            if self.step(bench).await {
                return;
            }
        }
        let problems: Vec<String> = self.uplink().problems().map(ToString::to_string).collect();
        panic!("it does not end; refused {:?}; {problems:?}", self.refused);
    }

    /// So many steps of the conversation.
    pub(crate) async fn steps(&mut self, bench: &Bench, count: usize) {
        for _ in 0..count {
            self.step(bench).await;
        }
    }

    /// One step; true when everything is there.
    async fn step(&mut self, bench: &Bench) -> bool {
        let (tips, now) = (self.source.tips(), self.passed);
        match self.uplink().next(now, &tips, true) {
            Next::Send(ticket, request) => {
                let body = serde_json::to_vec(&request).unwrap();
                match self.said(bench, wire::REQUESTS, body).await {
                    Ok(answer) => self.uplink().heard(ticket, answer, now, 0),
                    Err(_) => self.uplink().failed(ticket, now, 0),
                }
            }
            Next::Read(ticket, want) => {
                let slice = self.source.read(&want);
                let Some((ticket, parcel)) = self.uplink().fill(ticket, &slice, &Known) else { return false };
                let path = format!("{}?turn={}", wire::PARCELS, self.uplink().turn());
                let answer = self.said(bench, &path, parcel.encode(3)).await;
                let is_lost = self.lose_answers.pop_front().unwrap_or(false);
                match answer {
                    Ok(answer) if !is_lost => self.uplink().heard(ticket, answer, now, 0),
                    _ => self.uplink().failed(ticket, now, 0),
                }
            }
            Next::LookUp(ticket, stream, points) => {
                let crcs: Vec<Option<u32>> = points.iter().map(|point| self.source.crc(stream, *point)).collect();
                self.uplink().looked_up(ticket, &crcs);
            }
            Next::StartLife(same_until) => {
                let epoch = self.source.epoch() + 100 + self.number;
                self.source.begin(epoch, &same_until);
                let lives = self.source.lives.clone();
                self.uplink().started(lives);
            }
            Next::Wait(until) => {
                let lines = self.uplink().lines().clone();
                let is_there =
                    |stream: Stream| lines[stream].mark.seq == tips[stream].seq && lines[stream].owed.is_empty();
                if self.uplink().is_running() && Stream::ALL.into_iter().all(is_there) {
                    return true;
                }
                self.passed = until.unwrap_or(now).max(now + Duration::from_millis(1));
            }
        }
        false
    }
}

pub(crate) async fn send_stamped(bench: &Bench, method: &str, path: &str, stamp: &Stamp, body: Vec<u8>) -> Answered {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = bench.http.request(method, bench.url(path));
    for (name, value) in stamp.headers() {
        request = request.header(name, value);
    }
    answered(request.body(body).send().await.unwrap()).await
}
