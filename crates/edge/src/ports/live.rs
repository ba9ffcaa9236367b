//! Latest values and the counters of the path.

use std::sync::Arc;

use domain::{Quality, TagPath, Timestamp};
use server::ports::{self, Latest, Metric, PredictionTag};

use crate::clock::Clock;
use crate::deploy::Deploys;
use crate::lines::Lines;
use crate::outlets::Outlets;
use crate::pipeline::history::HistoryReport;
use crate::pipeline::tag_table::{self, TagInfo, TagTable};

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
            let mut metric = counter("scan_lost_total", "Scans that a follower was too slow for.", lost);
            metric.labels.push(("follower", follower));
            metrics.push(metric);
        }
        metrics.extend(self.history.metrics());
        metrics.extend(self.device_metrics());
        metrics.extend(self.deploys.metrics());
        metrics.extend(self.outlets.metrics());
        metrics.push(gauge(
            "clock_era",
            "Grows with each step of the wall clock by more than 2 s.",
            self.clock.era().into(),
        ));
        metrics
    }
}

impl Live {
    fn device_metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for device in self.lines.devices() {
            for group in &device.groups {
                let now = group.report.now();
                let labels = || {
                    let period = format!("{}", group.period.as_millis());
                    vec![("device", device.plan.device.name.clone()), ("period_ms", period)]
                };
                let labelled = |mut metric: Metric| {
                    metric.labels = labels();
                    metric
                };
                metrics.push(labelled(counter("scan_kept_total", "Scans that began on time.", now.kept)));
                metrics.push(labelled(counter(
                    "scan_late_total",
                    "Scans that began more than a period late.",
                    now.late,
                )));
                metrics.push(labelled(counter("scan_missed_total", "Scans that brought nothing.", now.missed)));
                metrics.push(labelled(gauge("scan_seconds", "Duration of the last scan.", now.took.as_secs_f64())));
                let late = now.lateness.as_secs_f64();
                metrics.push(labelled(gauge("scan_lateness_seconds", "How late the last scan began.", late)));
            }
        }
        metrics
    }
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
