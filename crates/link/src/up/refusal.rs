//! Why the hub does not take what an edge sent: for the edge to act on, and in words for people on both sides.

use domain::Problem;
use domain::said::link as said;
use serde::{Deserialize, Serialize};

use crate::Stream;

/// A refusal. Nothing of the request was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refused", rename_all = "kebab-case")]
pub enum Refusal {
    /// Numbers are missing between the mark and what was sent.
    Gap {
        /// Which stream.
        stream: Stream,
        /// The number that is expected.
        expected: u64,
        /// The first number that was sent.
        first: u64,
    },
    /// A part is here already, a part is not.
    Overlap {
        /// Which stream.
        stream: Stream,
        /// The number that is expected.
        expected: u64,
        /// The first number that was sent.
        first: u64,
    },
    /// The numbers fit, but what stands before them is another record than the hub has.
    Parted {
        /// Which stream.
        stream: Stream,
        /// The number at which both differ.
        at: u64,
    },
    /// A scan came before the meaning of its group.
    Meaning {
        /// Which stream.
        stream: Stream,
        /// Whose meaning.
        group: u32,
    },
    /// Somebody said hello after the turn of this request.
    Turn {
        /// The newest turn.
        newest: u64,
    },
    /// The records are of a life that the hub does not take records of.
    Epoch,
    /// Too many ranges are owed already.
    TooManyOwed {
        /// Which stream.
        stream: Stream,
    },
    /// This stream goes in order only.
    MayNotOwe {
        /// Which stream.
        stream: Stream,
    },
    /// The parcel is damaged or contradicts itself.
    Parcel {
        /// Which way.
        problem: Problem,
    },
    /// The request is for another edge than its sender.
    OtherEdge,
    /// A hub that is newer than this program refuses for a reason that it does not know.
    #[serde(other)]
    Unknown,
}

impl Refusal {
    /// In words; `place` names the edge.
    pub fn problem(&self, place: &str) -> Problem {
        let number = |number: u64| (number as f64).into();
        match self {
            Self::Gap { stream, expected, first } => said::PARCEL_GAP.problem(
                place,
                [("stream", stream.name().into()), ("expected", number(*expected)), ("first", number(*first))],
            ),
            Self::Overlap { stream, expected, first } => said::PARCEL_OVERLAP.problem(
                place,
                [("stream", stream.name().into()), ("expected", number(*expected)), ("first", number(*first))],
            ),
            Self::Parted { stream, at } => {
                said::PARCEL_PARTED.problem(place, [("stream", stream.name().into()), ("at", number(*at))])
            }
            Self::Meaning { stream, group } => said::PARCEL_MEANING
                .problem(place, [("stream", stream.name().into()), ("group", f64::from(*group).into())]),
            Self::Turn { newest } => said::EDGE_TURN.problem(place, [("newest", number(*newest))]),
            Self::Epoch => said::EDGE_EPOCH.problem(place, []),
            Self::TooManyOwed { stream } => said::OWED_TOO_MANY
                .problem(place, [("stream", stream.name().into()), ("most", (super::MOST_OWED as f64).into())]),
            Self::MayNotOwe { stream } => said::OWED_NOT_HERE.problem(place, [("stream", stream.name().into())]),
            Self::Parcel { problem } => problem.clone(),
            Self::OtherEdge => said::EDGE_OTHER.problem(place, []),
            Self::Unknown => said::HUB_UNKNOWN_REFUSAL.problem(place, []),
        }
    }
}
