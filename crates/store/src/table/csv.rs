//! Reading CSV files of samples, with line numbers in every problem.

use std::fs::File;
use std::path::Path;

use domain::{Problem, Quality, Text, Timestamp, Value};

use super::{Layout, Names, TableSample, file_problem, quality_of, value_of};

/// See the module.
pub(super) struct Reader {
    rows: csv::Reader<File>,
    path: String,
    layout: Layout,
    row: csv::StringRecord,
    /// The next cell of the row, for wide files.
    cell: usize,
    /// When the row arrived, once it was read.
    arrival: Option<Timestamp>,
}

impl Reader {
    pub(super) fn open(path: &Path, names: &mut Names) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| file_problem(&name, "the file cannot be read", &error))?;
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = rows.headers().map_err(|error| file_problem(&name, "the first line cannot be read", &error))?;
        let layout = layout_of(header.iter(), &name)?;
        if layout == Layout::Wide {
            for name in header.iter().skip(1) {
                names.list.push(name.to_owned());
            }
        }
        Ok(Self { rows, path: name, layout, row: csv::StringRecord::new(), cell: 0, arrival: None })
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Option<Result<TableSample, Problem>> {
        loop {
            if self.layout == Layout::Wide
                && let Some(sample) = self.next_cell(names)
            {
                return Some(sample);
            }
            match self.rows.read_record(&mut self.row) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(file_problem(&self.path, "a line cannot be read", &error))),
            }
            self.cell = 0;
            self.arrival = None;
            if self.layout == Layout::Long {
                return Some(self.long(names));
            }
        }
    }

    /// The next filled cell of the current wide row; none when the row is used up.
    fn next_cell(&mut self, names: &Names) -> Option<Result<TableSample, Problem>> {
        while self.cell + 1 < self.row.len() {
            self.cell += 1;
            if self.cell > names.list.len() {
                return Some(Err(self.problem("the line has more cells than the header")));
            }
            let Some(text) = self.row.get(self.cell).filter(|text| !text.is_empty()) else { continue };
            let (name, quality) = (self.cell - 1, Quality::GOOD);
            let value = match value_as(text, names.is_text(name)) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(what) => return Some(Err(self.problem(what))),
            };
            return Some(self.arrival().map(|arrival| TableSample { arrival, name, value: Some(value), quality }));
        }
        None
    }

    fn long(&mut self, names: &mut Names) -> Result<TableSample, Problem> {
        let [Some(tag), Some(value), Some(quality)] = [1, 2, 3].map(|index| self.row.get(index)) else {
            return Err(self.problem("the line needs four cells: arrival_us, tag, value and quality"));
        };
        let quality = quality_of(quality).ok_or_else(|| {
            self.problem(&format!("`{quality}` is no quality"))
                .hint("write Good, or the name or number of an OPC UA status code")
        })?;
        let name = names.index_of(tag);
        let value = value_as(value, names.is_text(name)).map_err(|what| self.problem(what))?;
        let value = value.filter(|_| !quality.is_bad());
        Ok(TableSample { arrival: self.arrival()?, name, value, quality })
    }

    fn arrival(&mut self) -> Result<Timestamp, Problem> {
        if let Some(arrival) = self.arrival {
            return Ok(arrival);
        }
        let text = self.row.get(0).unwrap_or_default();
        let micros = text.parse().map_err(|_| {
            self.problem(&format!("`{text}` is no arrival")).hint("arrivals are whole microseconds since 1970 UTC")
        })?;
        Ok(*self.arrival.insert(Timestamp::from_micros(micros)))
    }

    fn problem(&self, what: &str) -> Problem {
        let line = self.row.position().map_or(0, csv::Position::line);
        Problem::new("table.malformed", format!("{}:{line}", self.path), what)
    }
}

/// A cell as the text that it is, or as what it reads as.
fn value_as(cell: &str, text: bool) -> Result<Option<Value>, &'static str> {
    match Text::new(cell).filter(|_| text) {
        Some(text) => Ok(Some(Value::Text(text))),
        None => value_of(cell),
    }
}

/// Which layout a header says.
pub(super) fn layout_of<'a>(header: impl Iterator<Item = &'a str>, path: &str) -> Result<Layout, Problem> {
    let names: Vec<&str> = header.collect();
    match names.as_slice() {
        ["arrival_us", "tag", "value", "quality", ..] => Ok(Layout::Long),
        ["arrival_us", rest @ ..] if !rest.is_empty() => Ok(Layout::Wide),
        _ => {
            let what =
                format!("the columns are {}", if names.is_empty() { "missing".to_owned() } else { names.join(", ") });
            Err(Problem::new("table.unknown-columns", format!("{path}:1"), what)
                .hint("long files have arrival_us,tag,value,quality; wide files arrival_us and one column per signal"))
        }
    }
}
