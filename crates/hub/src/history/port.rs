//! How the server looks into what was: the shapes that people get.

use async_trait::async_trait;
use domain::said::model as said;
use domain::{Id, Problem, TagPath, Timestamp};
use server::api::trend;
use server::ports::{self, EdgeTrend, Latest, Metric, TrendColumns};

use super::draw::{Gap, Trend};
use super::unpack::Reason;
use super::{Counters, History, HistoryError};

/// What was, and how its compactor is.
pub(crate) struct Port {
    pub(crate) history: History,
    pub(crate) counters: std::sync::Arc<Counters>,
}

#[async_trait]
impl ports::EdgeHistory for Port {
    async fn trend(
        &self,
        edge: Id,
        tag: &TagPath,
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<EdgeTrend, Problem> {
        let answer = self.history.trend(edge, tag, from, to, buckets).await;
        let Some((label, trend)) = answer.map_err(|error| error.problem(edge))? else {
            let missing = Some("there is no such tag".to_owned());
            return Ok(EdgeTrend {
                columns: TrendColumns { missing, ..TrendColumns::default() },
                ..EdgeTrend::default()
            });
        };
        Ok(EdgeTrend { unit: label.unit.clone(), columns: columns(&trend) })
    }

    async fn latest(&self, edge: Id, tag: &TagPath) -> Result<Option<Latest>, Problem> {
        let row = self.history.latest(edge, tag).await.map_err(|error| error.problem(edge))?;
        Ok(row.map(|row| Latest {
            tag: row.label.tag.clone(),
            value: row.value,
            quality: row.quality,
            word: None,
            arrival: Some(row.arrival),
            since: None,
        }))
    }

    fn metrics(&self) -> Vec<Metric> {
        let metric = |(name, help, value)| Metric { name, help, labels: Vec::new(), value };
        self.counters.metrics().map(metric).to_vec()
    }
}

/// Buckets as columns, as an edge shows them.
fn columns(trend: &Trend) -> TrendColumns {
    let half = i64::try_from(trend.width.as_millis() / 2).unwrap_or(0);
    let missing = trend.buckets.is_empty().then(|| "no history of this tag in this time".to_owned());
    TrendColumns {
        t: trend.buckets.iter().map(|bucket| bucket.t.millis() + half).collect(),
        min: trend.buckets.iter().map(|bucket| bucket.min).collect(),
        max: trend.buckets.iter().map(|bucket| bucket.max).collect(),
        mean: trend.buckets.iter().map(|bucket| bucket.mean).collect(),
        gaps: trend.gaps.iter().map(gap).collect(),
        missing,
    }
}

fn gap(gap: &Gap) -> trend::Gap {
    let reason = match gap.reason {
        Some(Reason::ClockStep) => said::CLOCK_SET,
        Some(Reason::TooLarge) => said::TOO_OLD,
        Some(Reason::DiskFull) => said::DISK_FULL,
        Some(Reason::Damaged) => said::DAMAGED,
        Some(Reason::Released) => said::RELEASED,
        Some(Reason::Restored) => said::RESTORED,
        None => said::NO_DATA,
    };
    let said = Some(reason.plain().into());
    trend::Gap { from_ms: gap.from.millis(), to_ms: gap.to.millis(), reason: reason.words.to_owned(), said }
}

impl HistoryError {
    /// For people.
    pub(crate) fn problem(&self, edge: Id) -> Problem {
        if let Self::State(error) = self {
            return error.problem();
        }
        let why = std::error::Error::source(self).map(ToString::to_string).unwrap_or_default();
        Problem::new("history.failed", format!("edge {edge}"), self.to_string()).why(why)
    }
}
