//! From what the store gave to a parcel.

use std::collections::BTreeSet;

use domain::GroupId;
use domain::log_record::{GroupDef, LogBody, Packing, RawRecord, RecordHead, RecordKind, encode};

use super::{Filled, Flight, Uplink, Want};
use crate::Stream;
use crate::parcel::{Gone, GoneReason, Header, MAX_GONE, Meaning, Parcel, crc_of_gone, records};
use crate::up::Mark;

/// What the store has of what was wanted: everything from the first wanted number to `to` is a record in it, or gone. A number
/// that is neither counts as damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Records in order, as they stand in parcels.
    pub records: Vec<u8>,
    /// Why others are not here, in order.
    pub gone: Vec<Gone>,
    /// How far it reaches.
    pub to: u64,
}

/// What the store knows of the meaning of its scans.
pub trait Meanings {
    /// The series of a group.
    fn group(&self, group: GroupId) -> Option<GroupDef>;
    /// A packing of a group.
    fn packing(&self, group: GroupId, number: u64) -> Option<Packing>;
}

impl Uplink {
    /// Makes a parcel of what was read, to be sent in this turn. None when the ticket is of no interest any more, or the slice is
    /// empty; then [`Uplink::next`] says what to do.
    pub fn fill(&mut self, ticket: super::Ticket, slice: &Slice, meanings: &impl Meanings) -> Option<Filled> {
        let is_back = self.back.as_ref().is_some_and(|(of, _)| *of == ticket);
        let Flight::Reading(want) = self.landed(ticket)? else { return None };
        let prev_crc = self.crc_before(&want)?;
        let cut = Cut::new(&want, self.present(), prev_crc, slice, self.told(want.stream));
        let (parcel, told) = cut.fill(self.edge, slice, meanings)?;
        let ticket = self.ticket();
        let flight = Some((ticket, Flight::Parcel(want.stream, told)));
        if is_back {
            self.bucket.take(parcel.records.len());
            self.back = flight;
        } else {
            self.live = flight;
        }
        Some((ticket, parcel))
    }

    fn told(&self, stream: Stream) -> &BTreeSet<Meaning> {
        &self.told[stream]
    }

    /// What the hub has before the first wanted number; none when it no longer wants that one.
    fn crc_before(&self, want: &Want) -> Option<u32> {
        let line = &self.lines[want.stream];
        if line.mark.seq + 1 == want.first {
            return Some(line.mark.crc);
        }
        line.owed.iter().find(|owed| owed.first == want.first).map(|owed| owed.prev_crc)
    }
}

/// A parcel in the making.
struct Cut<'a> {
    stream: Stream,
    epoch: u64,
    first: u64,
    last: u64,
    prev_crc: u32,
    at: Mark,
    count: u32,
    gone: Vec<Gone>,
    told: Vec<u8>,
    records: Vec<u8>,
    known: &'a BTreeSet<Meaning>,
    news: BTreeSet<Meaning>,
}

impl<'a> Cut<'a> {
    fn new(want: &Want, epoch: u64, prev_crc: u32, slice: &Slice, known: &'a BTreeSet<Meaning>) -> Self {
        Self {
            stream: want.stream,
            epoch,
            first: want.first,
            last: slice.to.min(want.last),
            prev_crc,
            at: Mark { seq: want.first - 1, crc: prev_crc },
            count: 0,
            gone: Vec::new(),
            told: Vec::new(),
            records: Vec::with_capacity(slice.records.len()),
            known,
            news: BTreeSet::new(),
        }
    }

    fn fill(
        mut self,
        edge: domain::Id,
        slice: &Slice,
        meanings: &impl Meanings,
    ) -> Option<(Parcel, BTreeSet<Meaning>)> {
        let mut full = false;
        let mut rest = slice.records.as_slice();
        for record in records::read(self.stream, &slice.records) {
            let Ok(record) = record else { break };
            let length = record.raw.map_or(records::framed(record.bytes.len()), |raw| raw.bytes.len());
            let (bytes, after) = rest.split_at_checked(length)?;
            rest = after;
            if record.number <= self.at.seq {
                continue;
            }
            if record.number > self.last || !self.missing(record.number - 1, &slice.gone) {
                full = record.number <= self.last;
                break;
            }
            if record.raw.is_some_and(|raw| !self.tell(&raw, meanings)) {
                // Nobody can read it any more.
                full = !self.lose(record.number, GoneReason::Damaged);
                if full {
                    break;
                }
                continue;
            }
            self.records.extend_from_slice(bytes);
            self.count += 1;
            self.at = Mark { seq: record.number, crc: record.crc };
        }
        if !full {
            self.missing(self.last, &slice.gone);
        }
        if self.at.seq < self.first {
            return None;
        }
        let Self { stream, epoch, first, prev_crc, at, count, gone, told, records, .. } = self;
        let header = Header { edge, epoch, stream, first, last: at.seq, count, prev_crc, crc: at.crc, gone };
        Some((Parcel { header, told, records }, self.news))
    }

    /// Accounts for everything from where it stands up to `until`: not here. False when the parcel is full.
    fn missing(&mut self, until: u64, known: &[Gone]) -> bool {
        while self.at.seq < until {
            let next = self.at.seq + 1;
            let range = known.iter().find(|gone| gone.last >= next);
            let (last, reason) = match range {
                Some(gone) if gone.first <= next => (gone.last.min(until), gone.reason),
                Some(gone) => ((gone.first - 1).min(until), GoneReason::Damaged),
                None => (until, GoneReason::Damaged),
            };
            if !self.lose(last, reason) {
                return false;
            }
        }
        true
    }

    /// Notes everything up to `last` as gone.
    fn lose(&mut self, last: u64, reason: GoneReason) -> bool {
        let first = self.at.seq + 1;
        let full = self.gone.len() >= MAX_GONE;
        match self.gone.last_mut() {
            Some(before) if before.last + 1 == first && before.reason == reason => before.last = last,
            _ if full => return false,
            _ => self.gone.push(Gone { first, last, reason }),
        }
        self.at = Mark { seq: last, crc: crc_of_gone(last) };
        true
    }

    /// Makes sure that the hub can read this record. False when its meaning is nowhere.
    fn tell(&mut self, raw: &RawRecord<'_>, meanings: &impl Meanings) -> bool {
        match raw.kind {
            RecordKind::Scan => {
                let Ok(scan) = raw.scan() else { return false };
                let packing = scan.packing().map(|number| Meaning::Packing(scan.group, number));
                self.explain(Meaning::Group(scan.group), meanings)
                    && packing.is_none_or(|packing| self.explain(packing, meanings))
            }
            RecordKind::Define | RecordKind::Packing => {
                match raw.decode(domain::log_record::Meaning::default()) {
                    Ok(LogBody::Define(group)) => drop(self.news.insert(Meaning::Group(group.group))),
                    Ok(LogBody::Packing(packing)) => {
                        self.news.insert(Meaning::Packing(packing.group, packing.number));
                    }
                    _ => return false,
                }
                true
            }
            RecordKind::Era | RecordKind::Drop => true,
        }
    }

    fn explain(&mut self, meaning: Meaning, meanings: &impl Meanings) -> bool {
        if self.known.contains(&meaning) || self.news.contains(&meaning) {
            return true;
        }
        let body = match meaning {
            Meaning::Group(group) => meanings.group(group).map(LogBody::Define),
            Meaning::Packing(group, number) => meanings.packing(group, number).map(LogBody::Packing),
        };
        let (Some(body), Some(stream)) = (body, self.stream.of_log()) else { return false };
        encode(RecordHead { epoch: self.epoch, stream, seq: 0 }, &body, &mut self.told);
        self.news.insert(meaning);
        true
    }
}
