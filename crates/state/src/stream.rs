//! The streams that SQL owns, as the uplink reads them. Nothing here changes anything.

use crate::db::{advisory, change, stream};
use crate::{State, StateError};

/// One of the two sequences that SQL owns. (`data` and `prediction` belong to the log.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamName {
    /// Raising and clearing of advisories.
    Alarm,
    /// The record of changes.
    Change,
}

/// A record as it stands in a parcel: its number, from 1 without holes, and its canonical bytes, which never change.
pub type StreamRecord = (i64, Vec<u8>);

impl State {
    /// The newest number of a stream; 0 while it is empty.
    pub async fn stream_tip(&self, name: StreamName) -> Result<i64, StateError> {
        let mut sql = self.0.database.reader().await?;
        match name {
            StreamName::Alarm => advisory::alarm_seq(&mut sql).await,
            StreamName::Change => Ok(change::head(&mut sql).await?.map_or(0, |(number, _)| number)),
        }
    }

    /// At most `most` records of a stream from this number on, in order.
    pub async fn stream_records(
        &self,
        name: StreamName,
        from: i64,
        most: i64,
    ) -> Result<Vec<StreamRecord>, StateError> {
        let mut sql = self.0.database.reader().await?;
        match name {
            StreamName::Alarm => stream::alarms(&mut sql, from, most).await,
            StreamName::Change => stream::changes(&mut sql, from, most).await,
        }
    }
}
