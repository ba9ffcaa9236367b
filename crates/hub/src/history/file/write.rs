//! Rows to a file, row group after row group.

use std::io::Write;
use std::sync::Arc;

use domain::{Id, Timestamp, Value};
use parquet::basic::{Compression, ConvertedType, Encoding, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::{GROUP_BYTES, GROUP_ROWS, VERSION, column};
use crate::history::day::Day;
use crate::history::row::Row;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many rows.
    pub rows: u64,
    /// The earliest arrival; of an empty file, the latest there can be.
    pub first: Timestamp,
    /// The latest arrival.
    pub last: Timestamp,
}

/// Takes rows in the order of [`Row::order`] and keeps one row group in memory.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    group: Vec<Row>,
    texts: usize,
    written: Written,
}

impl<W: Write + Send> Writer<W> {
    /// A file of one edge and day.
    pub fn new(out: W, edge: Id, day: Day) -> Result<Self, ParquetError> {
        let file = SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties(edge, day)?))?;
        let written = Written { rows: 0, first: Timestamp::MAX, last: Timestamp::MIN };
        Ok(Self { file, group: Vec::new(), texts: 0, written })
    }

    /// The next row.
    pub fn push(&mut self, row: Row) -> Result<(), ParquetError> {
        if let Some(Value::Text(text)) = &row.value {
            self.texts += text.as_str().len();
        }
        self.written.rows += 1;
        self.written.first = self.written.first.min(row.arrival);
        self.written.last = self.written.last.max(row.arrival);
        self.group.push(row);
        if self.group.len() >= GROUP_ROWS || self.texts >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    /// Writes what waits and the end of the file. What was given to write into is to be flushed and synced by its owner.
    pub fn finish(mut self) -> Result<(Written, W), ParquetError> {
        self.end_group()?;
        let written = self.written;
        Ok((written, self.file.into_inner()?))
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.group);
        self.texts = 0;
        let mut group = Group(self.file.next_row_group()?);
        group.put::<Int32Type>(rows.iter().map(|row| row.series.0.cast_signed()))?;
        group.put::<ByteArrayType>(rows.iter().map(|row| text(row.label.tag.as_str())))?;
        group.put::<ByteArrayType>(rows.iter().map(|row| text(&row.label.unit)))?;
        group.put::<Int64Type>(rows.iter().map(|row| row.arrival.micros()))?;
        group.put_some::<Int64Type>(rows.iter().map(|row| row.source.map(Timestamp::micros)))?;
        let values = || rows.iter().map(|row| row.value.as_ref());
        group.put_some::<BoolType>(values().map(|value| match value {
            Some(Value::Bool(value)) => Some(*value),
            _ => None,
        }))?;
        group.put_some::<Int64Type>(values().map(|value| match value {
            Some(Value::I64(value)) => Some(*value),
            _ => None,
        }))?;
        group.put_some::<Int64Type>(values().map(|value| match value {
            Some(Value::U64(value)) => Some(value.cast_signed()),
            _ => None,
        }))?;
        group.put_some::<DoubleType>(values().map(|value| match value {
            Some(Value::F64(value)) => Some(value.get()),
            _ => None,
        }))?;
        group.put_some::<ByteArrayType>(values().map(|value| match value {
            Some(Value::Text(value)) => Some(text(value.as_str())),
            _ => None,
        }))?;
        group.put::<Int32Type>(rows.iter().map(|row| row.quality.code().cast_signed()))?;
        group.put::<ByteArrayType>(rows.iter().map(|row| text(row.stream.name())))?;
        group.put::<Int64Type>(rows.iter().map(|row| row.epoch.cast_signed()))?;
        group.put::<Int64Type>(rows.iter().map(|row| row.number.cast_signed()))?;
        group.0.close().map(drop)
    }
}

struct Group<'a, W: Write + Send>(SerializedRowGroupWriter<'a, W>);

impl<W: Write + Send> Group<'_, W> {
    /// The next column, which has a cell in every row.
    fn put<T: DataType>(&mut self, cells: impl Iterator<Item = T::T>) -> Result<(), ParquetError> {
        let Some(mut column) = self.0.next_column()? else { return Ok(()) };
        let cells: Vec<T::T> = cells.collect();
        column.typed::<T>().write_batch(&cells, None, None)?;
        column.close()
    }

    /// The next column, which may lack cells.
    fn put_some<T: DataType>(&mut self, cells: impl Iterator<Item = Option<T::T>>) -> Result<(), ParquetError> {
        let Some(mut column) = self.0.next_column()? else { return Ok(()) };
        let mut levels = Vec::new();
        let mut filled = Vec::new();
        for cell in cells {
            levels.push(i16::from(cell.is_some()));
            filled.extend(cell);
        }
        column.typed::<T>().write_batch(&filled, Some(&levels), None)?;
        column.close()
    }
}

fn text(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

fn properties(edge: Id, day: Day) -> Result<WriterProperties, ParquetError> {
    let said = [
        ("lastmile.version", VERSION.to_owned()),
        ("lastmile.edge", edge.to_string()),
        ("lastmile.day", day.to_string()),
        ("lastmile.units", r#"{"arrival":"us since 1970-01-01 UTC","source":"us since 1970-01-01 UTC","value_*":"as column unit says, in UCUM","quality":"OPC UA StatusCode"}"#.to_owned()),
    ];
    let said = said.map(|(key, value)| KeyValue::new(key.to_owned(), value)).to_vec();
    let ascending = |column: usize| SortingColumn {
        column_idx: i32::try_from(column).unwrap_or(i32::MAX),
        descending: false,
        nulls_first: false,
    };
    let sorted = [column::SERIES, column::TAG, column::UNIT, column::ARRIVAL].map(ascending).to_vec();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_sorting_columns(Some(sorted))
        .set_key_value_metadata(Some(said));
    // times and numbers climb by much the same steps, and no two rows of a series share one
    for name in ["arrival", "source", "number"] {
        let path = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

fn schema() -> Result<Type, ParquetError> {
    use ConvertedType::{NONE, TIMESTAMP_MICROS, UINT_32, UINT_64, UTF8};
    const OPTIONAL: Repetition = Repetition::OPTIONAL;
    const REQUIRED: Repetition = Repetition::REQUIRED;
    const COLUMNS: [(&str, Physical, ConvertedType, Repetition); 14] = [
        ("series", Physical::INT32, UINT_32, REQUIRED),
        ("tag", Physical::BYTE_ARRAY, UTF8, REQUIRED),
        ("unit", Physical::BYTE_ARRAY, UTF8, REQUIRED),
        ("arrival", Physical::INT64, TIMESTAMP_MICROS, REQUIRED),
        ("source", Physical::INT64, TIMESTAMP_MICROS, OPTIONAL),
        ("value_bool", Physical::BOOLEAN, NONE, OPTIONAL),
        ("value_i64", Physical::INT64, NONE, OPTIONAL),
        ("value_u64", Physical::INT64, UINT_64, OPTIONAL),
        ("value_f64", Physical::DOUBLE, NONE, OPTIONAL),
        ("value_text", Physical::BYTE_ARRAY, UTF8, OPTIONAL),
        ("quality", Physical::INT32, UINT_32, REQUIRED),
        ("stream", Physical::BYTE_ARRAY, UTF8, REQUIRED),
        ("epoch", Physical::INT64, UINT_64, REQUIRED),
        ("number", Physical::INT64, UINT_64, REQUIRED),
    ];
    let fields = COLUMNS.map(|(name, physical, converted, repetition)| {
        let column = Type::primitive_type_builder(name, physical).with_repetition(repetition);
        column.with_converted_type(converted).build().map(Arc::new)
    });
    let fields = fields.into_iter().collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("samples").with_fields(fields).build()
}
