//! Secrets: passwords (argon2id), tokens and one-time codes (random, stored as SHA-256).

use std::fmt;

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use domain::Problem;
use domain::said::act as said;
use rand::Rng as _;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::StateError;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever must hand it on: a cookie, a printed link.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(crate) const PASSWORD_MIN: usize = 10;
const PASSWORD_MAX: usize = 256;

/// Length only: NIST SP 800-63B §3.1.1.2 asks for length and against composition rules.
pub(crate) fn check_password(password: &Secret) -> Result<(), Problem> {
    let length = password.reveal().chars().count();
    if length < PASSWORD_MIN {
        let args = [("length", length.into()), ("least", PASSWORD_MIN.into())];
        return Err(said::PASSWORD_SHORT.problem("password", args));
    }
    if length > PASSWORD_MAX {
        return Err(said::PASSWORD_LONG.problem("password", [("length", length.into()), ("most", PASSWORD_MAX.into())]));
    }
    Ok(())
}

/// One hash at a time: each takes 19 MiB for a moment, and an edge is small.
static HASHING: Semaphore = Semaphore::const_new(1);

/// Runs on a blocking thread: a hash takes tens of milliseconds on purpose.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StateError> {
    let permit = HASHING.acquire().await.expect("the semaphore is never closed");
    let done = tokio::task::spawn_blocking(work).await;
    drop(permit);
    done.map_err(|_| StateError::stored("Hashing a password broke off."))
}

/// The PHC string of a password (argon2id with the recommended cost).
pub(crate) async fn hash_password(password: Secret) -> Result<String, StateError> {
    let hashed = blocking(move || {
        let salt: [u8; 16] = random_bytes();
        let salt = SaltString::encode_b64(&salt).map_err(|error| error.to_string())?;
        let hash =
            Argon2::default().hash_password(password.reveal().as_bytes(), &salt).map_err(|error| error.to_string())?;
        Ok::<String, String>(hash.to_string())
    });
    hashed.await?.map_err(StateError::stored)
}

/// Whether the password belongs to the PHC string. Without a string it takes as long and says no, so that nobody learns
/// which accounts exist.
pub(crate) async fn verify_password(password: Secret, hash: Option<String>) -> Result<bool, StateError> {
    /// Belongs to no password; only its cost matters.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let Ok(parsed) = PasswordHash::new(&hash) else { return false };
        Argon2::default().verify_password(password.reveal().as_bytes(), &parsed).is_ok() && known
    })
    .await
}

/// A new token: 256 random bits as hex.
pub(crate) fn new_token() -> String {
    hex::encode(random_bytes::<32>())
}

/// What is stored of a token. It has 256 random bits, so a plain hash is enough.
pub(crate) fn token_digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A code that people type: `K7QM-2XRD`, 40 bits, without letters that look alike. Only good behind a throttle.
pub(crate) fn new_typed_code() -> String {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut random = rand::rng();
    let letters: Vec<char> = (0..8).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect();
    let (left, right) = letters.split_at(4);
    format!("{}-{}", left.iter().collect::<String>(), right.iter().collect::<String>())
}

pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill(&mut bytes[..]);
    bytes
}
