//! Power cuts at every moment, and single changes of the disk that fail.

use std::sync::Arc;

use domain::{GroupId, Sample, Scan, SeriesId, Stream};
use proptest::prelude::*;
use store::{Retention, Store};

use crate::support::{Mem, at, group, options, scan};

const WIDTH: u32 = 3;
const DAY: i64 = 86_400_000;

#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    SealDue,
    SealAll,
    Pass(i64),
    Retain,
    Cursor(u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..30_u8).prop_map(Step::Append),
        1 => Just(Step::SealDue),
        2 => Just(Step::SealAll),
        1 => prop_oneof![Just(60_000), Just(DAY)].prop_map(Step::Pass),
        1 => Just(Step::Retain),
        1 => any::<u8>().prop_map(Step::Cursor),
        1 => Just(Step::Reopen),
    ]
}

/// Random bits for a cut, from a seed.
fn coin(seed: u64) -> impl FnMut() -> bool {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state & 4 == 0
    }
}

struct Life {
    disk: Mem,
    store: Store,
    group: GroupId,
    series: Vec<SeriesId>,
    acknowledged: Vec<Scan>,
    /// Tried last and not acknowledged.
    open: Vec<Scan>,
    next: i64,
    now: i64,
}

impl Life {
    fn begin(disk: Mem, acknowledged: Vec<Scan>, next: i64) -> Result<Self, domain::Problem> {
        let now = next + DAY;
        let (store, report) = Store::open_on(Arc::new(disk.clone()), options("/s"), at(now))?;
        assert_eq!((report.damaged, report.quarantined.clone()), (0, None), "{report:?}");
        let (group, series) = group(&store, WIDTH);
        Ok(Self { disk, store, group, series, acknowledged, open: Vec::new(), next, now })
    }

    fn step(&mut self, step: &Step) -> Result<(), domain::Problem> {
        match step {
            Step::Append(count) => {
                let mut batch = Vec::new();
                for number in 0..i64::from(*count) {
                    let millis = self.next + number * 1000;
                    let value = f64::from(u32::try_from(millis / 1000 % 900).unwrap());
                    batch.push(scan(self.group, millis, &[value, value * 0.1 + 4.0, value.sqrt()]));
                }
                self.next += i64::from(*count) * 1000;
                self.now = self.now.max(self.next);
                self.open = batch.iter().map(|(_, scan)| scan.clone()).collect();
                self.store.append(&batch)?;
                self.acknowledged.append(&mut self.open);
                Ok(())
            }
            Step::SealDue => self.store.seal_due(at(self.now), 3).map(drop),
            Step::SealAll => self.store.seal_all(at(self.now)).map(drop),
            Step::Pass(millis) => {
                self.now += millis;
                self.next += millis;
                Ok(())
            }
            Step::Retain => {
                // far longer than any test lives: nothing may go
                let policy = Retention { keep: std::time::Duration::from_hours(1_000_000), max_bytes: u64::MAX };
                self.store.retain(at(self.now), &policy).map(drop)
            }
            Step::Cursor(back) => {
                let seq = self.store.synced_seq(Stream::Data).saturating_sub(u64::from(*back));
                self.store.set_cursor("uplink", Stream::Data, Some(seq))
            }
            Step::Reopen => {
                let other = Store::open_on(Arc::new(Mem::new()), options("/t"), at(0)).unwrap().0;
                drop(std::mem::replace(&mut self.store, other));
                let open = || Store::open_on(Arc::new(self.disk.clone()), options("/s"), at(self.now));
                let failed = match open() {
                    Ok((store, _)) => {
                        self.store = store;
                        return Ok(());
                    }
                    Err(failed) => failed,
                };
                if let Ok((store, _)) = open() {
                    self.store = store;
                }
                Err(failed)
            }
        }
    }

    /// Everything acknowledged once and in order; of what was not acknowledged some, once and in order.
    fn check(&self) {
        let found = self.store.samples(&self.series, at(-DAY), at(100_000 * DAY));
        let found: Vec<Sample> = found.map(Result::unwrap).collect();
        let samples = |scans: &[Scan]| -> Vec<Sample> {
            let each = scans.iter().flat_map(|scan| {
                self.series.iter().zip(&scan.values).zip(&scan.qualities).map(|((series, value), quality)| Sample {
                    series: *series,
                    arrival: scan.arrival,
                    source: None,
                    value: value.clone(),
                    quality: *quality,
                })
            });
            each.collect()
        };
        let expected = samples(&self.acknowledged);
        let unsure = samples(&self.open);
        let extra = &found[expected.len().min(found.len())..];
        assert_eq!(&found[..expected.len().min(found.len())], &expected[..]);
        let mut unsure = unsure.iter();
        assert!(extra.iter().all(|sample| unsure.any(|known| known == sample)), "more than was ever written");
        assert_eq!(self.store.counters().damaged, 0);
    }
}

/// How many lives with a cut; the long form (`cargo xtask bench crash`) sets it higher.
fn cuts() -> u32 {
    std::env::var("LASTMILE_STORE_POWER_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cuts(), ..ProptestConfig::default() })]

    #[test]
    fn after_a_power_cut_every_acknowledged_scan_is_there_once(
        steps in proptest::collection::vec(step(), 1..30),
        power in 5..300_u64,
        seed in any::<u64>(),
        again in proptest::collection::vec(step(), 0..10),
    ) {
        let begun = Life::begin(Mem::new(), Vec::new(), 0).unwrap();
        let disk = begun.disk.with_power_for(power);
        drop(begun);
        let disk_left = disk.clone();
        let mut survived = (Vec::new(), Vec::new(), 0);
        if let Ok(mut life) = Life::begin(disk, Vec::new(), 0) {
            for step in &steps {
                if life.step(step).is_err() {
                    break;
                }
            }
            survived = (life.acknowledged.clone(), life.open.clone(), life.next);
        }
        let left = disk_left.after_power_cut(coin(seed));
        let (acknowledged, open, next) = survived;
        let mut life = Life::begin(left, acknowledged, next).unwrap();
        life.open = open;
        life.check();
        // what was half there counts from now on
        let found = life.store.samples(&life.series[..1], at(-DAY), at(100_000 * DAY));
        let found: Vec<_> = found.map(|sample| sample.unwrap().arrival).collect();
        let open = std::mem::take(&mut life.open);
        life.acknowledged.extend(open.into_iter().filter(|scan| found.contains(&scan.arrival)));
        for step in &again {
            life.step(step).unwrap();
        }
        life.step(&Step::Reopen).unwrap();
        life.check();
    }

    #[test]
    fn a_failed_write_or_sync_is_an_error_and_the_next_try_works(
        steps in proptest::collection::vec(step(), 1..30),
        fault in 1..120_u64,
        cut in any::<u64>(),
    ) {
        let mut life = Life::begin(Mem::new(), Vec::new(), 0).unwrap();
        life.disk.fail_after(fault);
        for step in &steps {
            if life.step(step).is_err() && !life.open.is_empty() {
                // as the caller does: the same again
                let batch: Vec<_> = life.open.iter().map(|scan| (Stream::Data, scan.clone())).collect();
                if life.store.append(&batch).is_err() {
                    life.step(&Step::Reopen).unwrap();
                    life.store.append(&batch).unwrap();
                }
                let open = std::mem::take(&mut life.open);
                life.acknowledged.extend(open);
            }
        }
        life.check();
        life.disk.fail_after(u64::MAX / 2);
        life.step(&Step::SealAll).unwrap();
        life.check();
        let left = life.disk.after_power_cut(coin(cut));
        let life = Life::begin(left, std::mem::take(&mut life.acknowledged), life.next).unwrap();
        life.check();
    }
}
