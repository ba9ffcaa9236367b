//! Where the samples of a hub's edges are: in parcels as they came, until a swap puts files of a manifest in their place.
//!
//! No acts of people: nothing here leaves an entry in the record of changes.

use domain::{Id, Timestamp};
use serde::{Deserialize, Serialize};

use crate::db::{parcel, sample};
use crate::intake::{LifeOf, StagedParcel};
use crate::{State, StateError};

/// What waits of one edge in the streams of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagedSamples {
    /// Whose.
    pub edge: Id,
    /// How many parcels.
    pub parcels: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the first of them came.
    pub oldest: Timestamp,
}

/// Where a staged parcel stands in the order in which [`State::staged_after`] gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagedKey {
    pub(crate) epoch: u64,
    pub(crate) stream: u8,
    pub(crate) first: u64,
}

/// A staged parcel with where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedOf {
    /// Whose, in which life and stream.
    pub life: LifeOf,
    /// The parcel.
    pub parcel: StagedParcel,
    /// When it came.
    pub taken: Timestamp,
}

impl StagedOf {
    /// To go on behind it.
    pub fn key(&self) -> StagedKey {
        StagedKey { epoch: self.life.epoch, stream: self.life.stream.number(), first: self.parcel.first }
    }
}

/// Records of one stream in one life, without saying that there are no others between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampleRange {
    /// The life's random number.
    pub epoch: u64,
    /// The stream's number on the wire.
    pub stream: u8,
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
}

/// A row of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFile {
    /// Whose samples.
    pub edge: Id,
    /// Of which day of arrival: days since 1970 UTC.
    pub day: i64,
    /// The object's name, which tells its content.
    pub object: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// How many samples it holds.
    pub rows: u64,
    /// The earliest arrival in it.
    pub first: Timestamp,
    /// The latest arrival in it.
    pub last: Timestamp,
    /// Which records its samples come from, ascending.
    pub ranges: Vec<SampleRange>,
}

/// A stretch of arrival time with the reason why there may be no samples in it. Its ends are samples, or as near as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleGap {
    /// The last arrival before it.
    pub from: Timestamp,
    /// The first arrival after it; the same where one end only is known.
    pub to: Timestamp,
    /// A word for why.
    pub reason: String,
}

/// A parcel whose samples are in files now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovedParcel {
    /// Whose, in which life and stream.
    pub life: LifeOf,
    /// First number that it covers.
    pub first: u64,
    /// Last number that it covers.
    pub last: u64,
    /// CRC of the record at `last`, where that shall stay known; none as well where there is no record.
    pub kept: Option<u32>,
}

/// What changes places, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleSwap {
    /// Whose.
    pub edge: Id,
    /// Parcels that go.
    pub parcels: Vec<MovedParcel>,
    /// Files that are named from now on. Their objects survive a power cut already.
    pub files: Vec<SampleFile>,
    /// Objects that are no longer named.
    pub replaced: Vec<String>,
    /// Reasons of gaps that the parcels told.
    pub gaps: Vec<SampleGap>,
}

impl State {
    /// What waits in the streams of samples, of every edge that has any.
    pub async fn staged_samples(&self) -> Result<Vec<StagedSamples>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::staged(&mut sql).await
    }

    /// The next few staged parcels of an edge in the streams of samples, in order of life, stream and number; at least one
    /// unless there are no more. What is given at once is about a quarter of a megabyte, or one parcel.
    pub async fn staged_after(&self, edge: Id, after: Option<StagedKey>) -> Result<Vec<StagedOf>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::staged_after(&mut sql, edge, after).await
    }

    /// Everything that was told about one stream of one life, as records of the log.
    pub async fn told_records(&self, life: LifeOf) -> Result<Vec<Vec<u8>>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::told(&mut sql, &life).await
    }

    /// The definitions of all groups of an edge, of all its lives, as records of the log.
    pub async fn told_groups(&self, edge: Id) -> Result<Vec<Vec<u8>>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::told_groups(&mut sql, edge).await
    }

    /// Puts files in the place of parcels or of other files, in one transaction. False, and nothing changed, when one of those
    /// is not there any more: somebody else was quicker.
    pub async fn swap_samples(&self, swap: &SampleSwap) -> Result<bool, StateError> {
        let mut transaction = self.0.database.begin().await?;
        for moved in &swap.parcels {
            if !parcel::remove(&mut transaction, &moved.life, moved.first).await? {
                return Ok(false);
            }
            if let Some(crc) = moved.kept {
                parcel::keep_mark(&mut transaction, &moved.life, moved.last, crc).await?;
            }
        }
        for object in &swap.replaced {
            if !sample::remove_file(&mut transaction, swap.edge, object).await? {
                return Ok(false);
            }
        }
        for file in &swap.files {
            sample::insert_file(&mut transaction, file).await?;
        }
        for gap in &swap.gaps {
            sample::insert_gap(&mut transaction, swap.edge, gap).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The manifest of an edge between two days, both included, in order of days.
    pub async fn sample_files(&self, edge: Id, from: i64, to: i64) -> Result<Vec<SampleFile>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::files(&mut sql, edge, from, to).await
    }

    /// The names of all objects in the manifest of an edge.
    pub async fn sample_objects(&self, edge: Id) -> Result<Vec<String>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::objects(&mut sql, edge).await
    }

    /// The edges that ever sent anything, so the ones that may have objects.
    pub async fn sampled_edges(&self) -> Result<Vec<Id>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::edges(&mut sql).await
    }

    /// Days of edges that have more than so many files, of those with fewer samples than `below`.
    pub async fn crowded_days(&self, files: usize, below: u64) -> Result<Vec<(Id, i64)>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::crowded(&mut sql, files, below).await
    }

    /// Why there may be no samples, for stretches that touch this time.
    pub async fn sample_gaps(&self, edge: Id, from: Timestamp, to: Timestamp) -> Result<Vec<SampleGap>, StateError> {
        let mut sql = self.0.database.reader().await?;
        sample::gaps(&mut sql, edge, from, to).await
    }
}
