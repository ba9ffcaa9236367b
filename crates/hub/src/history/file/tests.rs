//! Files are what was put in, and only what is wanted is read.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Finite, Id, Quality, SeriesId, Stream, Text, Timestamp, Value};
use proptest::prelude::*;

use super::{File, GROUP_ROWS, Rows, Writer};
use crate::history::day::Day;
use crate::history::merge::{Merge, sort};
use crate::history::row::{Label, Row, Wanted};

fn edge() -> Id {
    Id::from_bytes([7; 16])
}

fn label(tag: &str, unit: &str) -> Arc<Label> {
    Arc::new(Label { tag: tag.parse().unwrap(), unit: unit.to_owned() })
}

fn write(rows: &[Row]) -> Bytes {
    let mut writer = Writer::new(Vec::new(), edge(), Day(3)).unwrap();
    for row in rows {
        writer.push(row.clone()).unwrap();
    }
    let (written, bytes) = writer.finish().unwrap();
    assert_eq!(written.rows, rows.len() as u64);
    bytes.into()
}

fn read(bytes: Bytes, wanted: &Wanted) -> Vec<Row> {
    Rows::of(Arc::new(File::open(bytes).unwrap()), wanted.clone()).collect::<Result<_, _>>().unwrap()
}

fn value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|value| Some(Value::Bool(value))),
        any::<i64>().prop_map(|value| Some(Value::I64(value))),
        any::<u64>().prop_map(|value| Some(Value::U64(value))),
        any::<f64>().prop_map(|value| Finite::new(value).map(Value::F64)),
        ".{0,20}".prop_map(|value| Text::new(value).map(Value::Text)),
    ]
}

prop_compose! {
    fn row()(
        series in 0..4_u32,
        other in any::<bool>(),
        at in (0..40_i64, prop::option::of(any::<i64>())),
        value in value(),
        quality in any::<u32>(),
        from in (any::<bool>(), 0..3_u64, 0..6_u64),
    ) -> Row {
        Row {
            // one number may mean two tags in two lives, and the largest number there is
            series: SeriesId(if series == 3 { u32::MAX } else { series }),
            label: if other { label("line/other", "Cel") } else { label("line/tag", "") },
            arrival: Timestamp::from_millis(at.0),
            source: at.1.map(Timestamp::from_micros),
            value,
            quality: Quality::from_code(quality),
            stream: if from.0 { Stream::Data } else { Stream::Prediction },
            epoch: from.1.wrapping_sub(1),
            number: from.2,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_is_what_was_written(
        mut rows in prop::collection::vec(row(), 0..120),
        series in 0..3_u32,
        from in 0..40_i64,
        length in 0..40_i64,
    ) {
        sort(&mut rows);
        let bytes = write(&rows);
        prop_assert_eq!(&read(bytes.clone(), &Wanted::ALL), &rows);
        let wanted = Wanted {
            series: Some((SeriesId(series), label("line/tag", ""))),
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(from + length),
        };
        let inside = |row: &Row| row.series.0 == series && row.label.unit.is_empty()
            && (from..from + length).contains(&row.arrival.millis());
        let expected: Vec<Row> = rows.into_iter().filter(inside).collect();
        prop_assert_eq!(read(bytes, &wanted), expected);
    }

    #[test]
    fn files_merged_are_one_sorted_file_with_each_sample_once(
        parts in prop::collection::vec(prop::collection::vec(row(), 0..60), 0..5),
    ) {
        let mut all: Vec<Row> = parts.concat();
        // two lives may tell one sample, and no life tells it twice in two ways
        all.sort_by(Row::order);
        all.dedup_by(|a, b| a.order(b).is_eq());
        let kept = |row: &Row| all.iter().find(|known| known.order(row).is_eq()).cloned();
        let files = parts.iter().map(|part| {
            let mut part: Vec<Row> = part.iter().filter_map(kept).collect();
            sort(&mut part);
            Rows::of(Arc::new(File::open(write(&part)).unwrap()), Wanted::ALL)
        });
        let merged: Vec<Row> = Merge::new(files.collect()).unwrap().collect::<Result<_, _>>().unwrap();
        sort(&mut all);
        prop_assert_eq!(merged, all);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = File::open(Bytes::from(bytes)).map(drop);
    }
}

#[test]
fn only_row_groups_that_may_hold_it_are_read() {
    let of = |series: u32, row: i64| Row {
        series: SeriesId(series),
        label: label("line/tag", ""),
        arrival: Timestamp::from_millis(row),
        source: None,
        value: Some(Value::I64(row)),
        quality: Quality::GOOD,
        stream: Stream::Data,
        epoch: 1,
        number: u64::try_from(row).unwrap(),
    };
    let per_series = i64::try_from(GROUP_ROWS).unwrap();
    let rows: Vec<Row> = (0..3).flat_map(|series| (0..per_series).map(move |row| of(series, row))).collect();
    let file = File::open(write(&rows)).unwrap();
    assert_eq!(file.groups(&Wanted::ALL), [0, 1, 2]);
    let one = Wanted { series: Some((SeriesId(1), label("line/tag", ""))), ..Wanted::ALL };
    assert_eq!(file.groups(&one), [1]);
    assert_eq!(file.groups(&Wanted { from: Timestamp::from_millis(per_series), ..one }), Vec::<usize>::new());
}

#[test]
fn a_file_of_a_newer_version_is_refused_in_words() {
    let mut bytes = write(&[]).to_vec();
    let at = bytes.windows(16).position(|part| part == b"lastmile.version").unwrap();
    let version = bytes.iter().skip(at + 16).position(|byte| *byte == b'1').unwrap();
    bytes[at + 16 + version] = b'2';
    let refused = File::open(Bytes::from(bytes)).err().unwrap().to_string();
    assert!(refused.contains('2') && refused.contains("reads 1"), "{refused}");
}
