//! What an edge draws of its own store, the hub draws of the records that this store gives: packed, with definitions among them.

use domain::{Quality, Scan, SeriesDef, Stream, Timestamp, Value, ValueType};
use link::parcel::{Header, Parcel};
use store::{Store, StoreOptions};

use super::{edge, ms};
use crate::history::draw::Drawing;
use crate::history::merge::sort;
use crate::history::row::Wanted;
use crate::history::unpack::{Dictionary, Unpacked, Unpacker};

const START: i64 = 1_764_300_000_000;

fn def(tag: &str, value_type: ValueType) -> SeriesDef {
    SeriesDef { tag: tag.parse().unwrap(), value_type, unit: "bar".to_owned(), scale: None }
}

/// An hour at one scan a second, with a pause of five minutes, a stuck minute, and values that do not pack.
fn scans(group: domain::GroupId) -> Vec<Scan> {
    let seconds = (0..1_500).chain(1_800..3_600);
    let scan = |second: i64| {
        let wave = (second as f64 / 50.0).sin() * 40.0;
        let number = if second % 97 == 0 { wave * 1e9 + 0.123 } else { (wave * 10.0).round() / 10.0 };
        let is_lost = (600..660).contains(&second);
        Scan {
            group,
            arrival: ms(START + second * 1000 + second % 3),
            source: None,
            values: vec![if is_lost { None } else { Value::from_f64(number) }, Some(Value::Bool(second % 7 == 0))],
            qualities: vec![if is_lost { Quality::TIMEOUT } else { Quality::GOOD }, Quality::GOOD],
        }
    };
    seconds.map(scan).collect()
}

/// All its records as parcels.
fn unpacked(store: &Store) -> Unpacked {
    let mut unpacker = Unpacker::new(Stream::Data, store.epoch(), Dictionary::default(), Wanted::ALL);
    let mut from = 1;
    loop {
        let slice = store.read_log(Stream::Data, from, 50_000).unwrap();
        if slice.count == 0 {
            return unpacker.finish();
        }
        let header = Header {
            edge: edge(),
            epoch: store.epoch(),
            stream: link::Stream::Data,
            first: slice.first,
            last: slice.last,
            count: u32::try_from(slice.count).unwrap(),
            prev_crc: 0,
            crc: 0,
            gone: Vec::new(),
        };
        unpacker.parcel(&Parcel { header, told: Vec::new(), records: slice.bytes }, ms(START));
        from = slice.last + 1;
    }
}

#[test]
fn the_same_records_make_the_same_trend() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(StoreOptions::new(folder.path(), 77), ms(START)).unwrap();
    let series = [def("line/pressure", ValueType::F64), def("line/valve", ValueType::Bool)];
    let series = series.map(|def| store.define_series(&def).unwrap());
    let group = store.define_group(&series).unwrap();
    for scans in scans(group).chunks(10) {
        let scans: Vec<_> = scans.iter().map(|scan| (Stream::Data, scan)).collect();
        store.append(&scans).unwrap();
    }
    let mut rows = unpacked(&store);
    assert_eq!(rows.unreadable, 0);
    sort(&mut rows.rows);
    let asked: [(i64, i64, u32); 4] = [(-60, 3_700, 100), (0, 3_600, 7), (580, 700, 120), (1_400, 1_900, 500)];
    for (from, to, buckets) in asked {
        let (from, to) = (ms(START + from * 1000), ms(START + to * 1000));
        for series in series {
            let theirs = store.trend(series, from, to, buckets).unwrap();
            let mut drawing = Drawing::new(from, to, buckets).unwrap();
            rows.rows.iter().filter(|row| row.series == series).for_each(|row| drawing.push(row));
            let ours = drawing.finish(&[]);
            assert_eq!(ours.width, theirs.width);
            let plain = |t: Timestamp, min, max, count, good, worst| (t, min, max, count, good, worst);
            let ours_plain: Vec<_> =
                ours.buckets.iter().map(|b| plain(b.t, b.min, b.max, b.count, b.good, b.worst)).collect();
            let theirs_plain: Vec<_> =
                theirs.buckets.iter().map(|b| plain(b.t, b.min, b.max, b.count, b.good, b.worst)).collect();
            assert_eq!(ours_plain, theirs_plain);
            for (ours, theirs) in ours.buckets.iter().zip(&theirs.buckets) {
                // the edge may add up in another order
                let difference = ours.mean.unwrap_or(0.0) - theirs.mean.unwrap_or(0.0);
                assert!(difference.abs() <= 1e-9 * ours.mean.unwrap_or(0.0).abs().max(1.0), "{ours:?} {theirs:?}");
            }
            let ends = |from: Timestamp, to: Timestamp| (from.millis(), to.millis());
            let ours_gaps: Vec<_> = ours.gaps.iter().map(|gap| ends(gap.from, gap.to)).collect();
            let theirs_gaps: Vec<_> = theirs.gaps.iter().map(|gap| ends(gap.from, gap.to)).collect();
            assert_eq!(ours_gaps, theirs_gaps);
        }
    }
}
