//! What a hub takes in: whole or not at all, and found again.

use domain::log_record::{GroupDef, LogBody, RecordHead, encode};
use domain::{GroupId, Id, SeriesDef, SeriesId, ValueType};
use link::parcel::{Gone, GoneReason, Header, Meaning, Parcel, records};
use link::up::hub::{Account, Lost};
use link::up::{Begin, Hello, Life};
use link::{PerStream, Stream};
use state::{Content, Intake, LifeOf, MovedParcel, SampleSwap, StagedParcel, Told};

use crate::bench::{Bench, both};

/// Its upper half does not fit a BIGINT.
const EPOCH: u64 = u64::MAX - 6;

fn edge() -> Id {
    Id::from_bytes([7; 16])
}

fn life(stream: Stream) -> LifeOf {
    LifeOf { edge: edge(), epoch: EPOCH, stream }
}

/// The account after its first life began.
fn account() -> Account {
    let mut account = Account::new(edge());
    let lives = vec![Life { epoch: EPOCH, same_until: PerStream::default() }];
    account.hello(&Hello { edge: edge(), seen: 0, lives: lives.clone(), tips: PerStream::default() }).unwrap();
    account.begin(&Begin { turn: 1, lives }, |_, _, _| None).unwrap();
    account
}

/// Records of `change` from `first` to `last`, of which `gone` are not there.
fn parcel(first: u64, last: u64, gone: Option<Gone>) -> StagedParcel {
    let mut framed = Vec::new();
    let is_gone = |number: u64| gone.is_some_and(|gone| (gone.first..=gone.last).contains(&number));
    for number in (first..=last).filter(|number| !is_gone(*number)) {
        records::frame(number, format!("record {number}").as_bytes(), &mut framed);
    }
    let count = u32::try_from(records::read(Stream::Change, &framed).count()).unwrap();
    let crc = records::read(Stream::Change, &framed).last().map_or(0, |record| record.unwrap().crc);
    let gone = gone.into_iter().collect();
    let (edge, epoch, stream) = (edge(), EPOCH, Stream::Change);
    let header = Header { edge, epoch, stream, first, last, count, prev_crc: 0, crc, gone };
    let bytes = Parcel { header, told: Vec::new(), records: framed }.encode(1);
    StagedParcel { first, last, crc, bytes }
}

fn intake(bench: &Bench, account: Account, based_on: i64, parcel: Option<StagedParcel>) -> Intake {
    let parcel = parcel.map(|parcel| (life(Stream::Change), parcel, Vec::new()));
    Intake { account, based_on, parcel, lost: Vec::new(), at: bench.now() }
}

#[test]
fn an_account_and_its_parcel_are_there_together_after_a_restart() {
    both(|bench| async move {
        assert_eq!(bench.state.edge_account(edge()).await.unwrap().revision, 0);
        let first = intake(&bench, account(), 0, Some(parcel(1, 10, None)));
        assert_eq!(bench.state.take_in(std::slice::from_ref(&first)).await.unwrap(), [true]);
        let bench = bench.reopen().await;
        let stored = bench.state.edge_account(edge()).await.unwrap();
        assert_eq!((stored.account, stored.revision), (account(), 1));
        let staged = bench.state.staged_parcel(life(Stream::Change), 4).await.unwrap();
        assert_eq!(staged, Some(parcel(1, 10, None)));
        assert_eq!(bench.state.staged_size().await.unwrap().0, 1);
        assert_eq!(bench.state.edge_accounts().await.unwrap().len(), 1);
        assert_eq!(bench.state.lives_kept(edge(), Stream::Change).await.unwrap(), [EPOCH]);
        assert!(bench.kinds().await.is_empty(), "taking in is no act");
    });
}

#[test]
fn what_was_judged_on_an_older_account_is_left_out_and_the_others_are_not() {
    both(|bench| async move {
        let first = intake(&bench, account(), 0, Some(parcel(1, 10, None)));
        let late = intake(&bench, account(), 0, Some(parcel(11, 20, None)));
        let next = intake(&bench, account(), 1, Some(parcel(11, 12, None)));
        assert_eq!(bench.state.take_in(&[first, late, next]).await.unwrap(), [true, false, true]);
        let staged = bench.state.staged_parcel(life(Stream::Change), 11).await.unwrap().unwrap();
        assert_eq!((staged.first, staged.last), (11, 12));
        assert_eq!(bench.state.edge_account(edge()).await.unwrap().revision, 2);
    });
}

#[test]
fn a_failure_in_the_middle_leaves_nothing_of_anybody() {
    both(|bench| async move {
        let first = intake(&bench, account(), 0, Some(parcel(1, 10, None)));
        let same_again = intake(&bench, account(), 1, Some(parcel(1, 10, None)));
        bench.state.take_in(&[first, same_again]).await.unwrap_err();
        assert_eq!(bench.state.edge_account(edge()).await.unwrap().revision, 0);
        assert_eq!(bench.state.staged_size().await.unwrap(), (0, 0));
    });
}

#[test]
fn the_content_at_a_number_is_found_in_parcels_gaps_and_kept_marks() {
    both(|bench| async move {
        let gone = Gone { first: 6, last: 7, reason: GoneReason::DiskFull };
        let (first, second) = (parcel(1, 10, Some(gone)), parcel(21, 30, None));
        let intakes =
            [intake(&bench, account(), 0, Some(first.clone())), intake(&bench, account(), 1, Some(second.clone()))];
        bench.state.take_in(&intakes).await.unwrap();
        let of = life(Stream::Change);
        let content = async |seq| bench.state.content_at(of, seq).await.unwrap();
        let crc = |staged: &StagedParcel, seq| staged.content_at(seq).unwrap();
        assert_eq!(content(5).await, crc(&first, 5));
        assert!(matches!(content(5).await, Some(Content::Record(_))));
        assert_eq!(content(6).await, Some(Content::Gone(GoneReason::DiskFull)));
        assert_eq!(content(15).await, None);
        assert_eq!(content(30).await, Some(Content::Record(second.crc)));
        assert_eq!(content(u64::MAX).await, None);
        let next = bench.state.staged_parcel(of, 15).await.unwrap().unwrap();
        assert_eq!(next.first, 21);
        let kept = Some(second.crc);
        let parcels = vec![MovedParcel { life: of, first: second.first, last: second.last, kept }];
        let swap = SampleSwap { edge: of.edge, parcels, files: Vec::new(), replaced: Vec::new(), gaps: Vec::new() };
        assert!(bench.state.swap_samples(&swap).await.unwrap());
        assert_eq!(content(30).await, Some(Content::Record(second.crc)), "its mark is kept");
        assert_eq!(content(29).await, None);
        let other_life = LifeOf { epoch: 1, ..of };
        assert_eq!(bench.state.content_at(other_life, 5).await.unwrap(), None);
    });
}

#[test]
fn meanings_and_lost_ranges_belong_to_a_stream_of_a_life() {
    both(|bench| async move {
        let series = SeriesDef {
            tag: "line-2/pump-7/pressure".parse().unwrap(),
            value_type: ValueType::F64,
            unit: "bar".into(),
            scale: None,
        };
        let define = LogBody::Define(GroupDef { group: GroupId(u32::MAX), series: vec![(SeriesId(1), series)] });
        let mut record = Vec::new();
        encode(RecordHead { epoch: EPOCH, stream: domain::Stream::Data, seq: 1 }, &define, &mut record);
        let group = Told { meaning: Meaning::Group(GroupId(u32::MAX)), record: record.clone() };
        let packing = Told { meaning: Meaning::Packing(GroupId(u32::MAX), 0), record: vec![1, 2] };
        let lost =
            Lost { epoch: EPOCH, stream: Stream::Data, gone: Gone { first: 3, last: 9, reason: GoneReason::Restored } };
        let of = life(Stream::Data);
        let staged = StagedParcel { first: 1, last: 1, crc: u32::MAX, bytes: vec![0; 3] };
        let one = Intake {
            account: account(),
            based_on: 0,
            parcel: Some((of, staged, vec![group.clone(), packing.clone(), group.clone()])),
            lost: vec![lost],
            at: bench.now(),
        };
        bench.state.take_in(&[one]).await.unwrap();
        let told = bench.state.told_meanings(of).await.unwrap();
        assert_eq!(told, [group.meaning, packing.meaning].into());
        assert_eq!(bench.state.told_record(of, group.meaning).await.unwrap(), Some(record));
        assert!(bench.state.told_meanings(life(Stream::Prediction)).await.unwrap().is_empty());
        assert_eq!(bench.state.lost_ranges(of).await.unwrap(), [lost.gone]);
        assert!(bench.state.lost_ranges(life(Stream::Alarm)).await.unwrap().is_empty());
        assert_eq!(bench.state.staged_parcel(of, 1).await.unwrap().unwrap().crc, u32::MAX);
    });
}
