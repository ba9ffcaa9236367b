//! Signed requests: who sent this, unaltered and for the first time. It holds under a proxy that opens TLS.
//!
//! Signed is a text of seven lines, each ended by a line feed: `lastmile-request-1`, method, path with query, key id, time in µs,
//! nonce in hex, digest of the body. The time is the hub's, as the edge believes it: an edge with a wrong clock is told the
//! hub's time, keeps the difference, and signs again. Nobody sets a clock.

mod replay;

#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::said::link as said;
use domain::{Problem, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::replay::Replays;
use crate::Digest;
use crate::key::{KeyId, PrivateKey, PublicKey, Signature};

/// How far the time of a request may be from the hub's clock.
pub const WINDOW: Duration = Duration::from_mins(5);

/// What travels beside a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Whose key.
    pub key: KeyId,
    /// When, by the hub's clock as far as the edge knows.
    pub time: Timestamp,
    /// 16 random bytes.
    #[serde(with = "hex::serde")]
    pub nonce: [u8; 16],
    /// SHA-256 of the body.
    pub body: Digest,
    /// Over all of it.
    pub signature: Signature,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Path and query, as they are sent.
    pub path: &'a str,
}

impl Stamp {
    /// Of a request by this key. `nonce` are 16 random bytes, never used before.
    pub fn new(key: &PrivateKey, target: Target<'_>, body: &[u8], time: Timestamp, nonce: [u8; 16]) -> Self {
        let id = key.public().id();
        let body = Digest::of(body);
        let signature = key.sign(&text(target, &id, time, &nonce, &body));
        Self { key: id, time, nonce, body, signature }
    }

    /// Whether this key signed this request with this body. Says nothing about its time.
    pub fn check(&self, key: &PublicKey, target: Target<'_>, body: &[u8]) -> Result<(), Problem> {
        let place = || format!("key {}", self.key);
        if Digest::of(body) != self.body {
            return Err(said::REQUEST_BODY.problem(place(), []));
        }
        let signed = text(target, &self.key, self.time, &self.nonce, &self.body);
        if key.id() == self.key && key.verifies(&signed, &self.signature) {
            Ok(())
        } else {
            Err(said::REQUEST_SIGNATURE.problem(place(), []))
        }
    }
}

fn text(target: Target<'_>, key: &KeyId, time: Timestamp, nonce: &[u8; 16], body: &Digest) -> Vec<u8> {
    let Target { method, path } = target;
    let (time, nonce) = (time.micros(), hex::encode(nonce));
    format!("lastmile-request-1\n{method}\n{path}\n{key}\n{time}\n{nonce}\n{body}\n").into_bytes()
}

/// What an edge knows of the hub's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubTime {
    /// Hub minus edge, in µs, as it was seen last; none before the first answer.
    pub offset_us: Option<i64>,
}

impl HubTime {
    /// The hub's time when the edge's clock shows `now`.
    pub fn at(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.micros().saturating_add(self.offset_us.unwrap_or(0)))
    }

    /// An answer came that says the hub's time. Half of the way back is part of the difference; nobody needs it better.
    pub fn heard(&mut self, hub: Timestamp, now: Timestamp) {
        self.offset_us = Some(hub.micros().saturating_sub(now.micros()));
    }
}
