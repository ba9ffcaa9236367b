//! Samples from a file through the code that runs live: predictions and decisions as lines.
//!
//! Reads no file and writes none: samples come in as an iterator in order of arrival, lines go out to a function.

use std::time::Duration;

use domain::{Contribution, Decision, Quality, Timestamp, Value};
use serde::Serialize;

use crate::model::{Model, predict};
use crate::scorer::{PredictionRow, Scorer};

/// One sample of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedSample {
    /// When it reached the edge.
    pub arrival: Timestamp,
    /// Index of the place.
    pub place: usize,
    /// Index of the signal in the contract.
    pub signal: usize,
    /// In the tag's unit.
    pub value: Option<Value>,
    /// How far to trust it.
    pub quality: Quality,
}

/// One line of a replay.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// One output of one window.
    Prediction(PredictionLine),
    /// What the rule made of it.
    Decision(DecisionLine),
}

/// `{time, output, value, quality, applicable}`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PredictionLine {
    /// End of the window, RFC 3339 in UTC.
    pub time: String,
    /// The same in microseconds since 1970, as in sample files.
    pub arrival_us: Timestamp,
    /// The place, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The output's name in the contract.
    pub output: String,
    /// None when there is none.
    pub value: Option<f64>,
    /// The OPC UA name of the quality.
    pub quality: &'static str,
    /// Whether the model applied.
    pub applicable: bool,
    /// Why there is no value, or one to be used with care.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The key's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
}

/// `{time, decision, reason}`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionLine {
    /// End of the window, RFC 3339 in UTC.
    pub time: String,
    /// The same in microseconds since 1970.
    pub arrival_us: Timestamp,
    /// The place, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// `raise` or `clear`.
    pub decision: &'static str,
    /// One sentence.
    pub reason: String,
    /// The signals that drive it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Contribution>,
}

/// What a replay counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Samples read.
    pub samples: u64,
    /// Windows.
    pub windows: u64,
    /// Windows with a value.
    pub predictions: u64,
    /// Advisories raised.
    pub raised: u64,
}

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// The recording could not be read on.
    #[error(transparent)]
    Samples(E),
    /// The recording is not in order of arrival.
    #[error("a sample of {after} comes after one of {before}; sort the recording by arrival")]
    Order {
        /// The earlier line, which has the later time.
        before: String,
        /// The later line.
        after: String,
    },
}

/// A window is closed when a sample later than its end comes, and at the end of the recording.
pub async fn replay<M: Model, E>(
    scorer: &mut Scorer,
    model: &mut M,
    samples: impl IntoIterator<Item = Result<RecordedSample, E>>,
    mut line: impl FnMut(Line),
) -> Result<Summary, ReplayError<E>> {
    let mut summary = Summary::default();
    let mut newest: Option<Timestamp> = None;
    for sample in samples {
        let sample = sample.map_err(ReplayError::Samples)?;
        if let Some(newest) = newest {
            if sample.arrival < newest {
                return Err(ReplayError::Order { before: rfc3339(newest), after: rfc3339(sample.arrival) });
            }
            if sample.arrival > newest {
                close(scorer, model, sample.arrival.minus(Duration::from_micros(1)), &mut summary, &mut line).await;
            }
        }
        newest = Some(sample.arrival);
        summary.samples += 1;
        scorer.push(sample.place, sample.signal, sample.arrival, sample.value.as_ref(), sample.quality);
    }
    if let Some(newest) = newest {
        close(scorer, model, newest, &mut summary, &mut line).await;
    }
    Ok(summary)
}

async fn close<M: Model>(
    scorer: &mut Scorer,
    model: &mut M,
    watermark: Timestamp,
    summary: &mut Summary,
    line: &mut impl FnMut(Line),
) {
    loop {
        let jobs = scorer.due(watermark);
        if jobs.is_empty() {
            return;
        }
        for row in predict(scorer, model, jobs).await {
            summary.windows += 1;
            summary.predictions += u64::from(row.outputs.iter().any(|output| output.value.is_some()));
            summary.raised +=
                u64::from(row.decided.as_ref().is_some_and(|it| matches!(it.decision, Decision::Raise { .. })));
            lines_of(scorer, row).into_iter().for_each(&mut *line);
        }
    }
}

/// A prediction row as lines: one per output, and one for a decision.
pub fn lines_of(scorer: &Scorer, row: PredictionRow) -> Vec<Line> {
    let time = rfc3339(row.end);
    let place = scorer.place_title(row.place).filter(|_| scorer.place_count() > 1).map(str::to_owned);
    let mut lines: Vec<Line> = Vec::new();
    for (output, predicted) in scorer.contract().outputs.iter().zip(&row.outputs) {
        lines.push(Line::Prediction(PredictionLine {
            time: time.clone(),
            arrival_us: row.end,
            place: place.clone(),
            output: output.name.clone(),
            value: predicted.value,
            quality: predicted.quality.name(),
            applicable: row.applicable,
            why: row.why.as_ref().map(|why| why.text.clone()),
            key: row.key.clone(),
        }));
    }
    if let Some(decided) = row.decided {
        let (decision, reason, because) = match decided.decision {
            Decision::Raise { reason, because, .. } => ("raise", reason, because),
            Decision::Clear { reason, .. } => ("clear", reason, Vec::new()),
        };
        lines.push(Line::Decision(DecisionLine { time, arrival_us: row.end, place, decision, reason, because }));
    }
    lines
}

fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.micros()).map_or_else(|_| time.micros().to_string(), |time| time.to_string())
}
