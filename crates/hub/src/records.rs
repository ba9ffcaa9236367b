//! What is stored of a stream, as JSON lines: each number once as the present life of the edge has it, or everything that came,
//! life by life. A parcel is read at a time.

use std::collections::VecDeque;

use domain::log_record::RawRecord;
use domain::{Id, Problem};
use futures_util::stream;
use link::Stream;
use link::parcel::{Gone, records};
use link::up::hub::HubLife;
use serde_json::{Value, json};
use server::api::edge::RecordsOf;
use server::ports::ByteStream;
use state::{LifeOf, StagedParcel, State, StateError};

/// The lines from `ask.from` on.
pub(crate) async fn lines(state: State, edge: Id, ask: &RecordsOf) -> Result<ByteStream, Problem> {
    let stream = Stream::ALL.into_iter().find(|stream| stream.name() == ask.stream).unwrap_or(Stream::Data);
    let walk = if ask.lives {
        Walk::Lives(Lives::of(&state, edge, stream, ask.from).await.map_err(|error| error.problem())?)
    } else {
        Walk::Present(Present::of(&state, edge, stream, ask.from).await.map_err(|error| error.problem())?)
    };
    let pages = stream::try_unfold((state, walk), |(state, mut walk)| async move {
        let page = match &mut walk {
            Walk::Lives(lives) => lives.next(&state).await,
            Walk::Present(present) => present.next(&state).await,
        };
        let page = page.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(page.map(|page| (page, (state, walk))))
    });
    Ok(Box::pin(pages))
}

enum Walk {
    Lives(Lives),
    Present(Present),
}

/// Life by life, with what each could not bring any more.
struct Lives {
    from: u64,
    next: u64,
    rest: VecDeque<LifeOf>,
}

impl Lives {
    /// As the account knows them, oldest first, then those that it forgot.
    async fn of(state: &State, edge: Id, stream: Stream, from: u64) -> Result<Self, StateError> {
        let account = state.edge_account(edge).await?.account;
        let mut epochs: Vec<u64> = account.lives.iter().map(|life| life.epoch).collect();
        let kept = state.lives_kept(edge, stream).await?;
        epochs.splice(0..0, kept.into_iter().filter(|epoch| !account.lives.iter().any(|life| life.epoch == *epoch)));
        let rest = epochs.into_iter().map(|epoch| LifeOf { edge, epoch, stream }).collect();
        Ok(Self { from, next: from, rest })
    }

    async fn next(&mut self, state: &State) -> Result<Option<Vec<u8>>, StateError> {
        while let Some(life) = self.rest.front().copied() {
            if let Some(parcel) = state.staged_parcel(life, self.next).await? {
                let page = page(life, parcel.clone(), self.next, u64::MAX).await?;
                self.next = parcel.last + 1;
                return Ok(Some(page));
            }
            self.rest.pop_front();
            self.next = self.from;
            let lost = state.lost_ranges(life).await?;
            let mut page = Vec::new();
            for gone in lost.iter().filter(|gone| gone.last >= self.from) {
                line(&mut page, &gone_line(life.epoch, gone, self.from, u64::MAX));
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }
}

/// Each number once. Lives that say the same up to a number are one there, whichever of them brought it.
struct Present {
    next: u64,
    /// With the last number up to which each says what the present life says; the present one first, then the newest.
    lives: Vec<(LifeOf, u64)>,
}

impl Present {
    async fn of(state: &State, edge: Id, stream: Stream, from: u64) -> Result<Self, StateError> {
        let account = state.edge_account(edge).await?.account;
        let present = account.present().cloned().unwrap_or_default();
        let shared = |life: &HubLife| (LifeOf { edge, epoch: life.epoch, stream }, present.shared(life, stream));
        Ok(Self { next: from.max(1), lives: account.lives.iter().rev().map(shared).collect() })
    }

    async fn next(&mut self, state: &State) -> Result<Option<Vec<u8>>, StateError> {
        // the parcel that covers the next number, else the one that begins first after it
        let mut best: Option<(LifeOf, u64, StagedParcel)> = None;
        for (life, until) in &self.lives {
            if *until < self.next {
                continue;
            }
            let Some(parcel) = state.staged_parcel(*life, self.next).await?.filter(|parcel| parcel.first <= *until)
            else {
                continue;
            };
            let begins = parcel.first.max(self.next);
            if best.as_ref().is_none_or(|(_, _, best)| begins < best.first.max(self.next)) {
                best = Some((*life, *until, parcel));
            }
        }
        let Some((life, until, parcel)) = best else { return Ok(None) };
        let last = parcel.last.min(until);
        let page = page(life, parcel, self.next, last).await?;
        self.next = last + 1;
        Ok(Some(page))
    }
}

/// What a parcel says from one number to another.
async fn page(life: LifeOf, parcel: StagedParcel, from: u64, to: u64) -> Result<Vec<u8>, StateError> {
    let made = tokio::task::spawn_blocking(move || {
        let parcel = parcel.decoded()?;
        let mut lines: Vec<(u64, Value)> = Vec::new();
        for record in records::read(life.stream, &parcel.records).filter_map(Result::ok) {
            if (from..=to).contains(&record.number) {
                lines.push((record.number, record_line(life, &record)));
            }
        }
        let gone = parcel.header.gone.iter().filter(|gone| gone.last >= from && gone.first <= to);
        lines.extend(gone.map(|gone| (gone.first, gone_line(life.epoch, gone, from, to))));
        lines.sort_by_key(|(number, _)| *number);
        let mut page = Vec::new();
        for (_, value) in &lines {
            line(&mut page, value);
        }
        Ok(page)
    });
    made.await.map_err(|_| StateError::Stored { what: "Reading a parcel broke off.".to_owned() })?
}

fn line(page: &mut Vec<u8>, value: &Value) {
    page.extend(value.to_string().into_bytes());
    page.push(b'\n');
}

/// Epochs are beyond 2⁵³, so they are texts. What SQL of the edge keeps is JSON; the log's records are told by their CRC.
fn record_line(life: LifeOf, record: &records::Record<'_>) -> Value {
    let mut line = json!({"epoch": life.epoch.to_string(), "number": record.number, "crc": record.crc});
    if record.raw.is_none() {
        line["content"] = serde_json::from_slice(record.bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(record.bytes).into_owned()));
    } else if let Some(kind) = record.raw.as_ref().map(kind) {
        line["kind"] = Value::from(kind);
    }
    line
}

fn kind(raw: &RawRecord<'_>) -> &'static str {
    use domain::log_record::RecordKind;
    match raw.kind {
        RecordKind::Define => "define",
        RecordKind::Scan => "scan",
        RecordKind::Era => "era",
        RecordKind::Drop => "drop",
        RecordKind::Packing => "packing",
    }
}

fn gone_line(epoch: u64, gone: &Gone, from: u64, to: u64) -> Value {
    let (first, last) = (gone.first.max(from), gone.last.min(to));
    json!({"epoch": epoch.to_string(), "gone": {"first": first, "last": last, "reason": gone.reason}})
}
