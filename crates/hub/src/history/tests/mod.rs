//! Samples on their way through the hub. Here: how tests make parcels.

mod drawing;
mod model;
mod same_as_edge;
mod unpacking;

use domain::log_record::{GroupDef, LogBody, RecordHead, encode};
use domain::{GroupId, Id, Quality, Scan, SeriesDef, SeriesId, Stream, Timestamp, Value, ValueType};
use link::parcel::{Gone, GoneReason, Header, Parcel, crc_of_gone, records};

pub(super) fn edge() -> Id {
    Id::from_bytes([7; 16])
}

pub(super) fn ms(at: i64) -> Timestamp {
    Timestamp::from_millis(at)
}

/// The group's series are numbered from ten times its own number on; their tags are `line/<series>`.
pub(super) fn group(number: u32, count: u32, unit: &str) -> LogBody {
    let series = (0..count).map(|place| {
        let id = number * 10 + place;
        let tag = format!("line/{id}").parse().unwrap();
        let def = SeriesDef { tag, value_type: ValueType::I64, unit: unit.to_owned(), scale: None };
        (SeriesId(id), def)
    });
    LogBody::Define(GroupDef { group: GroupId(number), series: series.collect() })
}

/// A scan of whole numbers.
pub(super) fn scan(group: u32, at: Timestamp, values: &[i64]) -> LogBody {
    let qualities = vec![Quality::GOOD; values.len()];
    let values = values.iter().map(|value| Some(Value::I64(*value))).collect();
    LogBody::Scan(Scan { group: GroupId(group), arrival: at, source: None, values, qualities })
}

/// Records from number `first` on, where none stands for one that is gone; `told` goes beside them.
pub(super) fn parcel(
    life: (Stream, u64),
    first: u64,
    bodies: &[Option<LogBody>],
    told: &[LogBody],
    reason: GoneReason,
) -> Parcel {
    let (stream, epoch) = life;
    let (mut bytes, mut gone) = (Vec::new(), Vec::<Gone>::new());
    let (mut number, mut count, mut crc) = (first, 0, 0);
    for body in bodies {
        if let Some(body) = body {
            let from = bytes.len();
            encode(RecordHead { epoch, stream, seq: number }, body, &mut bytes);
            crc = records::read(stream.into(), &bytes[from..]).next().unwrap().unwrap().crc;
            count += 1;
        } else {
            match gone.last_mut().filter(|gone| gone.last + 1 == number) {
                Some(gone) => gone.last = number,
                None => gone.push(Gone { first: number, last: number, reason }),
            }
            crc = crc_of_gone(number);
        }
        number += 1;
    }
    let mut beside = Vec::new();
    for body in told {
        encode(RecordHead { epoch, stream, seq: 1 }, body, &mut beside);
    }
    let header =
        Header { edge: edge(), epoch, stream: stream.into(), first, last: number - 1, count, prev_crc: 0, crc, gone };
    Parcel { header, told: beside, records: bytes }
}
