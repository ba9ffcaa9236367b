//! Sample files: what is written is read back, and what is broken is told with its line.

use std::path::Path;

use domain::{Quality, Text, Timestamp, Value, ValueType};
use proptest::prelude::*;
use store::Store;
use store::table::{Column, Format, Layout, Reader, TableSample, Writer, export};

use crate::support::{Mem, at, group, options, scan};

const TYPES: [ValueType; 5] = [ValueType::F64, ValueType::Bool, ValueType::I64, ValueType::Text, ValueType::U64];

fn columns() -> Vec<Column> {
    let column = |(number, value_type): (usize, &ValueType)| Column {
        name: format!("line/t, \"{number}\""),
        unit: String::new(),
        value_type: *value_type,
    };
    TYPES.iter().enumerate().map(column).collect()
}

fn value(value_type: ValueType, seed: u64) -> Value {
    match value_type {
        ValueType::Bool => Value::Bool(seed.is_multiple_of(2)),
        ValueType::I64 => Value::I64(seed.cast_signed() >> (seed % 60)),
        ValueType::U64 => Value::U64(seed >> (seed % 60)),
        ValueType::F64 => {
            Value::from_f64(f64::from_bits(seed)).unwrap_or(Value::F64(domain::Finite::new(0.5).unwrap()))
        }
        ValueType::Text => Value::Text(Text::new(format!("ä, \"{seed}\"\nx")).unwrap()),
    }
}

/// Samples in order of arrival, at most one per arrival and column.
fn samples() -> impl Strategy<Value = Vec<TableSample>> {
    let qualities = prop_oneof![
        4 => Just(Quality::GOOD),
        1 => Just(Quality::OUT_OF_RANGE),
        1 => Just(Quality::TIMEOUT),
        1 => (0..1000_u32).prop_map(Quality::from_code)
    ];
    proptest::collection::vec((0..5_usize, 0..2_000_i64, any::<u64>(), qualities), 0..60).prop_map(|rows| {
        let mut arrival = 1_795_000_000_000_000;
        let mut samples: Vec<TableSample> = Vec::new();
        for (name, after, seed, quality) in rows {
            arrival += after / 700 * 1000; // some at the same time
            let arrival = Timestamp::from_micros(arrival);
            let value = (!quality.is_bad()).then(|| value(TYPES[name], seed));
            if !samples.iter().any(|sample| sample.arrival == arrival && sample.name >= name) {
                samples.push(TableSample { arrival, name, value, quality });
            }
        }
        samples
    })
}

fn write(path: &Path, layout: Layout, samples: &[TableSample]) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = Writer::new(file, columns(), Format::of(path).unwrap(), layout).unwrap();
    for sample in samples {
        writer.push(sample.arrival, sample.name, sample.value.as_ref(), sample.quality).unwrap();
    }
    writer.finish().unwrap();
}

/// What comes back, with the names as the numbers of [`columns`].
fn read(path: &Path) -> Vec<TableSample> {
    let mut reader = Reader::open(path).unwrap();
    let mut samples: Vec<TableSample> = reader.by_ref().map(Result::unwrap).collect();
    let columns = columns();
    let numbers: Vec<usize> =
        reader.names().iter().map(|name| columns.iter().position(|column| column.name == *name).unwrap()).collect();
    for sample in &mut samples {
        sample.name = numbers[sample.name];
    }
    samples
}

/// CSV has no types: what it means, as the type that whoever reads it expects.
fn coerced(mut samples: Vec<TableSample>) -> Vec<TableSample> {
    for sample in &mut samples {
        sample.value = sample.value.as_ref().map(|value| TYPES[sample.name].coerce(value).unwrap());
    }
    samples
}

fn good(samples: &[TableSample]) -> Vec<TableSample> {
    samples
        .iter()
        .filter(|sample| sample.quality.is_good())
        .cloned()
        .map(|sample| TableSample { quality: Quality::GOOD, ..sample })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(samples in samples()) {
        let dir = tempfile::tempdir().unwrap();
        let (csv, parquet) = (dir.path().join("x.csv"), dir.path().join("x.parquet"));
        write(&csv, Layout::Long, &samples);
        prop_assert_eq!(coerced(read(&csv)), samples.clone());
        write(&parquet, Layout::Long, &samples);
        prop_assert_eq!(read(&parquet), samples.clone());
        write(&csv, Layout::Wide, &samples);
        prop_assert_eq!(coerced(read(&csv)), good(&samples));
        write(&parquet, Layout::Wide, &samples);
        prop_assert_eq!(read(&parquet), good(&samples));
    }

    #[test]
    fn no_text_breaks_the_csv_reader(text in "arrival_us,(tag,value,quality|a,b)\n(\\PC{0,30}\n){0,5}") {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.csv");
        std::fs::write(&path, text).unwrap();
        if let Ok(reader) = Reader::open(&path) {
            reader.take(100).for_each(drop);
        }
    }
}

#[test]
fn history_comes_out_as_a_file_and_reads_the_same() {
    let (store, _) = Store::open_on(std::sync::Arc::new(Mem::new()), options("/s"), at(0)).unwrap();
    let (group, series) = group(&store, 2);
    for second in 0..20 {
        let number = f64::from(u8::try_from(second).unwrap());
        store.append(&[scan(group, second * 1000, &[number, number * 0.1 + 4.0])]).unwrap();
    }
    store.seal_all(at(20_000)).unwrap();
    let named = [("speed".to_owned(), series[1]), ("line/t0".to_owned(), series[0])];
    for (format, layout, ending) in [
        (Format::Csv, Layout::Long, "csv"),
        (Format::Csv, Layout::Wide, "csv"),
        (Format::Parquet, Layout::Long, "parquet"),
        (Format::Parquet, Layout::Wide, "parquet"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("x.{ending}"));
        let file = std::fs::File::create(&path).unwrap();
        assert_eq!(export(&store, &named, at(5_000), at(15_000), format, layout, file).unwrap(), 20);
        let mut reader = Reader::open(&path).unwrap();
        let samples: Vec<TableSample> = reader.by_ref().map(Result::unwrap).collect();
        assert_eq!(samples.len(), 20, "{format:?} {layout:?}");
        assert!(reader.names().contains(&"speed".to_owned()));
        assert_eq!((samples[0].arrival, samples[19].arrival), (at(5_000), at(14_000)));
        let speed = reader.names().iter().position(|name| name == "speed").unwrap();
        let first = samples.iter().find(|sample| sample.name == speed).unwrap();
        assert_eq!(first.value.as_ref().and_then(Value::as_f64), Some(5.0 * 0.1 + 4.0));
    }
}

#[test]
fn a_broken_file_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text, place, what) in [
        ("a.csv", "time,value\n1,2\n", "a.csv:1", "the columns are time, value"),
        ("b.csv", "", "b.csv:1", "the columns are missing"),
        ("c.csv", "arrival_us,tag,value,quality\n1,a,2,Good\nnow,a,2,Good\n", "c.csv:3", "`now` is no arrival"),
        ("d.csv", "arrival_us,tag,value,quality\n1,a,2,Fine\n", "d.csv:2", "`Fine` is no quality"),
        (
            "e.csv",
            "arrival_us,tag,value,quality\n1,a\n",
            "e.csv:2",
            "the line needs four cells: arrival_us, tag, value and quality",
        ),
        ("f.csv", "arrival_us,a\n1,2,3\n", "f.csv:2", "the line has more cells than the header"),
        ("g.parquet", "PAR1 but not really", "g.parquet", "this is no Parquet file"),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let problem = match Reader::open(&path) {
            Err(problem) => problem,
            Ok(mut reader) => reader.find_map(Result::err).unwrap(),
        };
        assert!(problem.place.ends_with(place), "{name}: {problem}");
        assert!(problem.what.starts_with(what), "{name}: {problem}");
    }
    let long = dir.path().join("h.csv");
    std::fs::write(&long, format!("arrival_us,a\n1,{}\n", "x".repeat(1025))).unwrap();
    let problem = Reader::open(&long).unwrap().find_map(Result::err).unwrap();
    assert!(problem.place.ends_with("h.csv:2"), "{problem}");
    assert_eq!(Reader::open(&dir.path().join("x.txt")).err().unwrap().code, "file.unknown-format");
}

#[test]
fn several_row_groups_are_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let column = Column { name: "a".into(), value_type: ValueType::F64, unit: String::new() };
    let mut writer = Writer::new(file, vec![column], Format::Parquet, Layout::Wide).unwrap();
    for row in 0..300_000_i32 {
        let value = Value::from_f64(f64::from(row));
        writer.push(Timestamp::from_millis(row.into()), 0, value.as_ref(), Quality::GOOD).unwrap();
    }
    writer.finish().unwrap();
    let sum: f64 = Reader::open(&path).unwrap().filter_map(|sample| sample.unwrap().value?.as_f64()).sum();
    assert!((sum - 44_999_850_000.0).abs() < 1.0);
}
