//! Windows of one place: samples in, aligned rows out, with the reason where there are none.
//!
//! Pure: time comes in as a watermark ("everything that arrived up to here has been pushed"). Two runs that push the
//! same samples give the same windows, however the pushes and the watermarks were cut.

use std::time::Duration;

use bundle::contract::SignalType;
use domain::unit::Conversion;
use domain::value::Text;
use domain::{Quality, Timestamp, Value};

use crate::align::{Aligned, Grid, Line, Point};
use crate::condition::{Since, Verdict};
use crate::plan::{Plan, TriggerPlan};
use crate::track::{Reading, Track, same};
use crate::why::Why;

/// One window: what the model will see of one place, or why not.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its end; the newest sample that it may contain arrived then.
    pub end: Timestamp,
    /// Aligned rows per input signal, in the order of the contract; empty when it cannot be used.
    pub columns: Vec<Vec<f64>>,
    /// Good, [`Quality::SUB_NORMAL`], [`Quality::NO_DATA`] or [`Quality::NOT_APPLICABLE`].
    pub quality: Quality,
    /// Why it is not good.
    pub why: Option<Why>,
    /// What the conditions said.
    pub verdict: Verdict,
    /// The key's value, if the contract has one and it is known.
    pub key: Option<Value>,
}

impl Window {
    /// Whether there is anything for the model in it.
    pub fn usable(&self) -> bool {
        !self.quality.is_bad()
    }
}

/// Remembers when a signal became a value.
#[derive(Clone, Debug, Default)]
struct Became {
    was: Option<bool>,
}

impl Became {
    /// True when the signal was known to be something else before. After a gap nobody knows what it was.
    fn step(&mut self, is: bool, broken: bool) -> bool {
        let was = self.was.filter(|_| !broken);
        self.was = Some(is);
        was == Some(false) && is
    }
}

/// All that is remembered of one place.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    lines: Vec<Line>,
    tracks: Vec<Track>,
    since: Since,
    started: Became,
    stopped: Became,
    /// Start of the cycle that is going on.
    open: Option<Timestamp>,
    /// Up to here windows have been made.
    done: Option<Timestamp>,
    /// Windows that end here or before are not given out.
    begin: Option<Timestamp>,
}

impl Windows {
    pub(crate) fn new(plan: &Plan, begin: Option<Timestamp>) -> Self {
        Self {
            lines: plan.lines.iter().map(|_| Line::new(plan.capacity)).collect(),
            tracks: plan.tracks.iter().map(|gap| Track::new(*gap)).collect(),
            since: Since::default(),
            started: Became::default(),
            stopped: Became::default(),
            open: None,
            done: None,
            begin,
        }
    }

    /// Samples that were lost because too many came between two windows.
    pub(crate) fn dropped(&self) -> u64 {
        let lines: u64 = self.lines.iter().map(Line::dropped).sum();
        lines + self.tracks.iter().map(Track::dropped).sum::<u64>()
    }

    pub(crate) fn push(&mut self, plan: &Plan, signal: usize, conversion: Conversion, reading: Reading) {
        let Some(route) = plan.routes.get(signal) else { return };
        let Reading { arrival, value, quality } = reading;
        let had_value = value.is_some();
        let value = value.and_then(|value| converted(&value, route.kind, conversion));
        let quality = if had_value && value.is_none() { Quality::NOT_A_VALUE } else { quality };
        if let Some(line) = route.line {
            let number = value.as_ref().and_then(Value::as_f64);
            self.lines[line].push(Point { arrival, value: number, quality });
        }
        if let Some(track) = route.track {
            self.tracks[track].push(Reading { arrival, value, quality });
        }
    }

    /// Windows that end at or before `watermark`, at most `limit` of them: with more due, call again.
    pub(crate) fn advance(&mut self, plan: &Plan, watermark: Timestamp, limit: usize) -> Vec<Window> {
        let mut windows = Vec::new();
        while windows.len() < limit {
            let event = self.tracks.iter().filter_map(Track::next_arrival).min().filter(|event| *event <= watermark);
            let grid = self.next_grid(plan).filter(|grid| *grid <= watermark);
            match (event, grid) {
                (Some(event), grid) if grid.is_none_or(|grid| event <= grid) => {
                    windows.extend(self.take_event(plan, event));
                }
                (_, Some(grid)) => {
                    self.done = Some(grid);
                    if self.begin.is_none_or(|begin| grid > begin) {
                        windows.push(self.cut(plan, grid, None));
                    }
                }
                _ => {
                    self.done = self.done.max(Some(watermark));
                    break;
                }
            }
        }
        if let Some(done) = self.done {
            let needed = done.minus(plan.reach);
            self.lines.iter_mut().for_each(|line| line.forget_before(needed));
        }
        windows
    }

    /// The next grid point whose window could hold a sample, usable or not. Where nothing arrived for longer than a
    /// window reaches, nobody was there to predict: a hole in a file is not a million empty predictions.
    fn next_grid(&self, plan: &Plan) -> Option<Timestamp> {
        let TriggerPlan::Every(period) = plan.trigger else { return None };
        let Some(done) = self.done else { return Some(ceil_to(self.first_after(Timestamp::MIN)?, period)) };
        let next = done.floor_to(period).plus(period);
        let first = self.first_after(next.minus(plan.reach))?;
        Some(if first <= next { next } else { ceil_to(first, period) })
    }

    /// The earliest arrival after `time` among all that is kept.
    fn first_after(&self, time: Timestamp) -> Option<Timestamp> {
        let lines = self.lines.iter().filter_map(|line| line.first_after(time));
        let waiting = self.tracks.iter().filter_map(Track::next_arrival);
        let heard = self.tracks.iter().filter_map(Track::heard);
        lines.chain(waiting.chain(heard).filter(|arrival| *arrival > time)).min()
    }

    /// Takes in all readings of one arrival; gives the window that ends with them, if they trigger one.
    fn take_event(&mut self, plan: &Plan, event: Timestamp) -> Option<Window> {
        let late = self.done.is_some_and(|done| event <= done);
        let moved: Vec<_> = self.tracks.iter_mut().map(|track| track.reach(event)).collect();
        plan.conditions.observe(&mut self.since, &self.tracks, |track| moved[track].broken, event);
        let became = |tracks: &[Track], memory: &mut Became, track: usize, wanted: &Value| {
            let is = moved[track].fresh.then(|| tracks[track].value(event)).flatten();
            is.is_some_and(|value| memory.step(same(value, wanted), moved[track].broken))
        };
        let mut start = None;
        let fires = match &plan.trigger {
            TriggerPlan::Every(_) => false,
            TriggerPlan::Scan(track) => moved[*track].heard,
            TriggerPlan::Edge(track, to) => became(&self.tracks, &mut self.started, *track, to),
            TriggerPlan::Between { start: (begins, from), stop: (ends, to) } => {
                let stops = became(&self.tracks, &mut self.stopped, *ends, to);
                if stops {
                    start = self.open.take().filter(|start| event.since(*start) <= plan.longest_cycle);
                }
                if became(&self.tracks, &mut self.started, *begins, from) {
                    self.open = Some(event);
                }
                start.is_some()
            }
        };
        if late {
            return None;
        }
        if !matches!(plan.trigger, TriggerPlan::Every(_)) {
            self.done = Some(event);
        }
        (fires && self.begin.is_none_or(|begin| event > begin)).then(|| self.cut(plan, event, start))
    }

    fn cut(&self, plan: &Plan, end: Timestamp, start: Option<Timestamp>) -> Window {
        let (verdict, doubt) = plan.conditions.verdict(&self.since, &self.tracks, end);
        let key = plan.key.and_then(|track| self.tracks[track].value(end)).cloned();
        let mut window = Window { end, columns: Vec::new(), quality: Quality::GOOD, why: None, verdict, key };
        let refusal = match verdict {
            Verdict::Always | Verdict::Applies(_) => None,
            Verdict::Excluded(index) => Some(Why::Excluded(index)),
            Verdict::Settling(index) => Some(Why::Settling(index)),
            Verdict::NoExperience => Some(Why::NoExperience),
            Verdict::Unknown(signal) => Some(Why::ConditionUnknown(signal)),
        };
        if let Some(why) = refusal {
            window.quality = if why.not_applicable() { Quality::NOT_APPLICABLE } else { Quality::NO_DATA };
            window.why = Some(why);
            return window;
        }
        match self.fill(plan, end, start, &mut window.columns) {
            Ok(uncertain) => {
                let doubt = doubt.map(|(signal, quality)| Why::Unsure(signal, quality));
                window.why = uncertain.or(doubt);
                if window.why.is_some() {
                    window.quality = Quality::SUB_NORMAL;
                }
            }
            Err(why) => {
                window.columns.clear();
                window.quality = Quality::NO_DATA;
                window.why = Some(why);
            }
        }
        window
    }

    /// Ok with the first reason to be careful, Err with the reason why there is nothing to judge.
    fn fill(
        &self,
        plan: &Plan,
        end: Timestamp,
        start: Option<Timestamp>,
        columns: &mut Vec<Vec<f64>>,
    ) -> Result<Option<Why>, Why> {
        let (rows, mut careful) = match start {
            None => (plan.rows, None),
            Some(start) => {
                let steps = end.since(start).as_micros() / plan.step.as_micros().max(1);
                let rows = usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1);
                (rows.min(plan.rows), (rows > plan.rows).then_some(Why::CycleTooLong))
            }
        };
        if rows < plan.rows_needed {
            return Err(Why::CycleTooShort);
        }
        let grid = Grid { end, step: plan.step, rows };
        for (line, how) in self.lines.iter().zip(&plan.lines) {
            let mut column = Vec::with_capacity(rows);
            match line.align(grid, how.method, &mut column) {
                Aligned::Missing(at, _) if line.dropped() > 0 && line.first_after(at).is_some() => {
                    return Err(Why::TooMany(how.signal));
                }
                Aligned::Missing(_, bad) => return Err(Why::NoSample(how.signal, bad)),
                Aligned::Full(quality) if !quality.is_good() => {
                    careful = careful.or(Some(Why::Unsure(how.signal, quality)));
                }
                Aligned::Full(_) => {}
            }
            if how.range.is_some_and(|[low, high]| column.iter().any(|row| *row < low || *row > high)) {
                careful = careful.or(Some(Why::OutsideTraining(how.signal)));
            }
            if how.top_hz.is_some_and(|top| !fast_enough(line, end, plan.step, rows, top)) {
                return Err(Why::TooSlow(how.signal));
            }
            columns.push(column);
        }
        Ok(careful)
    }
}

/// Whether the samples of a window are dense enough for a frequency (Nyquist), with a tenth of slack for the jitter of
/// scans and the two ends of the window.
fn fast_enough(line: &Line, end: Timestamp, step: Duration, rows: usize, top_hz: f64) -> bool {
    let length = step.saturating_mul(u32::try_from(rows).unwrap_or(u32::MAX));
    line.rate(end.minus(length), end) * 1.1 >= 2.0 * top_hz
}

fn ceil_to(time: Timestamp, period: Duration) -> Timestamp {
    let floor = time.floor_to(period);
    if floor == time { time } else { floor.plus(period) }
}

/// A tag's value as the contract's type and unit; none when it cannot be.
fn converted(value: &Value, kind: SignalType, conversion: Conversion) -> Option<Value> {
    match kind {
        SignalType::Number => Value::from_f64(conversion.apply(value.as_f64()?)),
        SignalType::Bool => value.as_bool().map(Value::Bool),
        SignalType::Text => match value {
            Value::Text(_) => Some(value.clone()),
            other => Text::new(other.to_string()).map(Value::Text),
        },
    }
}
