//! A box: a disk that loses what was not synced, and the uplink of the edge that runs on it.

use std::collections::{BTreeMap, BTreeSet};

use domain::log_record::{GroupDef, LogBody, Packing, RecordHead, encode};
use domain::{GroupId, Id, Quality, Scan, SeriesDef, SeriesId, Timestamp, Value, ValueType};
use link::parcel::{Gone, GoneReason, records};
use link::up::site::{Meanings, Settings, Slice, Ticket, Uplink, Want};
use link::up::{Life, Mark};
use link::{PerStream, Stream};

use super::ms;

/// One record: a content that exists once in the world, and for the log what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub uid: u64,
    pub body: Option<LogBody>,
}

impl Record {
    pub fn scan(uid: u64, group: GroupId, time: i64) -> Self {
        let values = vec![Some(Value::U64(uid))];
        let scan =
            Scan { group, arrival: Timestamp::from_millis(time), source: None, values, qualities: vec![Quality::GOOD] };
        Self { uid, body: Some(LogBody::Scan(scan)) }
    }

    pub fn definition(uid: u64, group: GroupId) -> Self {
        let def = SeriesDef {
            tag: format!("tag-{uid}").parse().unwrap(),
            value_type: ValueType::U64,
            unit: String::new(),
            scale: None,
        };
        Self { uid, body: Some(LogBody::Define(GroupDef { group, series: vec![(SeriesId(1), def)] })) }
    }

    /// As it stands in a parcel of this life.
    fn put(&self, stream: Stream, epoch: u64, number: u64, out: &mut Vec<u8>) {
        match (&self.body, stream.of_log()) {
            (Some(body), Some(stream)) => encode(RecordHead { epoch, stream, seq: number }, body, out),
            _ => records::frame(number, &self.uid.to_le_bytes(), out),
        }
    }

    fn crc(&self, stream: Stream, epoch: u64, number: u64) -> u32 {
        let mut bytes = Vec::new();
        self.put(stream, epoch, number, &mut bytes);
        records::read(stream, &bytes).next().unwrap().unwrap().crc
    }
}

/// What is on the disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub lives: Vec<Life>,
    pub records: PerStream<BTreeMap<u64, Record>>,
    pub next: PerStream<u64>,
    pub dropped: PerStream<BTreeSet<u64>>,
    pub released: PerStream<u64>,
    pub cursors: PerStream<u64>,
    pub groups: PerStream<BTreeMap<u32, GroupDef>>,
}

/// What was written and not synced.
#[derive(Clone, Debug)]
pub enum Write {
    Record(Stream, Record),
    Cursors(PerStream<u64>),
}

impl Disk {
    pub fn new(epoch: u64) -> Self {
        let lives = vec![Life { epoch, same_until: PerStream::default() }];
        Self { lives, next: PerStream::of(|_| 1), ..Self::default() }
    }

    pub fn epoch(&self) -> u64 {
        self.lives[0].epoch
    }

    pub fn tips(&self) -> PerStream<Mark> {
        PerStream::of(|stream| {
            let seq = self.next[stream] - 1;
            let crc =
                self.crc(stream, seq).unwrap_or_else(|| if seq == 0 { 0 } else { link::parcel::crc_of_gone(seq) });
            Mark { seq, crc }
        })
    }

    pub fn crc(&self, stream: Stream, number: u64) -> Option<u32> {
        self.records[stream].get(&number).map(|record| record.crc(stream, self.epoch(), number))
    }

    pub fn apply(&mut self, write: Write) {
        match write {
            Write::Record(stream, record) => {
                if let Some(LogBody::Define(group)) = &record.body {
                    self.groups[stream].insert(group.group.0, group.clone());
                }
                let number = self.next[stream];
                self.next[stream] += 1;
                self.records[stream].insert(number, record);
            }
            Write::Cursors(cursors) => self.cursors = cursors,
        }
    }

    /// Forgets what the synced cursors allow. Gives what was forgotten.
    pub fn release(&mut self) -> Vec<(Stream, u64, u64)> {
        let mut forgotten = Vec::new();
        for stream in Stream::ALL {
            let kept = self.records[stream].split_off(&(self.cursors[stream] + 1));
            let gone = std::mem::replace(&mut self.records[stream], kept);
            self.released[stream] = self.released[stream].max(gone.keys().last().copied().unwrap_or(0));
            forgotten.extend(gone.iter().map(|(number, record)| (stream, *number, record.uid)));
        }
        forgotten
    }

    /// Why a number is not here.
    pub fn reason(&self, stream: Stream, number: u64) -> GoneReason {
        if self.dropped[stream].contains(&number) {
            GoneReason::DiskFull
        } else {
            assert!(number <= self.released[stream], "{stream:?} {number} is nowhere");
            GoneReason::Released
        }
    }

    pub fn read(&self, want: &Want) -> Slice {
        let mut slice = Slice { to: want.last, ..Slice::default() };
        for number in want.first..=want.last {
            let Some(record) = self.records[want.stream].get(&number) else {
                let reason = self.reason(want.stream, number);
                match slice.gone.last_mut() {
                    Some(gone) if gone.last + 1 == number && gone.reason == reason => gone.last = number,
                    _ => slice.gone.push(Gone { first: number, last: number, reason }),
                }
                continue;
            };
            if !slice.records.is_empty() && slice.records.len() >= want.max_bytes {
                slice.to = number - 1;
                break;
            }
            record.put(want.stream, self.epoch(), number, &mut slice.records);
        }
        slice
    }
}

pub struct Dictionary<'a>(pub &'a BTreeMap<u32, GroupDef>);

impl Meanings for Dictionary<'_> {
    fn group(&self, group: GroupId) -> Option<GroupDef> {
        self.0.get(&group.0).cloned()
    }

    fn packing(&self, _: GroupId, _: u64) -> Option<Packing> {
        None
    }
}

/// A box.
pub struct Edge {
    pub id: Id,
    pub disk: Disk,
    pub unsynced: Vec<Write>,
    pub backups: Vec<Disk>,
    pub uplink: Option<Uplink>,
    /// Counts its starts.
    pub start: u64,
    pub cut_off: bool,
    /// What is under way, and when it is given up.
    pub waiting: Vec<(Ticket, u64)>,
    /// Parcels go out with the turn of their connection.
    pub scrapped: bool,
}

impl Edge {
    pub fn new(id: Id, disk: Disk) -> Self {
        let (unsynced, backups, waiting) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, disk, unsynced, backups, uplink: None, start: 0, cut_off: false, waiting, scrapped: false }
    }

    pub fn boot(&mut self) {
        let settings = Settings {
            parcel_bytes: 200,
            owe_after: 12,
            most_owed: 3,
            backfill_bytes_per_s: 2_000,
            retry_first: ms(200),
            retry_most: ms(5_000),
        };
        self.start += 1;
        self.uplink = Some(Uplink::new(settings, self.id, self.disk.lives.clone(), self.disk.cursors));
    }

    /// Power is cut.
    pub fn crash(&mut self) {
        self.uplink = None;
        self.unsynced.clear();
        self.waiting.clear();
    }

    pub fn sync(&mut self) {
        for write in std::mem::take(&mut self.unsynced) {
            self.disk.apply(write);
        }
    }

    /// Up to where the present store repeats its last life: all that is on it.
    pub fn all_of_it(&self) -> PerStream<u64> {
        PerStream::of(|stream| self.disk.next[stream] - 1)
    }
}
