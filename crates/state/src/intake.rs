//! What a hub takes in from its edges. No acts of people: nothing here leaves an entry in the record of changes.
//!
//! A parcel is kept as it came, in one transaction with the account that says so. [`State::take_in`] does it for several edges at
//! once, so that they share one sync of the disk.

use std::collections::BTreeSet;

use domain::{Id, Timestamp};
use link::Stream;
use link::parcel::{Gone, GoneReason, Meaning, Parcel, records};
use link::up::hub::{Account, Lost};
use sqlx::AnyConnection;

use crate::db::{intake, parcel};
use crate::{State, StateError};

/// The account of an edge, and which of its changes this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRevision {
    /// What the hub knows of the edge's streams.
    pub account: Account,
    /// Counts its changes; 0 for one that is not stored yet.
    pub revision: i64,
}

/// One stream in one life of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LifeOf {
    /// Whose.
    pub edge: Id,
    /// The life's random number.
    pub epoch: u64,
    /// Which stream.
    pub stream: Stream,
}

/// A parcel as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedParcel {
    /// First number that it covers.
    pub first: u64,
    /// Last number that it covers.
    pub last: u64,
    /// What stands for the content at `last`.
    pub crc: u32,
    /// All its bytes ([`Parcel::decode`]).
    pub bytes: Vec<u8>,
}

/// A meaning, and the record of the log that tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub meaning: Meaning,
    /// The record's bytes.
    pub record: Vec<u8>,
}

/// What one request changes, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// The account as it is from now on.
    pub account: Account,
    /// The revision that it was made from.
    pub based_on: i64,
    /// Records that came, with what they tell.
    pub parcel: Option<(LifeOf, StagedParcel, Vec<Told>)>,
    /// Ranges that will never come.
    pub lost: Vec<Lost>,
    /// When.
    pub at: Timestamp,
}

/// What the hub has at a number of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A record with this CRC.
    Record(u32),
    /// Nothing, and nothing will come.
    Gone(GoneReason),
}

impl State {
    /// The account of an edge; a new one with revision 0 when it never sent anything.
    pub async fn edge_account(&self, edge: Id) -> Result<AccountRevision, StateError> {
        let mut sql = self.0.database.reader().await?;
        let stored = intake::account(&mut sql, edge).await?;
        Ok(stored.unwrap_or_else(|| AccountRevision { account: Account::new(edge), revision: 0 }))
    }

    /// The accounts of all edges that ever said hello.
    pub async fn edge_accounts(&self) -> Result<Vec<AccountRevision>, StateError> {
        let mut sql = self.0.database.reader().await?;
        intake::accounts(&mut sql).await
    }

    /// Writes what these requests change, synced when this returns. One whose account was changed meanwhile is left out and
    /// false: it has to be judged again. After an error nothing of any of them is there.
    pub async fn take_in(&self, intakes: &[Intake]) -> Result<Vec<bool>, StateError> {
        self.keep_room().await?;
        let mut transaction = self.0.database.begin().await?;
        let mut taken = Vec::with_capacity(intakes.len());
        for one in intakes {
            taken.push(take_one(&mut transaction, one).await?);
        }
        transaction.commit().await?;
        Ok(taken)
    }

    /// What was told about one stream of one life.
    pub async fn told_meanings(&self, life: LifeOf) -> Result<BTreeSet<Meaning>, StateError> {
        let mut sql = self.0.database.reader().await?;
        intake::told(&mut sql, &life).await
    }

    /// The record of the log that told a meaning.
    pub async fn told_record(&self, life: LifeOf, meaning: Meaning) -> Result<Option<Vec<u8>>, StateError> {
        let mut sql = self.0.database.reader().await?;
        intake::told_record(&mut sql, &life, meaning).await
    }

    /// What the hub has at a number; none where it has nothing or no longer knows. What was moved out of the staged parcels is
    /// known at the marks that were kept of it.
    pub async fn content_at(&self, life: LifeOf, seq: u64) -> Result<Option<Content>, StateError> {
        let mut sql = self.0.database.reader().await?;
        let staged = parcel::at_or_after(&mut sql, &life, seq).await?;
        let Some(staged) = staged.filter(|staged| staged.first <= seq) else {
            return Ok(parcel::kept_mark(&mut sql, &life, seq).await?.map(Content::Record));
        };
        drop(sql);
        // unpacking may take milliseconds
        let found = tokio::task::spawn_blocking(move || staged.content_at(seq)).await;
        found.map_err(|_| StateError::stored("Reading a parcel broke off."))?
    }

    /// The staged parcel that covers this number, else the next one after it.
    pub async fn staged_parcel(&self, life: LifeOf, seq: u64) -> Result<Option<StagedParcel>, StateError> {
        let mut sql = self.0.database.reader().await?;
        parcel::at_or_after(&mut sql, &life, seq).await
    }

    /// Ranges of this life that will never come, ascending.
    pub async fn lost_ranges(&self, life: LifeOf) -> Result<Vec<Gone>, StateError> {
        let mut sql = self.0.database.reader().await?;
        intake::lost(&mut sql, &life).await
    }

    /// The lives of an edge of which something is kept in this stream, in no order that means anything.
    pub async fn lives_kept(&self, edge: Id, stream: Stream) -> Result<Vec<u64>, StateError> {
        let mut sql = self.0.database.reader().await?;
        parcel::epochs(&mut sql, edge, stream).await
    }

    /// How many parcels are staged, and how many bytes they are. Looks at every one of them.
    pub async fn staged_size(&self) -> Result<(u64, u64), StateError> {
        let mut sql = self.0.database.reader().await?;
        let (parcels, bytes) = parcel::size(&mut sql).await?;
        Ok((u64::try_from(parcels).unwrap_or(0), u64::try_from(bytes).unwrap_or(0)))
    }
}

async fn take_one(sql: &mut AnyConnection, one: &Intake) -> Result<bool, StateError> {
    if !intake::put_account(sql, &one.account, one.based_on).await? {
        return Ok(false);
    }
    let edge = one.account.edge;
    if let Some((life, staged, told)) = &one.parcel {
        parcel::insert(sql, life, staged, one.at).await?;
        for told in told {
            intake::insert_told(sql, edge, life.epoch, life.stream, told).await?;
        }
    }
    for lost in &one.lost {
        intake::insert_lost(sql, edge, lost, one.at).await?;
    }
    Ok(true)
}

impl StagedParcel {
    /// Unpacked.
    pub fn decoded(&self) -> Result<Parcel, StateError> {
        Parcel::decode(&self.bytes).map_err(|error| StateError::stored(format!("A parcel can't be read: {error}")))
    }

    /// What it says at a number; none outside of it.
    pub fn content_at(&self, seq: u64) -> Result<Option<Content>, StateError> {
        let parcel = self.decoded()?;
        if let Some(gone) = parcel.header.gone.iter().find(|gone| (gone.first..=gone.last).contains(&seq)) {
            return Ok(Some(Content::Gone(gone.reason)));
        }
        let mut records = records::read(parcel.header.stream, &parcel.records).filter_map(Result::ok);
        Ok(records.find(|record| record.number == seq).map(|record| Content::Record(record.crc)))
    }
}
