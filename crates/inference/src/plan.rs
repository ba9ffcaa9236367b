//! A contract made ready for running: which signal goes where, how long samples are needed. Shared by all places.

use std::time::Duration;

use bundle::contract::{Contract, FeatureOp, Layout, Role, SignalType, TriggerKind};
use domain::{Problem, Problems, Value};

use crate::align::Method;
use crate::condition::Conditions;

/// Samples of one signal that are kept at most, whatever the contract says.
const MOST_POINTS: usize = 1 << 18;
/// Rows of a window at most: 2²⁰ rows of doubles are 8 MiB per signal.
const MOST_ROWS: usize = 1 << 20;

/// The longest cycle from start to stop that is judged, in lengths of the window.
const CYCLE_IN_WINDOWS: u32 = 10;

/// Where one signal of the contract goes.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) kind: SignalType,
    pub(crate) line: Option<usize>,
    pub(crate) track: Option<usize>,
}

/// A signal that goes into rows.
#[derive(Clone, Debug)]
pub(crate) struct LinePlan {
    /// Index into the contract's signals.
    pub(crate) signal: usize,
    pub(crate) method: Method,
    pub(crate) range: Option<[f64; 2]>,
    /// The highest frequency that a feature asks of it.
    pub(crate) top_hz: Option<f64>,
}

/// What starts windows, tied to tracks.
#[derive(Clone, Debug)]
pub(crate) enum TriggerPlan {
    Every(Duration),
    Scan(usize),
    Edge(usize, Value),
    Between { start: (usize, Value), stop: (usize, Value) },
}

/// A feature tied to its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeaturePlan {
    pub(crate) line: usize,
    pub(crate) op: FeatureOp,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) routes: Vec<Route>,
    pub(crate) lines: Vec<LinePlan>,
    /// The gap that each track allows.
    pub(crate) tracks: Vec<Duration>,
    pub(crate) trigger: TriggerPlan,
    pub(crate) key: Option<usize>,
    pub(crate) conditions: Conditions,
    pub(crate) features: Vec<FeaturePlan>,
    pub(crate) layout: Layout,
    pub(crate) step: Duration,
    pub(crate) rows: usize,
    /// Rows without which nothing can be computed.
    pub(crate) rows_needed: usize,
    /// A cycle that takes longer is not judged, so that a restart needs to know so much of the past and no more.
    pub(crate) longest_cycle: Duration,
    /// How far back a window may look for a sample.
    pub(crate) reach: Duration,
    pub(crate) capacity: usize,
}

impl Plan {
    /// Fails where a contract names something that is not there; a bundle that passed its check never does.
    pub(crate) fn new(contract: &Contract) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut plan = Self::of_signals(contract);
        plan.conditions = Conditions::new(contract, |signal| plan.routes.get(signal)?.track);
        let track = |name: &str, problems: &mut Problems| {
            let found = contract.signals.iter().position(|signal| signal.name == name);
            found.and_then(|at| plan.routes[at].track).unwrap_or_else(|| {
                problems.push(unknown_signal("trigger", name));
                0
            })
        };
        plan.trigger = match &contract.trigger.start {
            TriggerKind::Every { period } => TriggerPlan::Every(period.get().max(Duration::from_millis(1))),
            TriggerKind::Scan { signal } => TriggerPlan::Scan(track(signal, &mut problems)),
            TriggerKind::Edge { signal, to } => TriggerPlan::Edge(track(signal, &mut problems), to.clone()),
            TriggerKind::Between { start, stop } => TriggerPlan::Between {
                start: (track(&start.signal, &mut problems), start.is.clone()),
                stop: (track(&stop.signal, &mut problems), stop.is.clone()),
            },
        };
        plan.key = contract.trigger.key.as_ref().map(|key| track(key, &mut problems));
        for feature in &contract.features {
            match plan.lines.iter().position(|line| contract.signals[line.signal].name == feature.signal) {
                Some(line) => plan.add_feature(line, feature.op),
                None => problems.push(unknown_signal(&format!("feature {}", feature.name), &feature.signal)),
            }
        }
        plan.rows_needed = match plan.layout {
            Layout::Window => plan.rows,
            Layout::Features => plan.features.iter().map(|feature| feature.op.rows_needed()).max().unwrap_or(1),
        };
        if plan.rows > MOST_ROWS {
            let what = format!("a window has {} rows, at most {MOST_ROWS} are allowed", plan.rows);
            problems.push(Problem::new("window.too-long", "[window]", what).hint("use a longer `step`"));
        }
        problems.into_result(plan)
    }

    fn of_signals(contract: &Contract) -> Self {
        let deciding = deciding_signals(contract);
        let mut lines = Vec::new();
        let mut tracks = Vec::new();
        let mut routes = Vec::new();
        let mut longest_gap = Duration::ZERO;
        for (index, signal) in contract.signals.iter().enumerate() {
            let max_gap = contract.max_gap(signal);
            longest_gap = longest_gap.max(max_gap);
            let line = (signal.role == Role::Input && signal.signal_type != SignalType::Text).then(|| {
                let method = Method { align: contract.window.align, max_gap };
                lines.push(LinePlan { signal: index, method, range: signal.range, top_hz: None });
                lines.len() - 1
            });
            let track = (signal.role != Role::Input || deciding.contains(&signal.name.as_str())).then(|| {
                tracks.push(max_gap);
                tracks.len() - 1
            });
            routes.push(Route { kind: signal.signal_type, line, track });
        }
        let rows = contract.window.rows();
        let (step, length) = (contract.window.step.get(), contract.window.length.get());
        Self {
            routes,
            lines,
            tracks,
            trigger: TriggerPlan::Every(Duration::from_secs(1)),
            key: None,
            conditions: Conditions::default(),
            features: Vec::new(),
            layout: contract.tensor.layout,
            step,
            rows,
            rows_needed: 1,
            longest_cycle: length.saturating_mul(CYCLE_IN_WINDOWS),
            reach: length + longest_gap + step,
            capacity: rows.saturating_mul(64).clamp(4096, MOST_POINTS),
        }
    }

    fn add_feature(&mut self, line: usize, op: FeatureOp) {
        if let FeatureOp::Band { hz: [_, high] } = op {
            let top = &mut self.lines[line].top_hz;
            *top = Some(top.map_or(high, |known| known.max(high)));
        }
        self.features.push(FeaturePlan { line, op });
    }

    /// Numbers in one place's row of the input tensor.
    pub(crate) fn width(&self) -> usize {
        match self.layout {
            Layout::Features => self.features.len(),
            Layout::Window => self.rows * self.lines.len(),
        }
    }
}

/// Signals that conditions, the trigger or the key look at, whatever their role.
fn deciding_signals(contract: &Contract) -> Vec<&str> {
    let tests = contract.conditions.iter().flat_map(|condition| &condition.when);
    let mut names: Vec<&str> = tests.map(|test| test.signal.as_str()).collect();
    match &contract.trigger.start {
        TriggerKind::Every { .. } => {}
        TriggerKind::Scan { signal } | TriggerKind::Edge { signal, .. } => names.push(signal),
        TriggerKind::Between { start, stop } => names.extend([start.signal.as_str(), stop.signal.as_str()]),
    }
    names.extend(contract.trigger.key.as_deref());
    names
}

fn unknown_signal(place: &str, signal: &str) -> Problem {
    Problem::new("contract.unknown-signal", place, format!("there is no usable signal `{signal}` in the contract"))
        .hint("run `lastmile bundle check`")
}
