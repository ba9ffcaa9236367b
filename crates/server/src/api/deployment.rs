//! Deployments: a model at a place, how far it may go, how it is, and its mapping.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bundle::ContractTunable;
use super::common::{Mark, Permission, Reading, Said, Texts};
use super::problem::ProblemItem;

/// The ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Not running. The PLC keeps control.
    Off,
    /// Predicts; nobody is told.
    Watch,
    /// Raises advisories.
    Advise,
    /// Proposes a write; a person confirms each.
    Ask,
    /// Writes a mailbox within its guard.
    Write,
}

/// How a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = DeploymentHealth)]
pub enum Health {
    /// Switched off.
    Off,
    /// Being loaded, or its first window is not full.
    Starting,
    /// Predicts.
    Running,
    /// Healthy, but the model does not apply now.
    NotApplicable,
    /// Healthy, but inputs are missing or bad.
    NoInput,
    /// The worker fails.
    Failed,
}

/// What the running part says of one deployment at one of its places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Runtime {
    /// The deployment.
    pub deployment: String,
    /// The place; a deployment that repeats has one of these per place.
    pub place: String,
    /// How it is.
    pub health: Health,
    /// One sentence: "Predicting every second.", "Not applicable: start-up."
    pub words: String,
    /// The sentence for other languages, when it is not in the site's language already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Since when.
    pub since_ms: Option<i64>,
    /// The condition that holds now, per language.
    pub condition: Option<Texts>,
    /// Whether the model applies now; none before the first window.
    pub applicable: Option<bool>,
    /// The end of the last window.
    pub last_ms: Option<i64>,
    /// Age of the oldest input in the last window.
    pub inputs_age_ms: Option<i64>,
    /// How long the last prediction took.
    pub took_ms: Option<f64>,
    /// How long from start to the first prediction.
    pub first_prediction_ms: Option<i64>,
    /// Outputs of the last window.
    pub outputs: Vec<OutputNow>,
    /// What drives the last prediction, the strongest first.
    pub contributions: Vec<Contribution>,
    /// The worker: `running`, `starting`, `restarting in 4 s`, `off`.
    pub worker: String,
    /// Digest of what the worker loaded, when it runs.
    pub loaded: Option<String>,
    /// How it keeps up, over all its places.
    pub load: DeploymentLoad,
    /// NE 107, when something is off.
    pub mark: Option<Mark>,
}

/// How a deployment keeps up. Judged by the edge: pages only say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentLoad {
    /// Within the last minutes a window was skipped or a scan was lost.
    pub overloaded: bool,
    /// Share of the last minute spent on predictions, in percent; a shared worker is waited for.
    pub busy_percent: Option<f64>,
    /// Windows that were too old when their turn came, since the deployment started.
    pub skipped_windows: u64,
    /// Scans that found its queue full.
    pub lost_scans: u64,
    /// Decisions that found their queue full.
    pub lost_decisions: u64,
}

/// One output of the last window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutputNow {
    /// Its name in the contract.
    pub name: String,
    /// Its prediction tag, to be trended.
    pub tag: String,
    /// What it says.
    pub reading: Reading,
}

/// How much one signal has to do with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contribution {
    /// Its name in the contract.
    pub signal: String,
    /// Title per language; the name when the bundle is gone.
    #[serde(default)]
    pub title: Texts,
    /// The tag it is mapped to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Unit.
    #[serde(default)]
    pub unit: String,
    /// Its value in the window.
    pub value: Option<f64>,
    /// Its normal band under the condition.
    pub normal: Option<(f64, f64)>,
    /// Distance from the middle of the band in half widths; the sign says above or below.
    pub deviation: Option<f64>,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Its place, the first when it repeats.
    pub place: String,
    /// All its places.
    pub places: Vec<String>,
    /// Name of the model.
    pub model: String,
    /// Title of the model per language.
    pub title: Texts,
    /// Version in use.
    pub version: String,
    /// Digest of the bundle in use.
    pub bundle: String,
    /// Number of the revision in use.
    pub revision: i64,
    /// How far it may go.
    pub mode: Mode,
    /// Since when, and by whom.
    pub mode_since_ms: i64,
    /// Who set the mode.
    pub mode_by: String,
    /// What it writes; nothing yet.
    pub writes: Vec<String>,
    /// What the running part says, per place.
    pub runtime: Vec<Runtime>,
    /// Ids of its active advisories.
    pub advisories: Vec<String>,
    /// `switch-off`, `set-mode`, `deploy`, `remove-deployment` for the person asking.
    pub permissions: Vec<Permission>,
}

/// A signal of a deployment at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalNow {
    /// Its name in the contract.
    pub signal: String,
    /// Title per language.
    pub title: Texts,
    /// The model's unit.
    pub unit: String,
    /// `input`, `condition`, `key`, `trigger`.
    pub role: String,
    /// The tag it is mapped to.
    pub tag: Option<String>,
    /// Unit conversion, when there is one: "psi → kPa".
    pub conversion: Option<String>,
    /// Normal band under the condition that holds now; else under the first in which the model applies.
    pub normal: Option<(f64, f64)>,
    /// Limits the model was made for.
    pub range: Option<(f64, f64)>,
    /// What the tag says now, in the tag's unit.
    pub reading: Option<Reading>,
    /// What was found about this pair.
    pub findings: Vec<Finding>,
}

/// One rung of the ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rung {
    /// The mode.
    pub mode: Mode,
    /// It is the mode now.
    pub current: bool,
    /// What is met and what is missing.
    pub evidence: Vec<Evidence>,
    /// Whether the person asking may set it.
    pub permission: Permission,
}

/// One line under a rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Met or missing.
    pub met: bool,
    /// Stable name, for the text catalogue: `signals-mapped`, `write-guard`, `not-built`.
    pub code: String,
    /// In words: "6 of 6 signals mapped".
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// A tunable with what it is set to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TunableNow {
    /// As the contract says.
    pub tunable: ContractTunable,
    /// What it is set to here.
    pub value: f64,
}

/// One immutable revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Revision {
    /// Its number within the deployment.
    pub number: i64,
    /// Version of the bundle.
    pub version: String,
    /// Digest of the bundle.
    pub bundle: String,
    /// Since when.
    pub since_ms: i64,
    /// Who made it.
    pub by: String,
    /// Why.
    pub because: Option<String>,
    /// Acts now.
    pub in_use: bool,
}

/// All about one deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentDetail {
    /// As in the list.
    pub deployment: Deployment,
    /// Per place: its signals.
    pub at: Vec<DeploymentPlace>,
    /// Tunables with their limits.
    pub tunables: Vec<TunableNow>,
    /// Off, Watching, Advising, Asks first, Writing.
    pub ladder: Vec<Rung>,
    /// The newest first.
    pub revisions: Vec<Revision>,
}

/// One place of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentPlace {
    /// The place.
    pub place: String,
    /// Its mapping.
    pub map: BTreeMap<String, String>,
    /// Its signals, in the order of the contract.
    pub signals: Vec<SignalNow>,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// Fine; said because it is worth knowing ("psi → kPa").
    Fine,
    /// Look at it.
    Look,
    /// It can't be deployed like this.
    Stop,
}

/// What was found about a mapping, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// How serious.
    pub level: FindingLevel,
    /// Stable name.
    pub code: String,
    /// One sentence.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// One place with its mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceMap {
    /// The place.
    pub place: String,
    /// Signal to tag.
    pub map: BTreeMap<String, String>,
}

/// A new deployment. It starts switched off unless `mode` says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewDeployment {
    /// Its name, unique on this edge.
    pub name: String,
    /// `sha256:…` of a bundle on this edge.
    pub bundle: String,
    /// One place, or several like ones.
    pub at: Vec<PlaceMap>,
    /// Tunables that differ from the bundle's.
    #[serde(default)]
    pub tune: BTreeMap<String, f64>,
    /// `off`, `watch` or `advise`.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// A new revision: whatever is missing stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeDeployment {
    /// Another bundle.
    #[serde(default)]
    pub bundle: Option<String>,
    /// Another mapping.
    #[serde(default)]
    pub at: Option<Vec<PlaceMap>>,
    /// Other tunables.
    #[serde(default)]
    pub tune: Option<BTreeMap<String, f64>>,
    /// The revision this change was made from.
    pub based_on: i64,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// How far it may go from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetMode {
    /// The mode.
    pub mode: Mode,
    /// Why; `off` needs no reason.
    #[serde(default)]
    pub because: Option<String>,
}

/// Asks for tags that fit a bundle's signals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestMap {
    /// `sha256:…` of a bundle on this edge.
    pub bundle: String,
    /// Where it should run.
    pub place: String,
}

/// Tags for one signal, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalChoices {
    /// The signal.
    pub signal: String,
    /// The tag that was matched, when one is clearly best.
    pub tag: Option<String>,
    /// Others that could be meant, at most 10.
    pub choices: Vec<Choice>,
}

/// One tag that could be meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// The tag.
    pub tag: String,
    /// 0 to 1.
    pub score: f64,
    /// "same name, same unit", "psi → kPa".
    pub words: String,
}

/// A deployment to be checked before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckDeployment {
    /// `sha256:…` of a bundle on this edge.
    pub bundle: String,
    /// One place, or several like ones.
    pub at: Vec<PlaceMap>,
    /// Tunables that differ from the bundle's.
    #[serde(default)]
    pub tune: BTreeMap<String, f64>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentCheck {
    /// It can be deployed.
    pub ok: bool,
    /// Per place: its signals with what was found and a live value.
    pub at: Vec<DeploymentPlace>,
    /// What is wrong beyond single signals.
    pub problems: Vec<ProblemItem>,
}
