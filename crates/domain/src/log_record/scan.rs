//! The body of a scan. Values are kept as small as they can be told exactly:
//!
//! ```text
//! group varint | flags u8 | arrival zigzag (ms, or µs with flag 1) | [flag 2: source - arrival in µs, zigzag]
//! | count varint, of values | [flag 4: qualities as runs: runs varint, each (length varint, status code u32)]
//! | kinds, four bits per value, low half first; with flag 8 as runs: runs varint, each varint of length * 16 + kind
//! | payloads in order
//! kind  0 none  1 false  2 true  3 i64 zigzag  4 u64 varint  5 text (length varint, UTF-8)  6 f64  7 f32
//!       8 raw count zigzag, under the scale of its series
//!       9..13 a decimal: zigzag n, value n / 10^(kind - 9)   14, 15 zigzag n, value n * 0.1, n * 0.01
//! ```
//!
//! Without flag 4 all qualities are good. The scales are those of the group's definition, which every reader needs anyway to
//! know whose values these are.
//!
//! A packed scan has the same front, without kinds and payloads; see [`super::packed`] for what stands there:
//!
//! ```text
//! group varint | flags u8 | arrival zigzag | [source] | count varint | [qualities] | packing varint, its number | values
//! ```

use super::meaning::Meaning;
use super::packed::{self, PackedValues};
use super::packing::{Packing, as_single};
use super::wire::{Reader, put_text, put_varint, put_zigzag, varint_len, zigzag};
use super::{LinearScale, RecordError};
use crate::{Finite, GroupId, Quality, Scan, Text, Timestamp, Value};

const MICROS: u8 = 1;
const SOURCE: u8 = 2;
const QUALITIES: u8 = 4;
/// Unpacked: kinds are told as runs.
const KIND_RUNS: u8 = 8;
/// Packed: some values did not fit.
const MISSES: u8 = 8;

const DIVISORS: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];
const STEPS: [f64; 2] = [0.1, 0.01];
/// No scan has more values.
const MAX_VALUES: usize = 1 << 24;
/// Beyond it a raw count is not worth a scale.
const MAX_COUNT: f64 = (1u64 << 48) as f64;

pub(super) fn encode(scan: &Scan, scales: &[Option<LinearScale>], out: &mut Vec<u8>) {
    let scale = |index: usize| scales.get(index).copied().flatten();
    let codes: Vec<Code<'_>> =
        scan.values.iter().enumerate().map(|(index, value)| Code::of(value.as_ref(), scale(index))).collect();
    let runs = codes.chunk_by(|a, b| a.kind() == b.kind());
    let run = |run: &[Code<'_>]| run.len() as u64 * 16 + u64::from(run[0].kind());
    let runs_len: usize = runs.clone().map(|codes| varint_len(run(codes))).sum();
    let as_runs = runs_len + 1 < codes.len().div_ceil(2);

    encode_front(scan, if as_runs { KIND_RUNS } else { 0 }, out);
    if as_runs {
        put_varint(out, runs.clone().count() as u64);
        for codes in runs {
            put_varint(out, run(codes));
        }
    } else {
        let kind = |index: usize| codes.get(index).map_or(0, Code::kind);
        out.extend((0..codes.len()).step_by(2).map(|index| kind(index) | (kind(index + 1) << 4)));
    }
    for code in &codes {
        code.put(out);
    }
}

/// Gives how many values did not fit.
pub(super) fn encode_packed(scan: &Scan, packing: &Packing, out: &mut Vec<u8>) -> usize {
    let flags = encode_front(scan, 0, out);
    put_varint(out, packing.number);
    let misses = packed::put_fields(&scan.values, packing, out);
    if !misses.is_empty() {
        out[flags] |= MISSES;
        packed::put_misses(&scan.values, &misses, out);
    }
    misses.len()
}

/// Everything before the values. Gives the place of the flags.
fn encode_front(scan: &Scan, more_flags: u8, out: &mut Vec<u8>) -> usize {
    let micros = scan.arrival.micros();
    let in_millis = micros % 1000 == 0;
    let all_good = scan.qualities.iter().all(|quality| *quality == Quality::GOOD);
    put_varint(out, u64::from(scan.group.0));
    let place = out.len();
    let flags = (if in_millis { 0 } else { MICROS })
        | (if scan.source.is_some() { SOURCE } else { 0 })
        | (if all_good { 0 } else { QUALITIES })
        | more_flags;
    out.push(flags);
    put_zigzag(out, if in_millis { micros / 1000 } else { micros });
    if let Some(source) = scan.source {
        put_zigzag(out, source.micros().wrapping_sub(micros));
    }
    put_varint(out, scan.values.len() as u64);
    if !all_good {
        encode_qualities(&scan.qualities, out);
    }
    place
}

fn encode_qualities(qualities: &[Quality], out: &mut Vec<u8>) {
    let runs = qualities.chunk_by(|a, b| a == b);
    put_varint(out, runs.clone().count() as u64);
    for run in runs {
        put_varint(out, run.len() as u64);
        out.extend_from_slice(&run[0].code().to_le_bytes());
    }
}

/// How one value is written.
#[derive(Clone, Copy)]
pub(super) enum Code<'a> {
    None,
    Bool(bool),
    I64(i64),
    U64(u64),
    Text(&'a str),
    F64(f64),
    F32(f32),
    /// kind 8..=15, n
    Whole(u8, i64),
}

impl<'a> Code<'a> {
    pub(super) fn of(value: Option<&'a Value>, scale: Option<LinearScale>) -> Self {
        match value {
            None => Self::None,
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::I64(value)) => Self::I64(*value),
            Some(Value::U64(value)) => Self::U64(*value),
            Some(Value::Text(text)) => Self::Text(text.as_str()),
            Some(Value::F64(number)) => Self::number(number.get(), scale),
        }
    }

    /// A short way to tell this number exactly.
    fn number(number: f64, scale: Option<LinearScale>) -> Self {
        let short = scale
            .and_then(|LinearScale { factor, offset }| {
                exact(number, (number - offset) / factor, |n| n * factor + offset)
            })
            .map(|n| (8, n));
        let by_ten =
            || (9..14).zip(DIVISORS).find_map(|(kind, by)| Some((kind, exact(number, number * by, |n| n / by)?)));
        let by_tenth =
            || (14..16).zip(STEPS).find_map(|(kind, by)| Some((kind, exact(number, number / by, |n| n * by)?)));
        match (short.or_else(by_ten).or_else(by_tenth), as_single(number)) {
            (Some((kind, n)), Some(_)) if varint_len(zigzag(n)) <= 4 => Self::Whole(kind, n),
            (_, Some(single)) => Self::F32(single),
            (Some((kind, n)), None) if varint_len(zigzag(n)) < 8 => Self::Whole(kind, n),
            _ => Self::F64(number),
        }
    }

    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::I64(_) => 3,
            Self::U64(_) => 4,
            Self::Text(_) => 5,
            Self::F64(_) => 6,
            Self::F32(_) => 7,
            Self::Whole(kind, _) => *kind,
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::None | Self::Bool(_) => {}
            Self::I64(value) => put_zigzag(out, *value),
            Self::U64(value) => put_varint(out, *value),
            Self::Text(text) => put_text(out, text),
            Self::F64(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::F32(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::Whole(_, n) => put_zigzag(out, *n),
        }
    }
}

/// The whole number next to `scaled`, if `back` makes exactly `number` of it, to the last bit (so never for -0.0).
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn exact(number: f64, scaled: f64, back: impl Fn(f64) -> f64) -> Option<i64> {
    let whole = scaled.round();
    if whole.abs() < MAX_COUNT {
        let count = whole as i64;
        (back(count as f64).to_bits() == number.to_bits()).then_some(count)
    } else {
        None
    }
}

/// A scan whose head is read and whose values are still bytes.
#[derive(Clone, Copy, Debug)]
pub struct ScanView<'a> {
    /// Whose values.
    pub group: GroupId,
    /// When it reached the edge.
    pub arrival: Timestamp,
    /// When the device says it was true.
    pub source: Option<Timestamp>,
    /// How many values there are.
    pub count: usize,
    /// Runs of (length, code); none when all are good.
    qualities: Option<(usize, Reader<'a>)>,
    values: Values<'a>,
}

/// Where the values are.
#[derive(Clone, Copy, Debug)]
enum Values<'a> {
    Coded { kinds: Kinds<'a>, payloads: Reader<'a> },
    Packed { number: u64, misses: bool, fields: Reader<'a> },
}

impl<'a> ScanView<'a> {
    pub(super) fn new(body: &'a [u8], packed: bool) -> Result<Self, RecordError> {
        let mut reader = Reader::new(body);
        let group = GroupId(reader.varint_u32()?);
        let flags = reader.u8()?;
        let arrival = reader.zigzag()?;
        let micros = if flags & MICROS == 0 { arrival.checked_mul(1000) } else { Some(arrival) };
        let micros = micros.ok_or(RecordError::Layout("time"))?;
        let source = if flags & SOURCE == 0 { None } else { Some(micros.wrapping_add(reader.zigzag()?)) };
        let count = usize::try_from(reader.varint()?).map_err(|_| RecordError::Layout("count"))?;
        if count > MAX_VALUES {
            return Err(RecordError::Layout("count"));
        }
        let mut qualities = None;
        if flags & QUALITIES != 0 {
            let runs = reader.count()?;
            qualities = Some((runs, reader));
            for _ in 0..runs {
                reader.varint()?;
                reader.take(4)?;
            }
        }
        let values = if packed {
            Values::Packed { number: reader.varint()?, misses: flags & MISSES != 0, fields: reader }
        } else if flags & KIND_RUNS == 0 {
            Values::Coded { kinds: Kinds::Each(reader.take(count.div_ceil(2))?), payloads: reader }
        } else {
            let runs = reader.count()?;
            let kinds = Kinds::Runs { reader, left: 0, kind: 0 };
            for _ in 0..runs {
                reader.varint()?;
            }
            Values::Coded { kinds, payloads: reader }
        };
        Ok(Self {
            group,
            arrival: Timestamp::from_micros(micros),
            source: source.map(Timestamp::from_micros),
            count,
            qualities,
            values,
        })
    }

    /// The number of the packing that its values are under; none when they are told in full.
    pub fn packing(&self) -> Option<u64> {
        match self.values {
            Values::Packed { number, .. } => Some(number),
            Values::Coded { .. } => None,
        }
    }

    /// Everything. `meaning` is that of the group.
    pub fn to_scan(&self, meaning: Meaning<'_>) -> Result<Scan, RecordError> {
        let all: Vec<usize> = (0..self.count).collect();
        let mut values = Vec::with_capacity(self.count.min(1 << 16));
        let mut qualities = Vec::with_capacity(self.count.min(1 << 16));
        self.columns(&all, meaning, |_, value, quality| {
            values.push(value);
            qualities.push(quality);
        })?;
        Ok(Scan { group: self.group, arrival: self.arrival, source: self.source, values, qualities })
    }

    /// Gives value and quality of each wanted position; `wanted` ascends. `take` gets the index into `wanted`.
    pub fn columns(
        &self,
        wanted: &[usize],
        meaning: Meaning<'_>,
        mut take: impl FnMut(usize, Option<Value>, Quality),
    ) -> Result<(), RecordError> {
        if wanted.last().is_some_and(|last| *last >= self.count) {
            return Err(RecordError::Layout("position"));
        }
        let mut qualities = Qualities::new(self.qualities);
        match self.values {
            Values::Packed { number, misses, fields } => {
                let packing = meaning.packing(number)?;
                if packing.fields().len() != self.count {
                    return Err(RecordError::Layout("count"));
                }
                let mut values = PackedValues::new(packing, fields, misses)?;
                for (number, &index) in wanted.iter().enumerate() {
                    take(number, values.at(index)?, qualities.at(index)?);
                }
            }
            Values::Coded { mut kinds, mut payloads } => {
                let mut position = 0;
                for (number, &index) in wanted.iter().enumerate() {
                    while position < index {
                        skip(kinds.at(position)?, &mut payloads)?;
                        position += 1;
                    }
                    let scale = meaning.scales.get(index).copied().flatten();
                    let value = value(kinds.at(index)?, scale, &mut payloads)?;
                    position = index + 1;
                    take(number, value, qualities.at(index)?);
                }
            }
        }
        Ok(())
    }
}

/// The kinds of values, told one by one.
#[derive(Clone, Copy, Debug)]
enum Kinds<'a> {
    Each(&'a [u8]),
    Runs { reader: Reader<'a>, left: u64, kind: u8 },
}

impl Kinds<'_> {
    /// The kind of the value at `index`; to be asked for one value after the other.
    fn at(&mut self, index: usize) -> Result<u8, RecordError> {
        match self {
            Self::Each(kinds) => Ok((kinds[index / 2] >> (index % 2 * 4)) & 15),
            Self::Runs { reader, left, kind } => {
                while *left == 0 {
                    let run = reader.varint()?;
                    *left = run / 16;
                    *kind = (run % 16) as u8;
                }
                *left -= 1;
                Ok(*kind)
            }
        }
    }
}

pub(super) fn value(
    kind: u8,
    scale: Option<LinearScale>,
    reader: &mut Reader<'_>,
) -> Result<Option<Value>, RecordError> {
    let number = match kind {
        0 => return Ok(None),
        1 => return Ok(Some(Value::Bool(false))),
        2 => return Ok(Some(Value::Bool(true))),
        3 => return Ok(Some(Value::I64(reader.zigzag()?))),
        4 => return Ok(Some(Value::U64(reader.varint()?))),
        5 => return Ok(Some(Value::Text(Text::new(reader.text()?).ok_or(RecordError::Layout("text"))?))),
        6 => reader.f64()?,
        7 => f64::from(reader.f32()?),
        8 => {
            let scale = scale.ok_or(RecordError::Layout("scale"))?;
            reader.zigzag()? as f64 * scale.factor + scale.offset
        }
        9..14 => reader.zigzag()? as f64 / DIVISORS[usize::from(kind - 9)],
        _ => reader.zigzag()? as f64 * STEPS[usize::from(kind - 14)],
    };
    Ok(Some(Value::F64(Finite::new(number).ok_or(RecordError::Layout("number"))?)))
}

fn skip(kind: u8, reader: &mut Reader<'_>) -> Result<(), RecordError> {
    match kind {
        0..=2 => {}
        5 => drop(reader.text()?),
        6 => drop(reader.take(8)?),
        7 => drop(reader.take(4)?),
        _ => drop(reader.varint()?),
    }
    Ok(())
}

/// Walks the runs of qualities.
struct Qualities<'a> {
    runs: Option<(usize, Reader<'a>)>,
    code: u32,
    until: usize,
}

impl<'a> Qualities<'a> {
    fn new(runs: Option<(usize, Reader<'a>)>) -> Self {
        Self { runs, code: 0, until: 0 }
    }

    fn at(&mut self, index: usize) -> Result<Quality, RecordError> {
        let Some((left, reader)) = &mut self.runs else { return Ok(Quality::GOOD) };
        while self.until <= index {
            *left = left.checked_sub(1).ok_or(RecordError::Layout("quality"))?;
            let len = usize::try_from(reader.varint()?).map_err(|_| RecordError::Layout("quality"))?;
            self.until = self.until.saturating_add(len);
            self.code = reader.u32()?;
        }
        Ok(Quality::from_code(self.code))
    }
}
