//! The samples of one series in a chunk, as small as they get: values by what they are, qualities and absences as runs.
//!
//! ```text
//! kind u8, plus 16 when values are absent, plus 32 when qualities differ or are not good
//! | [absent: runs varint, each (present varint, absent varint)] | [qualities: runs varint, each (length varint, code u32)]
//! | kind 0 nothing  1 one value  2 bits  3, 4, 5 pco of i64, u64, f64
//!        6 texts: count varint, texts, then runs of (number varint, length varint)
//!        7 factor f64, offset f64, pco of i64 counts  8 values one by one  9 like 7, each rounded to single precision
//! ```

use domain::log_record::Steps;
use domain::{Finite, LinearScale, Quality, QualityClass, Text, Value};
use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress_into};

use crate::bytes::{Reader, as_u32, put_varint};

const ABSENT: u8 = 16;
const QUALITIES: u8 = 32;
/// A chunk has at most so many rows, so a wrong count never reserves much.
pub(crate) const MAX_ROWS: usize = 1 << 16;

/// One sample without its time.
pub(crate) type Cell = (Option<Value>, Quality);

/// What a column's directory entry tells besides its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) numbers: u32,
    pub(crate) good: u32,
    pub(crate) worst: Quality,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
}

impl Summary {
    pub(crate) fn of(cells: &[Cell]) -> Self {
        let mut summary =
            Self { numbers: 0, good: 0, worst: Quality::GOOD, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 };
        for (value, quality) in cells {
            summary.worst = summary.worst.worst(*quality);
            summary.good += u32::from(quality.class() == QualityClass::Good);
            if let Some(number) = value.as_ref().and_then(Value::as_f64) {
                summary.numbers += 1;
                summary.min = summary.min.min(number);
                summary.max = summary.max.max(number);
                summary.sum += number;
            }
        }
        summary
    }
}

/// `steps` are those that numbers of this series are likely to be told exactly by.
pub(crate) fn encode(cells: &[Cell], steps: Option<Steps>, level: usize) -> Vec<u8> {
    let absent = cells.iter().any(|(value, _)| value.is_none());
    let qualities = cells.iter().any(|(_, quality)| *quality != Quality::GOOD);
    let mut out = vec![(if absent { ABSENT } else { 0 }) | (if qualities { QUALITIES } else { 0 })];
    if absent {
        encode_absences(cells, &mut out);
    }
    if qualities {
        let runs = cells.chunk_by(|a, b| a.1 == b.1);
        put_varint(&mut out, runs.clone().count() as u64);
        for run in runs {
            put_varint(&mut out, run.len() as u64);
            out.extend_from_slice(&run[0].1.code().to_le_bytes());
        }
    }
    let values: Vec<&Value> = cells.iter().filter_map(|(value, _)| value.as_ref()).collect();
    let kind = encode_values(&values, steps, level, &mut out);
    out[0] |= kind;
    out
}

fn encode_absences(cells: &[Cell], out: &mut Vec<u8>) {
    let mut runs: Vec<usize> = cells.chunk_by(|a, b| a.0.is_some() == b.0.is_some()).map(<[_]>::len).collect();
    if cells.first().is_some_and(|(value, _)| value.is_none()) {
        runs.insert(0, 0);
    }
    if runs.len() % 2 == 1 {
        runs.push(0);
    }
    put_varint(out, runs.len() as u64 / 2);
    for run in runs {
        put_varint(out, run as u64);
    }
}

fn encode_values(values: &[&Value], steps: Option<Steps>, level: usize, out: &mut Vec<u8>) -> u8 {
    let Some(first) = values.first() else { return 0 };
    if values.iter().all(|value| same(value, first)) {
        encode_one(first, out);
        return 1;
    }
    if let Some(bits) = all(values, |value| if let Value::Bool(bit) = value { Some(*bit) } else { None }) {
        out.extend(bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))));
        return 2;
    }
    if let Some(numbers) = all(values, |value| if let Value::I64(number) = value { Some(*number) } else { None }) {
        return packed(&numbers, 3, level, out).unwrap_or_else(|| one_by_one(values, out));
    }
    if let Some(numbers) = all(values, |value| if let Value::U64(number) = value { Some(*number) } else { None }) {
        return packed(&numbers, 4, level, out).unwrap_or_else(|| one_by_one(values, out));
    }
    if let Some(numbers) = all(values, |value| if let Value::F64(number) = value { Some(number.get()) } else { None }) {
        if let Some((code, scale, counts)) = steps.and_then(|steps| counts_under(steps, values)) {
            let start = out.len();
            out.extend_from_slice(&scale.factor.to_le_bytes());
            out.extend_from_slice(&scale.offset.to_le_bytes());
            if let Some(kind) = packed(&counts, code, level, out) {
                return kind;
            }
            out.truncate(start);
        }
        return packed(&numbers, 5, level, out).unwrap_or_else(|| one_by_one(values, out));
    }
    if let Some(texts) = all(values, |value| if let Value::Text(text) = value { Some(text) } else { None }) {
        encode_texts(&texts, out);
        return 6;
    }
    one_by_one(values, out)
}

/// All of them, if `take` takes all.
fn all<'a, T>(values: &[&'a Value], take: impl Fn(&'a Value) -> Option<T>) -> Option<Vec<T>> {
    values.iter().map(|value| take(value)).collect()
}

/// Equal to the last bit.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::F64(a), Value::F64(b)) => a.get().to_bits() == b.get().to_bits(),
        _ => a == b,
    }
}

fn packed<T: Number>(numbers: &[T], kind: u8, level: usize, out: &mut Vec<u8>) -> Option<u8> {
    let packed = simple_compress(numbers, &ChunkConfig::default().with_compression_level(level)).ok()?;
    out.extend_from_slice(&packed);
    Some(kind)
}

/// Kind, scale and raw counts, if counts under a scale tell every number to the last bit.
fn counts_under(steps: Steps, values: &[&Value]) -> Option<(u8, LinearScale, Vec<i64>)> {
    let (code, scale) = match steps {
        Steps::Linear(scale) => (7, scale),
        Steps::Single(scale) => (9, scale),
        _ => return None,
    };
    Some((code, scale, values.iter().map(|value| steps.number(value)).collect::<Option<_>>()?))
}

fn encode_texts(texts: &[&Text], out: &mut Vec<u8>) {
    let mut known: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    put_varint(out, known.len() as u64);
    for text in &known {
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    for run in texts.chunk_by(|a, b| a == b) {
        put_varint(out, known.binary_search(&run[0].as_str()).unwrap_or(0) as u64);
        put_varint(out, run.len() as u64);
    }
}

fn one_by_one(values: &[&Value], out: &mut Vec<u8>) -> u8 {
    for value in values {
        encode_one(value, out);
    }
    8
}

fn encode_one(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(bit) => out.push(u8::from(*bit)),
        Value::I64(number) => {
            out.push(2);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::U64(number) => {
            out.push(3);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::F64(number) => {
            out.push(4);
            out.extend_from_slice(&number.get().to_le_bytes());
        }
        Value::Text(text) => {
            out.push(5);
            put_varint(out, text.as_str().len() as u64);
            out.extend_from_slice(text.as_str().as_bytes());
        }
    }
}

fn decode_one(reader: &mut Reader<'_>) -> Option<Value> {
    Some(match reader.u8()? {
        0 => Value::Bool(false),
        1 => Value::Bool(true),
        2 => Value::I64(reader.i64()?),
        3 => Value::U64(reader.u64()?),
        4 => Value::F64(Finite::new(reader.f64()?)?),
        5 => Value::Text(decode_text(reader)?),
        _ => return None,
    })
}

fn decode_text(reader: &mut Reader<'_>) -> Option<Text> {
    let len = usize::try_from(reader.varint()?).ok()?;
    Text::new(std::str::from_utf8(reader.take(len)?).ok()?)
}

/// A column that was read.
#[derive(Debug)]
pub(crate) struct Column {
    /// Per row the number of its value, or `NONE`; none when every row has one.
    places: Option<Vec<u32>>,
    /// Per row; none when all are good.
    qualities: Option<Vec<Quality>>,
    values: Values,
}

const NONE: u32 = u32::MAX;

#[derive(Debug)]
enum Values {
    One(Value),
    Bits(Vec<u8>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F64(Vec<f64>),
    Texts { known: Vec<Text>, numbers: Vec<u32> },
    Each(Vec<Value>),
}

impl Column {
    /// Without a value in any row.
    pub(crate) fn empty() -> Self {
        Self { places: Some(Vec::new()), qualities: None, values: Values::Each(Vec::new()) }
    }

    /// None when the bytes make no sense although their CRC fits: written by something else.
    pub(crate) fn decode(bytes: &[u8], rows: usize) -> Option<Self> {
        if rows > MAX_ROWS {
            return None;
        }
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        let places = if kind & ABSENT == 0 { None } else { Some(decode_absences(&mut reader, rows)?) };
        let present = places.as_ref().map_or(rows, |places| places.iter().filter(|place| **place != NONE).count());
        let qualities = if kind & QUALITIES == 0 { None } else { Some(decode_qualities(&mut reader, rows)?) };
        let values = match kind & 15 {
            0 if present == 0 => Values::Each(Vec::new()),
            1 => Values::One(decode_one(&mut reader)?),
            2 => Values::Bits(reader.take(present.div_ceil(8))?.to_vec()),
            3 => Values::I64(unpacked(reader.rest(), present)?),
            4 => Values::U64(unpacked(reader.rest(), present)?),
            5 => Values::F64(unpacked(reader.rest(), present)?),
            6 => decode_texts(&mut reader, present)?,
            kind @ (7 | 9) => {
                let scale = LinearScale { factor: reader.f64()?, offset: reader.f64()? };
                let counts: Vec<i64> = unpacked(reader.rest(), present)?;
                let exact = |count: i64| count as f64 * scale.factor + scale.offset;
                Values::F64(if kind == 7 {
                    counts.into_iter().map(exact).collect()
                } else {
                    counts.into_iter().map(|count| single(exact(count))).collect()
                })
            }
            8 => Values::Each((0..present).map(|_| decode_one(&mut reader)).collect::<Option<_>>()?),
            _ => return None,
        };
        Some(Self { places, qualities, values })
    }

    fn place(&self, row: usize) -> Option<usize> {
        match &self.places {
            None => Some(row),
            Some(places) => places.get(row).filter(|place| **place != NONE).map(|place| *place as usize),
        }
    }

    pub(crate) fn quality(&self, row: usize) -> Quality {
        self.qualities.as_ref().and_then(|qualities| qualities.get(row)).copied().unwrap_or(Quality::GOOD)
    }

    /// The sample of one row.
    pub(crate) fn cell(&self, row: usize) -> Cell {
        let value = self.place(row).and_then(|place| match &self.values {
            Values::One(value) => Some(value.clone()),
            Values::Bits(bits) => Some(Value::Bool(bits.get(place / 8)? >> (place % 8) & 1 == 1)),
            Values::I64(numbers) => numbers.get(place).map(|number| Value::I64(*number)),
            Values::U64(numbers) => numbers.get(place).map(|number| Value::U64(*number)),
            Values::F64(numbers) => numbers.get(place).and_then(|number| Value::from_f64(*number)),
            Values::Texts { known, numbers } => known.get(*numbers.get(place)? as usize).cloned().map(Value::Text),
            Values::Each(values) => values.get(place).cloned(),
        });
        (value, self.quality(row))
    }

    /// The number of one row, without cloning anything.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        let place = self.place(row)?;
        match &self.values {
            Values::F64(numbers) => numbers.get(place).copied(),
            Values::I64(numbers) => numbers.get(place).map(|number| *number as f64),
            Values::U64(numbers) => numbers.get(place).map(|number| *number as f64),
            Values::Bits(bits) => bits.get(place / 8).map(|byte| f64::from(byte >> (place % 8) & 1)),
            Values::One(value) => value.as_f64(),
            Values::Texts { .. } => None,
            Values::Each(values) => values.get(place).and_then(Value::as_f64),
        }
    }

    /// All numbers, row by row, when every row has one and all are good: the case that has to be fast.
    pub(crate) fn plain_numbers(&self) -> Option<&[f64]> {
        match &self.values {
            Values::F64(numbers) if self.places.is_none() && self.qualities.is_none() => Some(numbers),
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "this is the rounding that is meant")]
fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

fn decode_absences(reader: &mut Reader<'_>, rows: usize) -> Option<Vec<u32>> {
    let mut places = Vec::with_capacity(rows);
    let mut next = 0;
    for _ in 0..reader.varint()? {
        let present = usize::try_from(reader.varint()?).ok()?;
        let absent = usize::try_from(reader.varint()?).ok()?;
        if present.checked_add(absent)?.checked_add(places.len())? > rows {
            return None;
        }
        places.extend((next..).take(present));
        next += as_u32(present);
        places.resize(places.len() + absent, NONE);
    }
    (places.len() == rows).then_some(places)
}

fn decode_qualities(reader: &mut Reader<'_>, rows: usize) -> Option<Vec<Quality>> {
    let mut qualities = Vec::with_capacity(rows);
    for _ in 0..reader.varint()? {
        let len = usize::try_from(reader.varint()?).ok()?;
        if len.checked_add(qualities.len())? > rows {
            return None;
        }
        qualities.resize(qualities.len() + len, Quality::from_code(reader.u32()?));
    }
    (qualities.len() == rows).then_some(qualities)
}

fn decode_texts(reader: &mut Reader<'_>, present: usize) -> Option<Values> {
    let count = usize::try_from(reader.varint()?).ok()?;
    if count > present {
        return None;
    }
    let known: Vec<Text> = (0..count).map(|_| decode_text(reader)).collect::<Option<_>>()?;
    let mut numbers = Vec::with_capacity(present);
    while numbers.len() < present {
        let number = u32::try_from(reader.varint()?).ok()?;
        let len = usize::try_from(reader.varint()?).ok()?;
        if len == 0 || numbers.len() + len > present {
            return None;
        }
        numbers.resize(numbers.len() + len, number);
    }
    Some(Values::Texts { known, numbers })
}

pub(crate) fn unpacked<T: Number + Default>(bytes: &[u8], count: usize) -> Option<Vec<T>> {
    let mut numbers = vec![T::default(); count];
    let progress = simple_decompress_into(bytes, &mut numbers).ok()?;
    (progress.n_processed == count && progress.finished).then_some(numbers)
}

/// Packs whole numbers; falls back on nothing, because pco takes any i64.
pub(crate) fn pack_integers(numbers: &[i64], level: usize) -> Vec<u8> {
    simple_compress(numbers, &ChunkConfig::default().with_compression_level(level)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell() -> impl Strategy<Value = Cell> {
        let scaled = |n: i16| Value::from_f64(f64::from(n) * 0.1 + 4.0);
        let singles = |n: i16| Value::from_f64(single(f64::from(n) * 0.1 + 4.0));
        let value = prop_oneof![
            Just(None),
            any::<bool>().prop_map(|bit| Some(Value::Bool(bit))),
            any::<i64>().prop_map(|number| Some(Value::I64(number))),
            any::<u64>().prop_map(|number| Some(Value::U64(number))),
            any::<f64>().prop_map(Value::from_f64),
            any::<i16>().prop_map(scaled),
            any::<i16>().prop_map(singles),
            "[a-c]{0,3}".prop_map(|text| Text::new(text).map(Value::Text)),
        ];
        let quality = prop_oneof![3 => Just(Quality::GOOD), 1 => any::<u32>().prop_map(Quality::from_code)];
        (value, quality)
    }

    /// Columns of one kind are what happens; mixed ones must work too.
    fn cells() -> impl Strategy<Value = Vec<Cell>> {
        let of_kind = (0..9_usize, proptest::collection::vec((cell(), any::<i16>(), any::<bool>()), 0..200)).prop_map(
            |(kind, rows)| {
                let value = |n: i16| match kind {
                    0 => Some(Value::Bool(n > 0)),
                    1 => Some(Value::I64(i64::from(n))),
                    2 => Some(Value::U64(u64::from(n.unsigned_abs()))),
                    3 => Value::from_f64(f64::from(n) * 0.1 + 4.0),
                    4 => Value::from_f64(f64::from(n).sqrt().max(0.0)),
                    5 => Text::new(format!("t{}", n % 5)).map(Value::Text),
                    6 => Value::from_f64(if n > 0 { 0.0 } else { -0.0 }),
                    7 => Value::from_f64(single(f64::from(n) * 0.1 + 4.0)),
                    _ => Some(Value::I64(7)),
                };
                rows.into_iter().map(|((_, quality), n, here)| (here.then(|| value(n)).flatten(), quality)).collect()
            },
        );
        prop_oneof![3 => of_kind, 1 => proptest::collection::vec(cell(), 0..100)]
    }

    fn bits(cell: Cell) -> (Option<u64>, Cell) {
        (if let (Some(Value::F64(number)), _) = &cell { Some(number.get().to_bits()) } else { None }, cell)
    }

    proptest! {
        #[test]
        fn every_column_comes_back_as_it_was(cells in cells(), steps in 0..3_usize) {
            let scale = LinearScale { factor: 0.1, offset: 4.0 };
            let steps = [None, Some(Steps::Linear(scale)), Some(Steps::Single(scale))][steps];
            let bytes = encode(&cells, steps, 4);
            let column = Column::decode(&bytes, cells.len()).unwrap();
            for (row, cell) in cells.iter().enumerate() {
                prop_assert_eq!(bits(column.cell(row)), bits(cell.clone()));
                prop_assert_eq!(column.number(row), cell.0.as_ref().and_then(Value::as_f64));
            }
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), rows in 0..300_usize) {
            if let Some(column) = Column::decode(&bytes, rows) {
                for row in 0..rows {
                    column.cell(row);
                }
            }
        }
    }
}
