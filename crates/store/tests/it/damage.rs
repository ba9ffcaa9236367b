//! One flipped bit, anywhere: it is found, told, and costs no more than what it hit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::log_record::{RecordKind, parse};
use domain::{Sample, Scan, SeriesId, Stream};
use store::{Retention, Store};

use crate::support::{Mem, at, group, options, scan};

const DAY: i64 = 86_400_000;
const SCANS: i64 = 400;

/// Three day files and a tail in several log files; a cursor keeps the log.
fn grown() -> (Mem, Vec<SeriesId>, Vec<Sample>) {
    let disk = Mem::new();
    let (store, _) = Store::open_on(Arc::new(disk.clone()), options("/s"), at(0)).unwrap();
    let (group, series) = group(&store, 4);
    store.set_cursor("uplink", Stream::Data, Some(0)).unwrap();
    for number in 0..SCANS {
        let value = f64::from(u32::try_from(number * number % 1013).unwrap());
        let millis = number * 1000 + (number / 110) * DAY;
        store.append(&[scan(group, millis, &[value, value * 0.1 + 4.0, value.sqrt(), 7.0])]).unwrap();
        if number % 50 == 49 && number < 350 {
            store.seal_all(at(millis)).unwrap();
        }
    }
    let samples = store.samples(&series, at(0), at(10 * DAY)).map(Result::unwrap).collect();
    (disk, series, samples)
}

struct Seen {
    found: Vec<Sample>,
    /// Scans read from the log.
    log: u64,
    told: bool,
    quarantined: bool,
}

fn read(disk: &Mem, series: &[SeriesId]) -> Seen {
    let (store, report) = Store::open_on(Arc::new(disk.clone()), options("/s"), at(4 * DAY)).unwrap();
    let found = store.samples(series, at(0), at(10 * DAY)).map(Result::unwrap).collect();
    let mut log = 0;
    let mut from = 1;
    loop {
        let slice = store.read_log(Stream::Data, from, 4_000).unwrap();
        log += scans_in(&slice.bytes);
        if slice.count == 0 {
            break;
        }
        from = slice.last + 1;
    }
    for series in series {
        store.trend(*series, at(0), at(4 * DAY), 7).unwrap();
        store.trend(*series, at(0), at(4 * DAY), 700).unwrap();
        store.latest_before(*series, at(3 * DAY)).unwrap();
    }
    let counters = store.counters();
    Seen { found, log, told: counters.damaged + counters.torn_bytes > 0, quarantined: report.quarantined.is_some() }
}

fn scans_in(mut bytes: &[u8]) -> u64 {
    let mut scans = 0;
    while !bytes.is_empty() {
        let record = parse(bytes).unwrap();
        scans += u64::from(record.kind == RecordKind::Scan);
        bytes = &bytes[record.bytes.len()..];
    }
    scans
}

/// How many of `all` are not in `found`; panics when `found` has something that was never written.
fn missing(all: &[Sample], found: &[Sample], what: &str) -> usize {
    let mut all = all.iter();
    let mut missing = 0;
    for sample in found {
        loop {
            let known = all.next().unwrap_or_else(|| panic!("{what}: never written, or twice: {sample:?}"));
            if known == sample {
                break;
            }
            missing += 1;
        }
    }
    missing + all.count()
}

fn flip_everywhere(step: usize, of: impl Fn(&Path) -> bool, check: impl Fn(&Seen, usize, &str)) {
    let (disk, series, all) = grown();
    let files: Vec<(PathBuf, usize)> = disk.files().into_iter().filter(|(path, len)| *len > 0 && of(path)).collect();
    assert!(!files.is_empty());
    for (path, len) in files {
        for offset in (0..len).step_by(step) {
            let hurt = disk.copy();
            hurt.flip(&path, offset, u8::try_from(offset % 8).unwrap());
            let what = format!("{} at {offset} of {len}", path.display());
            let seen = read(&hurt, &series);
            let lost = missing(&all, &seen.found, &what);
            assert!(lost == 0 || seen.told, "{what}: {lost} samples lost in silence");
            check(&seen, lost, &what);
        }
    }
}

fn ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

#[test]
fn a_flipped_bit_in_a_chunk_is_found_and_costs_one_chunk_at_most() {
    flip_everywhere(
        53,
        |path| ending(path, "chunks"),
        |seen, lost, what| {
            assert!(seen.told, "{what}: not found");
            assert!(lost <= 50 * 4, "{what}: {lost} samples lost");
            assert_eq!(seen.log, SCANS.unsigned_abs(), "{what}: the log is whole");
        },
    );
}

#[test]
fn a_flipped_bit_in_the_log_is_found_and_costs_one_record_at_most() {
    flip_everywhere(
        37,
        |path| ending(path, "log"),
        |seen, lost, what| {
            assert!(seen.told, "{what}: not found");
            assert!(lost <= 4, "{what}: {lost} samples lost");
            assert!(seen.log + 1 >= SCANS.unsigned_abs(), "{what}: {} records", seen.log);
        },
    );
}

#[test]
fn a_flipped_bit_in_an_index_or_in_the_dictionary_is_found_and_costs_nothing() {
    let mendable = |path: &Path| ending(path, "index") || ending(path, "a") || ending(path, "b");
    flip_everywhere(19, mendable, |seen, lost, what| {
        assert!(!seen.quarantined, "{what}");
        assert_eq!(lost, 0, "{what}");
        // the last day's index may be torn by a power cut, which looks like this and is mended without a word
        assert!(seen.told || what.contains("00000004"), "{what}: not found");
    });
}

#[test]
fn a_store_without_its_dictionary_is_set_aside_and_a_new_epoch_begins() {
    let (disk, _, _) = grown();
    for (path, len) in disk.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("dictionary")) {
        for offset in (0..len).step_by(5) {
            disk.flip(&path, offset, 3);
        }
    }
    let fresh = store::StoreOptions { new_epoch: 77, ..options("/s") };
    let (store, report) = Store::open_on(Arc::new(disk.clone()), fresh, at(4 * DAY)).unwrap();
    assert_eq!((report.created, store.epoch()), (true, 77));
    assert_eq!(report.quarantined.as_deref(), Some(Path::new("/s/quarantine-1")));
    assert_eq!(report.problems[0].code, "store.set-aside");
    assert!(disk.files().iter().any(|(path, _)| path.starts_with("/s/quarantine-1/log")));
    let (group, series) = group(&store, 2);
    store.append(&[scan(group, 0, &[1.0, 2.0])]).unwrap();
    assert_eq!(store.samples(&series, at(0), at(1)).count(), 2);
}

#[test]
fn a_damaged_stretch_is_a_gap_with_its_reason() {
    let (disk, series, _) = grown();
    let (path, _) = disk.files().into_iter().find(|(path, _)| ending(path, "chunks")).unwrap();
    disk.flip(&path, 36 + 100 + 20, 1); // the first entry of the first chunk's directory
    let (store, _) = Store::open_on(Arc::new(disk.clone()), options("/s"), at(4 * DAY)).unwrap();
    let trend = store.trend(series[0], at(0), at(100_000), 10).unwrap();
    assert_eq!(trend.gaps.len(), 1);
    assert_eq!((trend.gaps[0].from, trend.gaps[0].to), (at(0), at(50_000)));
    assert_eq!(trend.gaps[0].reason, Some(store::GapReason::Damaged));
    let other = store.trend(series[1], at(0), at(100_000), 10).unwrap();
    assert_eq!(other.gaps, []);
}

#[test]
fn damage_is_counted_once_however_often_it_is_met() {
    let (disk, series, _) = grown();
    let (path, _) = disk.files().into_iter().find(|(path, _)| ending(path, "chunks")).unwrap();
    disk.flip(&path, 36 + 100 + 20, 1);
    let (store, _) = Store::open_on(Arc::new(disk.clone()), options("/s"), at(4 * DAY)).unwrap();
    for _ in 0..3 {
        store.samples(&series, at(0), at(DAY)).count();
        store.trend(series[0], at(0), at(DAY), 5).unwrap();
    }
    assert_eq!(store.counters().damaged, 1);
    let keep = Retention { keep: std::time::Duration::MAX, max_bytes: u64::MAX };
    store.retain(at(4 * DAY), &keep).unwrap();
    store.append::<Scan>(&[]).unwrap();
}
