//! One sample as it stands at the hub, with where it came from.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::{Quality, SeriesId, Stream, TagPath, Timestamp, Value};

/// What a series says: the part of its definition that a reader of values needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The tag's name.
    pub tag: TagPath,
    /// The tag's unit (UCUM), empty for none.
    pub unit: String,
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its series. Two lives of an edge may mean different tags by one number.
    pub series: SeriesId,
    /// What that number means.
    pub label: Arc<Label>,
    /// When it reached the edge.
    pub arrival: Timestamp,
    /// When the device says it was true, if it says so.
    pub source: Option<Timestamp>,
    /// None with a bad quality.
    pub value: Option<Value>,
    /// How far to trust it.
    pub quality: Quality,
    /// Which stream of the edge brought it.
    pub stream: Stream,
    /// In which life of the edge.
    pub epoch: u64,
    /// Under which number.
    pub number: u64,
}

impl Row {
    /// What makes it one sample: two rows that agree in this are the same sample, told in two lives.
    pub fn identity(&self) -> (SeriesId, &Label, Timestamp, Stream, u64) {
        (self.series, &self.label, self.arrival, self.stream, self.number)
    }

    /// The order of rows in a file. Of one sample in two lives the one of the smaller epoch comes first: epochs are random, so
    /// this prefers nobody, and it is the same before and after compaction.
    pub fn order(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity()).then_with(|| self.epoch.cmp(&other.epoch))
    }
}

/// Which rows are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Of this series only.
    pub series: Option<(SeriesId, Arc<Label>)>,
    /// From this arrival on.
    pub from: Timestamp,
    /// Before this arrival.
    pub to: Timestamp,
}

impl Wanted {
    /// All there are.
    pub const ALL: Self = Self { series: None, from: Timestamp::MIN, to: Timestamp::MAX };

    /// Whether an arrival is in it.
    pub fn is_at(&self, arrival: Timestamp) -> bool {
        // MAX is no arrival that any clock gives, so nothing is left out by the open end
        self.from <= arrival && arrival < self.to
    }

    /// Whether a series is in it.
    pub fn is_of(&self, series: SeriesId, label: &Label) -> bool {
        self.series.as_ref().is_none_or(|(wanted, meaning)| *wanted == series && **meaning == *label)
    }
}
