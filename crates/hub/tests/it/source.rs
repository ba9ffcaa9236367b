//! The records of an edge, in memory: scans with what they mean for the streams of the log, plain bytes for those of SQL.

use std::collections::BTreeMap;

use domain::log_record::{GroupDef, LogBody, Packing, RecordHead, encode};
use domain::{GroupId, Quality, Scan, SeriesDef, SeriesId, Timestamp, Value, ValueType};
use link::parcel::{Gone, GoneReason, crc_of_gone, records};
use link::up::site::{Meanings, Slice, Want};
use link::up::{Life, Mark};
use link::{PerStream, Stream};

/// Everything that an edge keeps.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) lives: Vec<Life>,
    /// By number; what is missing below the newest is gone.
    records: PerStream<BTreeMap<u64, Content>>,
    last: PerStream<u64>,
}

#[derive(Clone)]
enum Content {
    Log(LogBody),
    Bytes(Vec<u8>),
}

const GROUP: GroupId = GroupId(1);

fn definition() -> GroupDef {
    let def = SeriesDef {
        tag: "line-2/pump-7/pressure".parse().unwrap(),
        value_type: ValueType::U64,
        unit: "bar".into(),
        scale: None,
    };
    GroupDef { group: GROUP, series: vec![(SeriesId(1), def)] }
}

fn scan(value: u64) -> LogBody {
    LogBody::Scan(Scan {
        group: GROUP,
        arrival: Timestamp::from_millis(i64::try_from(value).unwrap() * 1000),
        source: None,
        values: vec![Some(Value::U64(value))],
        qualities: vec![Quality::GOOD],
    })
}

impl Source {
    pub(crate) fn new(epoch: u64) -> Self {
        let lives = vec![Life { epoch, same_until: PerStream::default() }];
        Self { lives, records: PerStream::default(), last: PerStream::default() }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.lives[0].epoch
    }

    /// So many more records. `seed` makes their contents differ from those of a copy.
    pub(crate) fn add(&mut self, stream: Stream, count: u64, seed: u64) {
        for _ in 0..count {
            let number = self.last[stream] + 1;
            let content = match (stream.of_log(), number) {
                (None, _) => Content::Bytes(format!("{{\"n\":{number},\"seed\":{seed}}}").into_bytes()),
                (Some(_), 1) => Content::Log(LogBody::Define(definition())),
                (Some(_), _) => Content::Log(scan(seed * 1_000_000 + number)),
            };
            self.records[stream].insert(number, content);
            self.last[stream] = number;
        }
    }

    /// The edge no longer has these.
    pub(crate) fn lose(&mut self, stream: Stream, first: u64, last: u64) {
        self.records[stream].retain(|number, _| !(first..=last).contains(number));
    }

    fn put(&self, stream: Stream, number: u64, content: &Content, out: &mut Vec<u8>) {
        match (content, stream.of_log()) {
            (Content::Log(body), Some(stream)) => {
                encode(RecordHead { epoch: self.epoch(), stream, seq: number }, body, out);
            }
            (Content::Bytes(bytes), _) => records::frame(number, bytes, out),
            (Content::Log(_), None) => panic!("no record of the log"),
        }
    }

    pub(crate) fn crc(&self, stream: Stream, number: u64) -> Option<u32> {
        let content = self.records[stream].get(&number)?;
        let mut bytes = Vec::new();
        self.put(stream, number, content, &mut bytes);
        Some(records::read(stream, &bytes).next().unwrap().unwrap().crc)
    }

    pub(crate) fn tips(&self) -> PerStream<Mark> {
        PerStream::of(|stream| {
            let seq = self.last[stream];
            let gone = if seq == 0 { 0 } else { crc_of_gone(seq) };
            Mark { seq, crc: self.crc(stream, seq).unwrap_or(gone) }
        })
    }

    /// Numbers and CRCs of all that is here.
    pub(crate) fn all(&self, stream: Stream) -> Vec<(u64, u64)> {
        let numbers = self.records[stream].keys();
        numbers.map(|number| (*number, u64::from(self.crc(stream, *number).unwrap()))).collect()
    }

    pub(crate) fn read(&self, want: &Want) -> Slice {
        let mut slice = Slice { to: want.last, ..Slice::default() };
        for number in want.first..=want.last {
            let Some(content) = self.records[want.stream].get(&number) else {
                slice.gone.push(Gone { first: number, last: number, reason: GoneReason::DiskFull });
                continue;
            };
            if !slice.records.is_empty() && slice.records.len() >= want.max_bytes {
                slice.to = number - 1;
                break;
            }
            self.put(want.stream, number, content, &mut slice.records);
        }
        slice
    }

    /// Begins a new life that agrees with the last one up to these numbers.
    pub(crate) fn begin(&mut self, epoch: u64, same_until: &PerStream<u64>) {
        self.lives = Life::begin(&self.lives, epoch, same_until);
    }

    pub(crate) fn last(&self) -> PerStream<u64> {
        self.last
    }
}

/// What the edge knows of its scans.
pub(crate) struct Known;

impl Meanings for Known {
    fn group(&self, group: GroupId) -> Option<GroupDef> {
        (group == GROUP).then(definition)
    }

    fn packing(&self, _: GroupId, _: u64) -> Option<Packing> {
        None
    }
}
