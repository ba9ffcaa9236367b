//! Finds the last number up to which the store and the hub hold the same, stream by stream, in few questions: the store looks up
//! some points, the hub says which of them it has alike, and between the two that differ it goes on.

use crate::up::{Likeness, Line, MOST_POINTS, Mark};
use crate::{PerStream, Stream};

/// A stretch in which the fork is: at or after `low`, at or before `high`.
#[derive(Clone, Debug, Default)]
struct Span {
    low: u64,
    high: u64,
    /// The cursor: agreed on once, unless something at or before it differs.
    agreed: u64,
    /// No number from here on is the same.
    parted: Option<u64>,
    /// What is owed, which the hub does not have: ascending pairs of first and last.
    owed: Vec<(u64, u64)>,
    /// What the store holds at the points of this round.
    held: Option<Vec<Mark>>,
}

/// The search in all streams.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    spans: PerStream<Span>,
    /// It is certain that they part.
    certain: bool,
}

/// What the search needs next.
pub(super) enum Points {
    /// From the store.
    LookUp(Vec<u64>),
    /// From the hub.
    Compare(Vec<Mark>),
}

impl Fork {
    /// The fork is before both what the store has and what the hub has.
    pub(super) fn between(
        certain: bool,
        cursors: &PerStream<u64>,
        tips: &PerStream<Mark>,
        lines: &PerStream<Line>,
    ) -> Self {
        let spans = PerStream::of(|stream| {
            let high = tips[stream].seq.min(lines[stream].mark.seq);
            let owed = lines[stream].owed.iter().map(|owed| (owed.first, owed.last)).collect();
            Span { low: 0, high, agreed: cursors[stream].min(high), parted: None, owed, held: None }
        });
        Self { spans, certain }
    }

    fn current(&self) -> Option<Stream> {
        Stream::ALL.into_iter().find(|stream| self.spans[*stream].low < self.spans[*stream].high)
    }

    /// None when every fork is found.
    pub(super) fn wanted(&self) -> Option<(Stream, Points)> {
        let stream = self.current()?;
        let span = &self.spans[stream];
        Some((stream, span.held.clone().map_or_else(|| Points::LookUp(span.points()), Points::Compare)))
    }

    /// What the store holds at the points that were wanted.
    pub(super) fn looked_up(&mut self, stream: Stream, held: Vec<Mark>) {
        let span = &mut self.spans[stream];
        if held.is_empty() {
            // Nothing of it is here any more, so nothing of it would be sent twice.
            span.high = span.low;
        } else {
            span.held = Some(held);
        }
    }

    /// What the hub has at the points that were compared.
    pub(super) fn compared(&mut self, likeness: &[Likeness]) {
        let Some(stream) = self.current() else { return };
        let span = &mut self.spans[stream];
        let points = span.held.take().unwrap_or_default();
        let before = (span.low, span.high);
        for (point, likeness) in points.iter().zip(likeness) {
            match likeness {
                Likeness::Same => span.low = span.low.max(point.seq),
                Likeness::Other => {
                    self.certain = true;
                    span.parted = Some(point.seq);
                    span.high = span.high.min(point.seq.saturating_sub(1));
                    break;
                }
                Likeness::Unknown => {}
            }
        }
        if (span.low, span.high) == before || span.low > span.high {
            span.high = span.low;
        }
    }

    /// Whether they part at all: where the hub's mark is a gone record, the store may have it and still agree.
    pub(super) fn is_certain(&self) -> bool {
        self.certain
    }

    /// Up to where the store and the hub agree.
    pub(super) fn found(&self) -> PerStream<u64> {
        PerStream::of(|stream| {
            let span = &self.spans[stream];
            let agreed = span.parted.map_or(span.agreed, |parted| span.agreed.min(parted - 1));
            span.low.max(agreed)
        })
    }
}

impl Span {
    /// Numbers spread over what the hub may have of it, the last one included.
    fn points(&self) -> Vec<u64> {
        let there = self.there();
        let total: u64 = there.iter().map(|(first, last)| last - first + 1).sum();
        let count = total.min(MOST_POINTS as u64);
        let at = |point: u64| {
            let share = u128::from(total) * u128::from(point) / u128::from(count.max(1));
            nth(&there, u64::try_from(share).unwrap_or(total))
        };
        (1..=count).map(at).collect()
    }

    /// What is not owed of it.
    fn there(&self) -> Vec<(u64, u64)> {
        let mut there = Vec::new();
        let mut next = self.low + 1;
        for (first, last) in &self.owed {
            let before = (*first).min(self.high + 1);
            if next < before {
                there.push((next, before - 1));
            }
            next = next.max(last + 1);
        }
        if next <= self.high {
            there.push((next, self.high));
        }
        there
    }
}

/// The n-th number of these ranges, counted from 1.
fn nth(ranges: &[(u64, u64)], mut n: u64) -> u64 {
    for (first, last) in ranges {
        let width = last - first + 1;
        if n <= width {
            return first + n - 1;
        }
        n -= width;
    }
    ranges.last().map_or(0, |(_, last)| *last)
}
