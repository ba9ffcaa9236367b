//! Samples of a hub's edges: staged parcels and the files that take their place, all of it or nothing.

use domain::log_record::{GroupDef, LogBody, RecordHead, encode};
use domain::{GroupId, Id, SeriesDef, SeriesId, Timestamp, ValueType};
use link::Stream;
use link::parcel::Meaning;
use link::up::hub::Account;
use state::{
    Content, Intake, LifeOf, MovedParcel, SampleFile, SampleGap, SampleRange, SampleSwap, StagedParcel, State, Told,
};

use crate::bench::{Bench, both};

fn edge(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn life(of: u8, epoch: u64, stream: Stream) -> LifeOf {
    LifeOf { edge: edge(of), epoch, stream }
}

fn group() -> Vec<u8> {
    let def =
        SeriesDef { tag: "line/x".parse().unwrap(), value_type: ValueType::I64, unit: String::new(), scale: None };
    let group = LogBody::Define(GroupDef { group: GroupId(1), series: vec![(SeriesId(1), def)] });
    let mut record = Vec::new();
    encode(RecordHead { epoch: 1, stream: domain::Stream::Data, seq: 1 }, &group, &mut record);
    record
}

/// Stages a parcel of so many bytes, with a meaning.
async fn stage(bench: &Bench, life: LifeOf, first: u64, last: u64, bytes: usize) {
    let known = bench.state.edge_account(life.edge).await.unwrap();
    let told = Told { meaning: Meaning::Group(GroupId(1)), record: group() };
    let parcel = StagedParcel { first, last, crc: u32::try_from(last).unwrap(), bytes: vec![0; bytes] };
    let account = if known.revision == 0 { Account::new(life.edge) } else { known.account };
    let intake = Intake {
        account,
        based_on: known.revision,
        parcel: Some((life, parcel, vec![told])),
        lost: Vec::new(),
        at: bench.now(),
    };
    assert_eq!(bench.state.take_in(&[intake]).await.unwrap(), [true]);
}

fn file(name: &str, day: i64, rows: u64) -> SampleFile {
    SampleFile {
        edge: edge(1),
        day,
        object: name.to_owned(),
        bytes: 10,
        rows,
        first: Timestamp::from_micros(day * 100),
        last: Timestamp::from_micros(day * 100 + 50),
        ranges: vec![SampleRange { epoch: u64::MAX, stream: 0, first: 1, last: 9 }],
    }
}

fn gap(from: i64, to: i64) -> SampleGap {
    SampleGap { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to), reason: "disk-full".into() }
}

fn swap(parcels: &[(LifeOf, u64, u64)], files: Vec<SampleFile>) -> SampleSwap {
    let moved = |(life, first, last): &(LifeOf, u64, u64)| MovedParcel {
        life: *life,
        first: *first,
        last: *last,
        kept: u32::try_from(*last).ok(),
    };
    let parcels = parcels.iter().map(moved).collect();
    SampleSwap { edge: edge(1), parcels, files, replaced: Vec::new(), gaps: vec![gap(5, 9)] }
}

/// Everything staged of an edge, read a few at a time.
async fn all_staged(state: &State, edge: Id) -> Vec<(u64, Stream, u64)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let batch = state.staged_after(edge, after).await.unwrap();
        let Some(last) = batch.last() else { return all };
        after = Some(last.key());
        all.extend(batch.iter().map(|staged| (staged.life.epoch, staged.life.stream, staged.parcel.first)));
    }
}

#[test]
fn staged_samples_are_given_in_order_a_few_at_a_time_and_only_those_of_the_edge() {
    both(|bench| async move {
        let old = u64::MAX - 1; // below 0 as a BIGINT, so before the others
        stage(&bench, life(1, 3, Stream::Data), 11, 20, 200_000).await;
        stage(&bench, life(1, 3, Stream::Data), 1, 10, 200_000).await;
        stage(&bench, life(1, 3, Stream::Prediction), 1, 2, 400_000).await;
        stage(&bench, life(1, old, Stream::Data), 1, 4, 10).await;
        stage(&bench, life(1, 3, Stream::Change), 1, 4, 10).await;
        stage(&bench, life(2, 3, Stream::Data), 1, 4, 10).await;
        let expected =
            [(old, Stream::Data, 1), (3, Stream::Data, 1), (3, Stream::Data, 11), (3, Stream::Prediction, 1)];
        assert_eq!(all_staged(&bench.state, edge(1)).await, expected);
        assert_eq!(bench.state.staged_after(edge(1), None).await.unwrap().len(), 2, "a quarter of a megabyte");
        let staged = bench.state.staged_samples().await.unwrap();
        let said: Vec<_> = staged.iter().map(|of| (of.edge, of.parcels, of.bytes)).collect();
        assert_eq!(said, [(edge(1), 4, 800_010), (edge(2), 1, 10)]);
        assert!(staged[0].oldest < staged[1].oldest);
        assert_eq!(bench.state.sampled_edges().await.unwrap(), [edge(1), edge(2)]);
        assert_eq!(bench.state.told_records(life(1, 3, Stream::Data)).await.unwrap(), [group()]);
        assert_eq!(bench.state.told_groups(edge(1)).await.unwrap().len(), 4);
    });
}

#[test]
fn files_take_the_place_of_parcels_and_the_last_mark_stays() {
    both(|bench| async move {
        let data = life(1, u64::MAX, Stream::Data);
        stage(&bench, data, 1, 9, 10).await;
        stage(&bench, data, 10, 12, 10).await;
        let moved = swap(&[(data, 1, 9)], vec![file("edges/1/a", 3, 7), file("edges/1/b", 4, 2)]);
        assert!(bench.state.swap_samples(&moved).await.unwrap());
        let bench = bench.reopen().await;
        assert_eq!(all_staged(&bench.state, edge(1)).await, [(u64::MAX, Stream::Data, 10)]);
        assert_eq!(bench.state.content_at(data, 9).await.unwrap(), Some(Content::Record(9)));
        assert_eq!(bench.state.content_at(data, 8).await.unwrap(), None);
        assert_eq!(bench.state.sample_files(edge(1), 3, 4).await.unwrap(), moved.files);
        assert_eq!(bench.state.sample_files(edge(1), 4, i64::MAX).await.unwrap(), moved.files[1..]);
        assert_eq!(bench.state.sample_files(edge(2), i64::MIN, i64::MAX).await.unwrap(), []);
        assert_eq!(bench.state.sample_objects(edge(1)).await.unwrap().len(), 2);
        let micros = Timestamp::from_micros;
        assert_eq!(bench.state.sample_gaps(edge(1), micros(9), micros(100)).await.unwrap(), [gap(5, 9)]);
        assert_eq!(bench.state.sample_gaps(edge(1), micros(10), micros(100)).await.unwrap(), []);
        assert!(bench.kinds().await.is_empty(), "moving is no act");
    });
}

#[test]
fn a_swap_whose_parcels_or_files_are_gone_changes_nothing() {
    both(|bench| async move {
        let data = life(1, 1, Stream::Data);
        stage(&bench, data, 1, 9, 10).await;
        let late = swap(&[(data, 1, 9), (data, 10, 12)], vec![file("edges/1/a", 3, 7)]);
        assert!(!bench.state.swap_samples(&late).await.unwrap());
        assert_eq!(all_staged(&bench.state, edge(1)).await.len(), 1);
        assert_eq!(bench.state.sample_files(edge(1), i64::MIN, i64::MAX).await.unwrap(), []);
        let moved = swap(&[(data, 1, 9)], vec![file("edges/1/a", 3, 7)]);
        assert!(bench.state.swap_samples(&moved).await.unwrap());
        assert!(!bench.state.swap_samples(&moved).await.unwrap(), "only once");
        let mut merged = swap(&[], vec![file("edges/1/c", 3, 8)]);
        merged.replaced = vec!["edges/1/a".into(), "edges/1/b".into()];
        assert!(!bench.state.swap_samples(&merged).await.unwrap());
        assert_eq!(bench.state.sample_objects(edge(1)).await.unwrap(), ["edges/1/a"]);
        merged.replaced.pop();
        assert!(bench.state.swap_samples(&merged).await.unwrap());
        assert_eq!(bench.state.sample_objects(edge(1)).await.unwrap(), ["edges/1/c"]);
    });
}

#[test]
fn a_day_is_crowded_when_it_has_more_small_files_than_said() {
    both(|bench| async move {
        let of = |names: &[(&str, i64, u64)]| names.iter().map(|(name, day, rows)| file(name, *day, *rows)).collect();
        let files = of(&[("a", 3, 1), ("b", 3, 1), ("c", 3, 100), ("d", 4, 1), ("e", 4, 2), ("f", 4, 3)]);
        assert!(bench.state.swap_samples(&swap(&[], files)).await.unwrap());
        assert_eq!(bench.state.crowded_days(2, 100).await.unwrap(), [(edge(1), 4)]);
        assert_eq!(bench.state.crowded_days(1, 100).await.unwrap(), [(edge(1), 3), (edge(1), 4)]);
        assert_eq!(bench.state.crowded_days(3, u64::MAX).await.unwrap(), []);
    });
}
