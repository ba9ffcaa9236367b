//! How the scans of one group are written small: for each series which whole numbers stand for its values, and in how many
//! bits. Learned by the writer from what a series did lately, told in the stream as a record of its own before the first scan
//! that needs it, and again in every file of the log.
//!
//! ```text
//! group varint | number varint | count varint, of series | each: steps u8, bits u8, base zigzag, [parameters, f64 each]
//! steps 0 none  1 yes or no  2 i64  3 u64  4 n / a  5 n * a + b  6 the same rounded to single precision
//!       7 the bits of a single in the order of its values  8 the same of a double
//! ```

use super::wire::{Reader, put_varint, put_zigzag};
use super::{LinearScale, RecordError};
use crate::{Finite, GroupId, Value};

/// No number takes more bits.
pub const MAX_BITS: u8 = 56;
/// Beyond it doubles do not count in ones any more, and rounding by [`ROUND`] fails.
const MAX_COUNT: f64 = (1u64 << 50) as f64;
/// Adding and taking away 1.5 * 2^52 rounds to the next whole number, ties to even (IEEE 754, round to nearest).
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Which value a whole number `n` stands for, always to the last bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// For none: every value is told in full.
    None,
    /// 0 no, 1 yes.
    Bool,
    /// Itself.
    I64,
    /// Itself, its 64 bits.
    U64,
    /// `n / a`: decimals.
    Over(f64),
    /// `n * factor + offset`.
    Linear(LinearScale),
    /// The same, rounded to single precision.
    Single(LinearScale),
    /// The n-th single-precision number, counted from zero: neighbours are neighbours.
    SingleBits,
    /// The n-th double-precision number.
    DoubleBits,
}

impl Steps {
    /// The number that stands for exactly this value.
    pub fn number(&self, value: &Value) -> Option<i64> {
        match (self, value) {
            (Self::Bool, Value::Bool(value)) => Some(i64::from(*value)),
            (Self::I64, Value::I64(value)) => Some(*value),
            (Self::U64, Value::U64(value)) => Some(value.cast_signed()),
            (_, Value::F64(number)) => self.number_of(number.get()),
            _ => None,
        }
    }

    #[inline]
    fn number_of(&self, number: f64) -> Option<i64> {
        match self {
            Self::Over(by) => checked(number, number * by, |n| n / by),
            Self::Linear(scale) => {
                checked(number, (number - scale.offset) / scale.factor, |n| n * scale.factor + scale.offset)
            }
            Self::Single(scale) => checked(number, (number - scale.offset) / scale.factor, |n| single_of(n, *scale)),
            Self::SingleBits => {
                as_single(number).map(|single| i64::from(ordered_single(single.to_bits().cast_signed())))
            }
            Self::DoubleBits => Some(ordered_double(number.to_bits().cast_signed())),
            _ => None,
        }
    }

    /// The value that `n` stands for.
    pub fn value(&self, n: i64) -> Option<Value> {
        let number = match self {
            Self::None => return None,
            Self::Bool => return Some(Value::Bool(n != 0)),
            Self::I64 => return Some(Value::I64(n)),
            Self::U64 => return Some(Value::U64(n.cast_unsigned())),
            Self::Over(by) => n as f64 / by,
            Self::Linear(scale) => n as f64 * scale.factor + scale.offset,
            Self::Single(scale) => single_of(n as f64, *scale),
            Self::SingleBits => f64::from(f32::from_bits(ordered_single(i32::try_from(n).ok()?).cast_unsigned())),
            Self::DoubleBits => f64::from_bits(ordered_double(n).cast_unsigned()),
        };
        Finite::new(number).map(Value::F64)
    }

    fn code(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Bool => 1,
            Self::I64 => 2,
            Self::U64 => 3,
            Self::Over(_) => 4,
            Self::Linear(_) => 5,
            Self::Single(_) => 6,
            Self::SingleBits => 7,
            Self::DoubleBits => 8,
        }
    }
}

/// The whole number next to `scaled`, if `back` makes exactly `number` of it, to the last bit (so never for -0.0).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn checked(number: f64, scaled: f64, back: impl Fn(f64) -> f64) -> Option<i64> {
    if scaled.abs() < MAX_COUNT {
        let whole = (scaled + ROUND) - ROUND;
        (back(whole).to_bits() == number.to_bits()).then_some(whole as i64)
    } else {
        None
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "this is the rounding that is meant")]
fn single_of(n: f64, scale: LinearScale) -> f64 {
    f64::from((n * scale.factor + scale.offset) as f32)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "kept only when nothing was lost")]
pub(super) fn as_single(number: f64) -> Option<f32> {
    let single = number as f32;
    (f64::from(single).to_bits() == number.to_bits()).then_some(single)
}

/// Sign and magnitude to two's complement and back: the order of the bits becomes that of the numbers.
fn ordered_single(bits: i32) -> i32 {
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

fn ordered_double(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// How one series is packed: the number of a value, less `base`, in `bits` bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Which numbers.
    pub steps: Steps,
    /// The smallest number that fits.
    pub base: i64,
    /// How many bits; with none, only `base` fits.
    pub bits: u8,
}

impl Field {
    /// Whether this value is told in these bits.
    pub fn fits(&self, value: &Value) -> bool {
        self.pack(value).is_some()
    }

    /// What is written for a value; none when it does not fit.
    #[inline]
    pub(super) fn pack(&self, value: &Value) -> Option<u64> {
        let above = self.steps.number(value)?.wrapping_sub(self.base).cast_unsigned();
        (above >> self.bits == 0).then_some(above)
    }

    /// The value that was written.
    #[inline]
    pub(super) fn unpack(&self, above: u64) -> Option<Value> {
        self.steps.value(self.base.wrapping_add(above.cast_signed()))
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Packing {
    /// Whose scans.
    pub group: GroupId,
    /// Which packing of this group; each is newer than those with smaller numbers.
    pub number: u64,
    fields: Box<[Field]>,
    /// Where each field begins, in bits; one more for the end.
    starts: Box<[u32]>,
}

impl Packing {
    /// None when a field has more than [`MAX_BITS`] bits, or a scan more than 2^32.
    pub fn new(group: GroupId, number: u64, fields: Vec<Field>) -> Option<Self> {
        let mut starts = Vec::with_capacity(fields.len() + 1);
        let mut end = 0_u32;
        for field in &fields {
            starts.push(end);
            end = end.checked_add(u32::from(field.bits)).filter(|_| field.bits <= MAX_BITS)?;
        }
        starts.push(end);
        Some(Self { group, number, fields: fields.into(), starts: starts.into() })
    }

    /// One per series.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Bits of a scan's fields.
    pub fn bits(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Where the field of a series begins, in bits.
    pub(super) fn start(&self, index: usize) -> Option<u32> {
        self.starts.get(index).copied()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.group.0));
        put_varint(out, self.number);
        put_varint(out, self.fields.len() as u64);
        for field in &self.fields {
            out.extend_from_slice(&[field.steps.code(), field.bits]);
            put_zigzag(out, field.base);
            match field.steps {
                Steps::Over(by) => out.extend_from_slice(&by.to_le_bytes()),
                Steps::Linear(scale) | Steps::Single(scale) => {
                    out.extend_from_slice(&scale.factor.to_le_bytes());
                    out.extend_from_slice(&scale.offset.to_le_bytes());
                }
                _ => {}
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let group = GroupId(reader.varint_u32()?);
        let number = reader.varint()?;
        let count = reader.count()?;
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            let (code, bits) = (reader.u8()?, reader.u8()?);
            let base = reader.zigzag()?;
            let steps = match code {
                0 => Steps::None,
                1 => Steps::Bool,
                2 => Steps::I64,
                3 => Steps::U64,
                4 => Steps::Over(reader.f64()?),
                5 | 6 => {
                    let scale = LinearScale { factor: reader.f64()?, offset: reader.f64()? };
                    if code == 5 { Steps::Linear(scale) } else { Steps::Single(scale) }
                }
                7 => Steps::SingleBits,
                8 => Steps::DoubleBits,
                _ => return Err(RecordError::Layout("steps")),
            };
            fields.push(Field { steps, base, bits });
        }
        Self::new(group, number, fields).ok_or(RecordError::Layout("packing"))
    }
}
