//! What is staged of one edge, read parcel after parcel in the order of lives, streams and numbers.

use domain::Id;
use state::{LifeOf, MovedParcel, StagedKey, State};

use super::HistoryError;
use super::row::{Row, Wanted};
use super::unpack::{Dictionary, Mark, Unpacked, Unpacker};

/// Reads on, a few parcels at a time.
pub(super) struct Staged {
    state: State,
    edge: Id,
    wanted: Wanted,
    after: Option<StagedKey>,
    unpacker: Option<(LifeOf, Unpacker)>,
    out: Read,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Samples, in the order in which they stand there.
    pub(super) rows: Vec<Row>,
    /// Reasons of gaps.
    pub(super) marks: Vec<Mark>,
    /// Of which parcels.
    pub(super) parcels: Vec<MovedParcel>,
    /// Parcels with records that cannot be read, as they came.
    pub(super) unreadable: Vec<Vec<u8>>,
}

impl Staged {
    pub(super) fn new(state: State, edge: Id, wanted: Wanted) -> Self {
        Self { state, edge, wanted, after: None, unpacker: None, out: Read::default() }
    }

    /// How many rows were read.
    pub(super) fn rows(&self) -> usize {
        self.out.rows.len() + self.unpacker.as_ref().map_or(0, |(_, unpacker)| unpacker.rows())
    }

    /// Reads some more. False when there are no more.
    pub(super) async fn more(&mut self) -> Result<bool, HistoryError> {
        let batch = self.state.staged_after(self.edge, self.after).await?;
        let Some(last) = batch.last() else { return Ok(false) };
        self.after = Some(last.key());
        for staged in batch {
            let life = staged.life;
            let Some(stream) = life.stream.of_log() else { continue };
            let unpacker = match self.unpacker.take() {
                Some((known, unpacker)) if known == life => unpacker,
                before => {
                    self.end(before);
                    let mut dictionary = Dictionary::default();
                    for record in self.state.told_records(life).await? {
                        dictionary.tell(life.stream, &record);
                    }
                    Unpacker::new(stream, life.epoch, dictionary, self.wanted.clone())
                }
            };
            let (first, last) = (staged.parcel.first, staged.parcel.last);
            let unpacked = tokio::task::spawn_blocking(move || {
                let mut unpacker = unpacker;
                let before = unpacker.unreadable();
                let mut kept = None;
                match staged.parcel.decoded() {
                    Ok(parcel) => {
                        kept = parcel.header.last_record_crc();
                        unpacker.parcel(&parcel, staged.taken);
                    }
                    Err(_) => unpacker.damaged(),
                }
                let is_read = unpacker.unreadable() == before;
                (unpacker, kept, (!is_read).then_some(staged.parcel.bytes))
            });
            let (unpacker, kept, unreadable) = unpacked.await.map_err(|_| HistoryError::BrokeOff)?;
            self.out.parcels.push(MovedParcel { life, first, last, kept });
            self.out.unreadable.extend(unreadable);
            self.unpacker = Some((life, unpacker));
        }
        Ok(true)
    }

    fn end(&mut self, unpacker: Option<(LifeOf, Unpacker)>) {
        let Some((_, unpacker)) = unpacker else { return };
        let Unpacked { rows, marks, .. } = unpacker.finish();
        self.out.marks.extend(marks);
        if self.out.rows.is_empty() {
            self.out.rows = rows;
        } else {
            self.out.rows.extend(rows);
        }
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Read {
        let last = self.unpacker.take();
        self.end(last);
        self.out
    }
}
