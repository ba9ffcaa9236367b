//! Random life of a store beside a plain list of what was appended: equal answers at every step, also after reopening.

use domain::log_record::{LogBody, Meanings, parse};
use domain::{GroupId, Quality, QualityClass, Sample, Scan, SeriesId, Stream, Text, Timestamp, Value};
use proptest::prelude::*;
use store::{Retention, Store};

use crate::support::{Mem, at, body, options, series};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

#[derive(Clone, Debug)]
enum Step {
    /// Scans, each: group, ms since the last one, seeds of its values.
    Append(Vec<(usize, i64, u32)>),
    /// One scan that is so many ms late.
    Late(usize, i64, u32),
    SealDue,
    SealAll,
    /// The clock goes on by so much.
    Pass(i64),
    Retain(i64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let scans = proptest::collection::vec((0..3_usize, 0..3_000_i64, any::<u32>()), 1..40);
    prop_oneof![
        6 => scans.prop_map(Step::Append),
        2 => (0..3_usize, 0..2 * DAY, any::<u32>()).prop_map(|(group, late, seed)| Step::Late(group, late, seed)),
        2 => Just(Step::SealDue),
        2 => Just(Step::SealAll),
        2 => prop_oneof![Just(1_000), Just(HOUR), Just(DAY)].prop_map(Step::Pass),
        1 => (HOUR..3 * DAY).prop_map(Step::Retain),
        1 => Just(Step::Reopen),
    ]
}

/// What a scan of `width` values holds, from a seed.
fn content(seed: u32, width: usize) -> (Vec<Option<Value>>, Vec<Quality>) {
    let value = |n: u32| match n % 11 {
        0 => None,
        1 => Some(Value::Bool(n.is_multiple_of(2))),
        2 => Some(Value::I64(-i64::from(n))),
        3 => Text::new(format!("state {}", n % 7)).map(Value::Text),
        4 => Some(Value::U64(u64::MAX - u64::from(n))),
        5 => Value::from_f64(f64::from(n % 1000) * 0.1 + 4.0),
        _ => Value::from_f64(f64::from(n).sqrt()),
    };
    let quality = |n: u32| match n % 9 {
        0 => Quality::OUT_OF_RANGE,
        1 => Quality::SENSOR_FAILURE,
        _ => Quality::GOOD,
    };
    let numbers = (0..width).map(|n| seed.rotate_left(u32::try_from(n).unwrap() * 5).wrapping_mul(2_654_435_761));
    numbers.map(|n| (value(n >> 3), quality(n >> 9))).unzip()
}

struct Model {
    disk: Mem,
    store: Store,
    groups: Vec<(GroupId, Vec<SeriesId>)>,
    /// Everything appended, in order.
    scans: Vec<(Stream, Scan)>,
    now: i64,
    data: u64,
}

impl Model {
    fn new() -> Self {
        let disk = Mem::new();
        let (store, _) = Store::open_on(std::sync::Arc::new(disk.clone()), options("/s"), at(0)).unwrap();
        let all = series(&store, 6);
        let groups = [vec![all[0], all[1], all[2]], vec![all[3]], vec![all[2], all[4], all[5]]];
        let groups = groups.into_iter().map(|list| (store.define_group(&list).unwrap(), list)).collect();
        Self { disk, store, groups, scans: Vec::new(), now: 0, data: 0 }
    }

    fn scan(&self, group: usize, millis: i64, seed: u32) -> (Stream, Scan) {
        let (id, list) = &self.groups[group];
        let (values, qualities) = content(seed, list.len());
        let source = seed.is_multiple_of(3).then(|| at(millis - i64::from(seed % 500)));
        let stream = if group == 1 { Stream::Prediction } else { Stream::Data };
        (stream, Scan { group: *id, arrival: at(millis), source, values, qualities })
    }

    fn append(&mut self, scans: Vec<(Stream, Scan)>) {
        let before = self.store.synced();
        let synced = self.store.append(&scans).unwrap();
        let data = scans.iter().filter(|(stream, _)| *stream == Stream::Data).count() as u64;
        assert!(synced.data >= before.data + data, "every scan gets a number");
        self.data += data;
        self.scans.extend(scans);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(scans) => {
                let mut batch = Vec::new();
                for (group, after, seed) in scans {
                    self.now += after;
                    batch.push(self.scan(*group, self.now, *seed));
                }
                self.append(batch);
            }
            Step::Late(group, late, seed) => {
                let scan = self.scan(*group, self.now - late, *seed);
                self.append(vec![scan]);
            }
            Step::SealDue => drop(self.store.seal_due(at(self.now), 2).unwrap()),
            Step::SealAll => {
                let sealed = self.store.seal_all(at(self.now)).unwrap();
                assert_eq!(sealed.waiting, 0);
            }
            Step::Pass(millis) => self.now += millis,
            Step::Retain(keep) => self.retain(*keep),
            Step::Reopen => self.reopen(),
        }
    }

    fn reopen(&mut self) {
        let synced = self.store.synced();
        let epoch = self.store.epoch();
        let other = Store::open_on(std::sync::Arc::new(Mem::new()), options("/t"), at(0)).unwrap().0;
        drop(std::mem::replace(&mut self.store, other));
        let (store, report) =
            Store::open_on(std::sync::Arc::new(self.disk.clone()), options("/s"), at(self.now)).unwrap();
        self.store = store;
        assert_eq!((report.created, report.damaged, report.torn_bytes), (false, 0, 0), "{report:?}");
        assert_eq!((self.store.synced(), self.store.epoch()), (synced, epoch));
    }

    /// Only what is too old may go.
    fn retain(&mut self, keep: i64) {
        let policy = Retention { keep: std::time::Duration::from_millis(keep.unsigned_abs()), max_bytes: u64::MAX };
        self.store.retain(at(self.now), &policy).unwrap();
        let left = self.found(i64::MIN / 2000, i64::MAX / 2000);
        let mut left = left.iter().peekable();
        let limit = at(self.now - keep);
        let mut order = self.in_order();
        order.retain(|(_, scan)| {
            let samples = self.samples_of(scan);
            let here = !samples.is_empty() && left.peek() == Some(&&samples[0]);
            assert!(here || scan.arrival < limit, "dropped although it is not too old: {scan:?}");
            for sample in samples.iter().filter(|_| here) {
                assert_eq!(left.next(), Some(sample));
            }
            here
        });
        assert_eq!(left.next(), None);
        self.scans.retain(|scan| order.contains(scan));
    }

    fn in_order(&self) -> Vec<(Stream, Scan)> {
        let mut scans = self.scans.clone();
        scans.sort_by_key(|(stream, scan)| (scan.arrival, scan.group, *stream));
        scans
    }

    fn samples_of(&self, scan: &Scan) -> Vec<Sample> {
        let list = &self.groups.iter().find(|(id, _)| *id == scan.group).unwrap().1;
        let sample = |((series, value), quality): ((&SeriesId, &Option<Value>), &Quality)| Sample {
            series: *series,
            arrival: scan.arrival,
            source: scan.source,
            value: value.clone(),
            quality: *quality,
        };
        list.iter().zip(&scan.values).zip(&scan.qualities).map(sample).collect()
    }

    fn expected(&self, from: i64, to: i64) -> Vec<Sample> {
        let scans = self.in_order();
        let inside = scans.iter().filter(|(_, scan)| scan.arrival >= at(from) && scan.arrival < at(to));
        inside.flat_map(|(_, scan)| self.samples_of(scan)).collect()
    }

    fn found(&self, from: i64, to: i64) -> Vec<Sample> {
        let all: Vec<SeriesId> = self.groups.iter().flat_map(|(_, list)| list.clone()).collect();
        self.store.samples(&all, at(from), at(to)).map(Result::unwrap).collect()
    }

    fn check(&self, from: i64, to: i64, buckets: u32) {
        assert_eq!(self.found(from, to), self.expected(from, to));
        for (_, list) in &self.groups {
            for series in list {
                self.check_trend(*series, from, to, buckets);
                self.check_latest(*series, to);
            }
        }
        assert_eq!(self.store.counters().damaged, 0);
    }

    fn check_trend(&self, series: SeriesId, from: i64, to: i64, buckets: u32) {
        let trend = self.store.trend(series, at(from), at(to), buckets).unwrap();
        let samples: Vec<Sample> =
            self.expected(from, to).into_iter().filter(|sample| sample.series == series).collect();
        let count: u64 = trend.buckets.iter().map(|bucket| bucket.count).sum();
        assert_eq!(count, samples.len() as u64);
        assert!(trend.buckets.len() <= buckets as usize);
        for bucket in &trend.buckets {
            let end = bucket.t.plus(trend.width);
            let inside: Vec<&Sample> =
                samples.iter().filter(|sample| sample.arrival >= bucket.t && sample.arrival < end).collect();
            let numbers: Vec<f64> = inside.iter().filter_map(|sample| sample.value.as_ref()?.as_f64()).collect();
            assert_eq!(bucket.count, inside.len() as u64);
            assert_eq!(bucket.good, inside.iter().filter(|sample| sample.quality.is_good()).count() as u64);
            let worst = inside.iter().map(|sample| sample.quality.class()).max();
            assert_eq!(Some(bucket.worst.class()), worst);
            assert_eq!(bucket.min, numbers.iter().copied().reduce(f64::min));
            assert_eq!(bucket.max, numbers.iter().copied().reduce(f64::max));
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            assert!(bucket.mean.is_none_or(|found| (found - mean).abs() <= mean.abs() * 1e-9 + 1e-9));
        }
        for gap in &trend.gaps {
            let inside = samples.iter().find(|sample| sample.arrival > gap.from && sample.arrival < gap.to);
            assert_eq!(inside, None, "a sample lies in the gap {gap:?}");
        }
        assert!(QualityClass::Good < QualityClass::Bad);
    }

    fn check_latest(&self, series: SeriesId, to: i64) {
        let before = self.expected(i64::MIN / 2000, to + 1).into_iter().rfind(|sample| sample.series == series);
        let found = self.store.latest_before(series, at(to)).unwrap();
        // two groups that hold the series may have scanned at the same moment
        assert_eq!(found.as_ref().map(|sample| sample.arrival), before.as_ref().map(|sample| sample.arrival));
    }

    fn check_log(&self) {
        let mut scans: Vec<Scan> = Vec::new();
        let mut meanings = Meanings::default();
        let mut from = 1;
        loop {
            let slice = self.store.read_log(Stream::Data, from, 2_000).unwrap();
            let mut bytes = &slice.bytes[..];
            while !bytes.is_empty() {
                let record = parse(bytes).unwrap();
                bytes = &bytes[record.bytes.len()..];
                if let LogBody::Scan(scan) = body(&self.store, &mut meanings, &record) {
                    scans.push(scan);
                }
            }
            if slice.count == 0 {
                from += slice.missing;
                break;
            }
            assert_eq!(slice.last - slice.first + 1, slice.count, "no holes inside the log");
            from = slice.last + 1;
        }
        let kept = self.scans.iter().filter(|(stream, _)| *stream == Stream::Data).map(|(_, scan)| scan);
        let kept: Vec<&Scan> = kept.collect();
        let overlap = scans.len().min(kept.len());
        let newest: Vec<&Scan> = scans[scans.len() - overlap..].iter().collect();
        if !scans.is_empty() && self.data == kept.len() as u64 {
            assert_eq!(newest, kept[kept.len() - overlap..]);
        }
        assert_eq!(from, self.store.synced_seq(Stream::Data) + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn history_answers_like_a_plain_list(
        steps in proptest::collection::vec(step(), 1..40),
        from in -3 * DAY..3 * DAY,
        len in 1..4 * DAY,
        buckets in 1..200_u32,
    ) {
        let mut model = Model::new();
        for step in &steps {
            model.step(step);
        }
        model.check(from, from + len, buckets);
        model.check(model.now - HOUR, model.now + 1, buckets);
        model.check(-10 * DAY, 60 * DAY, buckets);
        model.check_log();
        model.reopen();
        model.check(-10 * DAY, 60 * DAY, buckets);
    }
}

#[test]
fn an_arrival_at_the_edges_of_time_is_kept() {
    let mut model = Model::new();
    for micros in [i64::MIN / 2, i64::MAX / 2] {
        let mut scan = model.scan(0, 0, 5);
        scan.1.arrival = Timestamp::from_micros(micros);
        scan.1.source = None;
        model.append(vec![scan]);
    }
    model.store.seal_all(at(0)).unwrap();
    let all: Vec<SeriesId> = model.groups[0].1.clone();
    let found = model.store.samples(&all, Timestamp::MIN, Timestamp::MAX).map(Result::unwrap).count();
    assert_eq!(found, 6);
}
