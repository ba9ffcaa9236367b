//! One Parquet file of samples. `DuckDB`, Spark and notebooks read it without us, so its columns are a contract:
//!
//! | column | Parquet type | what |
//! | --- | --- | --- |
//! | `series` | INT32, unsigned | number of the tag's meaning on its edge |
//! | `tag` | `BYTE_ARRAY`, UTF-8 | name of the tag on its edge |
//! | `unit` | `BYTE_ARRAY`, UTF-8 | unit of the value in UCUM, empty for none |
//! | `arrival` | INT64, timestamp in µs UTC | when the value reached the edge |
//! | `source` | INT64, timestamp in µs UTC, or null | when the device says it was true |
//! | `value_bool`, `value_i64`, `value_u64`, `value_f64`, `value_text` | BOOLEAN, INT64, INT64 unsigned, DOUBLE, UTF-8, or null | the value, in the column of its type; null in all of them where there is none |
//! | `quality` | INT32, unsigned | OPC UA status code; good below 2^30 |
//! | `stream` | `BYTE_ARRAY`, UTF-8 | `data` or `prediction` |
//! | `epoch`, `number` | INT64, unsigned | the record of the edge's stream that brought it |
//!
//! Rows are sorted by series and arrival. The metadata of the file says under `lastmile.version` which version of this table it
//! follows, under `lastmile.edge` and `lastmile.day` whose samples these are, and under `lastmile.units` the units of columns.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use self::read::{File, Rows};
pub use self::write::{Writer, Written};

/// The version of the table that is written, and the only one so far.
const VERSION: &str = "1";
/// Rows of a row group: at one scan a second, most of a series' day. A trend reads whole row groups.
pub const GROUP_ROWS: usize = 1 << 16;
/// Bytes of texts after which a row group ends early.
const GROUP_BYTES: usize = 16 << 20;

/// The columns by their place.
mod column {
    pub(super) const SERIES: usize = 0;
    pub(super) const TAG: usize = 1;
    pub(super) const UNIT: usize = 2;
    pub(super) const ARRIVAL: usize = 3;
    pub(super) const SOURCE: usize = 4;
    pub(super) const BOOL: usize = 5;
    pub(super) const I64: usize = 6;
    pub(super) const U64: usize = 7;
    pub(super) const F64: usize = 8;
    pub(super) const TEXT: usize = 9;
    pub(super) const QUALITY: usize = 10;
    pub(super) const STREAM: usize = 11;
    pub(super) const EPOCH: usize = 12;
    pub(super) const NUMBER: usize = 13;
}
