//! What a Modbus server answers from.

use std::time::Duration;

use async_trait::async_trait;
use drivers::modbus::Table;

/// The tables of one or several units. Called from several connections at once. Reading answers at once; a write may
/// wait until whoever has to agree has agreed.
#[async_trait]
pub trait Registers: Send + Sync + 'static {
    /// Bits of a bit table. Either all of them or a refusal.
    fn read_bits(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<bool>, Refusal>;

    /// Words of a register table. Either all of them or a refusal.
    fn read_words(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal>;

    /// Writes coils: all of them or none.
    async fn write_bits(&self, unit: u8, start: u16, bits: &[bool]) -> Result<(), Refusal>;

    /// Writes holding registers: all of them or none.
    async fn write_words(&self, unit: u8, start: u16, words: &[u16]) -> Result<(), Refusal>;

    /// Changes single bits of a holding register in one go: `(old & and) | (or & !and)`.
    async fn mask_word(&self, unit: u8, at: u16, and: u16, or: u16) -> Result<(), Refusal>;

    /// Who the unit says it is; none for a unit that does not tell.
    fn identity(&self, unit: u8) -> Option<Identity>;

    /// How the unit behaves right now. Units that do not exist are silent.
    fn manner(&self, unit: u8) -> Manner;
}

/// How a unit treats a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers at once.
    Prompt,
    /// Answers after a while. Other requests on the same connection wait behind it, as in most devices.
    After(Duration),
    /// Never answers.
    Silent,
}

/// Why a unit refuses; the exception codes of the specification (V1.1b3 §7) that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 1: does not know the function.
    Function,
    /// 2: has no such address, or it cannot be written.
    Address,
    /// 3: a value or a count that it does not take.
    Value,
    /// 4: failed.
    Failure,
    /// 6: was asked too often; later it may work.
    Busy,
}

impl Refusal {
    /// On the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Function => 1,
            Self::Address => 2,
            Self::Value => 3,
            Self::Failure => 4,
            Self::Busy => 6,
        }
    }
}

/// The basic identification of a unit (function 43/14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who made it.
    pub vendor: String,
    /// Product code.
    pub product: String,
    /// Major and minor revision.
    pub version: String,
}
