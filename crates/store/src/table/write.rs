//! Writing sample files row by row; Parquet in row groups of bounded size.

use std::io::Write;
use std::sync::Arc;

use domain::{Problem, Quality, Text, Timestamp, Value, ValueType};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::{Column, Format, Layout, Units, file_problem, quality_text, units};

/// Cells kept in memory before they become a row group.
const CELLS: usize = 1 << 18;

/// Writes samples in the order in which they are pushed, which is the order of arrival.
pub struct Writer<W: Write + Send> {
    columns: Vec<Column>,
    layout: Layout,
    out: Out<W>,
    /// The wide row that is being filled.
    row: Vec<Option<Value>>,
    row_at: Option<Timestamp>,
}

enum Out<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Parquet(Box<Table<W>>),
}

/// Columns that wait to become a row group.
struct Table<W: Write + Send> {
    file: SerializedFileWriter<W>,
    arrivals: Vec<i64>,
    cells: Vec<Cells>,
    most_rows: usize,
}

/// One column in memory.
enum Cells {
    Bools(Vec<Option<bool>>),
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

impl Cells {
    fn new(value_type: ValueType) -> Self {
        match value_type {
            ValueType::Bool => Self::Bools(Vec::new()),
            ValueType::I64 | ValueType::U64 => Self::Integers(Vec::new()),
            ValueType::F64 => Self::Numbers(Vec::new()),
            ValueType::Text => Self::Texts(Vec::new()),
        }
    }

    /// A value of another type than the column is told as far as the column can.
    fn push(&mut self, value: Option<Value>) {
        match self {
            Self::Bools(cells) => cells.push(value.and_then(|value| value.as_bool())),
            Self::Integers(cells) => cells.push(value.and_then(|value| match value {
                Value::I64(number) => Some(number),
                Value::U64(number) => Some(number.cast_signed()),
                Value::Bool(bit) => Some(i64::from(bit)),
                Value::F64(_) | Value::Text(_) => None,
            })),
            Self::Numbers(cells) => cells.push(value.and_then(|value| value.as_f64())),
            Self::Texts(cells) => cells.push(value.map(|value| value.to_string())),
        }
    }
}

impl<W: Write + Send> Writer<W> {
    /// Writes the header at once.
    pub fn new(out: W, columns: Vec<Column>, format: Format, layout: Layout) -> Result<Self, Problem> {
        let out = match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let header: Vec<&str> = match layout {
                    Layout::Long => vec!["arrival_us", "tag", "value", "quality"],
                    Layout::Wide => {
                        std::iter::once("arrival_us").chain(columns.iter().map(|column| column.name.as_str())).collect()
                    }
                };
                writer.write_record(header).map_err(|error| unwritable(&error))?;
                Out::Csv(Box::new(writer))
            }
            Format::Parquet => Out::Parquet(Box::new(Table::new(out, &columns, layout)?)),
        };
        let row = vec![None; columns.len()];
        Ok(Self { columns, layout, out, row, row_at: None })
    }

    /// One sample of a column. Wide files take good values only.
    pub fn push(
        &mut self,
        arrival: Timestamp,
        column: usize,
        value: Option<&Value>,
        quality: Quality,
    ) -> Result<(), Problem> {
        match self.layout {
            Layout::Long => self.long(arrival, column, value, quality),
            Layout::Wide => {
                if self.row_at != Some(arrival) {
                    self.end_row()?;
                    self.row_at = Some(arrival);
                }
                if let (true, Some(cell)) = (quality.is_good(), self.row.get_mut(column)) {
                    *cell = value.cloned();
                }
                Ok(())
            }
        }
    }

    /// Writes what waits and closes the file.
    pub fn finish(mut self) -> Result<(), Problem> {
        self.end_row()?;
        match self.out {
            Out::Csv(mut writer) => writer.flush().map_err(|error| unwritable(&error)),
            Out::Parquet(mut table) => {
                table.end_group().map_err(|error| unwritable(&error))?;
                table.file.finish().map(drop).map_err(|error| unwritable(&error))
            }
        }
    }

    fn long(
        &mut self,
        arrival: Timestamp,
        column: usize,
        value: Option<&Value>,
        quality: Quality,
    ) -> Result<(), Problem> {
        let name = self.columns.get(column).map_or("", |column| column.name.as_str());
        let quality = quality_text(quality);
        match &mut self.out {
            Out::Csv(writer) => {
                let value = value.map(ToString::to_string).unwrap_or_default();
                let arrival = arrival.micros().to_string();
                let row = [arrival.as_str(), name, value.as_str(), quality.as_str()];
                writer.write_record(row).map_err(|error| unwritable(&error))
            }
            Out::Parquet(table) => {
                let exact = |number: u64| number <= 1 << 53;
                let text = match value {
                    Some(Value::Text(text)) => Some(text.clone()),
                    Some(Value::I64(number)) if !exact(number.unsigned_abs()) => Text::new(number.to_string()),
                    Some(Value::U64(number)) if !exact(*number) => Text::new(number.to_string()),
                    _ => None,
                };
                let number = value.filter(|_| text.is_none()).and_then(Value::as_f64).and_then(Value::from_f64);
                let kind = value.map(|value| type_name(value.value_type()));
                let text_of = |text: &str| Text::new(text).map(Value::Text);
                let row = [text_of(name), number, text_of(&quality), text.map(Value::Text), kind.and_then(text_of)];
                table.push(arrival, row).map_err(|error| unwritable(&error))
            }
        }
    }

    fn end_row(&mut self) -> Result<(), Problem> {
        let Some(arrival) = self.row_at.take() else { return Ok(()) };
        let row: Vec<Option<Value>> = self.row.iter_mut().map(Option::take).collect();
        if row.iter().all(Option::is_none) {
            return Ok(());
        }
        match &mut self.out {
            Out::Csv(writer) => {
                let cells = row.iter().map(|value| value.as_ref().map(ToString::to_string).unwrap_or_default());
                let row = std::iter::once(arrival.micros().to_string()).chain(cells);
                writer.write_record(row).map_err(|error| unwritable(&error))
            }
            Out::Parquet(table) => table.push(arrival, row).map_err(|error| unwritable(&error)),
        }
    }
}

/// As serde writes it.
fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Bool => "bool",
        ValueType::I64 => "i64",
        ValueType::U64 => "u64",
        ValueType::F64 => "f64",
        ValueType::Text => "text",
    }
}

impl<W: Write + Send> Table<W> {
    fn new(out: W, columns: &[Column], layout: Layout) -> Result<Self, Problem> {
        const LONG: [(&str, ValueType); 5] = [
            ("tag", ValueType::Text),
            ("value", ValueType::F64),
            ("quality", ValueType::Text),
            ("text", ValueType::Text),
            ("type", ValueType::Text),
        ];
        let kinds: Vec<(&str, ValueType)> = match layout {
            Layout::Long => LONG.to_vec(),
            Layout::Wide => columns.iter().map(|column| (column.name.as_str(), column.value_type)).collect(),
        };
        let schema = schema(&kinds).map_err(|error| unwritable(&error))?;
        let compression = Compression::ZSTD(ZstdLevel::default());
        let said = columns.iter().filter(|column| !column.unit.is_empty());
        let said: Units = said.map(|column| (column.name.clone(), column.unit.clone())).collect();
        let said = vec![KeyValue::new(units::KEY.to_owned(), units::text(&said))];
        let properties = WriterProperties::builder().set_compression(compression).set_key_value_metadata(Some(said));
        let properties = Arc::new(properties.build());
        let file = SerializedFileWriter::new(out, Arc::new(schema), properties).map_err(|error| unwritable(&error))?;
        let cells = kinds.iter().map(|(_, value_type)| Cells::new(*value_type));
        let most_rows = (CELLS / (kinds.len() + 1)).max(1);
        Ok(Self { file, arrivals: Vec::new(), cells: cells.collect(), most_rows })
    }

    fn push(&mut self, arrival: Timestamp, row: impl IntoIterator<Item = Option<Value>>) -> Result<(), ParquetError> {
        self.arrivals.push(arrival.micros());
        for (column, value) in self.cells.iter_mut().zip(row) {
            column.push(value);
        }
        if self.arrivals.len() >= self.most_rows { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.arrivals.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        if let Some(mut column) = group.next_column()? {
            column.typed::<Int64Type>().write_batch(&self.arrivals, None, None)?;
            column.close()?;
        }
        for cells in &mut self.cells {
            write_cells(&mut group, cells)?;
        }
        group.close()?;
        self.arrivals.clear();
        Ok(())
    }
}

fn write_cells<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: &mut Cells,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    match cells {
        Cells::Bools(cells) => write_cell::<BoolType, _>(&mut column, cells, |value| value)?,
        Cells::Integers(cells) => write_cell::<Int64Type, _>(&mut column, cells, |value| value)?,
        Cells::Numbers(cells) => write_cell::<DoubleType, _>(&mut column, cells, |value| value)?,
        Cells::Texts(cells) => {
            write_cell::<ByteArrayType, _>(&mut column, cells, |text: String| ByteArray::from(text.into_bytes()))?;
        }
    }
    column.close()
}

fn write_cell<T: DataType, V>(
    column: &mut SerializedColumnWriter<'_>,
    cells: &mut Vec<Option<V>>,
    as_written: impl Fn(V) -> T::T,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let filled: Vec<T::T> = cells.drain(..).flatten().map(as_written).collect();
    column.typed::<T>().write_batch(&filled, Some(&levels), None).map(drop)
}

fn schema(kinds: &[(&str, ValueType)]) -> Result<Type, ParquetError> {
    let arrival =
        Type::primitive_type_builder("arrival_us", Physical::INT64).with_repetition(Repetition::REQUIRED).build()?;
    let mut fields = vec![Arc::new(arrival)];
    for (name, value_type) in kinds {
        let (physical, converted) = match value_type {
            ValueType::Bool => (Physical::BOOLEAN, ConvertedType::NONE),
            ValueType::I64 => (Physical::INT64, ConvertedType::NONE),
            ValueType::U64 => (Physical::INT64, ConvertedType::UINT_64),
            ValueType::F64 => (Physical::DOUBLE, ConvertedType::NONE),
            ValueType::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(converted)
            .build()?;
        fields.push(Arc::new(field));
    }
    Type::group_type_builder("samples").with_fields(fields).build()
}

fn unwritable(error: &dyn std::fmt::Display) -> Problem {
    file_problem("the file", "it cannot be written", error)
}
