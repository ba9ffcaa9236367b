//! The bare loop below a store, for `cargo xtask bench store`: fjall and pco, and nothing of a product around them.
//!
//! `fjall-pco PLANT DIR` takes the samples of the plant file second by second. A second is one batch in the keyspace `log`
//! (all tags, packed by pco by their kinds) and one synced commit, together with the chunks of those tags that have 600
//! samples by then: key (tag, first time), packed by pco at its usual level. The log is trimmed behind what is in chunks. There
//! are no checksums per tag, no index, no dictionary, no reader, no late data: less than any store has to do.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Instant;

use fjall::config::CompressionPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::simple_compress;

type Failed = Box<dyn Error>;

/// Samples of a chunk.
const ROWS: usize = 600;
/// pco's usual level, for chunks.
const CHUNK_LEVEL: usize = 8;
/// Quick, for the log: it is read only after a power cut.
const LOG_LEVEL: usize = 2;

/// How values of a tag are kept, by the plant file's number.
const NUMBER: [u8; 2] = [0, 1];

const COUNTER: u8 = 3;

/// The plant file; `crates/store/examples/bench/plant.rs` says how it is laid out.
struct Plant {
    file: BufReader<File>,
    groups: usize,
    width: usize,
    seconds: usize,
    kinds: Vec<u8>,
    bytes: Vec<u8>,
}

impl Plant {
    fn open(path: &Path) -> Result<Self, Failed> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut head = [0; 32];
        file.read_exact(&mut head)?;
        if &head[..8] != b"PLANT\0\0\x01" {
            return Err("this is no plant file".into());
        }
        let field = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let (groups, width, seconds) = (field(8), field(12), field(16));
        let tags = groups * width;
        let mut scales = vec![0; tags * 8];
        file.read_exact(&mut scales)?;
        let mut kinds = vec![0; tags.next_multiple_of(8)];
        file.read_exact(&mut kinds)?;
        kinds.truncate(tags);
        Ok(Self { file, groups, width, seconds, kinds, bytes: vec![0; (groups + tags) * 8] })
    }

    /// Arrivals in ms of each group, then values of each tag; not a number is no value.
    fn second(&mut self, arrivals: &mut Vec<i64>, values: &mut Vec<f64>) -> Result<(), Failed> {
        self.file.read_exact(&mut self.bytes)?;
        let (times, numbers) = self.bytes.split_at(self.groups * 8);
        let eight = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).unwrap_or_default();
        arrivals.clear();
        arrivals.extend(times.chunks_exact(8).map(|bytes| i64::from_le_bytes(eight(bytes))));
        values.clear();
        values.extend(numbers.chunks_exact(8).map(|bytes| f64::from_le_bytes(eight(bytes))));
        Ok(())
    }
}

fn pack<T: Number>(numbers: &[T], level: usize, out: &mut Vec<u8>) -> Result<(), Failed> {
    let packed = simple_compress(numbers, &ChunkConfig::default().with_compression_level(level))?;
    out.extend_from_slice(&u32::try_from(packed.len())?.to_le_bytes());
    out.extend_from_slice(&packed);
    Ok(())
}

fn pack_kind(kind: u8, values: &[f64], level: usize, out: &mut Vec<u8>) -> Result<(), Failed> {
    match kind {
        kind if NUMBER.contains(&kind) => pack(values, level, out),
        COUNTER => pack(&values.iter().map(|value| *value as i64).collect::<Vec<_>>(), level, out),
        _ => pack(&values.iter().map(|value| *value as u16).collect::<Vec<_>>(), level, out),
    }
}

/// The open chunk of one tag.
#[derive(Default)]
struct Open {
    times: Vec<i64>,
    values: Vec<f64>,
    qualities: Vec<u16>,
}

impl Open {
    fn pack(&mut self, kind: u8) -> Result<Vec<u8>, Failed> {
        let mut out = Vec::new();
        pack(&self.times, CHUNK_LEVEL, &mut out)?;
        pack_kind(kind, &self.values, CHUNK_LEVEL, &mut out)?;
        pack(&self.qualities, CHUNK_LEVEL, &mut out)?;
        self.times.clear();
        self.values.clear();
        self.qualities.clear();
        Ok(out)
    }
}

struct Loop {
    database: Database,
    log: Keyspace,
    chunks: Keyspace,
    open: Vec<Open>,
    kinds: Vec<u8>,
    width: usize,
    /// The first second of the log that is still needed.
    trimmed: u64,
}

impl Loop {
    fn begin(dir: &Path, plant: &Plant) -> Result<Self, Failed> {
        let database = Database::builder(dir).open()?;
        // what goes in is packed already
        let options = || {
            KeyspaceCreateOptions::default().data_block_compression_policy(CompressionPolicy::disabled())
        };
        Ok(Self {
            log: database.keyspace("log", options)?,
            chunks: database.keyspace("chunks", options)?,
            database,
            open: plant.kinds.iter().map(|_| Open::default()).collect(),
            kinds: plant.kinds.clone(),
            width: plant.width,
            trimmed: 0,
        })
    }

    fn second(&mut self, number: u64, arrivals: &[i64], values: &[f64], last: bool) -> Result<(), Failed> {
        let mut record = Vec::new();
        pack(arrivals, LOG_LEVEL, &mut record)?;
        for kind in 0..5 {
            let some: Vec<f64> =
                values.iter().zip(&self.kinds).filter(|(_, known)| **known == kind).map(|(value, _)| *value).collect();
            pack_kind(kind, &some, LOG_LEVEL, &mut record)?;
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        batch.insert(&self.log, number.to_be_bytes(), record);
        for (tag, value) in values.iter().enumerate() {
            let open = &mut self.open[tag];
            open.times.push(arrivals[tag / self.width]);
            open.values.push(if value.is_nan() { 0.0 } else { *value });
            open.qualities.push(u16::from(value.is_nan()));
            // staggered, so that no second has more to pack than another
            let full = open.times.len() >= ROWS || (number as usize + 1) % ROWS == tag % ROWS;
            if full || last {
                let mut key = (tag as u32).to_be_bytes().to_vec();
                key.extend_from_slice(&open.times[0].to_be_bytes());
                let packed = open.pack(self.kinds[tag])?;
                batch.insert(&self.chunks, key, packed);
            }
        }
        while number >= self.trimmed + ROWS as u64 {
            batch.remove(&self.log, self.trimmed.to_be_bytes());
            self.trimmed += 1;
        }
        batch.commit()?;
        Ok(())
    }
}

fn proc_number(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    value.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// Of all threads.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().collect();
    let [_, plant, dir] = words.as_slice() else { return Err("usage: fjall-pco PLANT DIR".into()) };
    let mut plant = Plant::open(Path::new(plant))?;
    let mut bare = Loop::begin(Path::new(dir), &plant)?;
    let (mut arrivals, mut values) = (Vec::new(), Vec::new());
    let (begun, cpu, written) = (Instant::now(), cpu_seconds(), proc_number("io", "write_bytes:"));
    for second in 0..plant.seconds {
        plant.second(&mut arrivals, &mut values)?;
        bare.second(second as u64, &arrivals, &values, second + 1 == plant.seconds)?;
    }
    let samples = (plant.seconds * plant.kinds.len()) as f64;
    let (took, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let written = proc_number("io", "write_bytes:") - written;
    println!(
        "{{\"samples\": {samples}, \"per_second\": {}, \"per_cpu_second\": {}, \"written\": {}, \"rss_mb\": {}}}",
        samples / took,
        samples / cpu,
        written / samples,
        proc_number("status", "VmHWM:") / 1000.0
    );
    Ok(())
}
