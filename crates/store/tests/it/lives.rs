//! A copy of a store taken while it goes on, and the new life that begins on it.

use std::fs;
use std::path::Path;

use domain::log_record::parse;
use domain::{SeriesId, Stream, Timestamp};
use store::{Snapshot, Store, StoreOptions};

use crate::support::{at, group, open, options, scan};

const NEW_EPOCH: u64 = 0x0ddb_a110_0001;

/// Writes a copy to a folder, a few bytes at a time.
fn put(snapshot: &Snapshot, folder: &Path) {
    for file in &snapshot.files {
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = vec![0; usize::try_from(file.len).unwrap()];
        for (number, piece) in bytes.chunks_mut(1000).enumerate() {
            file.read_at(piece, number as u64 * 1000).unwrap();
        }
        fs::write(path, bytes).unwrap();
    }
}

/// The copy in a life of its own.
fn begun(folder: &Path, now: i64) -> Store {
    let options = StoreOptions { new_epoch: NEW_EPOCH, new_life: true, ..options(folder) };
    let (store, report) = Store::open(options, at(now)).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    store
}

fn samples(store: &Store, series: &[SeriesId], to: i64) -> Vec<(Timestamp, String)> {
    let samples = store.samples(series, at(0), at(to));
    samples.map(|sample| sample.unwrap()).map(|sample| (sample.arrival, format!("{sample:?}"))).collect()
}

/// The epoch and number of every record of a stream that the log still has.
fn records(store: &Store) -> Vec<(u64, u64)> {
    let slice = store.read_log(Stream::Data, 1, 1 << 20).unwrap();
    let mut rest = slice.bytes.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let record = parse(rest).unwrap();
        found.push((record.head.epoch, record.head.seq));
        rest = &rest[record.bytes.len()..];
    }
    found
}

#[test]
fn a_copy_with_history_goes_on_in_a_new_life_and_says_the_same() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, _) = open(home.path(), 0);
    let (lane, series) = group(&store, 3);
    let write = |store: &Store, from: i64, to: i64| {
        for second in from..to {
            let number = second as f64;
            store.append(&[scan(lane, second * 1000, &[number, number * 0.1 + 4.0, -number])]).unwrap();
        }
    };
    write(&store, 0, 700);
    store.seal_all(at(700_000)).unwrap();
    write(&store, 700, 900);
    let snapshot = store.snapshot(true).unwrap();
    let (before, next) = (samples(&store, &series, 900_000), store.synced().data + 1);
    // what comes after the moment of the copy is not in it, not even when old files go
    write(&store, 900, 1000);
    store.seal_all(at(1_000_000)).unwrap();
    put(&snapshot, other.path());

    let copy = begun(other.path(), 2_000_000);
    assert_eq!(samples(&copy, &series, 900_000), before);
    assert_eq!(samples(&copy, &series, 1_000_000).len(), before.len());
    assert_eq!((copy.epoch(), copy.synced().data + 1), (NEW_EPOCH, next));
    let lives: Vec<(u64, u64)> = copy.lives().iter().map(|(epoch, first)| (*epoch, first.data)).collect();
    assert_eq!(lives, [(store.epoch(), 1), (NEW_EPOCH, next)]);
    write(&copy, 2000, 2010);
    let of_both = records(&copy);
    assert!(of_both.windows(2).all(|pair| pair[0].1 + 1 == pair[1].1), "numbers go on without holes");
    assert!(of_both.iter().all(|(epoch, number)| (*epoch == NEW_EPOCH) == (*number >= next)), "{of_both:?}");
    drop(copy);

    // and so it stays, whatever is opened and sealed later
    let (again, report) = open(other.path(), 2_020_000);
    assert_eq!((report.epoch, report.damaged, report.problems.len()), (NEW_EPOCH, 0, 0));
    again.seal_all(at(2_030_000)).unwrap();
    assert_eq!(samples(&again, &series, 900_000), before);
    assert_eq!(samples(&again, &series, 2_010_000).len(), before.len() + 10 * series.len());
    assert_eq!(again.lives().len(), 2);
}

#[test]
fn a_copy_without_history_keeps_meanings_cursors_and_numbers() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, _) = open(home.path(), 0);
    let (lane, series) = group(&store, 2);
    for second in 0..50 {
        store.append(&[scan(lane, second * 1000, &[1.0, 2.0])]).unwrap();
    }
    store.set_cursor("hub", Stream::Data, Some(40)).unwrap();
    let snapshot = store.snapshot(false).unwrap();
    assert!(snapshot.files.iter().map(|file| file.len).sum::<u64>() < 2000, "{snapshot:?}");
    put(&snapshot, other.path());

    let copy = begun(other.path(), 100_000);
    assert_eq!(copy.synced(), store.synced());
    assert_eq!(copy.cursor("hub", Stream::Data), Some(40));
    assert_eq!(copy.all_series(), store.all_series());
    assert_eq!(group(&copy, 2), (lane, series.clone()), "the same meaning has the same number");
    assert!(samples(&copy, &series, 100_000).is_empty());
    copy.append(&[scan(lane, 101_000, &[1.0, 2.0])]).unwrap();
    let first = records(&copy).first().copied();
    assert_eq!(first, Some((NEW_EPOCH, store.synced().data + 1)));
}
