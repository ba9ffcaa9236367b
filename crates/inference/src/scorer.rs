//! The one way from samples to predictions, driven by the live edge and by replay alike. Pure: the model is run by the
//! caller between [`Scorer::due`] and [`Scorer::finish`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bundle::contract::{Contract, Dtype as ContractDtype, Layout, TriggerKind};
use domain::unit::Conversion;
use domain::{Contribution, Problem, Problems, Quality, Timestamp, Value};

use crate::condition::Verdict;
use crate::features::{Features, mean};
use crate::plan::Plan;
use crate::rule::{Decided, Occasion, RulePlan, RuleState, contributions, decide};
use crate::tensor::{Dtype, Elements, Named, Tensor};
use crate::track::Reading;
use crate::why::{Reason, Why};
use crate::window::{Window, Windows};
use crate::worker::{Loaded, Port};

/// Windows that one call of [`Scorer::due`] gives at most, over all places.
const MOST_DUE: usize = 1024;
/// Elements of one batched call at most (16 MiB of doubles).
const MOST_ELEMENTS: usize = 1 << 21;

/// One place of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceInput {
    /// What people call the place; stands for `{place}` in texts.
    pub title: String,
    /// From the tag's unit to the contract's, one per signal of the contract in its order. Signals without a tag have any.
    pub conversions: Vec<Conversion>,
    /// An advisory of this deployment is raised here right now (after a restart).
    pub raised: bool,
}

/// How a contract runs at a site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// One or many like places; all are predicted in one batched call.
    pub places: Vec<PlaceInput>,
    /// What the plant set; tunables left out keep the contract's value.
    pub tune: BTreeMap<String, f64>,
    /// The site's language.
    pub language: String,
    /// Windows that end here or before are not given out: their samples are history. None = from the first sample.
    pub begin: Option<Timestamp>,
}

/// One window that is due, with the model's input row where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// End of the window.
    pub end: Timestamp,
    /// Index of the place in [`Setup::places`].
    pub place: usize,
    /// Quality of what goes in; bad = nothing goes in.
    pub quality: Quality,
    /// Why it is not good.
    pub why: Option<Why>,
    /// The condition in force (index into the contract's conditions), if one holds.
    pub condition: Option<usize>,
    /// The key's value.
    pub key: Option<Value>,
    /// One row of the input tensor; empty when nothing goes in. All numbers are finite.
    pub row: Vec<f64>,
    /// Signals by their distance from normal.
    pub because: Vec<Contribution>,
}

/// One output of one prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// None together with a bad quality.
    pub value: Option<f64>,
    /// The input's quality, or worse.
    pub quality: Quality,
}

/// The predictions of one window at one place. Becomes a scan of the deployment's own group with `end` as arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionRow {
    /// End of the window.
    pub end: Timestamp,
    /// Index of the place in [`Setup::places`].
    pub place: usize,
    /// One per output of the contract, in its order.
    pub outputs: Vec<Predicted>,
    /// False when no condition under which the model applies is in force.
    pub applicable: bool,
    /// The condition in force (index into the contract's conditions).
    pub condition: Option<usize>,
    /// Why there is no value, or one to be used with care, in the site's language.
    pub why: Option<Reason>,
    /// The key's value.
    pub key: Option<Value>,
    /// What the rule made of it. Most predictions change nothing.
    pub decided: Option<Decided>,
}

/// What comes back from one call of the model: its outputs, or a stable code and a sentence.
pub type CallResult = Result<Vec<Named>, (&'static str, String)>;

struct Place {
    title: String,
    conversions: Vec<Conversion>,
    windows: Windows,
    rule: RuleState,
}

/// A deployment's way from samples to predictions.
pub struct Scorer {
    contract: Arc<Contract>,
    plan: Plan,
    rule: Option<RulePlan>,
    places: Vec<Place>,
    language: String,
    features: Features,
    /// Rows per call when the model has a fixed first dimension.
    fixed_batch: Option<usize>,
    /// The ONNX outputs that the contract uses, each once.
    wanted: Vec<String>,
}

impl std::fmt::Debug for Scorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scorer")
            .field("contract", &self.contract.name)
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

impl Scorer {
    /// Fails when the contract names what is not there; one that passed the bundle's check never does.
    pub fn new(contract: Arc<Contract>, setup: Setup) -> Result<Self, Problems> {
        let plan = Plan::new(&contract)?;
        let begin = setup.begin;
        let place = |input: PlaceInput| Place {
            title: input.title,
            conversions: input.conversions,
            windows: Windows::new(&plan, begin),
            rule: RuleState::new(input.raised),
        };
        let places = setup.places.into_iter().map(place).collect();
        let mut wanted: Vec<String> = Vec::new();
        for output in &contract.outputs {
            if !wanted.contains(&output.tensor) {
                wanted.push(output.tensor.clone());
            }
        }
        let rule = RulePlan::new(&contract, &setup.tune);
        let (language, features) = (setup.language, Features::default());
        Ok(Self { contract, plan, rule, places, language, features, fixed_batch: None, wanted })
    }

    /// The contract it runs.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How many places are predicted together.
    pub fn place_count(&self) -> usize {
        self.places.len()
    }

    /// What people call a place.
    pub fn place_title(&self, place: usize) -> Option<&str> {
        self.places.get(place).map(|place| place.title.as_str())
    }

    /// How much history makes windows, conditions and triggers the same as if it had never stopped: push the samples of
    /// this time before [`Setup::begin`] first. (Advisories that stand are told by [`PlaceInput::raised`].)
    pub fn history_needed(&self) -> Duration {
        let cycle = match self.contract.trigger.start {
            TriggerKind::Between { .. } => self.plan.longest_cycle,
            _ => Duration::ZERO,
        };
        self.plan.reach + self.plan.conditions.longest().max(cycle) + self.plan.reach
    }

    /// The grid on which windows end, when the trigger is `every`.
    pub fn period(&self) -> Option<Duration> {
        match self.contract.trigger.start {
            TriggerKind::Every { period } => Some(period.get()),
            _ => None,
        }
    }

    /// The ONNX outputs to ask for.
    pub fn wanted(&self) -> &[String] {
        &self.wanted
    }

    /// Samples lost because more came between two windows than are kept.
    pub fn dropped(&self) -> u64 {
        self.places.iter().map(|place| place.windows.dropped()).sum()
    }

    /// Changes tunables; what was counted and raised stays.
    pub fn retune(&mut self, tune: &BTreeMap<String, f64>) {
        self.rule = RulePlan::new(&self.contract, tune);
    }

    /// Checks that the loaded model has the inputs and outputs of the contract, and learns its batch size.
    pub fn fit(&mut self, loaded: &Loaded) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let place = format!("model of {}", self.contract.name);
        for port in &loaded.inputs {
            if port.name == self.contract.tensor.input {
                self.fixed_batch = port.shape.first().and_then(|first| usize::try_from(*first).ok()).filter(|n| *n > 0);
                self.check_input(port, &place, &mut problems);
            } else {
                let what = format!("the model needs a second input `{}`", port.name);
                problems.push(Problem::new("model.extra-input", &place, what).hint("a contract feeds one tensor"));
            }
        }
        if !loaded.inputs.iter().any(|port| port.name == self.contract.tensor.input) {
            let names: Vec<&str> = loaded.inputs.iter().map(|port| port.name.as_str()).collect();
            let what = format!("the model has no input `{}`, it has {}", self.contract.tensor.input, names.join(", "));
            problems.push(Problem::new("model.no-such-input", &place, what).hint("correct `tensor.input`"));
        }
        for wanted in &self.wanted {
            match loaded.outputs.iter().find(|port| port.name == *wanted) {
                Some(port) if port.dtype.is_none_or(|dtype| dtype == Dtype::Text) => {
                    let what = format!("output `{wanted}` is {}, not a tensor of numbers", port.kind);
                    let hint = "export classifiers without ZipMap (skl2onnx: options={\"zipmap\": False})";
                    problems.push(Problem::new("model.output-type", &place, what).hint(hint));
                }
                Some(_) => {}
                None => {
                    let names: Vec<&str> = loaded.outputs.iter().map(|port| port.name.as_str()).collect();
                    let what = format!("the model has no output `{wanted}`, it has {}", names.join(", "));
                    problems
                        .push(Problem::new("model.no-such-output", &place, what).hint("correct the output's `tensor`"));
                }
            }
        }
        problems.into_result(())
    }

    fn check_input(&self, port: &Port, place: &str, problems: &mut Problems) {
        let wanted = self.dtype();
        if port.dtype != Some(wanted) {
            let what = format!("input `{}` is {}, the contract says {wanted}", port.name, port.kind);
            problems.push(Problem::new("model.input-type", place, what).hint("correct `tensor.dtype`"));
        }
        let shape = self.row_shape();
        let fits = port.shape.len() == shape.len() + 1
            && port
                .shape
                .iter()
                .skip(1)
                .zip(&shape)
                .all(|(has, needs)| *has < 0 || usize::try_from(*has) == Ok(*needs));
        if !fits {
            let needs: Vec<String> = shape.iter().map(usize::to_string).collect();
            let what = format!("input `{}` is {}, the contract gives [N, {}]", port.name, port.kind, needs.join(", "));
            problems.push(Problem::new("model.input-shape", place, what).hint("correct the features or the window"));
        }
    }

    /// Takes one sample in, in the tag's unit. Signals by their index in the contract. In any order up to the next
    /// watermark; the same sample twice is once.
    pub fn push(&mut self, place: usize, signal: usize, arrival: Timestamp, value: Option<&Value>, quality: Quality) {
        let Some(place) = self.places.get_mut(place) else { return };
        let conversion = place.conversions.get(signal).copied().unwrap_or(Conversion::IDENTITY);
        let reading = Reading { arrival, value: value.cloned(), quality };
        place.windows.push(&self.plan, signal, conversion, reading);
    }

    /// Windows of all places that end at or before `watermark`, the oldest first. The promise behind a watermark: every
    /// sample that arrived up to then has been pushed. Gives at most about a thousand: call until it gives none.
    pub fn due(&mut self, watermark: Timestamp) -> Vec<Job> {
        self.due_at((0..self.places.len()).map(|place| (place, watermark)))
    }

    /// The same for some places, each once and with a watermark of its own: what one machine triggers need not wait for
    /// the others. Gives at most about a thousand windows: call until it gives none.
    pub fn due_at(&mut self, places: impl IntoIterator<Item = (usize, Timestamp)>) -> Vec<Job> {
        let limit = (MOST_DUE / self.places.len().max(1)).max(1);
        let mut jobs = Vec::new();
        for (index, watermark) in places {
            let Some(place) = self.places.get_mut(index) else { continue };
            for window in place.windows.advance(&self.plan, watermark, limit) {
                jobs.push(self.job(index, window));
            }
        }
        jobs.sort_by_key(|job| (job.end, job.place));
        jobs
    }

    fn job(&mut self, place: usize, window: Window) -> Job {
        let condition = match window.verdict {
            Verdict::Applies(index) | Verdict::Excluded(index) | Verdict::Settling(index) => Some(index),
            Verdict::Always | Verdict::NoExperience | Verdict::Unknown(_) => None,
        };
        let because =
            if window.usable() && self.rule.is_some() { self.because(condition, &window) } else { Vec::new() };
        let Window { end, columns, quality, why, key, .. } = window;
        let mut job = Job { end, place, quality, why, condition, key, row: Vec::new(), because };
        if !job.quality.is_bad() {
            match self.row(&columns) {
                Ok(row) => job.row = row,
                Err(why) => {
                    job.quality = Quality::NO_DATA;
                    job.why = Some(why);
                }
            }
        }
        job
    }

    fn because(&self, condition: Option<usize>, window: &Window) -> Vec<Contribution> {
        contributions(&self.contract, condition, |name| {
            let at = self.plan.lines.iter().position(|line| self.contract.signals[line.signal].name == name)?;
            window.columns.get(at).filter(|column| !column.is_empty()).map(|column| mean(column))
        })
    }

    fn row(&mut self, columns: &[Vec<f64>]) -> Result<Vec<f64>, Why> {
        let mut row = Vec::with_capacity(self.plan.width());
        match self.plan.layout {
            Layout::Features => {
                for (index, feature) in self.plan.features.iter().enumerate() {
                    let column = columns.get(feature.line).map_or(&[][..], Vec::as_slice);
                    let value = self.features.compute(feature.op, column, self.plan.step.as_secs_f64());
                    row.push(value.ok_or(Why::NoFeature(index))?);
                }
            }
            Layout::Window => {
                for time in 0..self.plan.rows {
                    row.extend(columns.iter().filter_map(|column| column.get(time)));
                }
            }
        }
        let largest = if self.dtype() == Dtype::F32 { f64::from(f32::MAX) } else { f64::MAX };
        match row.iter().position(|number| number.is_nan() || number.abs() > largest) {
            None => Ok(row),
            Some(at) if self.plan.layout == Layout::Features => Err(Why::NoFeature(at)),
            Some(at) => Err(Why::NoSample(self.plan.lines[at % self.plan.lines.len()].signal, None)),
        }
    }

    fn dtype(&self) -> Dtype {
        match self.contract.tensor.dtype {
            ContractDtype::F32 => Dtype::F32,
            ContractDtype::F64 => Dtype::F64,
        }
    }

    fn row_shape(&self) -> Vec<usize> {
        match self.plan.layout {
            Layout::Features => vec![self.plan.features.len()],
            Layout::Window => vec![self.plan.rows, self.plan.lines.len()],
        }
    }

    /// The model's inputs for these jobs: one batched call `[N, …]` for the places of one window end; more only for a
    /// model with a fixed first dimension or a huge batch. Windows of different ends are never in one call, so that a
    /// prediction has the same last digit whether it was due alone or together with others.
    pub fn calls(&self, jobs: &[Job]) -> Vec<Vec<Named>> {
        let mut calls: Vec<Vec<&[f64]>> = Vec::new();
        let mut count = 0;
        for (job, slot) in jobs.iter().zip(self.slots(jobs)) {
            if let Some((call, _)) = slot {
                if call == count {
                    calls.push(Vec::new());
                    count += 1;
                }
                calls[call].push(&job.row);
            }
        }
        calls.iter().filter_map(|rows| self.call(rows)).collect()
    }

    /// Which call a job goes into, and as which row of it.
    fn slots(&self, jobs: &[Job]) -> Vec<Option<(usize, usize)>> {
        let most = self.fixed_batch.unwrap_or_else(|| (MOST_ELEMENTS / self.plan.width().max(1)).max(1));
        let mut last: Option<(Timestamp, usize, usize)> = None;
        let slot = |job: &Job| {
            if job.row.is_empty() {
                return None;
            }
            let (call, row) = match last {
                None => (0, 0),
                Some((end, call, row)) if end == job.end && row + 1 < most => (call, row + 1),
                Some((_, call, _)) => (call + 1, 0),
            };
            last = Some((job.end, call, row));
            Some((call, row))
        };
        jobs.iter().map(slot).collect()
    }

    fn call(&self, chunk: &[&[f64]]) -> Option<Vec<Named>> {
        // a model with a fixed batch gets its last rows repeated; what they give is not read
        let count = self.fixed_batch.unwrap_or(chunk.len());
        let padding = chunk.last().into_iter().cycle().take(count.saturating_sub(chunk.len()));
        let numbers = chunk.iter().chain(padding).flat_map(|row| row.iter().copied());
        let dtype = self.dtype();
        let bytes = match dtype {
            Dtype::F64 => numbers.flat_map(f64::to_le_bytes).collect(),
            _ => numbers.flat_map(|number| single(number).to_le_bytes()).collect(),
        };
        let mut shape = vec![count];
        shape.extend(self.row_shape());
        let tensor = Tensor::new(dtype, shape, Elements::Bytes(bytes))?;
        Some(vec![(self.contract.tensor.input.clone(), tensor)])
    }

    /// Makes predictions of jobs and what the model gave: `results` has one entry per call of [`Scorer::calls`].
    pub fn finish(&mut self, jobs: Vec<Job>, results: &[CallResult]) -> Vec<PredictionRow> {
        let slots = self.slots(&jobs);
        jobs.into_iter()
            .zip(slots)
            .map(|(job, slot)| {
                let Some((call, row)) = slot else { return self.without_value(job) };
                let why = match results.get(call) {
                    Some(Ok(outputs)) => return self.with_value(job, outputs, row),
                    Some(Err((code, what))) => Why::Model(code, what.clone()),
                    None => Why::Model("model.not-run", "the model was not run".to_owned()),
                };
                self.without_value(Job { quality: Quality::BAD, why: Some(why), ..job })
            })
            .collect()
    }

    fn without_value(&mut self, job: Job) -> PredictionRow {
        let applicable = !job.why.as_ref().is_some_and(Why::not_applicable);
        if !applicable && let Some(place) = self.places.get_mut(job.place) {
            place.rule.not_applicable();
        }
        PredictionRow {
            end: job.end,
            place: job.place,
            outputs: vec![Predicted { value: None, quality: job.quality }; self.contract.outputs.len()],
            applicable,
            condition: job.condition,
            why: job.why.map(|why| why.reason(&self.contract, &self.language)),
            key: job.key,
            decided: None,
        }
    }

    fn with_value(&mut self, job: Job, outputs: &[Named], row: usize) -> PredictionRow {
        let mut why = job.why;
        let mut predicted = Vec::with_capacity(self.contract.outputs.len());
        for (index, output) in self.contract.outputs.iter().enumerate() {
            let tensor = outputs.iter().find(|(name, _)| *name == output.tensor).map(|(_, tensor)| tensor);
            let value = tensor.and_then(|tensor| cell(tensor, row, output.index)).filter(|value| value.is_finite());
            predicted.push(match value {
                None => {
                    why = Some(Why::NoNumber(index));
                    Predicted { value: None, quality: Quality::NOT_A_VALUE }
                }
                Some(value) if output.range.is_some_and(|[low, high]| value < low || value > high) => {
                    why = why.or(Some(Why::OutputRange(index)));
                    Predicted { value: Some(value), quality: job.quality.worst(Quality::OUT_OF_RANGE) }
                }
                Some(value) => Predicted { value: Some(value), quality: job.quality },
            });
        }
        let key = job.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let decided = self.decide(job.place, job.end, &predicted, &key, job.because);
        PredictionRow {
            end: job.end,
            place: job.place,
            outputs: predicted,
            applicable: true,
            condition: job.condition,
            why: why.map(|why| why.reason(&self.contract, &self.language)),
            key: job.key,
            decided,
        }
    }

    fn decide(
        &mut self,
        place: usize,
        time: Timestamp,
        predicted: &[Predicted],
        key: &str,
        because: Vec<Contribution>,
    ) -> Option<Decided> {
        let rule = self.rule.as_ref()?;
        let value = predicted.get(rule.output)?.value?;
        let place = self.places.get_mut(place)?;
        let change = place.rule.step(rule, value)?;
        let occasion = Occasion { time, place: &place.title, value, key, language: &self.language };
        Some(decide(&self.contract, rule, change, occasion, because))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be within the range of singles when the row was made")]
fn single(number: f64) -> f32 {
    number as f32
}

/// Column `index` of one row; `[N]`, `[N, C]` and `[N, C, …]` are rows of as many elements as there are per N.
fn cell(tensor: &Tensor, row: usize, index: u32) -> Option<f64> {
    let rows = tensor.shape().first().copied().unwrap_or(1).max(1);
    let width = tensor.len() / rows;
    let index = usize::try_from(index).ok()?;
    (index < width && row < rows).then(|| tensor.number(row * width + index)).flatten()
}
