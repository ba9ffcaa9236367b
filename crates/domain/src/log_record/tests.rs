//! Records of the log: what is written is what is read, and damage is seen.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Finite, Quality, Text, Value};

/// Written once by version 1 and never changed: whoever reads records must read these bytes.
const VECTORS_1: &str = include_str!("vectors_v1.txt");
/// Written once by version 2, which is still written, and never changed.
const VECTORS_2: &str = include_str!("vectors_v2.txt");

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn number(value: f64) -> Option<Value> {
    Value::from_f64(value)
}

fn scan_of(values: Vec<Option<Value>>) -> Scan {
    let qualities = vec![Quality::GOOD; values.len()];
    Scan { group: GroupId(7), arrival: Timestamp::from_millis(1_795_000_000_123), source: None, values, qualities }
}

fn examples() -> Vec<(&'static str, RecordHead, LogBody, Vec<Option<LinearScale>>)> {
    let head = |stream, seq| RecordHead { epoch: 0x0123_4567_89ab_cdef, stream, seq };
    let mixed = Scan {
        group: GroupId(300),
        arrival: Timestamp::from_micros(1_795_000_000_123_456),
        source: Some(Timestamp::from_micros(1_795_000_000_000_000)),
        values: vec![
            None,
            Some(Value::Bool(true)),
            Some(Value::Bool(false)),
            Some(Value::I64(i64::MIN)),
            Some(Value::U64(u64::MAX)),
            Text::new("Größe 4").map(Value::Text),
            number(std::f64::consts::PI),
            number(f64::from(1.1_f32)),
            number(-0.0),
            number(20.5),
            number(3.0 * 0.1),
        ],
        qualities: [vec![Quality::SENSOR_FAILURE], vec![Quality::GOOD; 8], vec![Quality::OUT_OF_RANGE; 2]].concat(),
    };
    let scale = LinearScale { factor: 100.0 / 27_648.0, offset: -50.0 };
    let counts = scan_of((0..5_i32).map(|n| number(f64::from(n * 5000) * scale.factor + scale.offset)).collect());
    let def = |tag: &str, scale| SeriesDef {
        tag: tag.parse().unwrap(),
        value_type: ValueType::F64,
        unit: "mm/s".into(),
        scale,
    };
    let group = GroupDef {
        group: GroupId(7),
        series: vec![(SeriesId(1), def("line-2/pump-7/vibration_de", None)), (SeriesId(9), def("a/b", Some(scale)))],
    };
    let era = ClockEra { before: Timestamp::from_millis(1_795_000_000_000), after: Timestamp::from_millis(0) };
    let gone = DropRecord {
        first: 1,
        last: 86_400,
        from: Timestamp::from_millis(1_794_000_000_000),
        to: Timestamp::from_millis(1_794_086_400_000),
        reason: DropReason::DiskFull,
    };
    vec![
        ("one good number", head(Stream::Data, 1), LogBody::Scan(scan_of(vec![number(21.5)])), vec![]),
        ("a value of every kind", head(Stream::Data, 70_000), LogBody::Scan(mixed), vec![]),
        ("counts under a scale", head(Stream::Prediction, 2), LogBody::Scan(counts), vec![Some(scale); 5]),
        ("an empty scan", head(Stream::Data, 3), LogBody::Scan(scan_of(vec![])), vec![]),
        ("the meaning of a group", head(Stream::Data, 4), LogBody::Define(group), vec![]),
        ("a step of the clock", head(Stream::Data, 5), LogBody::Era(era), vec![]),
        ("dropped records", head(Stream::Data, 6), LogBody::Drop(gone), vec![]),
    ]
}

fn bytes_of(head: RecordHead, body: &LogBody, scales: &[Option<LinearScale>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match body {
        LogBody::Scan(scan) => encode_scan(head, scan, scales, &mut bytes),
        other => encode(head, other, &mut bytes),
    }
    bytes
}

fn packing() -> Packing {
    let scale = LinearScale { factor: 100.0 / 27_648.0, offset: -50.0 };
    let field = |steps, base, bits| Field { steps, base, bits };
    let fields = vec![
        field(Steps::Bool, 0, 1),
        field(Steps::I64, -5, 7),
        field(Steps::U64, 1 << 40, 3),
        field(Steps::Over(10.0), 200, 5),
        field(Steps::Linear(scale), 13_000, 9),
        field(Steps::Single(scale), 13_000, 0),
        field(Steps::SingleBits, 1_065_353_216, 23),
        field(Steps::DoubleBits, 4_607_182_418_800_017_408, 52),
        field(Steps::None, 0, 0),
        field(Steps::Bool, 0, 1),
    ];
    Packing::new(GroupId(7), 70_001, fields).unwrap()
}

fn packed_scan() -> Scan {
    let count = |n: f64| n * (100.0 / 27_648.0) - 50.0;
    let single = |number: f64| f64::from(number.to_string().parse::<f32>().unwrap());
    scan_of(vec![
        Some(Value::Bool(true)),
        Some(Value::I64(-1)),
        Some(Value::U64((1 << 40) + 7)),
        number(20.5),
        number(count(13_500.0)),
        number(single(count(13_001.0))), // does not fit
        number(single(1.1)),
        number(1.0 + f64::EPSILON),
        Text::new("step 3").map(Value::Text), // is told in full
        None,                                 // does not fit
    ])
}

fn packed_examples() -> Vec<(&'static str, RecordHead, LogBody, Vec<u8>)> {
    let head = |seq| RecordHead { epoch: 0x0123_4567_89ab_cdef, stream: Stream::Data, seq };
    let (mut told, mut scan) = (Vec::new(), Vec::new());
    encode(head(70_001), &LogBody::Packing(packing()), &mut told);
    let misses = encode_packed_scan(head(70_002), &packed_scan(), &packing(), &mut scan);
    assert_eq!(misses, 3);
    vec![
        ("a packing", head(70_001), LogBody::Packing(packing()), told),
        ("a packed scan", head(70_002), LogBody::Scan(packed_scan()), scan),
    ]
}

#[test]
fn the_kept_vectors_are_still_read_and_still_written() {
    let lines = |vectors: &'static str| vectors.lines().filter(|line| !line.starts_with('#'));
    let mut written = Vec::new();
    for ((name, head, body, scales), old) in examples().into_iter().zip(lines(VECTORS_1)) {
        let bytes = bytes_of(head, &body, &scales);
        written.push(format!("{name}: {}", hex(&bytes)));
        let old = unhex(old.strip_prefix(name).unwrap().strip_prefix(": ").unwrap());
        for bytes in [bytes, old] {
            let record = parse(&bytes).unwrap();
            assert_eq!((record.head, record.decode(Meaning::scales(&scales)).unwrap()), (head, body.clone()), "{name}");
        }
    }
    let mut meanings = Meanings::default();
    for (name, head, body, bytes) in packed_examples() {
        written.push(format!("{name}: {}", hex(&bytes)));
        let record = parse(&bytes).unwrap();
        assert_eq!((record.head, meanings.read(&record).unwrap()), (head, body), "{name}");
    }
    assert_eq!(lines(VECTORS_2).collect::<Vec<_>>(), written, "\n{}", written.join("\n"));
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap()).collect()
}

#[test]
fn a_packed_scan_is_not_understood_before_its_packing_was_told() {
    let [(_, _, told, packing), (_, _, scan, packed)] = <[_; 2]>::try_from(packed_examples()).unwrap();
    let mut meanings = Meanings::default();
    assert_eq!(meanings.read(&parse(&packed).unwrap()), Err(RecordError::Packing(70_001)));
    assert_eq!(meanings.read(&parse(&packing).unwrap()), Ok(told));
    assert_eq!(meanings.read(&parse(&packed).unwrap()), Ok(scan));
}

#[test]
fn ordered_bits_keep_the_order_of_numbers() {
    let numbers = [-1e30, -2.5, -1.0, -1e-40, -0.0, 0.0, 1e-40, 0.5, 1.0, 2.5, 1e30];
    for steps in [Steps::SingleBits, Steps::DoubleBits] {
        let value =
            |number: f64| Value::F64(Finite::new(f64::from(number.to_string().parse::<f32>().unwrap())).unwrap());
        let found: Vec<i64> = numbers.iter().map(|number| steps.number(&value(*number)).unwrap()).collect();
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
    }
}

#[test]
fn negative_zero_stays_negative() {
    let mut bytes = Vec::new();
    let head = RecordHead { epoch: 1, stream: Stream::Data, seq: 1 };
    encode_scan(head, &scan_of(vec![number(-0.0)]), &[], &mut bytes);
    let back = parse(&bytes).unwrap().scan().unwrap().to_scan(Meaning::default()).unwrap();
    assert_eq!(back.values[0].as_ref().and_then(Value::as_f64).map(f64::to_bits), Some((-0.0_f64).to_bits()));
}

#[test]
fn scaled_counts_cost_a_quarter_of_their_numbers() {
    let scale = LinearScale { factor: 100.0 / 4095.0, offset: -20.0 };
    let scan = scan_of((0..100_u32).map(|n| number(f64::from(n * 37 % 4096) * scale.factor + scale.offset)).collect());
    let head = RecordHead { epoch: 1, stream: Stream::Data, seq: 1 };
    let (mut with, mut without) = (Vec::new(), Vec::new());
    encode_scan(head, &scan, &vec![Some(scale); 100], &mut with);
    encode_scan(head, &scan, &[], &mut without);
    assert!(with.len() < 240, "{}", with.len());
    assert!(without.len() > 800, "{}", without.len());
}

fn any_value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|value| Some(Value::Bool(value))),
        any::<i64>().prop_map(|value| Some(Value::I64(value))),
        any::<u64>().prop_map(|value| Some(Value::U64(value))),
        any::<f64>().prop_map(|value| Finite::new(value).map(Value::F64)),
        any::<f32>().prop_map(|value| Value::from_f64(f64::from(value))),
        (any::<i16>(), 0..6).prop_map(|(n, e)| Value::from_f64(f64::from(n) / 10_f64.powi(e))),
        any::<u16>().prop_map(|n| Value::from_f64(f64::from(n) * (16.0 / 27_648.0) + 4.0)),
        "\\PC{0,40}".prop_map(|text| Text::new(text).map(Value::Text)),
    ]
}

fn any_scan() -> impl Strategy<Value = Scan> {
    let quality = prop_oneof![4 => Just(Quality::GOOD), 1 => any::<u32>().prop_map(Quality::from_code)];
    let column = proptest::collection::vec((any_value(), quality), 0..40);
    (any::<u32>(), any::<i64>(), proptest::option::of(any::<i64>()), column).prop_map(
        |(group, arrival, source, column)| {
            let (values, qualities) = column.into_iter().unzip();
            let source = source.map(Timestamp::from_micros);
            Scan { group: GroupId(group), arrival: Timestamp::from_micros(arrival), source, values, qualities }
        },
    )
}

proptest! {
    #[test]
    fn every_scan_comes_back_as_it_was(scan in any_scan(), hints in any::<bool>(), seq in any::<u64>(), wanted in any::<u64>()) {
        let scale = LinearScale { factor: 16.0 / 27_648.0, offset: 4.0 };
        let scales = if hints { vec![Some(scale); scan.values.len()] } else { vec![] };
        let head = RecordHead { epoch: 9, stream: Stream::Prediction, seq };
        let mut bytes = vec![0xff];
        encode_scan(head, &scan, &scales, &mut bytes);
        bytes.extend_from_slice(&[1, 2, 3]);
        let record = parse(&bytes[1..]).unwrap();
        prop_assert_eq!(record.head, head);
        prop_assert_eq!(record.bytes.len(), bytes.len() - 4);
        let view = record.scan().unwrap();
        prop_assert_eq!(view.to_scan(Meaning::scales(&scales)).unwrap(), scan.clone());

        let wanted: Vec<usize> = (0..scan.values.len()).filter(|index| wanted >> index & 1 == 1).collect();
        let mut some = Vec::new();
        view.columns(&wanted, Meaning::scales(&scales), |at, value, quality| some.push((wanted[at], value, quality))).unwrap();
        let expected: Vec<_> = wanted.iter().map(|&at| (at, scan.values[at].clone(), scan.qualities[at])).collect();
        prop_assert_eq!(some, expected);
    }

    #[test]
    fn every_scan_comes_back_from_any_packing(scan in any_scan(), kinds in proptest::collection::vec((0..9_usize, any::<i16>(), 0..=MAX_BITS), 40), wanted in any::<u64>()) {
        let scale = LinearScale { factor: 16.0 / 27_648.0, offset: 4.0 };
        let all = [
            Steps::None, Steps::Bool, Steps::I64, Steps::U64, Steps::Over(1_000.0), Steps::Linear(scale),
            Steps::Single(scale), Steps::SingleBits, Steps::DoubleBits,
        ];
        let fields = scan.values.iter().zip(kinds).map(|(value, (kind, near, bits))| {
            // now and then near the value, so that it fits
            let steps = all[kind];
            let number = value.as_ref().and_then(|value| steps.number(value)).unwrap_or(0);
            Field { steps, base: number.wrapping_sub(i64::from(near)), bits }
        });
        let packing = Arc::new(Packing::new(scan.group, 3, fields.collect()).unwrap());
        let head = RecordHead { epoch: 9, stream: Stream::Data, seq: 4 };
        let mut bytes = Vec::new();
        let misses = encode_packed_scan(head, &scan, &packing, &mut bytes);
        prop_assert!(misses <= scan.values.len());
        bytes.extend_from_slice(&[1, 2, 3]);
        let record = parse(&bytes).unwrap();
        let packings = [packing];
        let meaning = Meaning { scales: &[], packings: &packings };
        prop_assert_eq!(record.decode(meaning).unwrap(), LogBody::Scan(scan.clone()));
        let wanted: Vec<usize> = (0..scan.values.len()).filter(|index| wanted >> index & 1 == 1).collect();
        let mut some = Vec::new();
        record.scan().unwrap().columns(&wanted, meaning, |at, value, quality| some.push((wanted[at], value, quality))).unwrap();
        let expected: Vec<_> = wanted.iter().map(|&at| (at, scan.values[at].clone(), scan.qualities[at])).collect();
        prop_assert_eq!(some, expected);
    }

    #[test]
    fn a_flipped_bit_or_a_cut_is_never_a_record(scan in any_scan(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = Vec::new();
        encode_scan(RecordHead { epoch: 9, stream: Stream::Data, seq: 5 }, &scan, &[], &mut bytes);
        let at = at.index(bytes.len());
        prop_assert!(parse(&bytes[..at]).is_err());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        // with a fitting CRC, so that the layout below it is reached
        let mut record = vec![VERSION, 0, 0, 0, 0, 0];
        record.extend_from_slice(&bytes);
        record.resize(record.len().max(HEAD + 1), 0);
        let len = u32::try_from(record.len() + CRC).unwrap();
        record[2..6].copy_from_slice(&len.to_le_bytes());
        for kind in 0..6_u8 {
            record[1] = kind * 16;
            let mut whole = record.clone();
            whole.extend_from_slice(&crc32c::crc32c(&record).to_le_bytes());
            if let Ok(record) = parse(&whole) {
                let scales = [None, Some(LinearScale { factor: 0.5, offset: 1.0 })];
                let packings = [Arc::new(packing())];
                drop(record.decode(Meaning { scales: &scales, packings: &packings }));
            }
        }
    }
}
