//! What a real log gives, against the hub's half of the state machine.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use domain::log_record::{DropReason, LogBody, Meanings as Reader};
use domain::{Id, Quality, Scan, SeriesDef, Timestamp, Value, ValueType};
use link::parcel::{Meaning, Parcel};
use link::up::Life;
use link::up::hub::{Account, Dictionary, Taken};
use link::up::site::{Answer, Next, Request, Settings, Uplink};
use store::{LinearScale, Retention, StoreOptions};

use super::*;

/// Opens the store in `dir`; its log consists of small files.
fn open(dir: &Path) -> Store {
    let options = StoreOptions { reserve: 0, ballast: 0, segment: 8 << 10, ..StoreOptions::new(dir, 7) };
    Store::open(options, Timestamp::from_millis(0)).unwrap().0
}

/// One scan a second of two series from `from` on.
fn fill(store: &Store, from: i64, count: i64) {
    let def = |(name, factor): (&str, f64)| SeriesDef {
        tag: name.parse().unwrap(),
        value_type: ValueType::F64,
        unit: "bar".into(),
        scale: Some(LinearScale { factor, offset: 0.0 }),
    };
    let series = [("a/b", 0.125), ("a/c", 1.0)].map(|series| store.define_series(&def(series)).unwrap());
    let group = store.define_group(&series).unwrap();
    for second in from..from + count {
        let values = vec![Value::from_f64(second as f64 / 8.0), Value::from_f64((second % 7) as f64)];
        let arrival = Timestamp::from_millis(1_795_305_600_000 + second * 1_000);
        let scan = Scan { group, arrival, source: None, values, qualities: vec![Quality::GOOD; 2] };
        store.append(&[(domain::Stream::Data, scan)]).unwrap();
        // now and then a packing is learned
        if second % 60 == 0 {
            store.seal_due(arrival, 4).unwrap();
        }
    }
}

fn want(first: u64, last: u64, max_bytes: usize) -> Want {
    Want { stream: Stream::Data, first, last, max_bytes }
}

/// What a hub has of the stream `data`, and what it was told.
#[derive(Default)]
struct Hub {
    told: HashSet<Meaning>,
    records: BTreeMap<u64, Vec<u8>>,
    gone: Vec<Gone>,
}

impl Dictionary for &Hub {
    fn knows(&self, _: Stream, meaning: Meaning) -> bool {
        self.told.contains(&meaning)
    }
}

impl Hub {
    fn take(&mut self, account: &mut Account, turn: u64, bytes: &[u8]) -> Answer {
        let parcel = Parcel::decode(bytes).unwrap();
        let line = match account.take(turn, &parcel, &&*self) {
            Ok(Taken::Already { line } | Taken::New { line, .. }) => line,
            Err(refusal) => panic!("{refusal:?}"),
        };
        self.told.extend(parcel.check().unwrap().told);
        for record in records::read(parcel.header.stream, &parcel.records) {
            let record = record.unwrap();
            let before = self.records.insert(record.number, record.bytes.to_vec());
            assert_eq!(before, None, "{} came twice", record.number);
        }
        self.gone.extend(parcel.header.gone);
        Answer::Line(line)
    }
}

/// Runs an uplink over the log until it has nothing to do; a new connection begins after each `connection` requests.
fn run(store: &Store, hub: &mut Hub, account: &mut Account, connection: usize) {
    let tip = store.synced_seq(domain::Stream::Data);
    let crc = crc_in_log(store, Stream::Data, tip).unwrap().unwrap();
    let tips = PerStream { data: Mark { seq: tip, crc }, ..PerStream::default() };
    let lives = vec![Life { epoch: 7, same_until: PerStream::default() }];
    let settings =
        Settings { parcel_bytes: 3_000, owe_after: 500, backfill_bytes_per_s: 1 << 40, ..Settings::default() };
    loop {
        let mut uplink = Uplink::new(settings.clone(), account.edge, lives.clone(), PerStream::default());
        let (mut sent, mut now) = (0, Duration::ZERO);
        while sent < connection {
            now += Duration::from_secs(1);
            match uplink.next(now, &tips, true) {
                Next::Send(ticket, request) => {
                    let answer = match request {
                        Request::Hello(hello) => Answer::Greeting(account.hello(&hello).unwrap()),
                        Request::Begin(begin) => Answer::Standing(account.begin(&begin, |_, _, _| None).unwrap().0),
                        Request::Owe(owe) => Answer::Line(account.owe(&owe).unwrap()),
                        Request::Compare(_) => panic!("nothing differs"),
                    };
                    uplink.heard(ticket, answer, now, 0);
                }
                Next::Read(ticket, want) => {
                    let (slice, known) = read_log(store, &want, 7, 0).unwrap();
                    let (ticket, parcel) = uplink.fill(ticket, &slice, &known).unwrap();
                    let answer = hub.take(account, uplink.turn(), &parcel.encode(3));
                    uplink.heard(ticket, answer, now, 0);
                    sent += 1;
                }
                Next::LookUp(ticket, stream, points) => {
                    let crcs: Vec<_> = points.iter().map(|one| crc_in_log(store, stream, *one).unwrap()).collect();
                    uplink.looked_up(ticket, &crcs);
                }
                Next::StartLife(_) => panic!("the store is the one that the hub knows"),
                Next::Wait(_) => return,
            }
        }
    }
}

/// Decodes everything that a hub has, in the order of the numbers.
fn scans(hub: &Hub) -> usize {
    let mut reader = Reader::default();
    let bodies = hub.records.values().map(|bytes| reader.read(&log_record::parse(bytes).unwrap()).unwrap());
    bodies.filter(|body| matches!(body, LogBody::Scan(_))).count()
}

fn account() -> Account {
    Account::new(Id::new(Timestamp::from_millis(5), &[7; 10]))
}

#[test]
fn everything_in_the_log_is_at_the_hub_once_and_can_be_read_there_wherever_connections_begin() {
    for connection in [1, 3, usize::MAX] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        store.set_cursor("hub", domain::Stream::Data, Some(0)).unwrap();
        fill(&store, 0, 1_500);
        let (mut hub, mut account) = (Hub::default(), account());
        run(&store, &mut hub, &mut account, connection);
        fill(&store, 1_500, 20);
        run(&store, &mut hub, &mut account, connection);
        let tip = store.synced_seq(domain::Stream::Data);
        assert_eq!(hub.records.len() as u64, tip, "{connection}");
        assert_eq!((scans(&hub), hub.gone.len()), (1_520, 0), "nothing counts as damaged");
        let log = store.read_log(domain::Stream::Data, 1, usize::MAX).unwrap();
        assert!(hub.records.values().flatten().eq(&log.bytes), "byte for byte");
    }
}

#[test]
fn what_is_not_in_the_log_any_more_is_gone_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 0, 1_000);
    store.seal_all(Timestamp::from_millis(1_795_305_600_000 + 1_000_000)).unwrap();
    fill(&store, 1_000, 10);
    let begins = store.read_log(domain::Stream::Data, 1, 1).unwrap().first;
    assert!(begins > 500, "{begins}");
    let tip = store.synced_seq(domain::Stream::Data);
    let (slice, _) = read_log(&store, &want(1, tip, 1 << 20), 7, 0).unwrap();
    assert_eq!((slice.to, slice.gone), (tip, vec![Gone { first: 1, last: begins - 1, reason: GoneReason::TooLarge }]));
    let (slice, _) = read_log(&store, &want(1, tip, 1 << 20), 7, 300).unwrap();
    let reasons: Vec<_> = slice.gone.iter().map(|gone| (gone.last, gone.reason)).collect();
    assert_eq!(reasons, [(300, GoneReason::Released), (begins - 1, GoneReason::TooLarge)]);
    let (slice, _) = read_log(&store, &want(10, 20, 1 << 20), 7, 0).unwrap();
    assert_eq!((slice.to, slice.records.len(), slice.gone.len()), (20, 0, 1));
}

#[test]
fn what_was_dropped_for_want_of_room_is_told_as_that() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.set_cursor("hub", domain::Stream::Data, Some(0)).unwrap();
    fill(&store, 0, 1_000);
    let now = Timestamp::from_millis(1_795_305_600_000 + 1_000_000);
    store.seal_all(now).unwrap();
    store.retain(now, &Retention { keep: Duration::from_hours(24), max_bytes: 30_000 }).unwrap();
    let dropped = store.dropped(domain::Stream::Data);
    assert_eq!((dropped.len(), dropped[0].first, dropped[0].reason), (1, 1, DropReason::TooLarge));
    let (mut hub, mut account) = (Hub::default(), account());
    run(&store, &mut hub, &mut account, 2);
    let lost = dropped[0].last;
    assert!(hub.gone.iter().all(|gone| gone.reason == GoneReason::TooLarge && gone.last <= lost), "{:?}", hub.gone);
    assert_eq!(hub.records.keys().next(), Some(&(lost + 1)));
}

#[test]
fn records_of_an_older_life_are_stamped_with_the_present_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 0, 30);
    let (slice, _) = read_log(&store, &want(1, 31, 1 << 20), 99, 0).unwrap();
    let (as_written, _) = read_log(&store, &want(1, 31, 1 << 20), 7, 0).unwrap();
    let both = || [&slice, &as_written].map(|slice| records::read(Stream::Data, &slice.records));
    let [stamped, written] = both();
    for (stamped, written) in stamped.zip(written) {
        let (stamped, written) = (stamped.unwrap(), written.unwrap());
        assert_eq!((stamped.number, stamped.crc), (written.number, written.crc), "it says the same");
        assert_eq!(stamped.raw.unwrap().head.epoch, 99);
    }
}
