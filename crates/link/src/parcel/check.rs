//! Whether a parcel is what its header says, and which meanings its records need.

use std::collections::BTreeSet;

use domain::GroupId;
use domain::log_record::{LogBody, RawRecord, RecordKind};

use super::{Header, MAX_GONE, Parcel, ParcelError, crc_of_gone, records};

/// Something that must be known before a scan can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// The series of a group.
    Group(GroupId),
    /// A packing of a group, by its number.
    Packing(GroupId, u64),
}

/// What a sound parcel holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Meanings that it tells, beside or among its records.
    pub told: BTreeSet<Meaning>,
    /// Meanings that its scans use before it tells them.
    pub needed: BTreeSet<Meaning>,
}

impl Parcel {
    /// Walks all records: every number from `first` to `last` exactly once, as a record or gone; epoch, stream, count
    /// and CRC as the header says.
    pub fn check(&self) -> Result<Contents, ParcelError> {
        let header = &self.header;
        if header.first == 0 || header.last < header.first || header.last == u64::MAX {
            return Err(ParcelError::Contents("range"));
        }
        check_gone(header)?;
        let mut contents = Contents::default();
        for told in records::read(header.stream, &self.told) {
            let raw = told?.raw.ok_or(ParcelError::Contents("told"))?;
            contents.tell(&raw)?;
        }
        let (mut next, mut crc, mut count) = (header.first, header.prev_crc, 0);
        let mut gone = header.gone.iter().peekable();
        for record in records::read(header.stream, &self.records) {
            let record = record?;
            while let Some(range) = gone.next_if(|range| range.first == next) {
                next = range.last + 1;
            }
            if record.number != next {
                return Err(ParcelError::Contents("order"));
            }
            if let Some(raw) = &record.raw {
                if raw.head.epoch != header.epoch || Some(raw.head.stream) != header.stream.of_log() {
                    return Err(ParcelError::Contents("epoch or stream"));
                }
                contents.tell(raw)?;
            }
            next += 1;
            crc = record.crc;
            count += 1;
        }
        while let Some(range) = gone.next_if(|range| range.first == next) {
            next = range.last + 1;
            crc = crc_of_gone(range.last);
        }
        if next != header.last + 1 || gone.next().is_some() || count != header.count {
            return Err(ParcelError::Contents("count"));
        }
        if crc == header.crc { Ok(contents) } else { Err(ParcelError::Contents("crc")) }
    }
}

fn check_gone(header: &Header) -> Result<(), ParcelError> {
    let mut after = header.first;
    if header.gone.len() > MAX_GONE {
        return Err(ParcelError::Contents("gone"));
    }
    for range in &header.gone {
        if range.first < after || range.last < range.first || range.last > header.last {
            return Err(ParcelError::Contents("gone"));
        }
        after = range.last + 1;
    }
    Ok(())
}

impl Contents {
    fn tell(&mut self, raw: &RawRecord<'_>) -> Result<(), ParcelError> {
        match raw.kind {
            RecordKind::Scan => {
                let scan = raw.scan()?;
                self.need(Meaning::Group(scan.group));
                if let Some(number) = scan.packing() {
                    self.need(Meaning::Packing(scan.group, number));
                }
            }
            RecordKind::Define | RecordKind::Packing => match raw.decode(domain::log_record::Meaning::default())? {
                LogBody::Define(group) => drop(self.told.insert(Meaning::Group(group.group))),
                LogBody::Packing(packing) => {
                    self.told.insert(Meaning::Packing(packing.group, packing.number));
                }
                _ => {}
            },
            RecordKind::Era | RecordKind::Drop => {}
        }
        Ok(())
    }

    fn need(&mut self, meaning: Meaning) {
        if !self.told.contains(&meaning) {
            self.needed.insert(meaning);
        }
    }
}
