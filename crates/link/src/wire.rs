//! How the two halves speak over HTTP: paths, headers and the answers that are not part of a state machine.
//!
//! | request | signed | body | answer |
//! | --- | --- | --- | --- |
//! | `POST` [`ENROL`] | by its envelope | an [`Envelope`](crate::Envelope) around an [`Application`](crate::enrol::Application) | [`EnrolAnswer`] |
//! | `POST` [`REQUESTS`] | by its headers | a [`Request`](crate::up::site::Request) as JSON | an [`Answer`](crate::up::site::Answer) as JSON |
//! | `POST` [`PARCELS`]`?turn=N` | by its headers | the bytes of a [`Parcel`](crate::parcel::Parcel) | an [`Answer`](crate::up::site::Answer) as JSON |
//! | `GET` [`NUDGE`]`?seen=N` | by its headers | none | a [`Nudge`], at once when its number is not `seen`, else after [`NUDGE_WAIT`] at the latest |
//!
//! An answer of the two state machines comes with status 200, refusals as well: they are part of the conversation. Everything
//! before it (a stranger, a wrong signature, a wrong time) is a problem (RFC 9457) with a status of its own. Every answer, also
//! an error, carries the hub's time ([`HUB_TIME`]).

use std::time::Duration;

use domain::said::link as said;
use domain::{Id, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use crate::key::PublicKey;
use crate::request::Stamp;

/// A box asks to be an edge, or how that stands.
pub const ENROL: &str = "/api/v1/link/enrol";
/// Everything that is small: hello, begin, compare, owe.
pub const REQUESTS: &str = "/api/v1/link/requests";
/// Records.
pub const PARCELS: &str = "/api/v1/link/parcels";
/// Waits until there is something for the edge.
pub const NUDGE: &str = "/api/v1/link/nudge";

/// The media type of a parcel.
pub const PARCEL_TYPE: &str = "application/vnd.lastmile.parcel";

/// The hub's clock in µs since 1970 UTC, on every answer.
pub const HUB_TIME: &str = "lastmile-hub-time";
/// How many seconds the hub asks for quiet, beside an answer that says why (RFC 9110, section 10.2.3).
pub const RETRY_AFTER: &str = "retry-after";

const KEY: &str = "lastmile-key";
const TIME: &str = "lastmile-time";
const NONCE: &str = "lastmile-nonce";
const BODY: &str = "lastmile-body";
const SIGNATURE: &str = "lastmile-signature";

/// No JSON of this conversation is longer.
pub const MAX_JSON: usize = 1 << 20;
/// No parcel is longer as it travels: an unpacked body and its header.
pub const MAX_PARCEL: usize = crate::parcel::MAX_BODY + (64 << 10);
/// The hub answers a nudge after this time at the latest; proxies cut what is silent for a minute.
pub const NUDGE_WAIT: Duration = Duration::from_secs(45);

/// How an application stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a public key is kept ready to verify; there is one such answer at a time"
)]
pub enum EnrolAnswer {
    /// A person at the hub has to approve it. Both screens show the fingerprint.
    Waits {
        /// See [`crate::enrol::fingerprint`].
        fingerprint: String,
    },
    /// The box is this edge from now on.
    Is {
        /// Its id.
        edge: Id,
        /// Site and place it stands for.
        place: String,
        /// The hub's own key, which signs what comes down.
        hub: PublicKey,
        /// After this a person has to approve it again.
        expires: Timestamp,
    },
}

/// Whether there is something for an edge: a number that grows with every change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudge {
    /// To be said as `seen` in the next one.
    pub number: u64,
}

impl Stamp {
    /// As headers of a request.
    pub fn headers(&self) -> [(&'static str, String); 5] {
        [
            (KEY, self.key.to_string()),
            (TIME, self.time.micros().to_string()),
            (NONCE, hex::encode(self.nonce)),
            (BODY, self.body.to_string()),
            (SIGNATURE, self.signature.into()),
        ]
    }

    /// From the headers of a request; `header` gives the value of one.
    pub fn from_headers<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> Result<Self, Problem> {
        let needed =
            |name| header(name).ok_or_else(|| said::REQUEST_UNSIGNED.problem("request", [("header", name.into())]));
        let unreadable = |name: &str| said::REQUEST_HEADER.problem("request", [("header", name.into())]);
        let mut nonce = [0; 16];
        hex::decode_to_slice(needed(NONCE)?, &mut nonce).map_err(|_| unreadable(NONCE))?;
        Ok(Self {
            key: needed(KEY)?.into(),
            time: Timestamp::from_micros(needed(TIME)?.parse().map_err(|_| unreadable(TIME))?),
            nonce,
            body: needed(BODY)?.parse().map_err(|_| unreadable(BODY))?,
            signature: needed(SIGNATURE)?.to_owned().try_into().map_err(|_| unreadable(SIGNATURE))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PrivateKey;
    use crate::request::Target;

    fn stamp() -> Stamp {
        let target = Target { method: "POST", path: REQUESTS };
        Stamp::new(&PrivateKey::from_seed(&[3; 32]), target, b"{}", Timestamp::from_millis(5_000), [9; 16])
    }

    #[test]
    fn a_stamp_survives_its_headers() {
        let headers = stamp().headers();
        let find = |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(Stamp::from_headers(find), Ok(stamp()));
    }

    #[test]
    fn each_header_that_is_missing_or_unreadable_is_named() {
        let headers = stamp().headers();
        for (wanted, _) in &headers {
            let find = |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
            let missing = Stamp::from_headers(|name| find(name).filter(|_| name != *wanted)).unwrap_err();
            assert_eq!(missing.code, "request.unsigned", "{wanted}");
            if *wanted != KEY {
                let broken = Stamp::from_headers(|name| if name == *wanted { Some("?") } else { find(name) });
                assert_eq!(broken.unwrap_err().code, "request.header", "{wanted}");
            }
        }
    }
}
