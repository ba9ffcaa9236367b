//! Latest values and the counters of the path.

use std::sync::Arc;

use domain::{Quality, TagPath, Timestamp};
use server::ports::{self, Latest, Metric, PredictionTag};

use crate::clock::Clock;
use crate::deploy::Deploys;
use crate::lines::Lines;
use crate::outlets::Outlets;
use crate::pipeline::device::GroupNow;
use crate::pipeline::history::HistoryReport;
use crate::pipeline::tag_table::{self, TagInfo, TagTable};
use crate::uplink::seen::Seen;

/// The tag table as the server sees it.
#[derive(Debug)]
pub(crate) struct Live {
    /// Latest values.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// Device counters.
    pub lines: Arc<Lines>,
    /// Deployment counters.
    pub deploys: Arc<Deploys>,
    /// Counters of what goes out.
    pub outlets: Arc<Outlets>,
    /// Counters of the log.
    pub history: Arc<HistoryReport>,
    /// The uplink.
    pub link: Arc<Seen>,
}

impl ports::Clock for Clock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

impl ports::Live for Live {
    fn latest(&self, tag: &TagPath) -> Option<Latest> {
        let (info, latest) = self.table.get(tag)?;
        Some(told(&info, latest, self.clock.now()))
    }

    fn changed_since(&self, version: u64) -> (u64, Vec<Latest>) {
        let now = self.clock.now();
        let (version, changed) = self.table.changed_since(version);
        (version, changed.into_iter().map(|(info, latest)| told(&info, latest, now)).collect())
    }

    fn predictions(&self) -> Vec<PredictionTag> {
        self.deploys.prediction_tags()
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = vec![counter("tag_samples_total", "Samples taken since the start.", self.table.samples())];
        for (follower, lost) in self.table.lost() {
            let metric = counter("scan_lost_total", "Scans that a follower was too slow for.", lost);
            metrics.push(labelled(metric, "follower", &follower));
        }
        metrics.extend(self.history.metrics());
        metrics.extend(self.device_metrics());
        metrics.extend(self.deploys.metrics(&self.table, self.clock.now()));
        metrics.extend(self.outlets.metrics());
        metrics.extend(self.link.metrics());
        metrics.push(gauge(
            "clock_era",
            "Grows with each step of the wall clock by more than 2 s.",
            self.clock.era().into(),
        ));
        metrics
    }
}

impl Live {
    /// Labels are bounded: devices, their periods and lines are what the site file names.
    fn device_metrics(&self) -> Vec<Metric> {
        let (now, moment) = (self.clock.now(), tokio::time::Instant::now());
        let mut metrics = Vec::new();
        let mut lines = Vec::new();
        for device in self.lines.devices() {
            let name = &device.plan.device.name;
            for group in &device.groups {
                let of_group = group_metrics(&group.report.now(now)).into_iter().map(|mut metric| {
                    metric.labels.push(("device", name.clone()));
                    metric.labels.push(("period_ms", group.period.as_millis().to_string()));
                    metric
                });
                metrics.extend(of_group);
            }
            let (busy, silent) = device.report.busy(moment);
            let help = "Share of the last minute in which its line was in use for this device.";
            metrics.extend(busy.map(|share| labelled(gauge("device_busy_ratio", help, share), "device", name)));
            let help = "Share of the last minute in which its line waited for this device in vain.";
            metrics.extend(silent.map(|share| labelled(gauge("device_silent_ratio", help, share), "device", name)));
            let waited = Metric {
                name: "device_silent_seconds_total",
                help: "Time in which its line waited for this device in vain.",
                labels: Vec::new(),
                value: device.report.waited_in_vain().as_secs_f64(),
            };
            metrics.push(labelled(waited, "device", name));
            if !lines.iter().any(|line| Arc::ptr_eq(line, &device.line)) {
                let help = "Share of the last minute in which the line was in use.";
                let key = device.plan.url.line_key().to_string();
                let busy = device.line.busy(moment);
                metrics.extend(busy.map(|share| labelled(gauge("line_busy_ratio", help, share), "line", &key)));
                lines.push(device.line);
            }
        }
        metrics
    }
}

fn group_metrics(now: &GroupNow) -> [Metric; 7] {
    let worst = now.day.worst.as_secs_f64();
    [
        counter("scan_kept_total", "Scans that began at most a tenth of their period late.", now.total.kept),
        counter("scan_late_total", "Scans that began later than that.", now.total.late),
        counter("scan_missed_total", "Scans that did not happen or brought nothing.", now.total.missed),
        counter("scan_overrun_total", "Of the missed: the line was still busy.", now.total.overrun),
        gauge("scan_seconds", "Duration of the last scan.", now.took.as_secs_f64()),
        gauge("scan_lateness_seconds", "How late the last scan began.", now.lateness.as_secs_f64()),
        gauge("scan_lateness_worst_seconds", "How late the latest scan of the last 24 hours began.", worst),
    ]
}

/// With one label.
pub(crate) fn labelled(mut metric: Metric, label: &'static str, value: &str) -> Metric {
    metric.labels.push((label, value.to_owned()));
    metric
}

/// A metric that only grows.
pub(crate) fn counter(name: &'static str, help: &'static str, value: u64) -> Metric {
    Metric { name, help, labels: Vec::new(), value: value as f64 }
}

/// A metric that goes up and down.
pub(crate) fn gauge(name: &'static str, help: &'static str, value: f64) -> Metric {
    Metric { name, help, labels: Vec::new(), value }
}

fn told(info: &TagInfo, latest: Option<tag_table::Latest>, now: Timestamp) -> Latest {
    let tag = info.path.clone();
    let Some(latest) = latest else {
        return Latest { tag, value: None, quality: Quality::WAITING, word: None, arrival: None, since: None };
    };
    let quality = latest.quality_at(now, info.stale_after);
    let word = config::site::quality_key(quality).and_then(|key| info.words.as_ref()?.get(key)).cloned();
    Latest { tag, value: latest.value, quality, word, arrival: Some(latest.arrival), since: Some(latest.since) }
}
