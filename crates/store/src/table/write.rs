//! Writing sample files row by row; Parquet in row groups of bounded size.

use std::io::Write;
use std::sync::Arc;

use domain::{Problem, Quality, Timestamp, Value, ValueType};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::{Column, Format, Layout, file_problem, quality_text};

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
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
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
                let text = match value {
                    Some(Value::Text(text)) => Some(text.as_str().to_owned()),
                    _ => None,
                };
                let row = [
                    Cell::Text(Some(name.to_owned())),
                    Cell::Number(value.and_then(Value::as_f64)),
                    Cell::Text(Some(quality)),
                    Cell::Text(text),
                ];
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
            Out::Parquet(table) => {
                let cells = row.into_iter().zip(&self.columns).map(|(value, column)| match column.value_type {
                    ValueType::Text => Cell::Text(value.map(|value| value.to_string())),
                    _ => Cell::Number(value.and_then(|value| value.as_f64())),
                });
                table.push(arrival, cells).map_err(|error| unwritable(&error))
            }
        }
    }
}

/// One cell of a Parquet row.
enum Cell {
    Number(Option<f64>),
    Text(Option<String>),
}

impl<W: Write + Send> Table<W> {
    fn new(out: W, columns: &[Column], layout: Layout) -> Result<Self, Problem> {
        let kinds: Vec<(&str, bool)> = match layout {
            Layout::Long => vec![("tag", true), ("value", false), ("quality", true), ("text", true)],
            Layout::Wide => {
                columns.iter().map(|column| (column.name.as_str(), column.value_type == ValueType::Text)).collect()
            }
        };
        let schema = schema(&kinds).map_err(|error| unwritable(&error))?;
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let file = SerializedFileWriter::new(out, Arc::new(schema), properties).map_err(|error| unwritable(&error))?;
        let cells =
            kinds.iter().map(|(_, text)| if *text { Cells::Texts(Vec::new()) } else { Cells::Numbers(Vec::new()) });
        let most_rows = (CELLS / (kinds.len() + 1)).max(1);
        Ok(Self { file, arrivals: Vec::new(), cells: cells.collect(), most_rows })
    }

    fn push(&mut self, arrival: Timestamp, row: impl IntoIterator<Item = Cell>) -> Result<(), ParquetError> {
        self.arrivals.push(arrival.micros());
        for (column, cell) in self.cells.iter_mut().zip(row) {
            match (column, cell) {
                (Cells::Numbers(numbers), Cell::Number(number)) => numbers.push(number),
                (Cells::Numbers(numbers), Cell::Text(_)) => numbers.push(None),
                (Cells::Texts(texts), Cell::Text(text)) => texts.push(text),
                (Cells::Texts(texts), Cell::Number(number)) => texts.push(number.map(|number| number.to_string())),
            }
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
        Cells::Numbers(numbers) => {
            let levels: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
            let filled: Vec<f64> = numbers.drain(..).flatten().collect();
            column.typed::<DoubleType>().write_batch(&filled, Some(&levels), None)?;
        }
        Cells::Texts(texts) => {
            let levels: Vec<i16> = texts.iter().map(|text| i16::from(text.is_some())).collect();
            let filled: Vec<ByteArray> =
                texts.drain(..).flatten().map(|text| ByteArray::from(text.into_bytes())).collect();
            column.typed::<ByteArrayType>().write_batch(&filled, Some(&levels), None)?;
        }
    }
    column.close()
}

fn schema(kinds: &[(&str, bool)]) -> Result<Type, ParquetError> {
    let arrival =
        Type::primitive_type_builder("arrival_us", Physical::INT64).with_repetition(Repetition::REQUIRED).build()?;
    let mut fields = vec![Arc::new(arrival)];
    for (name, text) in kinds {
        let physical = if *text { Physical::BYTE_ARRAY } else { Physical::DOUBLE };
        let converted = if *text { ConvertedType::UTF8 } else { ConvertedType::NONE };
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
