//! The body of a scan. Values are kept as small as they can be told exactly:
//!
//! ```text
//! group varint | flags u8 | arrival zigzag (ms, or µs with flag 1) | [flag 2: source - arrival in µs, zigzag]
//! | count varint, of values | [flag 4: qualities as runs: runs varint, each (length varint, status code u32)]
//! | [flag 8: scales: count u8, each (factor f64, offset f64)]
//! | kinds, four bits per value, low half first | payloads in order
//! kind  0 none  1 false  2 true  3 i64 zigzag  4 u64 varint  5 text (length varint, UTF-8)  6 f64  7 f32
//!       8 raw count under a scale: zigzag(count) * scales + number of the scale, varint
//!       9..13 a decimal: zigzag n, value n / 10^(kind - 9)   14, 15 zigzag n, value n * 0.1, n * 0.01
//! ```
//!
//! Without flag 4 all qualities are good.

use super::wire::{Reader, put_text, put_varint, put_zigzag, unzigzag, varint_len, zigzag};
use super::{LinearScale, RecordError};
use crate::{Finite, GroupId, Quality, Scan, Text, Timestamp, Value};

const MICROS: u8 = 1;
const SOURCE: u8 = 2;
const QUALITIES: u8 = 4;
const SCALES: u8 = 8;

const DIVISORS: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];
const STEPS: [f64; 2] = [0.1, 0.01];
/// Beyond it a raw count is not worth a scale.
const MAX_COUNT: f64 = (1u64 << 48) as f64;
/// A record names at most this many scales; further ones are written without.
const MAX_SCALES: usize = 32;
/// Bytes that one more scale costs.
const SCALE_BYTES: usize = 16;

pub(super) fn encode(scan: &Scan, scales: &[Option<LinearScale>], out: &mut Vec<u8>) {
    let micros = scan.arrival.micros();
    let in_millis = micros % 1000 == 0;
    let all_good = scan.qualities.iter().all(|quality| *quality == Quality::GOOD);
    let codes: Vec<Code<'_>> = scan.values.iter().map(|value| Code::of(value.as_ref())).collect();
    let chosen = Chosen::new(&scan.values, &codes, scales);

    put_varint(out, u64::from(scan.group.0));
    let flags = (if in_millis { 0 } else { MICROS })
        | (if scan.source.is_some() { SOURCE } else { 0 })
        | (if all_good { 0 } else { QUALITIES })
        | (if chosen.scales.is_empty() { 0 } else { SCALES });
    out.push(flags);
    put_zigzag(out, if in_millis { micros / 1000 } else { micros });
    if let Some(source) = scan.source {
        put_zigzag(out, source.micros().wrapping_sub(micros));
    }
    put_varint(out, codes.len() as u64);
    if !all_good {
        encode_qualities(&scan.qualities, out);
    }
    if !chosen.scales.is_empty() {
        out.push(u8::try_from(chosen.scales.len()).unwrap_or(u8::MAX));
        for scale in &chosen.scales {
            out.extend_from_slice(&scale.factor.to_le_bytes());
            out.extend_from_slice(&scale.offset.to_le_bytes());
        }
    }
    let kind = |index: usize| match chosen.counts.get(index).copied().flatten() {
        Some(_) => 8,
        None => codes.get(index).map_or(0, Code::kind),
    };
    out.extend((0..codes.len()).step_by(2).map(|index| kind(index) | (kind(index + 1) << 4)));
    for (index, code) in codes.iter().enumerate() {
        match chosen.counts.get(index).copied().flatten() {
            Some((count, scale)) => put_varint(out, zigzag(count) * chosen.scales.len() as u64 + scale as u64),
            None => code.put(out),
        }
    }
}

fn encode_qualities(qualities: &[Quality], out: &mut Vec<u8>) {
    let runs = qualities.chunk_by(|a, b| a == b);
    put_varint(out, runs.clone().count() as u64);
    for run in runs {
        put_varint(out, run.len() as u64);
        out.extend_from_slice(&run[0].code().to_le_bytes());
    }
}

/// How one value is written without a scale.
#[derive(Clone, Copy)]
enum Code<'a> {
    None,
    Bool(bool),
    I64(i64),
    U64(u64),
    Text(&'a str),
    F64(f64),
    F32(f32),
    /// kind 9..=15, n
    Decimal(u8, i64),
}

impl<'a> Code<'a> {
    fn of(value: Option<&'a Value>) -> Self {
        match value {
            None => Self::None,
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::I64(value)) => Self::I64(*value),
            Some(Value::U64(value)) => Self::U64(*value),
            Some(Value::Text(text)) => Self::Text(text.as_str()),
            Some(Value::F64(number)) => Self::number(number.get()),
        }
    }

    /// The shortest way to tell this number exactly.
    fn number(number: f64) -> Self {
        let short =
            (9..14).zip(DIVISORS).find_map(|(kind, by)| exact(number, number * by, |n| n / by).map(|n| (kind, n)));
        let short = short.or_else(|| {
            (14..16).zip(STEPS).find_map(|(kind, by)| exact(number, number / by, |n| n * by).map(|n| (kind, n)))
        });
        let single = as_f32(number);
        match (short, single) {
            (Some((kind, n)), Some(_)) if varint_len(zigzag(n)) <= 4 => Self::Decimal(kind, n),
            (_, Some(single)) => Self::F32(single),
            (Some((kind, n)), None) if varint_len(zigzag(n)) < 8 => Self::Decimal(kind, n),
            _ => Self::F64(number),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::I64(_) => 3,
            Self::U64(_) => 4,
            Self::Text(_) => 5,
            Self::F64(_) => 6,
            Self::F32(_) => 7,
            Self::Decimal(kind, _) => *kind,
        }
    }

    /// Bytes of the payload of a number.
    fn len(&self) -> usize {
        match self {
            Self::F64(_) => 8,
            Self::F32(_) => 4,
            Self::Decimal(_, n) => varint_len(zigzag(*n)),
            _ => 0,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::None | Self::Bool(_) => {}
            Self::I64(value) => put_zigzag(out, *value),
            Self::U64(value) => put_varint(out, *value),
            Self::Text(text) => put_text(out, text),
            Self::F64(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::F32(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::Decimal(_, n) => put_zigzag(out, *n),
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

#[expect(clippy::cast_possible_truncation, reason = "kept only when nothing was lost")]
fn as_f32(number: f64) -> Option<f32> {
    let single = number as f32;
    (f64::from(single).to_bits() == number.to_bits()).then_some(single)
}

/// Which values are written as raw counts, and under which scales.
struct Chosen {
    scales: Vec<LinearScale>,
    /// Per value: raw count and number of its scale. Empty when there is no scale.
    counts: Vec<Option<(i64, usize)>>,
}

impl Chosen {
    fn new(values: &[Option<Value>], codes: &[Code<'_>], scales: &[Option<LinearScale>]) -> Self {
        let mut found: Vec<(LinearScale, usize)> = Vec::new();
        let mut counts = vec![None; if scales.iter().any(Option::is_some) { values.len() } else { 0 }];
        for (index, count) in counts.iter_mut().enumerate() {
            let (Some(Some(Value::F64(number))), Some(Some(scale))) = (values.get(index), scales.get(index)) else {
                continue;
            };
            let number = number.get();
            let scaled = (number - scale.offset) / scale.factor;
            let Some(raw) = exact(number, scaled, |n| n * scale.factor + scale.offset) else { continue };
            let saved = codes[index].len().saturating_sub(varint_len(zigzag(raw)));
            let position = found.iter().position(|(known, _)| same(known, scale)).or_else(|| {
                (found.len() < MAX_SCALES).then(|| found.push((*scale, 0)))?;
                Some(found.len() - 1)
            });
            if let (Some(position), true) = (position, saved > 0) {
                found[position].1 += saved;
                *count = Some((raw, position));
            }
        }
        Self::worthwhile(&found, counts)
    }

    /// Keeps the scales that save more than they cost.
    fn worthwhile(found: &[(LinearScale, usize)], mut counts: Vec<Option<(i64, usize)>>) -> Self {
        let mut scales = Vec::new();
        let renumbered: Vec<Option<usize>> = found
            .iter()
            .map(|(scale, saved)| {
                (*saved > SCALE_BYTES).then(|| {
                    scales.push(*scale);
                    scales.len() - 1
                })
            })
            .collect();
        for count in &mut counts {
            *count = count.and_then(|(raw, position)| Some((raw, renumbered[position]?)));
        }
        Self { scales, counts }
    }
}

fn same(a: &LinearScale, b: &LinearScale) -> bool {
    a.factor.to_bits() == b.factor.to_bits() && a.offset.to_bits() == b.offset.to_bits()
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
    scales: &'a [u8],
    kinds: &'a [u8],
    payloads: Reader<'a>,
}

impl<'a> ScanView<'a> {
    pub(super) fn new(body: &'a [u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(body);
        let group = GroupId(reader.varint_u32()?);
        let flags = reader.u8()?;
        let arrival = reader.zigzag()?;
        let micros = if flags & MICROS == 0 { arrival.checked_mul(1000) } else { Some(arrival) };
        let micros = micros.ok_or(RecordError::Layout("time"))?;
        let source = if flags & SOURCE == 0 { None } else { Some(micros.wrapping_add(reader.zigzag()?)) };
        let count = usize::try_from(reader.varint()?).map_err(|_| RecordError::Layout("count"))?;
        if count > body.len() * 2 {
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
        let scales = if flags & SCALES == 0 { 0 } else { usize::from(reader.u8()?) };
        let scales = reader.take(scales * SCALE_BYTES)?;
        let kinds = reader.take(count.div_ceil(2))?;
        Ok(Self {
            group,
            arrival: Timestamp::from_micros(micros),
            source: source.map(Timestamp::from_micros),
            count,
            qualities,
            scales,
            kinds,
            payloads: reader,
        })
    }

    /// Everything.
    pub fn to_scan(&self) -> Result<Scan, RecordError> {
        let all: Vec<usize> = (0..self.count).collect();
        let mut values = Vec::with_capacity(self.count);
        let mut qualities = Vec::with_capacity(self.count);
        self.columns(&all, |_, value, quality| {
            values.push(value);
            qualities.push(quality);
        })?;
        Ok(Scan { group: self.group, arrival: self.arrival, source: self.source, values, qualities })
    }

    /// Gives value and quality of each wanted position; `wanted` ascends. `take` gets the index into `wanted`.
    pub fn columns(
        &self,
        wanted: &[usize],
        mut take: impl FnMut(usize, Option<Value>, Quality),
    ) -> Result<(), RecordError> {
        let mut qualities = Qualities::new(self.qualities);
        let mut payloads = self.payloads;
        let mut position = 0;
        for (number, &index) in wanted.iter().enumerate() {
            if index >= self.count {
                return Err(RecordError::Layout("position"));
            }
            while position < index {
                skip(self.kind(position), &mut payloads)?;
                position += 1;
            }
            let value = self.value(self.kind(index), &mut payloads)?;
            position = index + 1;
            take(number, value, qualities.at(index)?);
        }
        Ok(())
    }

    fn kind(&self, index: usize) -> u8 {
        (self.kinds[index / 2] >> (index % 2 * 4)) & 15
    }

    fn value(&self, kind: u8, reader: &mut Reader<'a>) -> Result<Option<Value>, RecordError> {
        let number = match kind {
            0 => return Ok(None),
            1 => return Ok(Some(Value::Bool(false))),
            2 => return Ok(Some(Value::Bool(true))),
            3 => return Ok(Some(Value::I64(reader.zigzag()?))),
            4 => return Ok(Some(Value::U64(reader.varint()?))),
            5 => return Ok(Some(Value::Text(Text::new(reader.text()?).ok_or(RecordError::Layout("text"))?))),
            6 => reader.f64()?,
            7 => f64::from(reader.f32()?),
            8 => self.scaled(reader.varint()?)?,
            9..14 => reader.zigzag()? as f64 / DIVISORS[usize::from(kind - 9)],
            _ => reader.zigzag()? as f64 * STEPS[usize::from(kind - 14)],
        };
        Ok(Some(Value::F64(Finite::new(number).ok_or(RecordError::Layout("number"))?)))
    }

    fn scaled(&self, code: u64) -> Result<f64, RecordError> {
        let scales = (self.scales.len() / SCALE_BYTES) as u64;
        if scales == 0 {
            return Err(RecordError::Layout("scale"));
        }
        let at = usize::try_from(code % scales).unwrap_or(0) * SCALE_BYTES;
        let mut reader = Reader::new(&self.scales[at..]);
        let (factor, offset) = (reader.f64()?, reader.f64()?);
        Ok(unzigzag(code / scales) as f64 * factor + offset)
    }
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
