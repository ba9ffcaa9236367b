//! Ids that machines use. People see place paths and names.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Timestamp;

/// A UUIDv7 (RFC 9562 §5.7): unique without asking anybody, and in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(uuid::Uuid);

impl Id {
    /// From a point in time and ten random bytes.
    pub fn new(at: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// Its sixteen bytes, as they stand in binary layouts.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// From its sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Where ids come from. Tests and simulations bring one that repeats itself.
pub trait IdSource: Send + Sync {
    /// A new id, never given before.
    fn new_id(&self, at: Timestamp) -> Id;
}
