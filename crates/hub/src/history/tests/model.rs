//! Whatever comes in, in whatever order, in however many lives, and wherever compaction is cut: answers are those of a plain list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::AnyAddress;
use domain::log_record::{LogBody, RecordHead, encode};
use domain::{GroupId, Id, IdSource, SeriesId, Stream, TagPath, Timestamp};
use link::parcel::{GoneReason, Meaning};
use link::up::hub::Account;
use proptest::prelude::*;
use state::{Content, Intake, LifeOf, Options, StagedParcel, State, Told};
use tempfile::TempDir;

use super::{edge, group, ms, parcel, scan};
use crate::history::day::Day;
use crate::history::draw::Drawing;
use crate::history::merge::sort;
use crate::history::row::{Label, Row, Wanted};
use crate::history::unpack::{Dictionary, Unpacker};
use crate::history::{Compactor, History, Limits, Objects};

/// Half a minute before midnight, so that days end in the middle.
const START: i64 = 20_000 * 86_400_000 + 86_370_000;
const BACK_A_DAY: i64 = 86_400_000;

struct Ids;

impl IdSource for Ids {
    fn new_id(&self, at: Timestamp) -> Id {
        Id::new(at, &[0; 10])
    }
}

async fn open(folder: &Path) -> State {
    let (ids, addresses) = (Arc::new(Ids), Arc::new(AnyAddress));
    let options = Options { folder: folder.to_owned(), database: None, ids, addresses };
    State::open(options, ms(START)).await.unwrap()
}

/// What one box does, and what the plain list says.
struct World {
    folder: TempDir,
    state: State,
    compactor: Compactor,
    history: History,
    epoch: u64,
    next: u64,
    clock: i64,
    records: BTreeMap<u64, LogBody>,
    revision: i64,
    plain: Vec<Row>,
    told: BTreeSet<(SeriesId, Arc<Label>)>,
}

#[derive(Clone, Debug)]
enum Step {
    /// Scans of group 1 or 2, some of them late by days, some gone.
    Send(Vec<(bool, Option<i64>, Option<i64>)>),
    /// Another life that says the last records once more; or, where two disks differ, others under their numbers.
    NewLife {
        again: u64,
        differs: bool,
    },
    /// A slice; left after so many steps.
    Compact(u8),
    /// One day's files; left after so many steps.
    Merge(u8),
    Sweep,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let late = prop_oneof![8 => Just(None), 1 => (1..3_i64).prop_map(Some)];
    let value = prop_oneof![9 => any::<i64>().prop_map(Some), 1 => Just(None)];
    prop_oneof![
        8 => prop::collection::vec((any::<bool>(), late, value), 1..12).prop_map(Step::Send),
        1 => (0..15_u64, any::<bool>()).prop_map(|(again, differs)| Step::NewLife { again, differs }),
        4 => (0..4_u8).prop_map(Step::Compact),
        3 => (0..3_u8).prop_map(Step::Merge),
        1 => Just(Step::Sweep),
        1 => Just(Step::Restart),
    ]
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = open(folder.path()).await;
        let (compactor, history) = parts(&state, folder.path());
        Self {
            folder,
            state,
            compactor,
            history,
            epoch: 1,
            next: 1,
            clock: START,
            records: BTreeMap::new(),
            revision: 0,
            plain: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    /// The unit of a series may be another one in another life, under the same number.
    fn groups(&self) -> [LogBody; 2] {
        let unit = if self.epoch.is_multiple_of(3) { "Cel" } else { "" };
        [group(1, 2, ""), group(2, 1, unit)]
    }

    async fn take(&mut self, first: u64, bodies: &[Option<LogBody>]) {
        let parcel = parcel((Stream::Data, self.epoch), first, bodies, &[], GoneReason::DiskFull);
        let mut dictionary = Dictionary::default();
        let mut told = Vec::new();
        for (number, body) in self.groups().iter().enumerate() {
            let mut record = Vec::new();
            encode(RecordHead { epoch: self.epoch, stream: Stream::Data, seq: 1 }, body, &mut record);
            dictionary.tell(link::Stream::Data, &record);
            let LogBody::Define(group) = body else { continue };
            self.told.extend(
                group
                    .series
                    .iter()
                    .map(|(id, def)| (*id, Arc::new(Label { tag: def.tag.clone(), unit: def.unit.clone() }))),
            );
            told.push(Told { meaning: Meaning::Group(GroupId(u32::try_from(number).unwrap() + 1)), record });
        }
        let mut unpacker = Unpacker::new(Stream::Data, self.epoch, dictionary, Wanted::ALL);
        unpacker.parcel(&parcel, ms(self.clock));
        self.plain.extend(unpacker.finish().rows);
        let life = LifeOf { edge: edge(), epoch: self.epoch, stream: link::Stream::Data };
        let (last, crc) = (parcel.header.last, parcel.header.crc);
        let staged = StagedParcel { first, last, crc, bytes: parcel.encode(1) };
        let intake = Intake {
            account: Account::new(edge()),
            based_on: self.revision,
            parcel: Some((life, staged, told)),
            lost: Vec::new(),
            at: ms(self.clock),
        };
        assert_eq!(self.state.take_in(&[intake]).await.unwrap(), [true]);
        self.revision += 1;
    }

    async fn send(&mut self, scans: Vec<(bool, Option<i64>, Option<i64>)>) {
        let first = self.next;
        let mut bodies = Vec::new();
        for (is_first_group, late, value) in scans {
            self.clock += 1_700;
            let at = ms(self.clock - late.unwrap_or(0) * BACK_A_DAY);
            let body = value.map(|value| {
                if is_first_group { scan(1, at, &[value, value.wrapping_add(1)]) } else { scan(2, at, &[value]) }
            });
            if let Some(body) = &body {
                self.records.insert(self.next, body.clone());
            }
            self.next += 1;
            bodies.push(body);
        }
        self.take(first, &bodies).await;
    }

    async fn new_life(&mut self, again: u64, differs: bool) {
        self.epoch = self.epoch.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(7);
        let first = self.next.saturating_sub(again).max(1);
        let mut bodies: Vec<_> = (first..self.next).map(|number| self.records.get(&number).cloned()).collect();
        if differs {
            for body in bodies.iter_mut().flatten() {
                let LogBody::Scan(scan) = body else { continue };
                scan.values.fill(None);
            }
        }
        if !bodies.is_empty() {
            self.take(first, &bodies).await;
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Send(scans) => self.send(scans).await,
            Step::NewLife { again, differs } => self.new_life(again, differs).await,
            Step::Compact(steps) => {
                let Some(slice) = self.compactor.read(edge()).await.unwrap().filter(|_| steps > 0) else { return };
                let swap = self.compactor.put(slice).await.unwrap();
                if steps > 1 {
                    assert!(self.compactor.swap(&swap).await.unwrap());
                }
                if steps > 2 {
                    assert!(!self.compactor.swap(&swap).await.unwrap(), "nothing is moved twice");
                }
            }
            Step::Merge(steps) => {
                let Some((_, day)) = self.state.crowded_days(1, u64::MAX).await.unwrap().first().copied() else {
                    return;
                };
                let files = self.state.sample_files(edge(), day, day).await.unwrap();
                if steps == 0 {
                    // put, and never named
                    self.compactor.put_merged(edge(), Day(day), &files).await.unwrap();
                } else {
                    assert!(self.compactor.merge(edge(), Day(day)).await.unwrap());
                }
            }
            Step::Sweep => {
                // later than everything was put, by the file system's clock
                self.compactor.sweep(Timestamp::MAX).await.unwrap();
            }
            Step::Restart => {
                self.state.close().await;
                self.state = open(self.folder.path()).await;
                (self.compactor, self.history) = parts(&self.state, self.folder.path());
            }
        }
    }

    async fn check(&self, tag: &TagPath, from: i64, length: i64, buckets: u32) {
        let mut rows: Vec<Row> = self.plain.iter().filter(|row| row.label.tag == *tag).cloned().collect();
        sort(&mut rows);
        let newest = rows.iter().max_by_key(|row| (row.arrival, row.number, std::cmp::Reverse(row.epoch)));
        let latest = self.history.latest(edge(), tag).await.unwrap();
        assert_eq!(latest.as_ref(), newest);
        let (from, to) = (ms(from), ms(from + length));
        let trend = self.history.trend(edge(), tag, from, to, buckets).await.unwrap();
        let series = newest.map(|row| (row.series, row.label.clone()));
        let series = series.or_else(|| self.told.iter().rfind(|(_, label)| label.tag == *tag).cloned());
        let Some((series, label)) = series else { return assert_eq!(trend, None) };
        let mut drawing = Drawing::new(from, to, buckets).unwrap();
        rows.iter().filter(|row| row.series == series && row.label == label).for_each(|row| drawing.push(row));
        let ((said, trend), plain) = (trend.unwrap(), drawing.finish(&[]));
        assert_eq!(said, label);
        assert_eq!(trend.buckets, plain.buckets);
        let gaps = |trend: &crate::history::draw::Trend| trend.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        let (gaps, expected): (Vec<_>, Vec<_>) = (gaps(&trend), gaps(&plain));
        assert_eq!(gaps, expected);
    }
}

fn parts(state: &State, folder: &Path) -> (Compactor, History) {
    let objects = Objects::at(folder.join("objects").to_str().unwrap()).unwrap();
    let limits = Limits { rows: 20, orphan: Duration::from_secs(1), ..Limits::default() };
    let compactor = Compactor::new(state.clone(), objects.clone(), folder.to_owned(), limits);
    (compactor, History::new(state.clone(), objects))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn answers_are_those_of_a_plain_list_before_between_and_after_compaction(
        steps in prop::collection::vec((step(), 0..4_u32, -BACK_A_DAY * 2..60_000_i64, 1..BACK_A_DAY * 2), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for (step, tag, from, length) in steps {
                world.step(step).await;
                let tag = ["line/10", "line/11", "line/20", "line/none"][tag as usize].parse().unwrap();
                world.check(&tag, START + from, length, 40).await;
            }
            // in the end everything is in files, and the answers are the same
            while world.compactor.compact(edge()).await.unwrap() {}
            assert_eq!(world.state.staged_samples().await.unwrap(), []);
            for tag in ["line/10", "line/11", "line/20"] {
                world.check(&tag.parse().unwrap(), START - BACK_A_DAY * 3, BACK_A_DAY * 4, 500).await;
            }
        });
    }
}

#[tokio::test]
async fn of_what_was_moved_the_last_record_stays_known_and_a_gone_number_is_taken_for_none() {
    let mut world = World::new().await;
    world.send(vec![(true, None, Some(1)), (true, None, Some(2))]).await;
    world.send(vec![(true, None, Some(3)), (true, None, None)]).await;
    let life = LifeOf { edge: edge(), epoch: 1, stream: link::Stream::Data };
    let before = world.state.content_at(life, 2).await.unwrap();
    assert!(matches!(before, Some(Content::Record(_))), "{before:?}");
    while world.compactor.compact(edge()).await.unwrap() {}
    assert_eq!(world.state.content_at(life, 2).await.unwrap(), before);
    assert_eq!(
        world.state.content_at(life, 4).await.unwrap(),
        None,
        "the edge may have it again, and says the same then"
    );
}
