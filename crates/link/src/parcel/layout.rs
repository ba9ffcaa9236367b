//! Parcels to bytes and back. Reading never panics and never reserves more than [`super::MAX_BODY`].

use domain::Id;

use super::{Gone, GoneReason, Header, MAX_BODY, MAX_GONE, Parcel, ParcelError, VERSION};
use crate::Stream;

const ZSTD: u8 = 1;
/// Below it the frame of zstd costs more than it saves.
const WORTH_PACKING: usize = 128;

impl Parcel {
    /// Its bytes, packed at this level of zstd (1 to 19; 0 leaves the body as it is).
    pub fn encode(&self, level: i32) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.told.len() + self.records.len());
        body.extend_from_slice(&self.told);
        body.extend_from_slice(&self.records);
        let mut flags = 0;
        if level > 0
            && body.len() >= WORTH_PACKING
            && let Ok(packed) = zstd::bulk::compress(&body, level)
            && packed.len() < body.len()
        {
            body = packed;
            flags = ZSTD;
        }
        let header = &self.header;
        let mut out = Vec::with_capacity(96 + body.len());
        out.extend_from_slice(&[VERSION, header.stream.number(), flags]);
        out.extend_from_slice(&header.edge.to_bytes());
        for number in [header.epoch, header.first, header.last] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for number in [header.count, header.prev_crc, header.crc] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let gone = &header.gone[..header.gone.len().min(MAX_GONE)];
        out.extend_from_slice(&u16::try_from(gone.len()).unwrap_or(u16::MAX).to_le_bytes());
        for gone in gone {
            out.extend_from_slice(&gone.first.to_le_bytes());
            out.extend_from_slice(&gone.last.to_le_bytes());
            out.push(gone.reason as u8);
        }
        for length in [self.told.len(), self.records.len(), body.len()] {
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
        out.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// A parcel from its bytes, all of them. Checks the checksums of header and body; [`Parcel::check`] looks at the contents.
    pub fn decode(bytes: &[u8]) -> Result<Self, ParcelError> {
        let mut reader = Reader { bytes };
        let version = reader.u8()?;
        if version != VERSION {
            return Err(ParcelError::Version(version));
        }
        let (header, flags) = header(&mut reader)?;
        let (told, records, body) = (reader.length()?, reader.length()?, reader.length()?);
        let body_crc = reader.u32()?;
        let head = bytes.len() - reader.bytes.len();
        let crc = reader.u32()?;
        if crc32c::crc32c(bytes.get(..head).unwrap_or_default()) != crc
            || reader.bytes.len() != body
            || crc32c::crc32c(reader.bytes) != body_crc
        {
            return Err(ParcelError::Damaged);
        }
        let length = told.checked_add(records).filter(|length| *length <= MAX_BODY).ok_or(ParcelError::TooLarge)?;
        let mut told_and_records = if flags & ZSTD == 0 {
            reader.bytes.to_vec()
        } else {
            zstd::bulk::decompress(reader.bytes, length).map_err(|_| ParcelError::Contents("body"))?
        };
        if told_and_records.len() != length {
            return Err(ParcelError::Contents("length"));
        }
        let records = told_and_records.split_off(told);
        Ok(Self { header, told: told_and_records, records })
    }
}

fn header(reader: &mut Reader<'_>) -> Result<(Header, u8), ParcelError> {
    let stream = Stream::from_number(reader.u8()?).ok_or(ParcelError::Contents("stream"))?;
    let flags = reader.u8()?;
    if flags & !ZSTD != 0 {
        return Err(ParcelError::Contents("flags"));
    }
    let edge = Id::from_bytes(reader.array()?);
    let (epoch, first, last) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let (count, prev_crc, crc) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let ranges = usize::from(u16::from_le_bytes(reader.array()?));
    if ranges > MAX_GONE {
        return Err(ParcelError::Contents("gone"));
    }
    let mut gone = Vec::with_capacity(ranges);
    for _ in 0..ranges {
        let (first, last) = (reader.u64()?, reader.u64()?);
        let reason = GoneReason::ALL.get(usize::from(reader.u8()?)).copied();
        gone.push(Gone { first, last, reason: reason.ok_or(ParcelError::Contents("reason"))? });
    }
    Ok((Header { edge, epoch, stream, first, last, count, prev_crc, crc, gone }, flags))
}

/// Reads from the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ParcelError> {
        let (front, rest) = self.bytes.split_first_chunk().ok_or(ParcelError::Damaged)?;
        self.bytes = rest;
        Ok(*front)
    }

    fn u8(&mut self) -> Result<u8, ParcelError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn u32(&mut self) -> Result<u32, ParcelError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ParcelError> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Result<usize, ParcelError> {
        usize::try_from(self.u32()?).map_err(|_| ParcelError::TooLarge)
    }
}
