//! The contract of every protocol: connect, read a prepared group, write one value, say who is there, close.
//!
//! A bad address is a reading of bad quality. A lost link is a [`DriverError`] that says what failed and whether to
//! reconnect. There is no schedule, no cache, no scaling, no storing and no retry across calls in here.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Problem, Quality, Said, Timestamp, Value, ValueType};
use serde::Serialize;

use crate::error::DriverError;
use crate::modbus;

/// One connection to a machine, a gateway or a serial port, with one or more units behind it.
///
/// One task owns it. Dropping the future of a call half-way is survived, but costs the connection: the driver
/// cannot know what is still on its way, so it drops the link (on a serial line: drains it) before the next request.
/// Callers therefore never wrap these calls into a time-out or a `select!`; every call ends by itself.
#[async_trait]
pub trait Driver: Send {
    /// Opens the link, within `deadline`. An open link is closed first.
    async fn connect(&mut self, deadline: Duration) -> Result<(), DriverError>;

    /// Whether a link is open. False after an error that says [`DriverError::reconnect`].
    fn is_connected(&self) -> bool;

    /// Reads a whole group: one reading per address, in the order the addresses were given to the plan.
    ///
    /// Takes at most one time-out, whatever the size of the group. The group learns from refusals (which block the
    /// device does not give, which address does not exist), hence `&mut`.
    async fn read(&mut self, group: &mut ReadGroup) -> Result<Vec<Reading>, DriverError>;

    /// Writes one value, waiting at most `timeout` for the answer. It does not read back.
    ///
    /// Only `edge/pipeline/write.rs` and `commission/write.rs` may call this.
    async fn write(
        &mut self,
        unit: Unit,
        address: &Address,
        value: &Value,
        timeout: Duration,
    ) -> Result<(), DriverError>;

    /// Asks a unit who it is, waiting at most `timeout` for each answer. Fields that it does not tell are none.
    async fn identify(&mut self, unit: Unit, timeout: Duration) -> Result<Identity, DriverError>;

    /// Closes the link in good order. Closing twice is fine.
    async fn close(&mut self);
}

/// Which of several devices behind one connection. Protocols without such a number use 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Unit(pub u8);

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One answer for one address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The raw value as the device has it, unscaled; none goes with a bad quality.
    pub value: Option<Value>,
    /// How far to trust it.
    pub quality: Quality,
    /// When the device says it was true, if the protocol carries that.
    pub source: Option<Timestamp>,
}

impl Reading {
    /// A good value without a time of its own.
    pub fn good(value: Value) -> Self {
        Self { value: Some(value), quality: Quality::GOOD, source: None }
    }

    /// No value, and why.
    pub fn bad(quality: Quality) -> Self {
        Self { value: None, quality, source: None }
    }
}

/// An address that has been understood. Which protocol it belongs to follows from the URL that read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A coil, a register or several of them.
    Modbus(modbus::Address),
}

impl Address {
    /// The type of the values read there.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Modbus(address) => address.value_type(),
        }
    }

    /// The type in the field's own words: `float32 cdab`, `bit 3`.
    pub fn type_name(&self) -> String {
        match self {
            Self::Modbus(address) => address.type_name(),
        }
    }

    /// Whether the protocol can write there at all (an input register, for one, cannot be written).
    pub fn writable(&self) -> bool {
        match self {
            Self::Modbus(address) => address.table.writable(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Modbus(address) => address.fmt(f),
        }
    }
}

/// What a device can take. Part of a plan, because it decides how addresses become requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long to wait for one answer.
    pub timeout: Duration,
    /// How long to leave the device alone between two requests.
    pub pause: Duration,
    /// Most registers in one request; bits are 16 times as many. The protocol's own limit holds as well.
    pub max_block: u16,
    /// How many addresses nobody asked for a block may span; 0 reads exactly what was asked for.
    pub holes: u16,
}

impl Limits {
    /// How wide a hole may be when holes are allowed and nothing more is said.
    pub const HOLES: u16 = 32;

    /// The longer of the configured pause and what the budget of requests per second asks for.
    #[must_use]
    pub fn with_requests_per_second(mut self, requests_per_second: f64) -> Self {
        if requests_per_second.is_finite() && requests_per_second > 0.0 {
            self.pause = self.pause.max(Duration::from_secs_f64((1.0 / requests_per_second).min(60.0)));
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(1), pause: Duration::ZERO, max_block: u16::MAX, holes: 0 }
    }
}

/// A prepared reading of many addresses of one unit; made by [`crate::DeviceUrl::plan`].
#[derive(Clone, Debug)]
pub enum ReadGroup {
    /// Blocks of coils and registers.
    Modbus(modbus::ReadPlan),
}

impl ReadGroup {
    /// How many readings come back.
    pub fn len(&self) -> usize {
        match self {
            Self::Modbus(plan) => plan.len(),
        }
    }

    /// Nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose addresses.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Modbus(plan) => plan.unit(),
        }
    }

    /// Its addresses in their order; none for one that was not understood.
    pub fn addresses(&self) -> Vec<Option<Address>> {
        match self {
            Self::Modbus(plan) => (0..plan.len()).map(|at| plan.item(at).copied().map(Address::Modbus)).collect(),
        }
    }

    /// The requests of one reading as they are at present, in the order they are sent.
    pub fn blocks(&self) -> Vec<RequestWords> {
        match self {
            Self::Modbus(plan) => plan.blocks().iter().map(modbus::Block::in_words).collect(),
        }
    }
}

/// One request of a group, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestWords {
    /// As engineers write it: `holding 0 to 24 (function 3, 25 registers)`.
    pub words: Said,
    /// The addresses it brings, by their positions in the group.
    pub brings: Vec<usize>,
}

/// A plan and what is wrong with some of its addresses. A wrong address reads as bad; the others work.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Reads every address that was understood; the wrong ones keep their places with bad quality.
    pub group: ReadGroup,
    /// The addresses as understood, in the order given; none for a wrong one.
    pub addresses: Vec<Option<Address>>,
    /// All wrong addresses.
    pub problems: Vec<AddressProblem>,
}

/// What is wrong with one address of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressProblem {
    /// Its position in the list.
    pub index: usize,
    /// In words.
    pub problem: Problem,
}

/// Who is there, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Who made it.
    pub vendor: Option<String>,
    /// The maker's order code or product name.
    pub product: Option<String>,
    /// Version of its program or firmware.
    pub version: Option<String>,
    /// What it calls itself.
    pub name: Option<String>,
}

impl Identity {
    /// It told nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
