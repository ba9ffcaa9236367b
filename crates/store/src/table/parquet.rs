//! Reading Parquet files of samples, written here or by the tools of data scientists.

use std::fs::File;
use std::path::Path;

use domain::{Problem, Quality, Text, Timestamp, Value, ValueType};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};

use super::csv::layout_of;
use super::{Layout, Names, TableSample, Units, file_problem, quality_of, units};

/// See the module.
pub(super) struct Reader {
    rows: RowIter<'static>,
    path: String,
    layout: Layout,
    number: u64,
    /// Samples of the current wide row that wait.
    waiting: std::vec::IntoIter<TableSample>,
}

impl Reader {
    pub(super) fn open(path: &Path, names: &mut Names) -> Result<(Self, Units), Problem> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| file_problem(&name, "the file cannot be read", &error))?;
        let unreadable = |error: parquet::errors::ParquetError| file_problem(&name, "this is no Parquet file", &error);
        let reader = SerializedFileReader::new(file).map_err(unreadable)?;
        let about = reader.metadata().file_metadata();
        let said = about.key_value_metadata().into_iter().flatten().find(|pair| pair.key == units::KEY);
        let units = match said.and_then(|pair| pair.value.as_deref()) {
            Some(text) => units::parse(text, &name)?,
            None => Units::default(),
        };
        let schema = about.schema();
        let columns: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
        let layout = layout_of(columns.iter().map(String::as_str), &name)?;
        if layout == Layout::Wide {
            names.list.extend(columns.into_iter().skip(1));
        }
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok((Self { rows, path: name, layout, number: 0, waiting: Vec::new().into_iter() }, units))
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Option<Result<TableSample, Problem>> {
        loop {
            if let Some(sample) = self.waiting.next() {
                return Some(Ok(sample));
            }
            let row = match self.rows.next()? {
                Ok(row) => row,
                Err(error) => return Some(Err(file_problem(&self.path, "a row cannot be read", &error))),
            };
            self.number += 1;
            match self.layout {
                Layout::Long => return Some(self.long(&row, names)),
                Layout::Wide => match self.wide(&row) {
                    Ok(samples) => self.waiting = samples.into_iter(),
                    Err(problem) => return Some(Err(problem)),
                },
            }
        }
    }

    fn long(&self, row: &Row, names: &mut Names) -> Result<TableSample, Problem> {
        let mut sample = TableSample { arrival: Timestamp::MIN, name: 0, value: None, quality: Quality::GOOD };
        let mut value_type = None;
        for (column, field) in row.get_column_iter() {
            match column.as_str() {
                "arrival_us" => sample.arrival = self.arrival(field)?,
                "tag" => {
                    let Field::Str(tag) = field else { return Err(self.problem("a tag is a text")) };
                    sample.name = names.index_of(tag);
                }
                "value" | "text" => sample.value = value_of(field).or(sample.value),
                "type" => value_type = type_of(field),
                "quality" => {
                    let text = match field {
                        Field::Str(text) => text.clone(),
                        other => other.to_string(),
                    };
                    sample.quality =
                        quality_of(&text).ok_or_else(|| self.problem(&format!("`{text}` is no quality")))?;
                }
                _ => {}
            }
        }
        let bad = sample.quality.is_bad();
        sample.value = sample.value.filter(|_| !bad).map(|value| typed(value, value_type));
        Ok(sample)
    }

    fn wide(&self, row: &Row) -> Result<Vec<TableSample>, Problem> {
        let mut columns = row.get_column_iter();
        let arrival = columns.next().map_or(Err(self.problem("the row is empty")), |(_, field)| self.arrival(field))?;
        let filled = columns.enumerate().filter_map(|(name, (_, field))| {
            let value = Some(value_of(field)?);
            Some(TableSample { arrival, name, value, quality: Quality::GOOD })
        });
        Ok(filled.collect())
    }

    fn arrival(&self, field: &Field) -> Result<Timestamp, Problem> {
        match field {
            Field::Long(micros) | Field::TimestampMicros(micros) => Ok(Timestamp::from_micros(*micros)),
            Field::TimestampMillis(millis) => Ok(Timestamp::from_millis(*millis)),
            _ => Err(self.problem("an arrival is whole microseconds since 1970 UTC")),
        }
    }

    fn problem(&self, what: &str) -> Problem {
        Problem::new("table.malformed", format!("{} row {}", self.path, self.number), what)
    }
}

fn type_of(field: &Field) -> Option<ValueType> {
    let Field::Str(name) = field else { return None };
    serde_json::from_value(serde_json::Value::from(name.as_str())).ok()
}

/// A number as what it was before it was written as a double or as digits.
fn typed(value: Value, value_type: Option<ValueType>) -> Value {
    let whole = |number: f64| if number.fract() == 0.0 { format!("{number:.0}").parse().ok() } else { None };
    let typed = match (&value, value_type) {
        (Value::F64(number), Some(ValueType::Bool)) => Some(Value::Bool(number.get() != 0.0)),
        (Value::F64(number), Some(ValueType::I64)) => whole(number.get()).map(Value::I64),
        (Value::F64(number), Some(ValueType::U64)) => {
            whole(number.get()).and_then(|n: i64| n.try_into().ok()).map(Value::U64)
        }
        (_, Some(value_type)) => value_type.coerce(&value),
        (_, None) => None,
    };
    typed.unwrap_or(value)
}

fn value_of(field: &Field) -> Option<Value> {
    match field {
        Field::Bool(value) => Some(Value::Bool(*value)),
        Field::Byte(value) => Some(Value::I64((*value).into())),
        Field::Short(value) => Some(Value::I64((*value).into())),
        Field::Int(value) => Some(Value::I64((*value).into())),
        Field::Long(value) => Some(Value::I64(*value)),
        Field::UByte(value) => Some(Value::U64((*value).into())),
        Field::UShort(value) => Some(Value::U64((*value).into())),
        Field::UInt(value) => Some(Value::U64((*value).into())),
        Field::ULong(value) => Some(Value::U64(*value)),
        Field::Float(value) => Value::from_f64((*value).into()),
        Field::Double(value) => Value::from_f64(*value),
        Field::Str(text) => Text::new(text.as_str()).map(Value::Text),
        _ => None,
    }
}
