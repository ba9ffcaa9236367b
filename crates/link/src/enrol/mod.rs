//! Enrolment: how a box becomes an edge of a hub.
//!
//! The key is made on the box and never leaves it. A person at the hub makes a claim for a place; its code of eight characters is
//! typed at the box; the box asks with it; the person compares the fingerprint of the key and approves. When a key's time is over,
//! the box asks again with that key, and a person approves again. A revoked key is never heard any more.

mod code;
mod hub;

#[cfg(test)]
mod tests;

pub use self::code::ClaimCode;
pub use self::hub::{Claim, Enrolled, Enrolments, Heard, MOST_WAITING, Waiting};

use domain::Problem;
use domain::said::link as said;
use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::key::{PrivateKey, PublicKey};

/// The type of an application's envelope.
pub const APPLY: &str = "application/vnd.lastmile.enrol+json";

/// What a box asks with, signed by its key: so it has the key, and did not only see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The box's public key.
    pub key: PublicKey,
    /// The code that was typed; none for a box that was enrolled before.
    pub code: Option<ClaimCode>,
    /// What the box calls itself, for the person who approves.
    pub name: String,
}

impl Application {
    /// Sealed by the box's key.
    pub fn seal(&self, key: &PrivateKey) -> Envelope {
        Envelope::of(APPLY, self).signed(key)
    }

    /// Opened at the hub: the key inside must be the one that signed.
    pub fn open(envelope: &Envelope) -> Result<Self, Problem> {
        let place = "enrolment";
        let claimed: Self = serde_json::from_slice(&envelope.payload)
            .map_err(|error| said::MESSAGE_UNREADABLE.problem(place, [("why", error.to_string().into())]))?;
        envelope.open(APPLY, &claimed.key.clone(), place)
    }
}

/// What a person compares on both screens: four groups of four hex digits of the key's id.
pub fn fingerprint(key: &PublicKey) -> String {
    let id = key.id().to_string();
    let groups: Vec<&str> = (0..4).filter_map(|group| id.get(group * 4..group * 4 + 4)).collect();
    groups.join(" ")
}
