//! What the store promises, one sentence each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::log_record::{ClockEra, DropReason, LogBody, Meanings, parse};
use domain::{Quality, SeriesDef, Stream, Value, ValueType};
use store::{Dropped, GapReason, OpenReport, Retention, Store, StoreOptions};

use crate::support::{Mem, at, body, group, options, scan, series};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 86_400_000;

const FOREVER: Retention = Retention { keep: Duration::MAX, max_bytes: u64::MAX };

fn open_with(disk: &Mem, options: StoreOptions, now: i64) -> (Store, OpenReport) {
    Store::open_on(Arc::new(disk.clone()), options, at(now)).unwrap()
}

fn open(disk: &Mem, now: i64) -> Store {
    open_with(disk, options("/s"), now).0
}

/// A scan a second in `[from, to)`, ms.
fn fill(store: &Store, from: i64, to: i64) {
    let (group, _) = group(store, 2);
    for millis in (from..to).step_by(1000) {
        let number = f64::from(u32::try_from((millis / 1000).rem_euclid(1000)).unwrap());
        store.append(&[scan(group, millis, &[number, number * 0.1 + 4.0])]).unwrap();
    }
}

fn arrivals(store: &Store, from: i64, to: i64) -> Vec<i64> {
    let first = series(store, 1);
    let samples = store.samples(&first, at(from), at(to));
    samples.map(|sample| (sample.unwrap().arrival.micros() - at(0).micros()) / 1000).collect()
}

fn bodies(store: &Store, stream: Stream) -> Vec<LogBody> {
    let slice = store.read_log(stream, 1, usize::MAX).unwrap();
    let mut bytes = &slice.bytes[..];
    let mut bodies = Vec::new();
    let mut meanings = Meanings::default();
    while !bytes.is_empty() {
        let record = parse(bytes).unwrap();
        bodies.push(body(store, &mut meanings, &record));
        bytes = &bytes[record.bytes.len()..];
    }
    bodies
}

#[test]
fn a_meaning_keeps_its_number_and_a_new_meaning_gets_a_new_one() {
    let disk = Mem::new();
    let store = open(&disk, 0);
    let def = |unit: &str| SeriesDef {
        tag: "line/pump/speed".parse().unwrap(),
        value_type: ValueType::F64,
        unit: unit.into(),
        scale: None,
    };
    let first = store.define_series(&def("1/min")).unwrap();
    let other = store.define_series(&def("Hz")).unwrap();
    assert_ne!(first, other);
    let group = store.define_group(&[first, other]).unwrap();
    let turned = store.define_group(&[other, first]).unwrap();
    assert_ne!(group, turned, "another order is another list");
    store.append(&[scan(group, 0, &[1.0, 2.0])]).unwrap();
    drop(store);
    let store = open(&disk, 0);
    assert_eq!(store.define_series(&def("1/min")).unwrap(), first);
    assert_eq!(store.define_group(&[first, other]).unwrap(), group);
    assert_eq!(store.series_of(&"line/pump/speed".parse().unwrap()), [first, other]);
    assert_eq!(store.series(other).unwrap().unit, "Hz");
    assert_eq!(store.group(turned).unwrap()[..], [other, first]);
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_of_it_is_kept() {
    let store = open(&Mem::new(), 0);
    let (group, list) = group(&store, 2);
    assert_eq!(store.define_group(&[list[0], list[0]]).unwrap_err().code, "group.series-twice");
    assert_eq!(store.define_group(&[domain::SeriesId(99)]).unwrap_err().code, "series.unknown");
    let good = scan(group, 0, &[1.0, 2.0]);
    let short = scan(group, 1, &[1.0]);
    let unknown = scan(domain::GroupId(99), 2, &[1.0]);
    assert_eq!(store.append(&[good.clone(), short]).unwrap_err().code, "scan.wrong-length");
    assert_eq!(store.append(&[good, unknown]).unwrap_err().code, "group.unknown");
    assert_eq!((store.synced_seq(Stream::Data), arrivals(&store, 0, DAY)), (0, vec![]));
}

#[test]
fn a_group_is_defined_in_its_stream_before_its_first_scan() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, 2000);
    let bodies = bodies(&store, Stream::Data);
    let LogBody::Define(definition) = &bodies[0] else { panic!("{bodies:?}") };
    assert_eq!(definition.series.len(), 2);
    assert_eq!(definition.series[0].1.tag.as_str(), "line/t0");
    assert!(matches!(bodies[1..], [LogBody::Scan(_), LogBody::Scan(_)]));
}

#[test]
fn sealing_is_due_by_length_or_age_and_spread_by_its_budget() {
    let store = open(&Mem::new(), 0);
    let all = series(&store, 6);
    let groups: Vec<_> = all.iter().map(|series| store.define_group(&[*series]).unwrap()).collect();
    let mut most = 0;
    for second in 0..1300 {
        let batch: Vec<_> = groups.iter().map(|group| scan(*group, second * 1000, &[1.0])).collect();
        store.append(&batch).unwrap();
        let sealed = store.seal_due(at(second * 1000), 1).unwrap();
        assert!(sealed.groups <= 1);
        most = most.max(sealed.scans);
    }
    assert!((550..700).contains(&most), "{most}");
    let unsealed = store.stats(&FOREVER).unwrap().unsealed_scans;
    assert!(unsealed < 6 * 700, "{unsealed}");
    assert_eq!(store.seal_due(at(1300 * 1000 + HOUR), 100).unwrap().groups, 6, "an hour is long enough for any group");
    assert_eq!(store.stats(&FOREVER).unwrap().unsealed_scans, 0);
    assert_eq!(arrivals(&store, 0, DAY).len(), 1300);
}

#[test]
fn late_data_becomes_an_overlay_and_comes_out_in_order() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, 100_000);
    store.seal_all(at(100_000)).unwrap();
    fill(&store, 50_500, 60_500);
    fill(&store, 100_000, 110_000);
    let sealed = store.seal_all(at(110_000)).unwrap();
    assert_eq!((sealed.chunks, store.counters().overlay_chunks), (2, 1));
    let found = arrivals(&store, 0, DAY);
    assert!(found.is_sorted());
    assert_eq!(found.len(), 120);
    let trend = store.trend(series(&store, 1)[0], at(0), at(110_000), 11).unwrap();
    let counts: Vec<u64> = trend.buckets.iter().map(|bucket| bucket.count).collect();
    assert_eq!(counts, [10, 10, 10, 10, 10, 20, 10, 10, 10, 10, 10]);
}

#[test]
fn a_cursor_keeps_the_log_and_lets_it_go() {
    let store = open(&Mem::new(), 0);
    store.set_cursor("uplink", Stream::Data, Some(0)).unwrap();
    fill(&store, 0, 1_000_000);
    store.seal_all(at(1_000_000)).unwrap();
    let kept = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    assert_eq!((kept.first, kept.last, kept.missing), (1, 1001, 0));
    store.set_cursor("uplink", Stream::Data, Some(900)).unwrap();
    fill(&store, 1_000_000, 1_001_000);
    store.seal_all(at(1_001_000)).unwrap();
    let kept = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    assert!(kept.first > 400 && kept.first <= 901, "{}", kept.first);
    assert_eq!((kept.missing, kept.last), (kept.first - 1, 1002));
    store.set_cursor("uplink", Stream::Data, None).unwrap();
    assert_eq!(store.cursor("uplink", Stream::Data), None);
    fill(&store, 1_001_000, 1_002_000);
    store.seal_all(at(1_002_000)).unwrap();
    let kept = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    assert!(kept.first > 901, "{}", kept.first);
    assert_eq!(arrivals(&store, 0, DAY).len(), 1002);
}

#[test]
fn a_reader_of_the_log_gets_it_piece_by_piece() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, 500_000);
    let (mut from, mut pieces) = (1, 0);
    loop {
        let slice = store.read_log(Stream::Data, from, 700).unwrap();
        if slice.count == 0 {
            break;
        }
        assert_eq!((slice.first, slice.missing), (from, 0));
        assert!(slice.bytes.len() <= 700);
        from = slice.last + 1;
        pieces += 1;
    }
    assert_eq!(from, 502);
    assert!(pieces > 20);
    let one = store.read_log(Stream::Data, 100, 1).unwrap();
    assert_eq!((one.first, one.last, one.count), (100, 100, 1), "one record however large");
    assert_eq!(store.read_log(Stream::Prediction, 1, 700).unwrap().count, 0);
}

#[test]
fn a_pause_a_stop_and_a_clock_step_are_gaps_with_their_reason() {
    let disk = Mem::new();
    let store = open(&disk, 0);
    let first = series(&store, 1)[0];
    fill(&store, 0, 10 * MINUTE);
    fill(&store, 20 * MINUTE, 30 * MINUTE);
    let gaps = |store: &Store, to: i64| store.trend(first, at(0), at(to), 100).unwrap().gaps;
    let pause = gaps(&store, 30 * MINUTE);
    assert_eq!(pause.len(), 1);
    assert_eq!((pause[0].from, pause[0].to, pause[0].reason), (at(10 * MINUTE - 1000), at(20 * MINUTE), None));
    store.seal_all(at(30 * MINUTE)).unwrap();
    assert_eq!(gaps(&store, 30 * MINUTE), pause, "sealing changes nothing");
    assert_eq!(store.trend(first, at(0), at(30 * MINUTE), 1).unwrap().gaps, pause, "directories tell it, too");
    drop(store);
    let (store, report) = open_with(&disk, options("/s"), 50 * MINUTE);
    assert_eq!(report.last_arrival, Some(at(30 * MINUTE - 1000)));
    fill(&store, 50 * MINUTE, 60 * MINUTE);
    let stopped = gaps(&store, 60 * MINUTE);
    assert_eq!(stopped[1].reason, Some(GapReason::Stopped));
    assert_eq!((stopped[1].from, stopped[1].to), (at(30 * MINUTE - 1000), at(50 * MINUTE)));
    let (before, after) = (at(60 * MINUTE), at(2 * HOUR));
    store.mark_era(ClockEra { before, after }, Some((before, after))).unwrap();
    fill(&store, 2 * HOUR, 2 * HOUR + MINUTE);
    let stepped = gaps(&store, 2 * HOUR + MINUTE);
    assert_eq!(stepped[2].reason, Some(GapReason::ClockStep));
    let eras = bodies(&store, Stream::Prediction);
    assert!(matches!(eras[0], LogBody::Era(era) if era.after == at(2 * HOUR)), "both streams are told");
}

#[test]
fn a_slow_group_has_no_gaps_between_its_scans() {
    let store = open(&Mem::new(), 0);
    let (group, list) = group(&store, 1);
    for minute in 0..60 {
        store.append(&[scan(group, minute * MINUTE, &[1.0])]).unwrap();
    }
    let trend = store.trend(list[0], at(0), at(HOUR), 3600).unwrap();
    assert_eq!((trend.buckets.len(), trend.gaps.len()), (60, 0));
}

#[test]
fn history_is_dropped_by_age_and_says_so() {
    let store = open(&Mem::new(), 0);
    for day in 0..5 {
        fill(&store, day * DAY, day * DAY + MINUTE);
        store.seal_all(at(day * DAY + MINUTE)).unwrap();
    }
    let policy = Retention { keep: Duration::from_hours(48), max_bytes: u64::MAX };
    let retained = store.retain(at(4 * DAY + MINUTE), &policy).unwrap();
    assert_eq!(retained.days, 3, "day 2 ended a minute too early");
    assert!(retained.bytes > 0);
    assert_eq!(arrivals(&store, 0, 9 * DAY).len(), 120);
    let trend = store.trend(series(&store, 1)[0], at(0), at(5 * DAY), 50).unwrap();
    assert_eq!(trend.gaps[0].reason, Some(GapReason::Retention));
    assert_eq!(store.retain(at(4 * DAY + MINUTE), &policy).unwrap().days, 0);
}

#[test]
fn history_is_dropped_by_size_and_the_log_says_so() {
    let store = open(&Mem::new(), 0);
    for day in 0..5 {
        fill(&store, day * DAY, day * DAY + HOUR);
        store.seal_all(at(day * DAY + HOUR)).unwrap();
    }
    let used = store.stats(&FOREVER).unwrap();
    let policy = Retention { keep: Duration::MAX, max_bytes: used.log_bytes + used.history_bytes / 2 };
    assert!(store.retain(at(5 * DAY), &policy).unwrap().days >= 2);
    let left = store.stats(&policy).unwrap();
    let bytes = left.history_bytes + left.log_bytes;
    assert!(bytes <= policy.max_bytes + 500, "{bytes} of {}: only what tells it may come on top", policy.max_bytes);
    assert!(left.oldest > used.oldest);
    let dropped = bodies(&store, Stream::Data).into_iter().filter(|body| matches!(body, LogBody::Drop(_))).count();
    assert!(dropped >= 2);
    assert!(arrivals(&store, 4 * DAY, 5 * DAY).len() == 3600, "the newest stays");
}

#[test]
fn a_clock_that_was_wrong_for_a_day_drops_nothing_that_is_young() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, MINUTE);
    store.seal_all(at(0)).unwrap();
    for (millis, count) in [(40_000 * DAY, 1), (2 * DAY, 2), (3 * DAY, 3)] {
        fill(&store, millis, millis + MINUTE);
        store.seal_all(at(millis)).unwrap();
        let policy = Retention { keep: Duration::from_hours(24 * 4), max_bytes: u64::MAX };
        store.retain(at(millis.min(3 * DAY)), &policy).unwrap();
        assert_eq!(arrivals(&store, 0, 50_000 * DAY).len(), 60 + 60 * count);
    }
    let policy = Retention { keep: Duration::from_hours(24), max_bytes: u64::MAX };
    store.retain(at(3 * DAY + 12 * HOUR), &policy).unwrap();
    assert_eq!(arrivals(&store, 0, 50_000 * DAY).len(), 60, "the file of 2135 went with those around it");
}

/// Five minutes, recorded in this order, under clocks that were wrong and then right at `RIGHT`.
fn kept_after_the_clock_was_set(starts: &[i64], step: Option<(i64, i64)>, keep: Duration, now: i64) -> Vec<i64> {
    let (store, _) = open_with(&Mem::new(), options("/s"), starts[0]);
    for start in starts {
        if let Some((from, to)) = step.filter(|(_, to)| to == start) {
            let era = ClockEra { before: at(from), after: at(to) };
            store.mark_era(era, Some((at(from), at(to)))).unwrap();
        }
        fill(&store, *start, start + MINUTE);
        store.seal_all(at(start + MINUTE)).unwrap();
    }
    let policy = Retention { keep, max_bytes: u64::MAX };
    store.retain(at(now), &policy).unwrap();
    starts.iter().copied().filter(|start| !arrivals(&store, *start, start + MINUTE).is_empty()).collect()
}

#[test]
fn what_was_recorded_before_the_clock_was_right_is_as_old_as_what_came_behind_it() {
    let (month, born) = (Duration::from_hours(24 * 30), -20_000 * DAY);
    // a new box, whose clock is set while it runs or by the next start
    let starts = [born, born + DAY, 0, DAY];
    assert_eq!(kept_after_the_clock_was_set(&starts, None, month, 20 * DAY), starts);
    assert_eq!(kept_after_the_clock_was_set(&starts, None, month, 31 * DAY), [DAY], "it grows old with the rest");
    // a box whose battery died: what was right before it is as old as it was
    let starts = [-100 * DAY, -20 * DAY, born, 0];
    assert_eq!(kept_after_the_clock_was_set(&starts, None, month, 5 * DAY), [-20 * DAY, born, 0]);
    // a clock that was wrong by a year, and nobody could see it until it was set
    let (wrong, set) = (-365 * DAY, (MINUTE - 365 * DAY, 0));
    assert_eq!(kept_after_the_clock_was_set(&[wrong, 0], Some(set), month, 5 * DAY), [wrong, 0]);
    assert_eq!(kept_after_the_clock_was_set(&[wrong, 0], None, month, 5 * DAY), [0], "a box that was off for a year");
    assert_eq!(kept_after_the_clock_was_set(&[wrong, 0, 40 * DAY], Some(set), month, 40 * DAY), [40 * DAY]);
}

#[test]
fn a_disk_that_fills_up_costs_the_oldest_day_then_appends_then_nothing_more() {
    let disk = Mem::new();
    let limits = StoreOptions { reserve: 10_000_000, ballast: 1_000_000, ..options("/s") };
    let (store, _) = open_with(&disk, limits, 0);
    let ballast = || disk.files().iter().any(|(path, _)| path.ends_with("ballast"));
    assert!(ballast());
    for day in 0..3 {
        fill(&store, day * DAY, day * DAY + MINUTE);
        store.seal_all(at(day * DAY + MINUTE)).unwrap();
    }
    disk.0.free.store(9_000_000, Ordering::SeqCst);
    fill(&store, 3 * DAY, 3 * DAY + 1000);
    assert_eq!(store.counters().days_dropped, 1, "one day per commit");
    let dropped = bodies(&store, Stream::Data).into_iter().find_map(|body| match body {
        LogBody::Drop(dropped) => Some(dropped),
        _ => None,
    });
    let dropped = dropped.unwrap();
    assert_eq!((dropped.reason, dropped.from, dropped.to), (DropReason::DiskFull, at(0), at(MINUTE - 1000)));
    assert_eq!((dropped.first, dropped.last), (2, 61), "numbers of scans; the first record is the definition");
    disk.0.free.store(4_000_000, Ordering::SeqCst);
    let (group, _) = group(&store, 2);
    let refused = store.append(&[scan(group, 3 * DAY + 2000, &[1.0, 2.0])]).unwrap_err();
    assert_eq!(refused.code, "disk.full");
    assert!(!ballast(), "the ballast is given back");
    assert_eq!(store.counters().appends_refused, 1);
    disk.0.free.store(20_000_000, Ordering::SeqCst);
    fill(&store, 3 * DAY + MINUTE, 3 * DAY + 2 * MINUTE);
    assert!(ballast());
    let trend = store.trend(series(&store, 1)[0], at(3 * DAY), at(3 * DAY + 2 * MINUTE), 10).unwrap();
    assert_eq!(trend.gaps.len(), 1);
    assert_eq!(trend.gaps[0].reason, Some(GapReason::DiskFull));
}

#[test]
fn a_commit_that_failed_can_be_made_again_whatever_failed_and_nothing_is_there_twice() {
    for fault in 1..12 {
        let disk = Mem::new();
        let limits = StoreOptions { reserve: 10_000_000, ..options("/s") };
        let (store, _) = open_with(&disk, limits, 0);
        let (group, _) = group(&store, 2);
        disk.0.free.store(4_000_000, Ordering::SeqCst);
        store.append(&[scan(group, 1000, &[1.0, 2.0])]).unwrap_err();
        disk.0.free.store(20_000_000, Ordering::SeqCst);
        disk.fail_after(fault);
        let batch = [scan(group, 1000, &[1.0, 2.0]), scan(group, 2000, &[1.0, 2.0])];
        if store.append(&batch).is_err() {
            disk.fail_after(u64::MAX / 2);
            store.append(&batch).unwrap();
        }
        disk.fail_after(u64::MAX / 2);
        assert_eq!(arrivals(&store, 0, DAY), [1000, 2000], "fault {fault}");
    }
}

#[test]
fn a_full_disk_lets_the_log_go_that_only_waits_for_upload() {
    let disk = Mem::new();
    let limits = StoreOptions { reserve: 10_000_000, ..options("/s") };
    let (store, _) = open_with(&disk, limits, 0);
    store.set_cursor("uplink", Stream::Data, Some(0)).unwrap();
    fill(&store, 0, 1_000_000);
    store.seal_all(at(1_000_000)).unwrap();
    disk.0.free.store(9_000_000, Ordering::SeqCst);
    fill(&store, 1_000_000, 1_001_000);
    let lost = store.counters().records_dropped;
    assert!(lost > 100, "{lost}");
    let log = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    assert_eq!((log.first, log.missing), (lost + 1, lost));
    let told = bodies(&store, Stream::Data)
        .into_iter()
        .any(|body| matches!(body, LogBody::Drop(dropped) if (dropped.first, dropped.last) == (1, lost)));
    assert!(told);
    assert_eq!(arrivals(&store, 0, DAY).len(), 1001, "history has it all");
    let dropped = [Dropped { first: 1, last: lost, reason: DropReason::DiskFull }];
    assert_eq!(store.dropped(Stream::Data), dropped);
    drop(store);
    assert_eq!(open(&disk, 1_002_000).dropped(Stream::Data), dropped, "it is known after the next start");
}

#[test]
fn what_waits_for_upload_leaves_half_of_the_room_to_history() {
    let store = open(&Mem::new(), 0);
    store.set_cursor("uplink", Stream::Data, Some(0)).unwrap();
    fill(&store, 0, 1_000_000);
    store.seal_all(at(1_000_000)).unwrap();
    let before = store.stats(&FOREVER).unwrap();
    let policy = Retention { max_bytes: before.log_bytes + before.history_bytes, ..FOREVER };
    store.retain(at(1_000_000), &policy).unwrap();
    let after = store.stats(&policy).unwrap();
    assert!(after.log_bytes <= policy.max_bytes / 2 && after.log_bytes < before.log_bytes, "{after:?}");
    assert_eq!(arrivals(&store, 0, DAY).len(), 1000, "history has it all");
    let dropped = store.dropped(Stream::Data);
    assert_eq!((dropped.len(), dropped[0].first, dropped[0].reason), (1, 1, DropReason::TooLarge));
}

#[test]
fn who_begins_to_read_anywhere_is_told_the_packings_that_he_needs() {
    let store = open(&Mem::new(), 0);
    store.set_cursor("uplink", Stream::Data, Some(0)).unwrap();
    let (group, _) = group(&store, 2);
    for second in 0..960 {
        // of a ramp each value is a new one, which no packing foresees
        let number = f64::from(second * 7 % 50);
        let millis = i64::from(second) * 1000;
        store.append(&[scan(group, millis, &[number, number * 0.1 + 4.0])]).unwrap();
        if second % 60 == 59 {
            store.seal_due(at(millis), 4).unwrap();
        }
    }
    let slice = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    let (mut bytes, mut packed) = (&slice.bytes[..], 0);
    while !bytes.is_empty() {
        let record = parse(bytes).unwrap();
        bytes = &bytes[record.bytes.len()..];
        let Ok(scan) = record.scan() else { continue };
        let Some(number) = scan.packing() else { continue };
        packed += 1;
        let told = store.packings_for(Stream::Data, record.head.seq).unwrap();
        assert!(told.iter().any(|one| (one.group, one.number) == (scan.group, number)), "{}", record.head.seq);
    }
    assert!(packed > 100, "{packed}");
}

#[test]
fn two_readers_of_one_stream_do_not_disturb_each_other() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, 1_000_000);
    let all = store.read_log(Stream::Data, 1, usize::MAX).unwrap();
    let (mut back, mut newest, mut read) = (0, 500, Vec::new());
    while back < 500 {
        let slice = store.read_log(Stream::Data, back + 1, 300).unwrap();
        assert_eq!(slice.first, back + 1);
        back = slice.last;
        read.extend(slice.bytes);
        let slice = store.read_log(Stream::Data, newest + 1, 100).unwrap();
        assert!(slice.count == 0 || slice.first == newest + 1);
        newest = newest.max(slice.last);
    }
    assert_eq!(read, all.bytes[..read.len()]);
}

#[test]
fn the_days_that_are_left_follow_the_rate() {
    let store = open(&Mem::new(), 0);
    assert_eq!(store.stats(&FOREVER).unwrap().days_left, None);
    fill(&store, 0, HOUR);
    store.seal_all(at(HOUR)).unwrap();
    let used = store.stats(&FOREVER).unwrap();
    let per_day = used.history_bytes as f64 * 24.0;
    let max_bytes = used.history_bytes + used.log_bytes + 10 * used.history_bytes * 24;
    let left = store.stats(&Retention { keep: Duration::MAX, max_bytes }).unwrap().days_left.unwrap();
    assert!((left - 10.0).abs() < 0.1, "{left} days, {per_day} bytes a day");
    let keep = Retention { keep: Duration::from_hours(48), max_bytes };
    assert_eq!(store.stats(&keep).unwrap().days_left, Some(2.0));
}

#[test]
fn numbers_that_json_cannot_hold_and_texts_come_back_exactly() {
    let store = open(&Mem::new(), 0);
    let (group, list) = group(&store, 3);
    let values = vec![Some(Value::I64(i64::MAX)), Some(Value::Text(domain::Text::new("Anfahren ▲").unwrap())), None];
    let qualities = vec![Quality::GOOD, Quality::SUBSTITUTED, Quality::NOT_CONNECTED];
    let mut sent = scan(group, 0, &[0.0, 0.0, 0.0]);
    sent.1.values.clone_from(&values);
    sent.1.qualities.clone_from(&qualities);
    sent.1.source = Some(at(-77));
    store.append(&[sent]).unwrap();
    for _ in 0..2 {
        let found: Vec<_> = store.samples(&list, at(0), at(1)).map(Result::unwrap).collect();
        assert_eq!(found.iter().map(|sample| sample.value.clone()).collect::<Vec<_>>(), values);
        assert_eq!(found.iter().map(|sample| sample.quality).collect::<Vec<_>>(), qualities);
        assert!(found.iter().all(|sample| sample.source == Some(at(-77))));
        store.seal_all(at(0)).unwrap();
    }
}

/// A store that says it has this layout.
fn of_layout(format: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    drop(crate::support::open(dir.path(), 0));
    for twin in ["dictionary.a", "dictionary.b"] {
        let json = format!(r#"0 {{"store":{{"format":{format},"epoch":5}}}}"#);
        let line = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        std::fs::write(dir.path().join(twin), line).unwrap();
    }
    dir
}

#[test]
fn an_older_layout_becomes_the_present_one() {
    let dir = of_layout(1);
    for _ in 0..2 {
        let (store, report) = crate::support::open(dir.path(), 0);
        assert_eq!((store.epoch(), report.damaged, report.created), (5, 0, false));
        store.append::<domain::Scan>(&[]).unwrap();
        let (group, _) = group(&store, 2);
        store.append(&[scan(group, 0, &[1.0, 2.0])]).unwrap();
    }
    let lines = std::fs::read_to_string(dir.path().join("dictionary.a")).unwrap();
    assert_eq!(lines.matches(r#""format":2"#).count(), 1, "{lines}");
}

#[test]
fn a_newer_layout_is_left_alone() {
    let dir = of_layout(3);
    let refused = Store::open(options(dir.path()), at(0)).unwrap_err();
    assert_eq!(refused.code, "store.newer-layout");
    assert!(!dir.path().join("quarantine-1").exists());
}

#[test]
fn readers_see_every_scan_once_while_it_is_sealed() {
    let store = open(&Mem::new(), 0);
    fill(&store, 0, 1000);
    let (done, reads) = (AtomicBool::new(false), std::sync::atomic::AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::SeqCst) {
                    let found = arrivals(&store, 0, DAY);
                    assert!(found.windows(2).all(|pair| pair[1] == pair[0] + 1000), "each once, none missing");
                    assert!(found.len() >= seen, "nothing vanishes");
                    seen = found.len();
                    let trend = store.trend(series(&store, 1)[0], at(0), at(DAY), 1).unwrap();
                    assert!(trend.buckets[0].count >= seen as u64);
                    reads.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for second in (1..400).map(|second| second * 1000) {
            fill(&store, second, second + 1000);
            if second % 7000 == 0 {
                store.seal_all(at(second)).unwrap();
            }
        }
        done.store(true, Ordering::SeqCst);
    });
    assert!(reads.load(Ordering::SeqCst) > 2);
}
