//! Whatever is in a parcel comes out again; whatever was done to it on the way is noticed.

use domain::log_record::{GroupDef, LogBody, RecordHead, encode};
use domain::{GroupId, Id, Quality, Scan, SeriesDef, SeriesId, Timestamp, Value, ValueType};
use proptest::prelude::*;

use super::{Gone, GoneReason, Header, Meaning, Parcel, ParcelError, crc_of_gone, records};
use crate::Stream;

fn gone(first: u64, last: u64) -> Gone {
    Gone { first, last, reason: GoneReason::DiskFull }
}

/// `alarm` records with these numbers and contents, and gone ranges.
fn framed(numbers: &[(u64, Vec<u8>)], gone: Vec<Gone>) -> Parcel {
    let mut bytes = Vec::new();
    for (number, content) in numbers {
        records::frame(*number, content, &mut bytes);
    }
    let last_record = records::read(Stream::Alarm, &bytes).last().map(|record| record.unwrap());
    let ends_gone =
        gone.last().map(|gone| gone.last).filter(|last| last_record.is_none_or(|record| *last > record.number));
    let last = ends_gone.or(last_record.map(|record| record.number)).unwrap();
    let crc = ends_gone.map(crc_of_gone).or(last_record.map(|record| record.crc)).unwrap();
    let first = numbers
        .first()
        .map(|(number, _)| *number)
        .into_iter()
        .chain(gone.first().map(|gone| gone.first))
        .min()
        .unwrap();
    let count = u32::try_from(numbers.len()).unwrap();
    let edge = Id::from_bytes([9; 16]);
    let header = Header { edge, epoch: 7, stream: Stream::Alarm, first, last, count, prev_crc: 1, crc, gone };
    Parcel { header, told: Vec::new(), records: bytes }
}

fn scans(told: bool) -> Parcel {
    let series = SeriesDef { tag: "a".parse().unwrap(), value_type: ValueType::F64, unit: String::new(), scale: None };
    let define = LogBody::Define(GroupDef { group: GroupId(3), series: vec![(SeriesId(1), series)] });
    let scan = Scan {
        group: GroupId(3),
        arrival: Timestamp::from_millis(5),
        source: None,
        values: vec![Some(Value::U64(4))],
        qualities: vec![Quality::GOOD],
    };
    let head = |seq| RecordHead { epoch: 7, stream: domain::Stream::Data, seq };
    let (mut meanings, mut bytes) = (Vec::new(), Vec::new());
    if told {
        encode(head(0), &define, &mut meanings);
    }
    encode(head(5), &LogBody::Scan(scan), &mut bytes);
    let crc = records::read(Stream::Data, &bytes).next().unwrap().unwrap().crc;
    let edge = Id::from_bytes([9; 16]);
    let header = Header {
        edge,
        epoch: 7,
        stream: Stream::Data,
        first: 5,
        last: 5,
        count: 1,
        prev_crc: 1,
        crc,
        gone: Vec::new(),
    };
    Parcel { header, told: meanings, records: bytes }
}

fn error(change: impl FnOnce(&mut Parcel)) -> ParcelError {
    let mut parcel = framed(&[(4, b"a".to_vec()), (5, b"b".to_vec()), (8, b"c".to_vec())], vec![gone(6, 7)]);
    change(&mut parcel);
    parcel.check().unwrap_err()
}

#[test]
fn a_parcel_that_contradicts_its_header_is_refused() {
    assert!(error(|parcel| parcel.header.gone.clear()) == ParcelError::Contents("order"));
    assert!(error(|parcel| parcel.header.gone[0].last = 9) == ParcelError::Contents("gone"));
    assert!(error(|parcel| parcel.header.gone.push(gone(8, 8))) == ParcelError::Contents("order"));
    assert!(error(|parcel| parcel.header.last = 9) == ParcelError::Contents("count"));
    assert!(error(|parcel| parcel.header.count = 4) == ParcelError::Contents("count"));
    assert!(error(|parcel| parcel.header.first = 3) == ParcelError::Contents("order"));
    assert!(error(|parcel| parcel.header.first = 0) == ParcelError::Contents("range"));
    assert!(error(|parcel| parcel.header.last = u64::MAX) == ParcelError::Contents("range"));
    assert!(error(|parcel| parcel.header.crc ^= 1) == ParcelError::Contents("crc"));
    assert!(error(|parcel| parcel.records.truncate(30)) == ParcelError::Contents("frame"));
    assert!(scans(false).check().is_ok());
    let mut other_life = scans(false);
    other_life.header.epoch = 8;
    assert!(other_life.check().unwrap_err() == ParcelError::Contents("epoch or stream"));
}

#[test]
fn a_parcel_says_which_meanings_it_needs_and_which_it_tells() {
    let needed = scans(false).check().unwrap();
    assert!(needed.needed.contains(&Meaning::Group(GroupId(3))) && needed.told.is_empty());
    let told = scans(true).check().unwrap();
    assert!(told.needed.is_empty() && told.told.contains(&Meaning::Group(GroupId(3))));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = scans(true).encode(0);
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(Parcel::decode(&altered).is_err(), "bit {bit}");
    }
    assert!(Parcel::decode(&bytes[..bytes.len() - 1]).is_err());
    assert!(Parcel::decode(&[bytes.as_slice(), b"x"].concat()).is_err());
}

fn some() -> impl Strategy<Value = Parcel> {
    let content = proptest::collection::vec(any::<u8>(), 0..40);
    let steps = proptest::collection::vec((1..4_u64, content), 1..40);
    (1..1_000_000_u64, steps).prop_map(|(start, steps)| {
        let (mut next, mut numbers, mut ranges) = (start, Vec::new(), Vec::new());
        for (step, content) in steps {
            if step > 1 {
                ranges.push(gone(next, next + step - 2));
            }
            numbers.push((next + step - 1, content));
            next += step;
        }
        framed(&numbers, ranges)
    })
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(parcel in some(), level in 0..4) {
        let back = Parcel::decode(&parcel.encode(level)).unwrap();
        prop_assert!(back.check().is_ok());
        prop_assert_eq!(back, parcel);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = super::VERSION;
        }
        if let Ok(parcel) = Parcel::decode(&bytes) {
            drop(parcel.check());
        }
        for record in records::read(Stream::Change, &bytes) {
            drop(record);
        }
    }
}
