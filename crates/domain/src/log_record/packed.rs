//! The values of a scan under a packing: one number of a fixed width per series, bit after bit, and in full what does not fit.
//!
//! ```text
//! fields, low bits first, to the end of the last byte
//! | [flag 8: misses varint, each (values between it and the one before varint, kind u8, payload)]
//! ```
//!
//! Kinds and payloads are those of an unpacked scan, without scales. What is written for a field of a missed value means
//! nothing. So any value can be told, and one column can be read without reading those before it.

use super::RecordError;
use super::packing::Packing;
use super::scan::{self, Code};
use super::wire::{Reader, put_varint};
use crate::Value;

/// Appends the fields of these values. Gives the positions that did not fit.
pub(super) fn put_fields(values: &[Option<Value>], packing: &Packing, out: &mut Vec<u8>) -> Vec<usize> {
    let mut misses = Vec::new();
    let mut bits = BitWriter { out, bits: 0, count: 0 };
    for (position, (value, field)) in values.iter().zip(packing.fields()).enumerate() {
        let number = value.as_ref().and_then(|value| field.pack(value));
        if number.is_none() {
            misses.push(position);
        }
        bits.put(number.unwrap_or(0), field.bits);
    }
    bits.end();
    misses
}

/// Appends the values that did not fit.
pub(super) fn put_misses(values: &[Option<Value>], misses: &[usize], out: &mut Vec<u8>) {
    put_varint(out, misses.len() as u64);
    let mut next = 0;
    for &position in misses {
        put_varint(out, (position - next) as u64);
        next = position + 1;
        let code = Code::of(values[position].as_ref(), None);
        out.push(code.kind());
        code.put(out);
    }
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    bits: u64,
    count: u8,
}

impl BitWriter<'_> {
    #[inline]
    fn put(&mut self, number: u64, width: u8) {
        let (low, high) = (width.min(32), width.saturating_sub(32));
        self.put_some(number & ((1 << low) - 1), low);
        if high > 0 {
            self.put_some(number >> 32, high);
        }
    }

    /// At most 32 bits, with fewer than 32 waiting.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    fn put_some(&mut self, number: u64, width: u8) {
        self.bits |= number << self.count;
        self.count += width;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.bits as u32).to_le_bytes());
            self.bits >>= 32;
            self.count -= 32;
        }
    }

    fn end(self) {
        let bytes = self.bits.to_le_bytes();
        self.out.extend_from_slice(&bytes[..usize::from(self.count.div_ceil(8))]);
    }
}

/// The `width` bits from bit `start` on, at most 56.
#[inline]
fn bits_at(bytes: &[u8], start: u32, width: u8) -> u64 {
    if width == 0 {
        return 0;
    }
    let from = (start / 8) as usize;
    let mut eight = [0; 8];
    let rest = bytes.get(from..).unwrap_or_default();
    let there = rest.len().min(8);
    eight[..there].copy_from_slice(&rest[..there]);
    (u64::from_le_bytes(eight) >> (start % 8)) & ((1 << width) - 1)
}

/// Reads values of ascending positions.
pub(super) struct PackedValues<'a> {
    packing: &'a Packing,
    fields: &'a [u8],
    misses: Misses<'a>,
}

/// Walks the values that did not fit.
struct Misses<'a> {
    left: u64,
    reader: Reader<'a>,
    /// The position of the next one; its kind and payload come next.
    at: u64,
}

impl Misses<'_> {
    fn advance(&mut self, from: u64) -> Result<(), RecordError> {
        if self.left > 0 {
            self.at = from.checked_add(self.reader.varint()?).ok_or(RecordError::Layout("position"))?;
        } else {
            self.at = u64::MAX;
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Option<Value>, RecordError> {
        let kind = self.reader.u8()?;
        if kind > 15 {
            return Err(RecordError::Layout("kind"));
        }
        let value = scan::value(kind, None, &mut self.reader)?;
        self.left -= 1;
        let next = self.at + 1;
        self.advance(next)?;
        Ok(value)
    }
}

impl<'a> PackedValues<'a> {
    /// `reader` stands at the fields.
    pub(super) fn new(packing: &'a Packing, mut reader: Reader<'a>, has_misses: bool) -> Result<Self, RecordError> {
        let fields = reader.take(packing.bits().div_ceil(8) as usize)?;
        let left = if has_misses { reader.varint()? } else { 0 };
        let mut misses = Misses { left, reader, at: 0 };
        misses.advance(0)?;
        Ok(Self { packing, fields, misses })
    }

    /// To be asked with ascending positions.
    pub(super) fn at(&mut self, position: usize) -> Result<Option<Value>, RecordError> {
        while self.misses.at < position as u64 {
            self.misses.take()?;
        }
        if self.misses.at == position as u64 {
            return self.misses.take();
        }
        let (field, start) = self
            .packing
            .fields()
            .get(position)
            .zip(self.packing.start(position))
            .ok_or(RecordError::Layout("position"))?;
        field.unpack(bits_at(self.fields, start, field.bits)).map(Some).ok_or(RecordError::Layout("number"))
    }
}
