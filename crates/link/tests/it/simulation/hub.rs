//! A hub over a store in which a transaction is there whole or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::log_record::LogBody;
use domain::{Id, Value};
use link::Stream;
use link::parcel::{Gone, GoneReason, Meaning, Parcel, records};
use link::up::hub::{Account, Dictionary, Taken};
use link::up::site::{Answer, Request};
use link::up::{Line, Refusal};

/// Where a record stands.
pub type Place = (Id, u64, Stream, u64);

/// What is stored at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Record { uid: u64, crc: u32 },
    Gone(Gone),
}

/// What is on the hub's disk.
#[derive(Clone, Default)]
pub struct Store {
    pub accounts: BTreeMap<Id, Account>,
    pub stored: BTreeMap<Place, Stored>,
    pub uids: HashMap<u64, Place>,
    /// The tag of each group that was told.
    pub told: BTreeMap<(Id, u64, Stream, u32), u64>,
}

/// A transaction.
#[derive(Default)]
pub struct Change {
    pub account: Option<Account>,
    pub stored: Vec<(Place, Stored)>,
    pub told: Vec<((Id, u64, Stream, u32), u64)>,
}

struct Told<'a>(&'a Store, Id, u64);

impl Dictionary for Told<'_> {
    fn knows(&self, stream: Stream, meaning: Meaning) -> bool {
        match meaning {
            Meaning::Group(group) => self.0.told.contains_key(&(self.1, self.2, stream, group.0)),
            Meaning::Packing(..) => false,
        }
    }
}

impl Store {
    /// What a request does, and its answer.
    pub fn answer(&self, sender: Id, request: &Request) -> (Change, Answer) {
        let mut account = self.accounts.get(&sender).cloned().unwrap_or_else(|| Account::new(sender));
        let mut change = Change::default();
        let answer = match request {
            Request::Hello(hello) => account.hello(hello).map(Answer::Greeting),
            Request::Owe(owe) => account.owe(owe).map(Answer::Line),
            Request::Compare(compare) => {
                let crc_at = |number| match self.find(&account, compare.epoch, compare.stream, number) {
                    Some(Stored::Record { crc, .. }) => Some(*crc),
                    Some(Stored::Gone(_)) | None => None,
                };
                Ok(Answer::Likeness(Account::compare(compare, crc_at)))
            }
            Request::Begin(begin) => {
                let crc_at = |epoch, stream, number| match self.stored.get(&(sender, epoch, stream, number)) {
                    Some(Stored::Record { crc, .. }) => Some(*crc),
                    Some(Stored::Gone(_)) | None => None,
                };
                account.begin(begin, crc_at).map(|(standing, lost)| {
                    for lost in lost {
                        let places =
                            (lost.gone.first..=lost.gone.last).map(|number| (sender, lost.epoch, lost.stream, number));
                        change.stored.extend(places.map(|place| (place, Stored::Gone(lost.gone))));
                    }
                    Answer::Standing(standing)
                })
            }
        };
        match answer {
            Ok(answer) => {
                change.account = Some(account);
                (change, answer)
            }
            Err(refusal) => (Change::default(), Answer::Refused(refusal)),
        }
    }

    /// What a parcel does, and its answer.
    pub fn take(&self, sender: Id, turn: u64, bytes: &[u8]) -> (Change, Answer) {
        match self.try_take(sender, turn, bytes) {
            Ok((change, line)) => (change, Answer::Line(line)),
            Err(refusal) => (Change::default(), Answer::Refused(refusal)),
        }
    }

    fn try_take(&self, sender: Id, turn: u64, bytes: &[u8]) -> Result<(Change, Line), Refusal> {
        let damaged = |error: link::parcel::ParcelError| Refusal::Parcel { problem: error.problem("edge") };
        let parcel = Parcel::decode(bytes).map_err(damaged)?;
        let mut account = self.accounts.get(&sender).cloned().unwrap_or_else(|| Account::new(sender));
        let epoch = parcel.header.epoch;
        match account.take(turn, &parcel, &Told(self, sender, epoch))? {
            Taken::Already { line } => Ok((Change::default(), line)),
            Taken::New { line, .. } => {
                let mut change = unpack(sender, &parcel);
                change.account = Some(account);
                Ok((change, line))
            }
        }
    }

    /// What must hold about the numbers of an edge's present life: each is here, in the life it comes from, owed or gone.
    pub fn check_complete(&self, id: Id) {
        let Some(account) = self.accounts.get(&id) else { return };
        let Some(present) = account.present() else { return };
        for stream in Stream::ALL {
            let line = &present.lines[stream];
            let owed: BTreeSet<u64> = line.owed.iter().flat_map(|owed| owed.first..=owed.last).collect();
            for number in 1..=line.mark.seq {
                let is_here = self.find(account, present.epoch, stream, number).is_some();
                assert_ne!(
                    is_here,
                    owed.contains(&number),
                    "{stream:?} {number} of {id}: here {is_here}, owed {}",
                    !is_here
                );
            }
        }
    }

    /// In this life, or in another one that says the same up to there.
    pub fn find(&self, account: &Account, epoch: u64, stream: Stream, number: u64) -> Option<&Stored> {
        let this = account.lives.iter().find(|life| life.epoch == epoch)?;
        let mut lives = account.lives.iter().filter(|life| this.shared(life, stream) >= number);
        lives.find_map(|life| {
            let stored = self.stored.get(&(account.edge, life.epoch, stream, number));
            stored.filter(|stored| !matches!(stored, Stored::Gone(Gone { reason: GoneReason::Restored, .. })))
        })
    }
}

/// Notes what a record of the log tells. Gives its content's number.
fn tell(change: &mut Change, sender: Id, epoch: u64, stream: Stream, record: &records::Record<'_>) -> Option<u64> {
    match record.raw?.decode(domain::log_record::Meaning::default()).unwrap() {
        LogBody::Define(group) => {
            let tag = group.series[0].1.tag.as_str();
            let uid = tag.strip_prefix("tag-").unwrap().parse().unwrap();
            change.told.push(((sender, epoch, stream, group.group.0), uid));
            Some(uid)
        }
        LogBody::Scan(scan) => match scan.values[0] {
            Some(Value::U64(uid)) => Some(uid),
            _ => panic!("a scan without its number"),
        },
        _ => None,
    }
}

fn unpack(sender: Id, parcel: &Parcel) -> Change {
    let (epoch, stream) = (parcel.header.epoch, parcel.header.stream);
    let mut change = Change::default();
    for told in records::read(stream, &parcel.told) {
        tell(&mut change, sender, epoch, stream, &told.unwrap());
    }
    for record in records::read(stream, &parcel.records) {
        let record = record.unwrap();
        let uid = tell(&mut change, sender, epoch, stream, &record);
        let uid = uid.unwrap_or_else(|| u64::from_le_bytes(record.bytes.try_into().unwrap()));
        change.stored.push(((sender, epoch, stream, record.number), Stored::Record { uid, crc: record.crc }));
    }
    for gone in &parcel.header.gone {
        let places = (gone.first..=gone.last).map(|number| (sender, epoch, stream, number));
        change.stored.extend(places.map(|place| (place, Stored::Gone(*gone))));
    }
    change
}
