//! The passphrase of a backup.

use std::fmt;

use domain::Problem;
use domain::said::backup as said;

/// Fewer characters are refused: whoever has the file may try at leisure.
const LEAST: usize = 12;
const MOST: usize = 1024;

/// A passphrase that may be used for a new backup. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// One for a new backup: 12 to 1024 characters.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let length = text.chars().count();
        if length < LEAST {
            let args = [("length", length.into()), ("least", LEAST.into())];
            return Err(said::PASSPHRASE_SHORT.problem("passphrase", args));
        }
        if length > MOST {
            let args = [("length", length.into()), ("most", MOST.into())];
            return Err(said::PASSPHRASE_LONG.problem("passphrase", args));
        }
        Ok(Self(text.to_owned()))
    }

    /// One that is only tried on a file that is there: whatever somebody typed.
    pub fn to_try(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}
