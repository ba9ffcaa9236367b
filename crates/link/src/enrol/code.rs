//! The code of a claim: eight characters that can be read out on the phone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Crockford's base 32: no I, L, O, U, so nothing is taken for 1, 0 or V.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// Eight characters, 40 bits: `K7QF-2M9X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimCode([u8; LENGTH]);

impl ClaimCode {
    /// From at least 40 random bits; the lowest ones are taken.
    pub fn from_random(mut random: u64) -> Self {
        let mut code = [0; LENGTH];
        for place in &mut code {
            *place = ALPHABET[usize::try_from(random % 32).unwrap_or(0)];
            random /= 32;
        }
        Self(code)
    }
}

impl fmt::Display for ClaimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, character) in self.0.iter().enumerate() {
            if place == LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*character))?;
        }
        Ok(())
    }
}

impl FromStr for ClaimCode {
    type Err = String;

    /// Small letters, spaces and dashes do not matter; O is 0, I and L are 1.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut code = [0; LENGTH];
        let mut typed = text.bytes().filter(|byte| !b" -".contains(byte)).map(|byte| match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        });
        for place in &mut code {
            *place =
                typed.next().filter(|byte| ALPHABET.contains(byte)).ok_or("a code has eight letters and digits")?;
        }
        if typed.next().is_some() { Err("a code has eight letters and digits".to_owned()) } else { Ok(Self(code)) }
    }
}

impl TryFrom<String> for ClaimCode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ClaimCode> for String {
    fn from(code: ClaimCode) -> Self {
        code.to_string()
    }
}
