//! The plant that every contender gets, as a file, so that all store exactly the same samples.
//!
//! ```text
//! "PLANT\0\0\1" | groups u32 | tags per group u32 | seconds u32 | given u32 | start i64, ms UTC
//! | per tag: factor f64, 0 for a tag without a scale | per tag: kind u8, zeros up to a multiple of 8
//! | per second: arrival i64 per group, ms; value f64 per tag, not a number for none
//! kind 0 analog  1 set point  2 bit  3 counter  4 text ("step n")
//! ```
//!
//! Of 200 tags 120 are analog inputs of a 12-bit converter (a random walk and noise), 30 set-points, 30 bits, 19 counters, one
//! a text. Each scan arrives up to 3 ms late; now and then one fails as a whole.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use domain::{GroupId, Quality, Scan, SeriesDef, SeriesId, Stream, Text, Timestamp, Value, ValueType};
use store::{LinearScale, Store};

type Failed = Box<dyn Error>;

const MAGIC: &[u8; 8] = b"PLANT\0\0\x01";
/// 2026-11-22T00:00:00Z in ms.
const START: i64 = 1_795_305_600_000;

/// How the store gets an analog input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Given {
    /// As counts under a scale that the store knows.
    Counts,
    /// As numbers of single precision, without a scale.
    Singles,
    /// As numbers of double precision, without a scale.
    Doubles,
    /// As numbers of single precision with noise in every bit: no step to be found.
    Noise,
}

const ALL: [(&str, Given); 4] =
    [("counts", Given::Counts), ("singles", Given::Singles), ("doubles", Given::Doubles), ("noise", Given::Noise)];

/// Marsaglia's xorshift: the same plant every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u32) -> f64 {
        f64::from(u32::try_from(self.next() % u64::from(limit)).unwrap_or(0))
    }
}

/// Writes the plant file.
pub(crate) fn write(path: &Path, given: &str, groups: u32, width: u32, seconds: u32) -> Result<(), Failed> {
    let (number, given) =
        ALL.iter().enumerate().find(|(_, (name, _))| *name == given).ok_or("unknown kind of plant")?;
    let (number, given) = (u32::try_from(number)?, given.1);
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(MAGIC)?;
    for field in [groups, width, seconds, number] {
        file.write_all(&field.to_le_bytes())?;
    }
    file.write_all(&START.to_le_bytes())?;
    let tags: Vec<u32> = (0..groups * width).map(|tag| (tag % width * 200 / width + tag / width) % 200).collect();
    let kinds: Vec<u8> = tags.iter().map(|tag| kind(*tag)).collect();
    let factors: Vec<f64> =
        tags.iter().map(|tag| [100.0, 16.0, 250.0, 6.0, 1500.0][*tag as usize % 5] / 4095.0).collect();
    for (kind, factor) in kinds.iter().zip(&factors) {
        let told = if *kind == 0 && given == Given::Counts { *factor } else { 0.0 };
        file.write_all(&told.to_le_bytes())?;
    }
    let mut padded = kinds.clone();
    padded.resize(kinds.len().next_multiple_of(8), 0);
    file.write_all(&padded)?;
    let mut state: Vec<f64> =
        kinds.iter().map(|kind| [2048.0, 42.5, 0.0, 1_000_000.0, 0.0][usize::from(*kind)]).collect();
    let mut random = Random(88_172_645_463_325_252);
    let mut failed = vec![false; groups as usize];
    for second in 0..seconds {
        for fails in &mut failed {
            let arrival = START + i64::from(second) * 1000 + i64::try_from(random.next() % 4)?;
            file.write_all(&arrival.to_le_bytes())?;
            *fails = random.below(5000) == 0.0;
        }
        for tag in 0..kinds.len() {
            let value = next(kinds[tag], &mut state[tag], factors[tag], given, &mut random);
            let value = if failed[tag / width as usize] { f64::NAN } else { value };
            file.write_all(&value.to_le_bytes())?;
        }
    }
    file.flush()?;
    Ok(())
}

fn kind(tag: u32) -> u8 {
    match tag {
        0..120 => 0,
        120..150 => 1,
        150..180 => 2,
        180..199 => 3,
        _ => 4,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a device that gives singles")]
fn next(kind: u8, state: &mut f64, factor: f64, given: Given, random: &mut Random) -> f64 {
    match kind {
        0 => {
            if random.below(4) == 0.0 {
                *state = (*state + random.below(3) - 1.0).clamp(0.0, 4000.0);
            }
            let noise = if given == Given::Noise { random.below(5_000_000) / 1e6 } else { random.below(5) };
            let number = (*state + noise) * factor;
            return if matches!(given, Given::Singles | Given::Noise) { f64::from(number as f32) } else { number };
        }
        1 if random.below(3600) == 0.0 => *state = random.below(200) / 2.0,
        2 if random.below(300) == 0.0 => *state = 1.0 - *state,
        3 => *state += random.below(3),
        4 if random.below(900) == 0.0 => *state = random.below(6),
        _ => {}
    }
    *state
}

/// Reads a plant file second by second and defines its tags in a store.
pub(crate) struct Plant {
    file: BufReader<File>,
    pub(crate) seconds: u32,
    pub(crate) start: i64,
    width: usize,
    kinds: Vec<u8>,
    texts: Vec<Text>,
    groups: Vec<GroupId>,
    /// All tags, group by group.
    pub(crate) series: Vec<SeriesId>,
    bytes: Vec<u8>,
}

impl Plant {
    pub(crate) fn open(path: &Path, store: &Store) -> Result<Self, Failed> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut head = [0; 32];
        file.read_exact(&mut head)?;
        if &head[..8] != MAGIC {
            return Err("this is no plant file".into());
        }
        let field = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (groups, width, seconds) = (field(8) as usize, field(12) as usize, field(16));
        let mut factors = vec![0; groups * width * 8];
        file.read_exact(&mut factors)?;
        let mut kinds = vec![0; (groups * width).next_multiple_of(8)];
        file.read_exact(&mut kinds)?;
        kinds.truncate(groups * width);
        let mut series = Vec::new();
        for (tag, kind) in kinds.iter().enumerate() {
            let factor = f64::from_le_bytes(eight(&factors[tag * 8..tag * 8 + 8]));
            let types = [ValueType::F64, ValueType::F64, ValueType::Bool, ValueType::I64, ValueType::Text];
            series.push(store.define_series(&SeriesDef {
                tag: format!("plant/g{}/t{}", tag / width, tag % width).parse()?,
                value_type: types[usize::from(*kind)],
                unit: String::new(),
                scale: (factor != 0.0).then_some(LinearScale { factor, offset: 0.0 }),
            })?);
        }
        let groups = series.chunks(width).map(|list| store.define_group(list)).collect::<Result<Vec<_>, _>>()?;
        let texts = (0..6).filter_map(|number| Text::new(format!("step {number}"))).collect();
        let bytes = vec![0; (groups.len() + series.len()) * 8];
        Ok(Self { file, seconds, start: START, width, kinds, texts, groups, series, bytes })
    }

    /// One scan of every group.
    pub(crate) fn second(&mut self, batch: &mut Vec<(Stream, Scan)>) -> Result<(), Failed> {
        self.file.read_exact(&mut self.bytes)?;
        let (times, numbers) = self.bytes.split_at(self.groups.len() * 8);
        for (number, group) in self.groups.iter().enumerate() {
            let arrival = Timestamp::from_millis(i64::from_le_bytes(eight(&times[number * 8..number * 8 + 8])));
            let tags = number * self.width..(number + 1) * self.width;
            let values: Vec<Option<Value>> = numbers[tags.start * 8..tags.end * 8]
                .chunks_exact(8)
                .zip(&self.kinds[tags])
                .map(|(bytes, kind)| self.value(*kind, f64::from_le_bytes(eight(bytes))))
                .collect();
            let quality = if values.iter().all(Option::is_none) { Quality::TIMEOUT } else { Quality::GOOD };
            let qualities = vec![quality; values.len()];
            batch.push((Stream::Data, Scan { group: *group, arrival, source: None, values, qualities }));
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers that were written")]
    fn value(&self, kind: u8, number: f64) -> Option<Value> {
        if number.is_nan() {
            return None;
        }
        match kind {
            0 | 1 => Value::from_f64(number),
            2 => Some(Value::Bool(number != 0.0)),
            3 => Some(Value::I64(number as i64)),
            _ => self
                .texts
                .iter()
                .enumerate()
                .find(|(n, _)| *n == number as usize)
                .map(|(_, text)| Value::Text(text.clone())),
        }
    }
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().unwrap_or_default()
}
