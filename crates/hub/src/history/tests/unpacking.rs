//! Parcels become the rows that they tell, and the reasons of what is not there.

use domain::log_record::{
    ClockEra, DropReason, DropRecord, Field, LogBody, Packing, RecordHead, Steps, encode, encode_packed_scan,
};
use domain::{GroupId, SeriesId, Stream, Value};
use link::parcel::{GoneReason, Header, Parcel};

use super::{edge, group, ms, parcel, scan};
use crate::history::row::{Row, Wanted};
use crate::history::unpack::{Dictionary, Mark, Reason, Unpacked, Unpacker};

const LIFE: (Stream, u64) = (Stream::Data, 5);

fn unpack(parcels: &[Parcel], wanted: Wanted) -> Unpacked {
    let mut unpacker = Unpacker::new(LIFE.0, LIFE.1, Dictionary::default(), wanted);
    for parcel in parcels {
        unpacker.parcel(parcel, ms(99_000));
    }
    unpacker.finish()
}

fn said(row: &Row) -> (u32, i64, Option<Value>, u64) {
    (row.series.0, row.arrival.millis(), row.value.clone(), row.number)
}

#[test]
fn scans_become_rows_by_what_was_told_before_beside_and_among_them() {
    let first = parcel(LIFE, 1, &[Some(group(1, 2, "bar")), Some(scan(1, ms(10), &[4, 5]))], &[], GoneReason::DiskFull);
    let second = parcel(LIFE, 3, &[Some(scan(2, ms(20), &[6]))], &[group(2, 1, "")], GoneReason::DiskFull);
    let unpacked = unpack(&[first, second], Wanted::ALL);
    assert_eq!(unpacked.unreadable, 0);
    let rows: Vec<_> = unpacked.rows.iter().map(said).collect();
    let value = |value| Some(Value::I64(value));
    assert_eq!(rows, [(10, 10, value(4), 2), (11, 10, value(5), 2), (20, 20, value(6), 3)]);
    let row = &unpacked.rows[0];
    assert_eq!((row.label.tag.as_str(), row.label.unit.as_str()), ("line/10", "bar"));
    assert_eq!((row.stream, row.epoch), LIFE);
}

#[test]
fn a_packed_scan_is_read_by_the_packing_that_it_names_however_many_came_since() {
    let field = Field { steps: Steps::I64, base: 100, bits: 8 };
    let packing = |number| Packing::new(GroupId(1), number, vec![field]).unwrap();
    let mut dictionary = Dictionary::default();
    let mut told = Vec::new();
    encode(RecordHead { epoch: 5, stream: Stream::Data, seq: 1 }, &group(1, 1, ""), &mut told);
    for number in 0..20 {
        let body = LogBody::Packing(packing(number));
        encode(RecordHead { epoch: 5, stream: Stream::Data, seq: 1 }, &body, &mut told);
    }
    assert_eq!(dictionary.tell(link::Stream::Data, &told), 0);
    let LogBody::Scan(scan) = scan(1, ms(7), &[142]) else { panic!("a scan") };
    let mut bytes = Vec::new();
    encode_packed_scan(RecordHead { epoch: 5, stream: Stream::Data, seq: 9 }, &scan, &packing(0), &mut bytes);
    let mut one = parcel(LIFE, 9, &[None], &[], GoneReason::DiskFull);
    one.header = Header { edge: edge(), gone: Vec::new(), count: 1, ..one.header };
    one.records = bytes;
    let mut unpacker = Unpacker::new(LIFE.0, LIFE.1, dictionary, Wanted::ALL);
    unpacker.parcel(&one, ms(0));
    let unpacked = unpacker.finish();
    assert_eq!(unpacked.rows.iter().map(said).collect::<Vec<_>>(), [(10, 7, Some(Value::I64(142)), 9)]);
}

#[test]
fn a_scan_without_its_meaning_is_counted_and_costs_nothing_else() {
    let bodies = [Some(scan(3, ms(1), &[1])), Some(group(1, 1, "")), Some(scan(1, ms(2), &[2]))];
    let unpacked = unpack(&[parcel(LIFE, 1, &bodies, &[], GoneReason::Damaged)], Wanted::ALL);
    assert_eq!((unpacked.unreadable, unpacked.rows.len()), (1, 1));
}

#[test]
fn only_what_is_wanted_is_taken_out() {
    let scans = [1, 2, 3].map(|at| Some(scan(1, ms(at), &[at, -at])));
    let one = parcel(LIFE, 1, &scans, &[group(1, 2, "")], GoneReason::DiskFull);
    let all = unpack(std::slice::from_ref(&one), Wanted::ALL).rows;
    let label = all.iter().find(|row| row.series == SeriesId(11)).unwrap().label.clone();
    let wanted = Wanted { series: Some((SeriesId(11), label)), from: ms(2), to: ms(3) };
    let rows = unpack(&[one], wanted).rows;
    assert_eq!(rows.iter().map(said).collect::<Vec<_>>(), [(11, 2, Some(Value::I64(-2)), 2)]);
}

#[test]
fn what_is_gone_lies_between_the_arrivals_beside_it() {
    let mark = |from, to, reason| Mark { from: ms(from), to: ms(to), reason };
    let at = |at| Some(scan(1, ms(at), &[0]));
    let told = [group(1, 1, "")];
    // inside, at the end of a parcel and over the next one, and at the end of all
    let parcels = [
        parcel(LIFE, 1, &[at(10), None, at(20), None], &told, GoneReason::DiskFull),
        parcel(LIFE, 5, &[None, at(30)], &[], GoneReason::TooLarge),
        parcel(LIFE, 7, &[None], &[], GoneReason::Damaged),
        // not connected with those before
        parcel(LIFE, 20, &[None, at(50)], &[], GoneReason::Released),
        parcel(LIFE, 40, &[None], &[], GoneReason::Restored),
    ];
    let marks = unpack(&parcels, Wanted::ALL).marks;
    let expected = [
        mark(10, 20, Reason::DiskFull),
        mark(20, 30, Reason::DiskFull),
        mark(20, 30, Reason::TooLarge),
        mark(30, 30, Reason::Damaged),
        mark(50, 50, Reason::Released),
        mark(99_000, 99_000, Reason::Restored),
    ];
    assert_eq!(marks, expected);
}

#[test]
fn steps_of_the_clock_and_what_the_edge_dropped_are_reasons_too() {
    let era = LogBody::Era(ClockEra { before: ms(10), after: ms(5_000) });
    let drop = DropRecord { first: 1, last: 9, from: ms(6_000), to: ms(9_000), reason: DropReason::TooLarge };
    let bodies = [Some(era), Some(LogBody::Drop(drop))];
    let marks = unpack(&[parcel(LIFE, 1, &bodies, &[], GoneReason::DiskFull)], Wanted::ALL).marks;
    let expected = [(10, 5_000, Reason::ClockStep), (6_000, 9_000, Reason::TooLarge)];
    assert_eq!(marks, expected.map(|(from, to, reason)| Mark { from: ms(from), to: ms(to), reason }));
}
