//! The four sequences that go up to a hub, and a value for each of them.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// A sequence of records of an edge, numbered from 1 without holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// What devices gave; owned by the log.
    Data,
    /// What models made of it; owned by the log.
    Prediction,
    /// Raising and clearing of advisories and alarms; owned by SQL.
    Alarm,
    /// The record of changes; owned by SQL.
    Change,
}

impl Stream {
    /// All, in order of their numbers.
    pub const ALL: [Self; 4] = [Self::Data, Self::Prediction, Self::Alarm, Self::Change];
    /// All, in the order in which they are sent: what people did and what calls them goes before numbers.
    pub const BY_URGENCY: [Self; 4] = [Self::Change, Self::Alarm, Self::Prediction, Self::Data];

    /// Its name, as in the glossary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Prediction => "prediction",
            Self::Alarm => "alarm",
            Self::Change => "change",
        }
    }

    /// Its number on the wire, and its place in [`Stream::ALL`].
    pub const fn number(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Prediction => 1,
            Self::Alarm => 2,
            Self::Change => 3,
        }
    }

    /// The stream with this number on the wire.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The stream of the log whose records it carries; none for those of SQL.
    pub const fn of_log(self) -> Option<domain::Stream> {
        match self {
            Self::Data => Some(domain::Stream::Data),
            Self::Prediction => Some(domain::Stream::Prediction),
            Self::Alarm | Self::Change => None,
        }
    }

    /// Whether a range may be owed while newer records go ahead. Changes and alarms are few and mean something in order only.
    pub const fn may_owe(self) -> bool {
        self.of_log().is_some()
    }
}

impl From<domain::Stream> for Stream {
    fn from(stream: domain::Stream) -> Self {
        match stream {
            domain::Stream::Data => Self::Data,
            domain::Stream::Prediction => Self::Prediction,
        }
    }
}

/// One value for each stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PerStream<T> {
    /// Of [`Stream::Data`].
    pub data: T,
    /// Of [`Stream::Prediction`].
    pub prediction: T,
    /// Of [`Stream::Alarm`].
    pub alarm: T,
    /// Of [`Stream::Change`].
    pub change: T,
}

impl<T> PerStream<T> {
    /// From a function of the stream.
    pub fn of(mut value: impl FnMut(Stream) -> T) -> Self {
        Self {
            data: value(Stream::Data),
            prediction: value(Stream::Prediction),
            alarm: value(Stream::Alarm),
            change: value(Stream::Change),
        }
    }
}

impl<T> Index<Stream> for PerStream<T> {
    type Output = T;

    fn index(&self, stream: Stream) -> &T {
        match stream {
            Stream::Data => &self.data,
            Stream::Prediction => &self.prediction,
            Stream::Alarm => &self.alarm,
            Stream::Change => &self.change,
        }
    }
}

impl<T> IndexMut<Stream> for PerStream<T> {
    fn index_mut(&mut self, stream: Stream) -> &mut T {
        match stream {
            Stream::Data => &mut self.data,
            Stream::Prediction => &mut self.prediction,
            Stream::Alarm => &mut self.alarm,
            Stream::Change => &mut self.change,
        }
    }
}
