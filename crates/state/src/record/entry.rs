//! One entry: who did what, where, from what to what, why, when.

use access::Authority;
use domain::{PlacePath, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The version of the layout; readers refuse others.
pub(crate) const VERSION: u32 = 1;

/// SHA-256 of an entry's bytes.
pub(crate) type Digest = [u8; 32];

/// The `prev` of the first entry.
pub(crate) const BEGINNING: Digest = [0; 32];

/// One entry of the record. Its canonical bytes are its compact JSON with the fields in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Layout version.
    pub v: u32,
    /// The edge or hub whose record this is.
    pub node: String,
    /// 1, 2, 3 …; the sequence of stream `change`.
    pub number: i64,
    /// SHA-256 of the entry before, hex; zeros for the first.
    pub prev: String,
    /// Reference of who did it: `account:…`, `terminal:…`, `box`. Never a name: a name can be erased, an entry can not.
    pub who: String,
    /// How that was proved.
    pub authority: Authority,
    /// The kind of act.
    pub act: String,
    /// Where.
    pub place: PlacePath,
    /// How it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<serde_json::Value>,
    /// How it is since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<serde_json::Value>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When, by the site's clock, µs since 1970 UTC. Order within a record is by number, not by this.
    pub at: Timestamp,
}

impl Entry {
    /// The bytes that are stored, hashed and exported: one line without its end.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry holds only texts, numbers and JSON values")
    }
}

/// SHA-256 over bytes as stored.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}
