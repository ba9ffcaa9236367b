//! Numbers and texts of a record. Reading never panics: bytes that end too early are [`RecordError::Short`].

use super::RecordError;
use crate::Timestamp;

pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// How many bytes [`put_varint`] takes.
pub(super) fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

pub(super) const fn zigzag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

pub(super) const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

pub(super) fn put_zigzag(out: &mut Vec<u8>, number: i64) {
    put_varint(out, zigzag(number));
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], RecordError> {
        let (front, rest) = self.bytes.split_at_checked(count).ok_or(RecordError::Short)?;
        self.bytes = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (front, rest) = self.bytes.split_first_chunk().ok_or(RecordError::Short)?;
        self.bytes = rest;
        Ok(*front)
    }

    pub(super) fn u8(&mut self) -> Result<u8, RecordError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, RecordError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, RecordError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn f32(&mut self) -> Result<f32, RecordError> {
        self.array().map(f32::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, RecordError> {
        self.array().map(f64::from_le_bytes)
    }

    pub(super) fn varint(&mut self) -> Result<u64, RecordError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(RecordError::Layout("number"))
    }

    pub(super) fn varint_u32(&mut self) -> Result<u32, RecordError> {
        u32::try_from(self.varint()?).map_err(|_| RecordError::Layout("number"))
    }

    /// A number of things that follow, each at least one byte long (so that nobody reserves memory for a wrong number).
    pub(super) fn count(&mut self) -> Result<usize, RecordError> {
        let count = usize::try_from(self.varint()?).map_err(|_| RecordError::Layout("count"))?;
        if count > self.bytes.len() { Err(RecordError::Layout("count")) } else { Ok(count) }
    }

    pub(super) fn zigzag(&mut self) -> Result<i64, RecordError> {
        self.varint().map(unzigzag)
    }

    pub(super) fn timestamp(&mut self) -> Result<Timestamp, RecordError> {
        self.zigzag().map(Timestamp::from_micros)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, RecordError> {
        let len = usize::try_from(self.varint()?).map_err(|_| RecordError::Short)?;
        std::str::from_utf8(self.take(len)?).map_err(|_| RecordError::Layout("text"))
    }
}
