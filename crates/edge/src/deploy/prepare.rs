//! From what is wanted to what can run: opens the bundle, checks the mapping, refills the windows. The model itself is
//! loaded later, by the deployment's own task.

use std::collections::HashMap;
use std::sync::Arc;

use bundle::contract::{Contract, Words};
use config::site::{DeploymentAt, SiteConfig};
use domain::unit::Conversion;
use domain::{GroupId, Problem, Scan, SeriesId, TagPath, Timestamp, ValueType};
use inference::{ModelSource, PlaceInput, Scorer, Setup};
use store::{SeriesDef, Store};
use tokio::sync::mpsc;

use super::{HeldWorker, Wanted, Workers};
use crate::lines::Ground;
use crate::pipeline::alarm::AlarmEvent;
use crate::pipeline::prediction::{DeploymentReport, Route, Stage};
use crate::pipeline::tag_table::{Origin, TagInfo, TagTable};

/// Scans waiting for one deployment: more than a minute of ten groups at ten scans a second.
const SCANS: usize = 8192;

/// A prediction as a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutputTag {
    /// `<place>/<bundle>/<output>`.
    pub tag: TagPath,
    /// The output's name in the contract.
    pub output: String,
    /// Title per language.
    pub title: Words,
    /// Unit as shown.
    pub unit: String,
    /// Declared limits.
    pub range: Option<(f64, f64)>,
}

/// Everything a deployment needs to run.
pub(super) struct Prepared {
    pub(super) contract: Arc<Contract>,
    pub(super) routes: HashMap<GroupId, Vec<Route>>,
    pub(super) outputs: Vec<GroupId>,
    pub(super) output_tags: Vec<Vec<OutputTag>>,
    pub(super) report: Arc<DeploymentReport>,
    scorer: Scorer,
    worker: HeldWorker,
    scans: mpsc::Receiver<Arc<Scan>>,
}

impl Prepared {
    pub(super) fn into_stage(
        self,
        name: String,
        ground: &Ground,
        alarms: Option<mpsc::Sender<AlarmEvent>>,
    ) -> (Stage, mpsc::Receiver<Arc<Scan>>) {
        let stage = Stage {
            name,
            scorer: self.scorer,
            worker: self.worker,
            fitted: false,
            routes: self.routes,
            outputs: self.outputs,
            table: Arc::clone(&ground.table),
            clock: Arc::clone(&ground.clock),
            report: self.report,
            alarms,
        };
        (stage, self.scans)
    }
}

/// See the module.
pub(super) async fn prepare(
    wanted: &Wanted,
    site: &SiteConfig,
    ground: &Ground,
    state: &state::State,
    workers: &Workers,
) -> Result<Prepared, Problem> {
    let started = ground.clock.now();
    let file = state.bundle_file(&wanted.bundle);
    let opened =
        tokio::task::spawn_blocking(move || bundle::open(&file)).await.map_err(|error| internal(wanted, &error))?;
    let opened = opened.map_err(|problems| first(problems, &wanted.name))?;
    let contract = Arc::new(opened.contract);
    let routes = routes(&contract, &wanted.at, &ground.table)?;
    let raised = standing(wanted, state).await?;
    let places = place_inputs(&contract, wanted, site, ground, &raised)?;
    let model = ModelSource::Bytes(opened.model.into());
    let worker = workers.get(&wanted.bundle, model).await?;
    let begin = ground.clock.arrival();
    let setup = Setup { places, tune: wanted.tune.clone(), language: site.site.language.clone(), begin: Some(begin) };
    let scorer = Scorer::new(Arc::clone(&contract), setup).map_err(|problems| first(problems, &wanted.name))?;
    // Follow first, then have everything before it kept, then read it back: no sample falls between, and one that
    // comes twice is once.
    let groups = routes.keys().copied().collect();
    let scans = ground.table.follow(&super::follower(&wanted.name), Some(groups), SCANS);
    ground.flush.now().await;
    let scorer = refill(scorer, &contract, wanted, ground, begin).await?;
    let mut outputs = Vec::new();
    let mut output_tags = Vec::new();
    for at in &wanted.at {
        let (group, tags) = declare_outputs(&contract, at, &ground.store, &ground.table)?;
        outputs.push(group);
        output_tags.push(tags);
    }
    let report = Arc::new(DeploymentReport::new(wanted.at.len(), contract.signals.len(), started));
    Ok(Prepared { contract, routes, outputs, output_tags, report, scorer, worker, scans })
}

/// The first of several, with the number of the others.
pub(crate) fn first(problems: domain::Problems, deployment: &str) -> Problem {
    let more = problems.0.len().saturating_sub(1);
    let first = problems.0.into_iter().next();
    let first = first.unwrap_or_else(|| Problem::new("deployment.failed", deployment, "the deployment cannot run"));
    if more == 0 { first } else { Problem { what: format!("{} (and {more} more)", first.what), ..first } }
}

fn internal(wanted: &Wanted, error: &dyn std::fmt::Display) -> Problem {
    Problem::new("deployment.failed", wanted.name.clone(), error.to_string())
}

/// Which values of which scan groups are the deployment's signals now.
pub(super) fn routes(
    contract: &Contract,
    at: &[DeploymentAt],
    table: &TagTable,
) -> Result<HashMap<GroupId, Vec<Route>>, Problem> {
    let mut routes: HashMap<GroupId, Vec<Route>> = HashMap::new();
    for (place, at) in at.iter().enumerate() {
        for (signal, described) in contract.signals.iter().enumerate() {
            let tag = at.map.get(&described.name).ok_or_else(|| {
                Problem::new(
                    "map.signal-missing",
                    format!("{} at {}", contract.name, at.place),
                    format!("signal `{}` has no tag", described.name),
                )
                .hint("map it under Models, or in the deployment's `map`")
            })?;
            let (group, position) = table.locate(tag).ok_or_else(|| {
                Problem::new(
                    "map.tag-missing",
                    format!("{} at {}", contract.name, at.place),
                    format!("there is no tag `{tag}` any more"),
                )
                .why(format!("signal `{}` is mapped to it", described.name))
            })?;
            routes.entry(group).or_default().push(Route { position, place, signal });
        }
    }
    Ok(routes)
}

/// Per place: whether an advisory of this deployment stands there.
async fn standing(wanted: &Wanted, state: &state::State) -> Result<Vec<bool>, Problem> {
    let active = state.active_advisories().await.map_err(|error| internal(wanted, &error))?;
    let stands = |at: &DeploymentAt| {
        active.iter().any(|advisory| advisory.deployment == wanted.name && advisory.place == at.place)
    };
    Ok(wanted.at.iter().map(stands).collect())
}

fn place_inputs(
    contract: &Contract,
    wanted: &Wanted,
    site: &SiteConfig,
    ground: &Ground,
    raised: &[bool],
) -> Result<Vec<PlaceInput>, Problem> {
    wanted
        .at
        .iter()
        .zip(raised)
        .map(|(at, raised)| {
            let conversions = contract
                .signals
                .iter()
                .map(|signal| conversion(signal, at, &ground.table))
                .collect::<Result<Vec<_>, _>>()?;
            let name = site.places.iter().find(|place| place.path == at.place).map(|place| place.name.clone());
            Ok(PlaceInput { title: name.unwrap_or_else(|| at.place.to_string()), conversions, raised: *raised })
        })
        .collect()
}

/// From the unit of the mapped tag to the signal's. Tags or signals without a unit are taken as they are.
fn conversion(signal: &bundle::contract::Signal, at: &DeploymentAt, table: &TagTable) -> Result<Conversion, Problem> {
    let tag_unit = at.map.get(&signal.name).and_then(|tag| table.get(tag)).and_then(|(info, _)| info.unit.clone());
    let (Some(from), Some(to)) = (tag_unit, &signal.unit) else { return Ok(Conversion::IDENTITY) };
    let place = format!("signal {} at {}", signal.name, at.place);
    from.conversion(to).map_err(|error| Problem::new("map.unit-mismatch", place, error.what.clone()).hint(error.hint))
}

/// Pushes what history holds of the signals, so that the first window is as full as if the edge had never stopped.
async fn refill(
    scorer: Scorer,
    contract: &Contract,
    wanted: &Wanted,
    ground: &Ground,
    begin: Timestamp,
) -> Result<Scorer, Problem> {
    let mut targets: HashMap<SeriesId, Vec<(usize, usize)>> = HashMap::new();
    for (place, at) in wanted.at.iter().enumerate() {
        for (signal, described) in contract.signals.iter().enumerate() {
            if let Some((info, _)) = at.map.get(&described.name).and_then(|tag| ground.table.get(tag)) {
                targets.entry(info.series).or_default().push((place, signal));
            }
        }
    }
    // What is later than now was recorded under a clock that was ahead. It must not wait in front of what comes.
    let range = (begin.minus(scorer.history_needed()), ground.clock.now());
    let store = Arc::clone(&ground.store);
    let filled = tokio::task::spawn_blocking(move || push_history(scorer, &store, &targets, range)).await;
    filled.map_err(|error| internal(wanted, &error))?
}

fn push_history(
    mut scorer: Scorer,
    store: &Store,
    targets: &HashMap<SeriesId, Vec<(usize, usize)>>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Scorer, Problem> {
    let series: Vec<SeriesId> = targets.keys().copied().collect();
    for sample in store.samples(&series, from, to) {
        let sample = sample?;
        for (place, signal) in targets.get(&sample.series).map_or(&[][..], Vec::as_slice) {
            scorer.push(*place, *signal, sample.arrival, sample.value.as_ref(), sample.quality);
        }
    }
    Ok(scorer)
}

/// Gives the outputs at one place their series and a group of their own.
fn declare_outputs(
    contract: &Contract,
    at: &DeploymentAt,
    store: &Store,
    table: &TagTable,
) -> Result<(GroupId, Vec<OutputTag>), Problem> {
    let mut infos = Vec::new();
    let mut tags = Vec::new();
    for output in &contract.outputs {
        let text = format!("{}/{}/{}", at.place, contract.name, output.name);
        let tag: TagPath =
            text.trim_start_matches('/').parse().map_err(|what| Problem::new("tag.bad-name", text.clone(), what))?;
        let unit = output.unit.as_ref().map(ToString::to_string).filter(|unit| unit != "1").unwrap_or_default();
        let def = SeriesDef { tag: tag.clone(), value_type: ValueType::F64, unit: unit.clone(), scale: None };
        let range = output.range.map(|[low, high]| (low, high));
        infos.push(TagInfo {
            path: tag.clone(),
            origin: Origin::Prediction,
            series: store.define_series(&def)?,
            unit: output.unit.clone(),
            stale_after: stale_after(contract),
            words: None,
        });
        tags.push(OutputTag { tag, output: output.name.clone(), title: output.title.clone(), unit, range });
    }
    let series: Vec<SeriesId> = infos.iter().map(|info| info.series).collect();
    let group = store.define_group(&series)?;
    table.declare(group, infos);
    Ok((group, tags))
}

/// A prediction is stale after three periods, at least 5 s; without a period it only shows its age.
fn stale_after(contract: &Contract) -> std::time::Duration {
    match &contract.trigger.start {
        bundle::contract::TriggerKind::Every { period } => (period.get() * 3).max(std::time::Duration::from_secs(5)),
        _ => std::time::Duration::from_hours(24),
    }
}
