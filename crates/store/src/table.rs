//! Sample files: CSV and Parquet, long (`arrival_us,tag,value,quality`) and wide (`arrival_us,<name>…`).
//!
//! Reading and writing go row by row with bounded memory. Wide files hold good values only, an empty cell is no good
//! value. In a long Parquet file numbers stand in `value`, texts and integers that a double cannot hold in `text`, and
//! `type` says what they are; in a wide one each column has its own type. CSV has no types: a cell that reads as a number
//! is one, whatever wrote it, unless [`Reader::as_text`] was told to take it as it stands.
//!
//! A file says the units of its numbers where it can: Parquet in its metadata, CSV in a small file beside it.

mod csv;
mod parquet;
mod units;
mod write;

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use domain::{Problem, Quality, SeriesId, Text, Timestamp, Value, ValueType};

pub use units::{Units, file_beside as units_file, text as units_text};
pub use write::Writer;

use crate::Store;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// By the file's ending.
    pub fn of(path: &Path) -> Result<Self, Problem> {
        match path.extension().and_then(std::ffi::OsStr::to_str) {
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => {
                Err(Problem::new("file.unknown-format", path.display().to_string(), "the file's ending says no format")
                    .hint("call it something.csv or something.parquet"))
            }
        }
    }
}

/// How samples stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One row per sample.
    Long,
    /// One row per arrival, one column per name.
    Wide,
}

/// A column of a file, or a name in a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The tag, or the signal it is mapped to.
    pub name: String,
    /// What its values are.
    pub value_type: ValueType,
    /// As people write it; empty when it has none.
    pub unit: String,
}

/// One sample of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSample {
    /// When it arrived.
    pub arrival: Timestamp,
    /// Index into [`Reader::names`].
    pub name: usize,
    /// None together with a bad quality.
    pub value: Option<Value>,
    /// Good in wide files.
    pub quality: Quality,
}

/// Samples of a file in the order in which they stand there.
pub struct Reader {
    inner: Inner,
    names: Names,
    units: Units,
}

/// Names in the order in which they were met.
#[derive(Debug, Default)]
struct Names {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
    /// Names whose cells are texts, whatever they look like.
    texts: HashSet<String>,
}

impl Names {
    /// Whether the cells of a name are taken as they stand.
    fn is_text(&self, index: usize) -> bool {
        !self.texts.is_empty() && self.list.get(index).is_some_and(|name| self.texts.contains(name))
    }

    /// The index of a name, which is added when it is new.
    fn index_of(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

enum Inner {
    Csv(Box<csv::Reader>),
    Parquet(Box<parquet::Reader>),
}

impl Reader {
    /// Opens a file and understands its columns. The names of a long file are all known only at its end.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let mut names = Names::default();
        let (inner, units) = match Format::of(path)? {
            Format::Csv => (Inner::Csv(Box::new(csv::Reader::open(path, &mut names)?)), units::beside(path)?),
            Format::Parquet => {
                let (reader, units) = parquet::Reader::open(path, &mut names)?;
                (Inner::Parquet(Box::new(reader)), units)
            }
        };
        Ok(Self { inner, names, units })
    }

    /// What the file says of the units of its names, long before their first sample. Empty when it says nothing.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Takes the cells of these names as texts, even where they read as numbers: `007` is a serial number then. Only CSV
    /// has to be told.
    pub fn as_text(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.texts.extend(names);
    }

    /// Tags or signals met so far.
    pub fn names(&self) -> &[String] {
        &self.names.list
    }
}

impl Iterator for Reader {
    type Item = Result<TableSample, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.inner {
            Inner::Csv(reader) => reader.next(&mut self.names),
            Inner::Parquet(reader) => reader.next(&mut self.names),
        }
    }
}

/// Writes what history holds of `columns` in `[from, to)`, in order of arrival. Gives the number of samples.
pub fn export<W: Write + Send>(
    store: &Store,
    columns: &[(String, SeriesId)],
    from: Timestamp,
    to: Timestamp,
    format: Format,
    layout: Layout,
    out: W,
) -> Result<u64, Problem> {
    let series: Vec<SeriesId> = columns.iter().map(|(_, series)| *series).collect();
    let described = columns.iter().map(|(name, series)| match store.series(*series) {
        Some(def) => Column { name: name.clone(), value_type: def.value_type, unit: def.unit.clone() },
        None => Column { name: name.clone(), value_type: ValueType::F64, unit: String::new() },
    });
    let mut writer = Writer::new(out, described.collect(), format, layout)?;
    let mut count = 0;
    for sample in store.samples(&series, from, to) {
        let sample = sample?;
        // the same series may have been asked for under two names
        for (index, _) in series.iter().enumerate().filter(|(_, candidate)| **candidate == sample.series) {
            writer.push(sample.arrival, index, sample.value.as_ref(), sample.quality)?;
            count += 1;
        }
    }
    writer.finish()?;
    Ok(count)
}

/// A cell as a value: yes/no, a whole number, a number, else a text. None when empty, an error in words when it is none.
fn value_of(cell: &str) -> Result<Option<Value>, &'static str> {
    let value = match cell {
        "" => return Ok(None),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            // a double keeps the sign of its zero
            let whole = cell.parse::<i64>().ok().filter(|_| cell != "-0").map(Value::I64);
            let whole = whole.or_else(|| cell.parse::<u64>().ok().map(Value::U64));
            match whole.or_else(|| cell.parse::<f64>().ok().and_then(Value::from_f64)) {
                Some(number) => number,
                None => Value::Text(Text::new(cell).ok_or("a text has at most 1024 bytes")?),
            }
        }
    };
    Ok(Some(value))
}

/// A quality by the standard's name, or its code as a number.
fn quality_of(cell: &str) -> Option<Quality> {
    if let Ok(code) = cell.parse() {
        return Some(Quality::from_code(code));
    }
    KNOWN.into_iter().find(|quality| quality.name() == cell)
}

/// Qualities that have a name of their own; others are written as their code.
const KNOWN: [Quality; 18] = [
    Quality::GOOD,
    Quality::UNCERTAIN,
    Quality::STALE,
    Quality::OUT_OF_RANGE,
    Quality::SUB_NORMAL,
    Quality::SUBSTITUTED,
    Quality::INITIAL,
    Quality::BAD,
    Quality::NO_COMMUNICATION,
    Quality::WAITING,
    Quality::UNKNOWN_ADDRESS,
    Quality::NOT_A_VALUE,
    Quality::DEVICE_FAILURE,
    Quality::SENSOR_FAILURE,
    Quality::TIMEOUT,
    Quality::NOT_CONNECTED,
    Quality::NO_DATA,
    Quality::NOT_APPLICABLE,
];

/// A quality as it is written.
fn quality_text(quality: Quality) -> String {
    if KNOWN.contains(&quality) { quality.name().to_owned() } else { quality.code().to_string() }
}

/// A file that cannot be read or written.
fn file_problem(path: &str, what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new("file.unusable", path, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Samples in order of arrival: (ms since the one before, column, value, quality).
    type Given = Vec<(i64, usize, f64, bool)>;

    fn written(given: &Given, format: Format, layout: Layout) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if format == Format::Csv { "x.csv" } else { "x.parquet" });
        let columns = [("a/x", "kPa"), ("a/y", "")].map(|(name, unit)| Column {
            name: name.to_owned(),
            value_type: ValueType::F64,
            unit: unit.to_owned(),
        });
        let mut writer = Writer::new(std::fs::File::create(&path).unwrap(), columns.into(), format, layout).unwrap();
        for sample in samples(given) {
            writer.push(sample.arrival, sample.name, sample.value.as_ref(), sample.quality).unwrap();
        }
        writer.finish().unwrap();
        (folder, path)
    }

    fn samples(given: &Given) -> Vec<TableSample> {
        let mut at = 1_700_000_000_000;
        let sample = |(step, name, number, good): &(i64, usize, f64, bool)| {
            at += step;
            let quality = if *good { Quality::GOOD } else { Quality::SENSOR_FAILURE };
            let value = Value::from_f64(*number).filter(|_| *good);
            TableSample { arrival: Timestamp::from_millis(at), name: *name, value, quality }
        };
        given.iter().map(sample).collect()
    }

    fn by_name(reader: Reader) -> Vec<(Timestamp, String, Option<f64>, Quality)> {
        let mut reader = reader;
        let mut found = Vec::new();
        while let Some(sample) = reader.next() {
            let sample = sample.unwrap();
            let name = reader.names()[sample.name].clone();
            found.push((sample.arrival, name, sample.value.as_ref().and_then(Value::as_f64), sample.quality));
        }
        found
    }

    fn expected(given: &Given, good_only: bool) -> Vec<(Timestamp, String, Option<f64>, Quality)> {
        let kept = samples(given).into_iter().filter(|sample| !good_only || sample.quality.is_good());
        let named = |sample: TableSample| {
            let name = ["a/x", "a/y"][sample.name].to_owned();
            (sample.arrival, name, sample.value.as_ref().and_then(Value::as_f64), sample.quality)
        };
        kept.map(named).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn long_files_give_back_what_was_written_to_the_last_digit(
            given in prop::collection::vec((0_i64..5000, 0_usize..2, -1e9_f64..1e9, any::<bool>()), 0..50)
        ) {
            for format in [Format::Csv, Format::Parquet] {
                let (_folder, path) = written(&given, format, Layout::Long);
                prop_assert_eq!(by_name(Reader::open(&path).unwrap()), expected(&given, false));
            }
        }

        #[test]
        fn wide_files_give_back_the_good_values(
            given in prop::collection::vec((1_i64..5000, 0_usize..2, -1e9_f64..1e9, any::<bool>()), 0..50)
        ) {
            for format in [Format::Csv, Format::Parquet] {
                let (_folder, path) = written(&given, format, Layout::Wide);
                prop_assert_eq!(by_name(Reader::open(&path).unwrap()), expected(&given, true));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), parquet in any::<bool>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(if parquet { "x.parquet" } else { "x.csv" });
            std::fs::write(&path, bytes).unwrap();
            if let Ok(reader) = Reader::open(&path) {
                let _: Vec<_> = reader.take(1000).collect();
            }
        }
    }

    #[test]
    fn a_file_says_the_units_of_its_names() {
        for layout in [Layout::Long, Layout::Wide] {
            let (_folder, path) = written(&vec![(1, 0, 2.5, true)], Format::Parquet, layout);
            let said: Vec<(String, String)> = Reader::open(&path).unwrap().units().clone().into_iter().collect();
            assert_eq!(said, [("a/x".to_owned(), "kPa".to_owned())]);
            let (_folder, path) = written(&vec![(1, 0, 2.5, true)], Format::Csv, layout);
            assert!(Reader::open(&path).unwrap().units().is_empty());
            std::fs::write(units_file(&path), units_text(&Units::from([("a/y".to_owned(), "Cel".to_owned())])))
                .unwrap();
            assert_eq!(Reader::open(&path).unwrap().units()["a/y"], "Cel");
            std::fs::write(units_file(&path), "kPa").unwrap();
            assert!(Reader::open(&path).err().unwrap().place.ends_with("x.csv.units.json"));
        }
    }

    #[test]
    fn cells_of_a_text_stay_as_they_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        let texts = "arrival_us,tag,value,quality\n1,serial,007,Good\n2,serial,,Good\n3,serial,1e3,BadNoData\n4,level,007,Good\n";
        std::fs::write(&path, texts).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        reader.as_text(["serial".to_owned()]);
        let values: Vec<Option<Value>> = reader.map(|sample| sample.unwrap().value).collect();
        let text = |text: &str| Text::new(text).map(Value::Text);
        assert_eq!(values, [text("007"), text(""), None, Some(Value::I64(7))]);
    }

    #[test]
    fn a_bad_line_is_told_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "arrival_us,tag,value,quality\n1000,a,1.5,Good\nyesterday,a,2,Good\n").unwrap();
        let problem = Reader::open(&path).unwrap().find_map(Result::err).unwrap();
        assert!(problem.place.ends_with("x.csv:3"), "{problem}");
        assert!(problem.what.contains("yesterday"));
    }
}
