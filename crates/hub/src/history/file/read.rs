//! Rows out of a file, only from row groups that may have what is wanted.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::{Finite, Quality, SeriesId, Stream, TagPath, Text, Timestamp, Value};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::statistics::Statistics;

use super::{VERSION, column};
use crate::history::row::{Label, Row, Wanted};

/// An opened file: its metadata is in memory.
pub struct File<R: ChunkReader + 'static> {
    reader: SerializedFileReader<R>,
}

impl<R: ChunkReader + 'static> File<R> {
    /// Reads the metadata. An error for what is no file of ours, or of a newer version.
    pub fn open(reader: R) -> Result<Self, ParquetError> {
        let reader = SerializedFileReader::new(reader)?;
        let said = reader.metadata().file_metadata().key_value_metadata();
        let version = said.and_then(|said| said.iter().find(|pair| pair.key == "lastmile.version"));
        match version.and_then(|pair| pair.value.as_deref()) {
            Some(VERSION) => Ok(Self { reader }),
            other => Err(ParquetError::General(format!("samples of version {other:?}, this program reads {VERSION}"))),
        }
    }

    /// The row groups that may hold something wanted, in order.
    pub fn groups(&self, wanted: &Wanted) -> Vec<usize> {
        let groups = self.reader.metadata().row_groups().iter().enumerate();
        groups.filter(|(_, group)| may_hold(group, wanted)).map(|(number, _)| number).collect()
    }

    /// What is wanted of a row group.
    pub fn read(&self, group: usize, wanted: &Wanted) -> Result<Vec<Row>, ParquetError> {
        let group = self.reader.get_row_group(group)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let all = Part { group: group.as_ref(), skip: 0, rows };
        let series: Vec<u32> =
            all.column::<Int32Type>(column::SERIES)?.into_iter().map(|id| id.unwrap_or(0).cast_unsigned()).collect();
        let part = match &wanted.series {
            None => all,
            Some((id, _)) => {
                let skip = series.partition_point(|series| *series < id.0);
                Part { skip, rows: series.partition_point(|series| *series <= id.0) - skip, ..all }
            }
        };
        let series = series.into_iter().skip(part.skip).map(SeriesId);
        part.rows(series.take(part.rows), wanted)
    }
}

/// By the statistics alone; a column without them may hold anything.
fn may_hold(group: &RowGroupMetaData, wanted: &Wanted) -> bool {
    let of = |place: usize| group.columns().get(place).and_then(|column| column.statistics());
    if let Some(Statistics::Int64(at)) = of(column::ARRIVAL)
        && let (Some(first), Some(last)) = (at.min_opt(), at.max_opt())
        && (*last < wanted.from.micros() || *first >= wanted.to.micros())
    {
        return false;
    }
    let (Some((id, _)), Some(Statistics::Int32(series))) = (&wanted.series, of(column::SERIES)) else { return true };
    let least = series.min_opt().map_or(0, |least| least.cast_unsigned());
    let most = series.max_opt().map_or(u32::MAX, |most| most.cast_unsigned());
    (least..=most).contains(&id.0)
}

/// Consecutive rows of a row group.
struct Part<'a> {
    group: &'a dyn RowGroupReader,
    skip: usize,
    rows: usize,
}

impl Part<'_> {
    fn column<T: DataType>(&self, place: usize) -> Result<Vec<Option<T::T>>, ParquetError> {
        let mut reader = get_typed_column_reader::<T>(self.group.get_column_reader(place)?);
        let (mut levels, mut filled) = (Vec::new(), Vec::new());
        reader.skip_records(self.skip)?;
        let (rows, ..) = reader.read_records(self.rows, Some(&mut levels), None, &mut filled)?;
        if rows != self.rows {
            return Err(ParquetError::EOF(format!("column {place} has too few rows")));
        }
        let mut filled = filled.into_iter();
        if levels.is_empty() {
            return Ok(filled.map(Some).collect());
        }
        Ok(levels.into_iter().map(|level| if level == 0 { None } else { filled.next() }).collect())
    }

    fn rows(&self, series: impl Iterator<Item = SeriesId>, wanted: &Wanted) -> Result<Vec<Row>, ParquetError> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let mut values = self.values()?.into_iter();
        let mut labels = Labels::default();
        let mut tags = self.column::<ByteArrayType>(column::TAG)?.into_iter();
        let mut units = self.column::<ByteArrayType>(column::UNIT)?.into_iter();
        let mut arrivals = self.column::<Int64Type>(column::ARRIVAL)?.into_iter();
        let mut sources = self.column::<Int64Type>(column::SOURCE)?.into_iter();
        let mut qualities = self.column::<Int32Type>(column::QUALITY)?.into_iter();
        let mut streams = self.column::<ByteArrayType>(column::STREAM)?.into_iter();
        let mut epochs = self.column::<Int64Type>(column::EPOCH)?.into_iter();
        let mut numbers = self.column::<Int64Type>(column::NUMBER)?.into_iter();
        let mut rows = Vec::new();
        for series in series {
            let label = labels.of(&needed(tags.next().flatten())?, &needed(units.next().flatten())?)?;
            let row = Row {
                series,
                label,
                arrival: Timestamp::from_micros(needed(arrivals.next().flatten())?),
                source: sources.next().flatten().map(Timestamp::from_micros),
                value: values.next().flatten(),
                quality: Quality::from_code(needed(qualities.next().flatten())?.cast_unsigned()),
                stream: stream(&needed(streams.next().flatten())?)?,
                epoch: needed(epochs.next().flatten())?.cast_unsigned(),
                number: needed(numbers.next().flatten())?.cast_unsigned(),
            };
            if wanted.is_at(row.arrival) && wanted.is_of(row.series, &row.label) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    fn values(&self) -> Result<Vec<Option<Value>>, ParquetError> {
        let mut values = vec![None; self.rows];
        let mut fill = |cells: Vec<Option<Value>>| {
            for (value, cell) in values.iter_mut().zip(cells).filter(|(_, cell)| cell.is_some()) {
                *value = cell;
            }
        };
        fill(self.cells::<BoolType>(column::BOOL, |value| Some(Value::Bool(value)))?);
        fill(self.cells::<Int64Type>(column::I64, |value| Some(Value::I64(value)))?);
        fill(self.cells::<Int64Type>(column::U64, |value| Some(Value::U64(value.cast_unsigned())))?);
        fill(self.cells::<DoubleType>(column::F64, |value| Finite::new(value).map(Value::F64))?);
        fill(self.cells::<ByteArrayType>(column::TEXT, |value| {
            Text::new(std::str::from_utf8(value.data()).ok()?).map(Value::Text)
        })?);
        Ok(values)
    }

    fn cells<T: DataType>(
        &self,
        place: usize,
        value: impl Fn(T::T) -> Option<Value>,
    ) -> Result<Vec<Option<Value>>, ParquetError> {
        // most columns of values are empty, and the statistics say so
        let statistics = self.group.metadata().column(place).statistics();
        let nulls = statistics.and_then(Statistics::null_count_opt);
        if nulls == u64::try_from(self.group.metadata().num_rows()).ok() {
            return Ok(Vec::new());
        }
        Ok(self.column::<T>(place)?.into_iter().map(|cell| cell.and_then(&value)).collect())
    }
}

fn needed<T>(cell: Option<T>) -> Result<T, ParquetError> {
    cell.ok_or_else(|| ParquetError::General("a cell is missing that every row has".to_owned()))
}

fn stream(name: &ByteArray) -> Result<Stream, ParquetError> {
    let known = Stream::ALL.into_iter().find(|stream| stream.name().as_bytes() == name.data());
    known.ok_or_else(|| ParquetError::General("a stream that this program does not know".to_owned()))
}

/// Shares what neighbouring rows have in common.
#[derive(Default)]
struct Labels {
    last: Option<Arc<Label>>,
}

impl Labels {
    fn of(&mut self, tag: &ByteArray, unit: &ByteArray) -> Result<Arc<Label>, ParquetError> {
        if let Some(last) = &self.last
            && last.tag.as_str().as_bytes() == tag.data()
            && last.unit.as_bytes() == unit.data()
        {
            return Ok(Arc::clone(last));
        }
        let tag: TagPath = tag.as_utf8()?.parse().map_err(ParquetError::General)?;
        let label = Arc::new(Label { tag, unit: unit.as_utf8()?.to_owned() });
        self.last = Some(Arc::clone(&label));
        Ok(label)
    }
}

/// What is wanted of a file, one row group in memory at a time.
pub struct Rows<R: ChunkReader + 'static> {
    file: Arc<File<R>>,
    wanted: Wanted,
    groups: VecDeque<usize>,
    ready: std::vec::IntoIter<Row>,
}

impl<R: ChunkReader + 'static> Rows<R> {
    /// See the type.
    pub fn of(file: Arc<File<R>>, wanted: Wanted) -> Self {
        let groups = file.groups(&wanted).into();
        Self { file, wanted, groups, ready: Vec::new().into_iter() }
    }
}

impl<R: ChunkReader + 'static> Iterator for Rows<R> {
    type Item = Result<Row, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.ready.next() {
                return Some(Ok(row));
            }
            let group = self.groups.pop_front()?;
            match self.file.read(group, &self.wanted) {
                Ok(rows) => self.ready = rows.into_iter(),
                Err(error) => {
                    self.groups.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}
