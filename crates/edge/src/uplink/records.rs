//! The records of this edge as they go to a hub: those of the log from the store, those of SQL from the state. Only reads, and only
//! what is synced.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::log_record::{self, GroupDef, Packing, RecordKind};
use domain::said::uplink as said;
use domain::{GroupId, Problem};
use link::parcel::{Gone, GoneReason, crc_of_gone, records};
use link::up::Mark;
use link::up::site::{Meanings, Slice, Want};
use link::{PerStream, Stream};
use state::{State, StreamName};
use store::{Dropped, LogSlice, Store};

#[cfg(test)]
mod tests;

/// Records of SQL that are read at once: they are small, and few.
const PAGE: i64 = 500;

/// Where records come from.
#[derive(Clone)]
pub(super) struct Records {
    pub store: Arc<Store>,
    pub state: State,
}

/// What was read, and what its scans mean.
pub(super) type Read = (Slice, Known);

/// What the store knows of the meaning of some scans.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    groups: HashMap<GroupId, GroupDef>,
    packings: HashMap<(GroupId, u64), Packing>,
}

impl Meanings for Known {
    fn group(&self, group: GroupId) -> Option<GroupDef> {
        self.groups.get(&group).cloned()
    }

    fn packing(&self, group: GroupId, number: u64) -> Option<Packing> {
        self.packings.get(&(group, number)).cloned()
    }
}

impl Records {
    /// The newest synced record of a stream.
    pub(super) async fn tip(&self, stream: Stream) -> Result<Mark, Problem> {
        let seq = match name(stream) {
            Some(name) => number(self.state.stream_tip(name).await.map_err(|error| unreadable(&error))?),
            None => stream.of_log().map_or(0, |stream| self.store.synced_seq(stream)),
        };
        if seq == 0 {
            return Ok(Mark::default());
        }
        let crc = self.crcs(stream, vec![seq]).await?.first().copied().flatten();
        Ok(Mark { seq, crc: crc.unwrap_or_else(|| crc_of_gone(seq)) })
    }

    /// What stands for the content at these numbers; none where there is no record any more.
    pub(super) async fn crcs(&self, stream: Stream, numbers: Vec<u64>) -> Result<Vec<Option<u32>>, Problem> {
        let Some(name) = name(stream) else {
            let store = Arc::clone(&self.store);
            return blocking(move || numbers.iter().map(|number| crc_in_log(&store, stream, *number)).collect()).await;
        };
        let mut crcs = Vec::with_capacity(numbers.len());
        for wanted in numbers {
            let found = self.state.stream_records(name, signed(wanted), 1).await.map_err(|error| unreadable(&error))?;
            let found = found.into_iter().find(|(number, _)| *number == signed(wanted));
            crcs.push(found.and_then(|(_, content)| {
                let mut framed = Vec::new();
                records::frame(wanted, &content, &mut framed);
                records::read(stream, &framed).next()?.ok().map(|record| record.crc)
            }));
        }
        Ok(crcs)
    }

    /// What was wanted, as of the present life. `kept_until` is up to where the hub had everything: what is missing there was let go.
    pub(super) async fn read(&self, want: Want, epoch: u64, kept_until: u64) -> Result<Read, Problem> {
        let Some(name) = name(want.stream) else {
            let store = Arc::clone(&self.store);
            return blocking(move || read_log(&store, &want, epoch, kept_until)).await;
        };
        let mut slice = Slice { to: want.first - 1, ..Slice::default() };
        while slice.to < want.last {
            let page = self.state.stream_records(name, signed(slice.to + 1), PAGE).await;
            let page = page.map_err(|error| unreadable(&error))?;
            let before = slice.to;
            for (at, content) in page {
                let at = number(at);
                if at > want.last || (slice.records.len() >= want.max_bytes && at > want.first) {
                    return Ok((slice, Known::default()));
                }
                records::frame(at, &content, &mut slice.records);
                slice.to = at;
            }
            if slice.to == before {
                // numbers without records: they count as damaged
                slice.to = want.last;
            }
        }
        Ok((slice, Known::default()))
    }
}

/// The stream of SQL with this name; none for those of the log.
fn name(stream: Stream) -> Option<StreamName> {
    match stream {
        Stream::Alarm => Some(StreamName::Alarm),
        Stream::Change => Some(StreamName::Change),
        Stream::Data | Stream::Prediction => None,
    }
}

fn number(signed: i64) -> u64 {
    u64::try_from(signed).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unreadable(why: &impl ToString) -> Problem {
    said::READ_FAILED.problem("uplink", [("why", why.to_string().into())])
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(unreadable(&error)))
}

fn crc_in_log(store: &Store, stream: Stream, number: u64) -> Result<Option<u32>, Problem> {
    let Some(of_log) = stream.of_log() else { return Ok(None) };
    let slice = store.read_log(of_log, number, 1)?;
    let record = if slice.first == number { log_record::parse(&slice.bytes).ok() } else { None };
    Ok(record.map(|record| record.content_crc()))
}

fn read_log(store: &Store, want: &Want, epoch: u64, kept_until: u64) -> Result<Read, Problem> {
    let Some(stream) = want.stream.of_log() else { return Ok(<_>::default()) };
    let read = store.read_log(stream, want.first, want.max_bytes)?;
    let is_whole = read.first == want.first;
    let begins = if is_whole { want.first } else { store.read_log(stream, 1, 1)?.first };
    let slice = slice_of(&read, want, epoch, &Losses { begins, dropped: store.dropped(stream), kept_until });
    let known = known(store, stream, &slice)?;
    Ok((slice, known))
}

/// Why numbers are not in the log.
struct Losses {
    /// The first number in it; 0 for none. Behind it only damage makes holes.
    begins: u64,
    dropped: Vec<Dropped>,
    kept_until: u64,
}

impl Losses {
    /// The reason at a number, and up to where it may hold.
    fn at(&self, number: u64) -> (GoneReason, u64) {
        if number <= self.kept_until {
            return (GoneReason::Released, self.kept_until);
        }
        match self.dropped.iter().find(|range| range.last >= number) {
            Some(range) if range.first <= number => (range.reason.into(), range.last),
            // The log keeps what is not sealed yet; for a hub that came later the rest of it is in history only.
            Some(range) => (GoneReason::TooLarge, range.first - 1),
            None => (GoneReason::TooLarge, u64::MAX),
        }
    }

    fn tell(&self, first: u64, last: u64, gone: &mut Vec<Gone>) {
        let mut first = first;
        let last = if self.begins == 0 { last } else { last.min(self.begins - 1) };
        while first <= last {
            let (reason, until) = self.at(first);
            let last = until.min(last);
            match gone.last_mut() {
                Some(before) if before.last + 1 == first && before.reason == reason => before.last = last,
                _ => gone.push(Gone { first, last, reason }),
            }
            first = last + 1;
        }
    }
}

/// What the log gave as an answer to what was wanted. A hole that nothing is told about is damage.
fn slice_of(read: &LogSlice, want: &Want, epoch: u64, losses: &Losses) -> Slice {
    let to = if read.count == 0 || read.last >= want.last { want.last } else { read.last };
    let mut slice = Slice { to, ..Slice::default() };
    let (mut rest, mut next) = (read.bytes.as_slice(), want.first);
    while let Ok(record) = log_record::parse(rest) {
        rest = rest.get(record.bytes.len()..).unwrap_or_default();
        let seq = record.head.seq;
        if seq > to {
            break;
        }
        if seq > next && next == want.first {
            losses.tell(next, seq - 1, &mut slice.gone);
        }
        if record.head.epoch == epoch {
            slice.records.extend_from_slice(record.bytes);
        } else {
            record.put_in_epoch(epoch, &mut slice.records);
        }
        next = seq + 1;
    }
    if next == want.first && next <= to {
        losses.tell(next, to, &mut slice.gone);
    }
    slice
}

/// What the scans of a slice mean, as far as the store knows.
fn known(store: &Store, stream: domain::Stream, slice: &Slice) -> Result<Known, Problem> {
    let mut known = Known::default();
    let mut missing: BTreeSet<(GroupId, u64)> = BTreeSet::new();
    let mut first = None;
    let mut rest = slice.records.as_slice();
    while let Ok(record) = log_record::parse(rest) {
        rest = rest.get(record.bytes.len()..).unwrap_or_default();
        if record.kind != RecordKind::Scan {
            continue;
        }
        let Ok(scan) = record.scan() else { continue };
        if let Some(number) = scan.packing() {
            missing.insert((scan.group, number));
        }
        first.get_or_insert(record.head.seq);
        if !known.groups.contains_key(&scan.group)
            && let Some(group) = group(store, scan.group)
        {
            known.groups.insert(scan.group, group);
        }
    }
    // Those that the slice tells itself come after its first scan; all others stand before it in the same file of the log.
    let Some(first) = first.filter(|_| !missing.is_empty()) else { return Ok(known) };
    for packing in store.packings_for(stream, first)? {
        let key = (packing.group, packing.number);
        if missing.contains(&key) {
            known.packings.insert(key, packing);
        }
    }
    Ok(known)
}

fn group(store: &Store, group: GroupId) -> Option<GroupDef> {
    let list = store.group(group)?;
    let series = list.iter().map(|id| Some((*id, store.series(*id)?.as_ref().clone()))).collect::<Option<_>>()?;
    Some(GroupDef { group, series })
}

/// For each stream its newest record.
pub(super) async fn tips(records: &Records) -> Result<PerStream<Mark>, Problem> {
    let mut tips = PerStream::default();
    for stream in Stream::ALL {
        tips[stream] = records.tip(stream).await?;
    }
    Ok(tips)
}
