//! What a model needs and what it gives: the model behind `contract.toml`.
//!
//! Types only. Reading is in `read`, what must hold in `check`, both reached through [`crate::check_contract`].

use std::collections::BTreeMap;
use std::time::Duration;

use config::TimeSpan;
use domain::Value;
use domain::unit::Unit;
use serde::{Deserialize, Serialize};

/// A text per language; `en` is always there.
pub type Words = BTreeMap<String, String>;

/// The contract of a bundle, format 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// 1.
    pub format: u32,
    /// Letters, digits, `-`, `_`: part of the names of its prediction tags.
    pub name: String,
    /// Semantic version, `1.0.0`.
    pub version: String,
    /// What people call it.
    pub title: Words,
    /// What it is for, in a few sentences.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: Words,
    /// File of the ONNX model, beside contract.toml.
    pub model: String,
    /// What starts a window.
    pub trigger: Trigger,
    /// What a window holds.
    pub window: Window,
    /// What the model needs from the plant.
    #[serde(default, rename = "signal")]
    pub signals: Vec<Signal>,
    /// Columns of the tensor, in tensor order; only with [`Layout::Features`].
    #[serde(default, rename = "feature", skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// How the input tensor is laid out.
    pub tensor: Tensor,
    /// What it gives; each becomes a prediction tag.
    #[serde(default, rename = "output")]
    pub outputs: Vec<Output>,
    /// When the model applies; the first that matches wins. Empty = always.
    #[serde(default, rename = "condition", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The normal band of a signal per condition, from training data.
    #[serde(default, rename = "baseline", skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<Baseline>,
    /// Settings that the plant may change within limits.
    #[serde(default, rename = "tunable", skip_serializing_if = "Vec::is_empty")]
    pub tunables: Vec<Tunable>,
    /// What is made of the predictions; none = they are only shown.
    #[serde(default, rename = "decision", skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Inputs with the outputs that must come out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<Golden>,
}

/// What starts a window, and a signal that travels along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// What starts a window.
    #[serde(flatten)]
    pub start: TriggerKind,
    /// A signal (serial number, batch) whose value travels with the prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What starts a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum TriggerKind {
    /// A window ends at each point of a grid counted from 1970.
    Every {
        /// The grid.
        period: TimeSpan,
    },
    /// A window ends with each scan of a signal.
    Scan {
        /// The signal.
        signal: String,
    },
    /// A window ends when a signal becomes `to`.
    Edge {
        /// The signal.
        signal: String,
        /// What it becomes.
        to: Value,
    },
    /// A window reaches from one event to another, at most `window.length` back.
    Between {
        /// It begins when this becomes true.
        start: Event,
        /// It ends when this becomes true.
        stop: Event,
    },
}

/// A signal becoming a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The signal.
    pub signal: String,
    /// What it becomes.
    pub is: Value,
}

/// What a window holds: rows at a distance of `step`, the last one at the window's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// How far back it reaches.
    pub length: TimeSpan,
    /// Distance of its rows.
    pub step: TimeSpan,
    /// How samples become rows.
    #[serde(default)]
    pub align: Align,
}

impl Window {
    /// Rows of a window: `length / step`, at least one.
    pub fn rows(&self) -> usize {
        let step = self.step.get().as_micros().max(1);
        usize::try_from(self.length.get().as_micros() / step).unwrap_or(usize::MAX).max(1)
    }
}

/// How samples become rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// The last sample at or before the row, up to `max_gap` old.
    #[default]
    Last,
    /// On the line between the samples around the row.
    Linear,
    /// The mean of the samples since the row before.
    Mean,
}

/// A named input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Unique in the contract.
    pub name: String,
    /// What people call it.
    pub title: Words,
    /// Unit the model was trained in; none for bool and text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What kind of values.
    #[serde(default, rename = "type")]
    pub signal_type: SignalType,
    /// What it is for.
    #[serde(default)]
    pub role: Role,
    /// Lowest and highest value the model was trained for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Expected sample period; none = [`Contract::rate`] decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<TimeSpan>,
    /// Longer without a usable sample, and there is no prediction; none = [`Contract::max_gap`] decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gap: Option<TimeSpan>,
}

/// What kind of values a signal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalType {
    /// Any number.
    #[default]
    Number,
    /// Yes or no.
    Bool,
    /// A text.
    Text,
}

/// What a signal is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Goes into the tensor.
    #[default]
    Input,
    /// Only decides whether the model applies.
    Condition,
    /// Travels along with the prediction.
    Key,
    /// Only starts windows.
    Trigger,
}

/// One column of the tensor: an operation over one signal's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Unique in the contract.
    pub name: String,
    /// The signal.
    pub signal: String,
    /// What is done with its rows.
    #[serde(flatten)]
    pub op: FeatureOp,
}

/// What is done with a signal's rows x₀ … xₙ₋₁, xₙ₋₁ the newest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum FeatureOp {
    /// xₙ₋₁.
    Last,
    /// Arithmetic mean.
    Mean,
    /// Standard deviation of the rows as a whole population (divisor n).
    Std,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Root of the mean square.
    Rms,
    /// Fourth standardised moment, 3 for a normal distribution; 0 when all rows are equal.
    Kurtosis,
    /// Largest |x| over rms; 0 when all rows are zero.
    Crest,
    /// The value `steps` rows before the newest.
    Lag {
        /// Rows back, at least 1.
        steps: u32,
    },
    /// xₙ₋₁ − xₙ₋₂.
    Diff,
    /// (xₙ₋₁ − x₀) per second between them.
    Rate,
    /// Root mean square of the rows' part between two frequencies (mean removed, Hann window).
    Band {
        /// Lower and upper edge in hertz; the upper one at most half the signal's rate.
        hz: [f64; 2],
    },
}

impl FeatureOp {
    /// Rows it needs at least.
    pub fn rows_needed(self) -> usize {
        match self {
            Self::Last | Self::Mean | Self::Min | Self::Max | Self::Rms | Self::Crest => 1,
            Self::Std | Self::Diff | Self::Rate => 2,
            Self::Kurtosis => 4,
            Self::Lag { steps } => usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1),
            Self::Band { .. } => 8,
        }
    }
}

/// The model's input tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// ONNX input name.
    pub input: String,
    /// What its columns are.
    pub layout: Layout,
    /// Its element type.
    #[serde(default)]
    pub dtype: Dtype,
}

/// What the columns of the input tensor are. N is the number of places that are predicted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `[N, F]`, one column per feature.
    Features,
    /// `[N, T, S]`, T rows of a window, S signals of role input in their order.
    Window,
}

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// Single precision.
    #[default]
    F32,
    /// Double precision.
    F64,
}

/// One thing the model gives; becomes the tag `<place>/<bundle name>/<output name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Unique in the contract.
    pub name: String,
    /// ONNX output name.
    pub tensor: String,
    /// Column of that tensor.
    #[serde(default)]
    pub index: u32,
    /// Unit; none = a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Lowest and highest value it can have; outside it is uncertain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// What people call it.
    pub title: Words,
}

/// A state of the plant that the model knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Unique in the contract.
    pub name: String,
    /// All of these hold.
    pub when: Vec<Test>,
    /// They have held for so long; none = at once.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub held_for: Option<TimeSpan>,
    /// Whether the model applies then.
    #[serde(default = "yes")]
    pub applies: bool,
    /// What people call this state; when it does not apply, the reason they read.
    pub title: Words,
}

fn yes() -> bool {
    true
}

/// One limit on one signal; what is given must hold together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// The signal.
    pub signal: String,
    /// Equal to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
    /// At least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// At most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Equal to one of these; empty = not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Value>,
}

/// The normal band of one signal under one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The condition; none = whatever the condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The signal.
    pub signal: String,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Minimum, the nine deciles, maximum of the training data; empty = not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
}

/// A number that the plant may change within limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tunable {
    /// Unique in the contract.
    pub name: String,
    /// Until the plant changes it.
    pub value: f64,
    /// Lowest it may be.
    pub min: f64,
    /// Highest it may be.
    pub max: f64,
    /// What people call it.
    pub title: Words,
}

/// What is made of the predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What it raises.
    #[serde(default)]
    pub kind: RuleKind,
    /// The output it looks at.
    pub output: String,
    /// Counts when the output is above this …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Limit>,
    /// … or below this. Exactly one of the two is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Limit>,
    /// Clears at this share of the limit (of `below`: the limit divided by it); 0.9 when not said.
    #[serde(default = "Rule::default_clear")]
    pub clear_below: Limit,
    /// So many …
    #[serde(default = "one")]
    pub n: u32,
    /// … of the last so many predictions must count; clears after `n` on the other side.
    #[serde(default = "one")]
    pub m: u32,
    /// The advisory's title; `{place}` stands for the place's name.
    pub title: Words,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reason: Words,
    /// What to do, in steps, per language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response: BTreeMap<String, Vec<String>>,
}

impl Rule {
    pub(crate) fn default_clear() -> Limit {
        Limit::Number(0.9)
    }
}

fn one() -> u32 {
    1
}

/// What a rule raises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    /// An advisory.
    #[default]
    Advisory,
}

/// A number, or the name of a tunable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// Fixed.
    Number(f64),
    /// The plant may change it.
    Tunable(String),
}

/// Where the golden data is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    /// File beside contract.toml: a list of [`crate::GoldenCase`].
    pub file: String,
}

impl Contract {
    /// The signal of that name.
    pub fn signal(&self, name: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.name == name)
    }

    /// Signals that go into the tensor, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Signal> {
        self.signals.iter().filter(|signal| signal.role == Role::Input)
    }

    /// The output of that name.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.iter().find(|output| output.name == name)
    }

    /// Expected sample period of a signal: its own, else the window's step.
    pub fn rate(&self, signal: &Signal) -> Duration {
        signal.rate.unwrap_or(self.window.step).get()
    }

    /// How long a signal may be without a usable sample: as it says, else three sample periods, at least 5 s.
    pub fn max_gap(&self, signal: &Signal) -> Duration {
        signal.max_gap.map_or_else(|| (self.rate(signal) * 3).max(Duration::from_secs(5)), TimeSpan::get)
    }

    /// What a limit is: its number, else what the plant set (`tune`), else the tunable's own value; none when there
    /// is no such tunable.
    pub fn limit(&self, limit: &Limit, tune: &BTreeMap<String, f64>) -> Option<f64> {
        match limit {
            Limit::Number(number) => Some(*number),
            Limit::Tunable(name) => {
                let own = self.tunables.iter().find(|tunable| tunable.name == *name)?;
                Some(tune.get(name).copied().unwrap_or(own.value))
            }
        }
    }
}
