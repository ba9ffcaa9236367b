//! When scans came, per device, and how far from their rhythm.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::Instant;

/// Scans of all devices since the period is known.
#[derive(Default)]
pub struct Rhythm(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    begun: Option<Instant>,
    period: f64,
    /// (class, device) to seconds since the beginning.
    scans: BTreeMap<(&'static str, u32), Vec<f64>>,
    /// Answers that were still on the wire when the next request began; only a line counts them.
    collisions: u64,
    bytes: u64,
}

impl Rhythm {
    /// From now on scans count.
    pub fn begin(&self, period_ms: f64) {
        let mut inner = self.0.lock().expect("no thread panics");
        *inner = Inner { begun: Some(Instant::now()), period: period_ms / 1e3, ..Inner::default() };
    }

    /// A request for register 0 has come.
    pub fn scan(&self, class: &'static str, device: u32, at: Instant) {
        let mut inner = self.0.lock().expect("no thread panics");
        let Some(begun) = inner.begun else { return };
        let seconds = at.saturating_duration_since(begun).as_secs_f64();
        inner.scans.entry((class, device)).or_default().push(seconds);
    }

    /// Bytes went over the line; `collided` when two talked at once.
    pub fn moved(&self, bytes: u64, collided: bool) {
        let mut inner = self.0.lock().expect("no thread panics");
        inner.bytes += bytes;
        inner.collisions += u64::from(collided);
    }

    /// Per class: devices seen, scans, scans that are not there, lateness in ms.
    pub fn figures(&self) -> String {
        let inner = self.0.lock().expect("no thread panics");
        let length = inner.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        let mut text = format!(
            "{{\"seconds\":{length:.1},\"bytes\":{},\"collisions\":{}",
            inner.bytes, inner.collisions
        );
        let mut classes: Vec<&'static str> = inner.scans.keys().map(|(class, _)| *class).collect();
        classes.dedup();
        for class in classes {
            let devices = inner.scans.iter().filter(|((of, _), _)| *of == class).map(|(_, scans)| scans);
            let (mut late, mut scans, mut missing, mut count) = (Vec::new(), 0, 0, 0);
            for times in devices {
                count += 1;
                scans += times.len();
                missing += missing_of(times, length, inner.period);
                late.extend(lateness(times, inner.period));
            }
            late.sort_by(f64::total_cmp);
            let at = |share: f64| late.get(((late.len() as f64 * share).ceil() as usize).max(1) - 1).copied().unwrap_or(0.0) * 1e3;
            let on_time = late.iter().filter(|late| **late <= inner.period / 10.0).count();
            let share = on_time as f64 / late.len().max(1) as f64 * 100.0;
            let _ = write!(
                text,
                ",\"{class}_devices\":{count},\"{class}_scans\":{scans},\"{class}_missing\":{missing},\
                 \"{class}_p50_ms\":{:.2},\"{class}_p99_ms\":{:.2},\"{class}_worst_ms\":{:.2},\"{class}_on_time_percent\":{share:.3}",
                at(0.5), at(0.99), at(1.0)
            );
        }
        text + "}"
    }
}

/// Moments of the rhythm without a scan. One at either end may fall outside of what was watched.
fn missing_of(times: &[f64], length: f64, period: f64) -> usize {
    let expected = (length / period).floor() as usize;
    expected.saturating_sub(1).saturating_sub(times.len())
}

/// How late each scan came, seconds. The rhythm is that of the punctual ones: of the deviations from it the one in a
/// hundred that is smallest counts as none.
fn lateness(times: &[f64], period: f64) -> Vec<f64> {
    let Some(first) = times.first() else { return Vec::new() };
    let around = |time: f64| (time - first + period / 2.0).rem_euclid(period) - period / 2.0;
    let mut deviations: Vec<f64> = times.iter().map(|time| around(*time)).collect();
    deviations.sort_by(f64::total_cmp);
    let punctual = deviations[deviations.len() / 100];
    times
        .iter()
        .map(|time| {
            let late = (around(*time) - punctual).rem_euclid(period);
            // a little before the rhythm is not almost a period after it
            if late > period * 0.98 { 0.0 } else { late }
        })
        .collect()
}
