//! Signed control messages: a DSSE envelope (Dead Simple Signing Envelope 1.0.2). What is signed are the bytes as they are, with
//! their type, so nobody has to agree on a form of JSON, and a message of one type is never taken for another.

use base64::engine::general_purpose::STANDARD;
use domain::Problem;
use domain::said::link as said;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::key::{KeyId, PrivateKey, PublicKey, Signature};

/// No payload is longer.
pub const MAX_PAYLOAD: usize = 8 << 20;
/// Nobody needs more signatures.
pub const MAX_SIGNATURES: usize = 16;

/// Bytes with their type and signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What kind of message it is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The bytes, as base64.
    #[serde(with = "as_base64")]
    pub payload: Vec<u8>,
    /// By whom.
    pub signatures: Vec<Signed>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Whose key; a hint only.
    pub keyid: KeyId,
    /// Over [`pae`] of type and bytes.
    pub sig: Signature,
}

/// Pre-authentication encoding: what is really signed.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Around a message, not signed yet.
    pub fn of(payload_type: &str, message: &impl Serialize) -> Self {
        let payload = serde_json::to_vec(message).expect("messages are plain structs, which are always JSON");
        Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() }
    }

    /// With one more signature.
    #[must_use]
    pub fn signed(mut self, key: &PrivateKey) -> Self {
        let sig = key.sign(&pae(&self.payload_type, &self.payload));
        self.signatures.push(Signed { keyid: key.public().id(), sig });
        self
    }

    /// Which of these keys signed it. Each counts once.
    pub fn signers<'a>(&self, keys: impl IntoIterator<Item = &'a PublicKey>) -> Vec<KeyId> {
        let bytes = pae(&self.payload_type, &self.payload);
        let signatures = || self.signatures.iter().take(MAX_SIGNATURES);
        let signed = |key: &&PublicKey| {
            let id = key.id();
            signatures().any(|signed| signed.keyid == id && key.verifies(&bytes, &signed.sig))
        };
        let mut signers: Vec<KeyId> = keys.into_iter().filter(signed).map(PublicKey::id).collect();
        signers.sort();
        signers.dedup();
        signers
    }

    /// The message inside, if it is of this type and signed by this key.
    pub fn open<T: DeserializeOwned>(&self, payload_type: &str, key: &PublicKey, place: &str) -> Result<T, Problem> {
        if self.payload_type != payload_type {
            let args = [("kind", self.payload_type.as_str().into()), ("wanted", payload_type.into())];
            return Err(said::MESSAGE_KIND.problem(place, args));
        }
        if self.payload.len() > MAX_PAYLOAD {
            return Err(said::MESSAGE_TOO_LARGE.problem(place, [("most_bytes", (MAX_PAYLOAD as f64).into())]));
        }
        if self.signers([key]).is_empty() {
            return Err(said::MESSAGE_UNSIGNED.problem(place, [("key", key.id().to_string().into())]));
        }
        serde_json::from_slice(&self.payload)
            .map_err(|error| said::MESSAGE_UNREADABLE.problem(place, [("why", error.to_string().into())]))
    }
}

mod as_base64 {
    use base64::Engine as _;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::STANDARD;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> PrivateKey {
        PrivateKey::from_seed(&[number; 32])
    }

    #[test]
    fn the_bytes_that_are_signed_are_those_of_the_specification() {
        // DSSE protocol.md, test vector
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn only_the_right_key_over_the_right_type_opens_it() {
        let sealed = Envelope::of("a", &7).signed(&key(1));
        assert_eq!(sealed.open::<u8>("a", &key(1).public(), "x"), Ok(7));
        assert_eq!(sealed.open::<u8>("b", &key(1).public(), "x").unwrap_err().code, "message.kind");
        assert_eq!(sealed.open::<u8>("a", &key(2).public(), "x").unwrap_err().code, "message.unsigned");
        let renamed = Envelope { payload_type: "b".to_owned(), ..sealed.clone() };
        assert_eq!(renamed.open::<u8>("b", &key(1).public(), "x").unwrap_err().code, "message.unsigned");
        let altered = Envelope { payload: b"8".to_vec(), ..sealed };
        assert_eq!(altered.open::<u8>("a", &key(1).public(), "x").unwrap_err().code, "message.unsigned");
    }

    #[test]
    fn a_key_that_signs_twice_counts_once() {
        let sealed = Envelope::of("a", &7).signed(&key(1)).signed(&key(1)).signed(&key(2));
        let keys = [key(1).public(), key(2).public(), key(1).public(), key(3).public()];
        assert_eq!(sealed.signers(&keys).len(), 2);
    }
}
