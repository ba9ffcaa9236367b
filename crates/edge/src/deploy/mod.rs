//! The deployments that run now, and how a new mapping, revision or mode becomes what runs. A deployment that cannot
//! start says why and stops nobody else.

mod prepare;
mod telling;
mod workers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use config::site::{DeploymentAt, SiteConfig};
use domain::{GroupId, Mode, PlacePath, Problem};
use inference::WorkerSpec;
use tokio::sync::mpsc;

use crate::lines::Ground;
use crate::pipeline::alarm::AlarmEvent;
use crate::pipeline::prediction::{self, DeploymentReport};
use crate::tasks::Tasks;

pub(crate) use prepare::{OutputTag, first};
pub(crate) use workers::{HeldWorker, Workers};

/// What makes a deployment what it is; equal ones need no restart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// Its name.
    pub name: String,
    /// How far it may go.
    pub mode: Mode,
    /// Number of its revision, for people.
    pub revision: i64,
    /// `sha256:…`.
    pub bundle: String,
    /// Its places with their mappings.
    pub at: Vec<DeploymentAt>,
    /// What the plant set.
    pub tune: BTreeMap<String, f64>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Deploys {
    running: RwLock<Vec<Arc<Running>>>,
    workers: Workers,
    alarms: mpsc::Sender<AlarmEvent>,
}

/// One deployment: running, off, or unable to.
#[derive(Debug)]
struct Running {
    wanted: Wanted,
    /// The configuration of everything it stands on; a change of it starts it anew.
    stands_on: HashMap<GroupId, Vec<prediction::Route>>,
    state: RunState,
}

#[derive(Debug)]
enum RunState {
    Off,
    Failed(Problem),
    Runs(Box<Runs>),
}

/// A deployment that runs.
#[derive(Debug)]
struct Runs {
    tasks: Tasks,
    report: Arc<DeploymentReport>,
    contract: Arc<bundle::Contract>,
    outputs: Vec<Vec<OutputTag>>,
    groups: Vec<GroupId>,
}

impl Deploys {
    /// Nothing runs yet. Decisions go to `alarms`.
    pub(crate) fn new(spec: Result<WorkerSpec, Problem>, alarms: mpsc::Sender<AlarmEvent>) -> Self {
        Self { running: RwLock::default(), workers: Workers::new(spec), alarms }
    }

    /// Makes what runs equal to `wanted`. `state` tells where bundles are and which advisories stand.
    pub(crate) async fn reconcile(
        &self,
        wanted: Vec<Wanted>,
        site: &SiteConfig,
        ground: &Ground,
        state: &state::State,
    ) {
        let mut kept = Vec::new();
        let before = self.running.read().unwrap_or_else(PoisonError::into_inner).clone();
        for running in before {
            if wanted.contains(&running.wanted) && running.still_stands(ground) {
                kept.push(running);
            } else {
                running.stop().await;
            }
        }
        // people see what runs also while the rest is being prepared
        self.show(kept.clone());
        let advising: Vec<(String, Vec<PlacePath>)> = wanted.iter().filter_map(Wanted::advising).collect();
        if let Err(error) = withdraw(&advising, site, ground, state).await {
            tracing::error!(%error, "advice of models that advise no longer could not be ended");
        }
        for wanted in wanted {
            if !kept.iter().any(|running| running.wanted.name == wanted.name) {
                kept.push(Arc::new(self.start(wanted, site, ground, state).await));
                self.show(kept.clone());
            }
        }
        self.workers.forget_unused().await;
    }

    fn show(&self, running: Vec<Arc<Running>>) {
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = running;
    }

    async fn start(&self, wanted: Wanted, site: &SiteConfig, ground: &Ground, state: &state::State) -> Running {
        if wanted.mode == Mode::Off {
            return Running { wanted, stands_on: HashMap::new(), state: RunState::Off };
        }
        let prepared = prepare::prepare(&wanted, site, ground, state, &self.workers).await;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => {
                tracing::error!(deployment = wanted.name, problem = %problem, "a deployment cannot run");
                return Running { wanted, stands_on: HashMap::new(), state: RunState::Failed(problem) };
            }
        };
        let alarms = (wanted.mode >= Mode::Advise).then(|| self.alarms.clone());
        let tasks = ground.tasks.child();
        let name = follower(&wanted.name);
        let report = Arc::clone(&prepared.report);
        let runs = Runs {
            tasks: tasks.clone(),
            report,
            contract: Arc::clone(&prepared.contract),
            outputs: prepared.output_tags.clone(),
            groups: prepared.outputs.clone(),
        };
        let stands_on = prepared.routes.clone();
        let (stage, scans) = prepared.into_stage(wanted.name.clone(), ground, alarms);
        tasks.spawn(&name, prediction::run(stage, scans, tasks.stopping().clone()));
        Running { wanted, stands_on, state: RunState::Runs(Box::new(runs)) }
    }

    /// The groups of all predictions that are made now.
    pub(crate) fn groups(&self) -> Vec<GroupId> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().filter_map(|one| one.runs()).flat_map(|runs| runs.groups.iter().copied()).collect()
    }

    /// Ends all model processes.
    pub(crate) async fn stop(&self) {
        let all = std::mem::take(&mut *self.running.write().unwrap_or_else(PoisonError::into_inner));
        for running in all {
            running.stop().await;
        }
        self.workers.stop().await;
    }
}

/// The name under which a deployment follows the tag table.
fn follower(deployment: &str) -> String {
    format!("deployment {deployment}")
}

impl Wanted {
    /// Its name and places, if it may advise.
    fn advising(&self) -> Option<(String, Vec<PlacePath>)> {
        let places = || self.at.iter().map(|at| at.place.clone()).collect();
        (self.mode >= Mode::Advise).then(|| (self.name.clone(), places()))
    }
}

/// Ends the advice of models that were switched off, lowered or removed: nothing else would ever end it.
async fn withdraw(
    advising: &[(String, Vec<PlacePath>)],
    site: &SiteConfig,
    ground: &Ground,
    state: &state::State,
) -> Result<(), state::StateError> {
    let reason = match site.site.language.as_str() {
        "de" => "Das Modell gibt hier keine Hinweise mehr.",
        _ => "The model no longer advises here.",
    };
    for advisory in state.active_advisories().await? {
        let stands = |(name, places): &(String, Vec<PlacePath>)| {
            *name == advisory.deployment && places.contains(&advisory.place)
        };
        if !advising.iter().any(stands) {
            state.clear_advisory(advisory.id, ground.clock.now(), reason).await?;
        }
    }
    Ok(())
}

impl Running {
    fn runs(&self) -> Option<&Runs> {
        match &self.state {
            RunState::Runs(runs) => Some(runs),
            RunState::Off | RunState::Failed(_) => None,
        }
    }

    /// Whether its tags are still where they were: same groups, same positions. What failed is tried again.
    fn still_stands(&self, ground: &Ground) -> bool {
        match &self.state {
            RunState::Off => true,
            RunState::Failed(_) => false,
            RunState::Runs(runs) => {
                let routes = prepare::routes(&runs.contract, &self.wanted.at, &ground.table);
                routes.is_ok_and(|routes| routes == self.stands_on)
            }
        }
    }

    async fn stop(&self) {
        if let RunState::Runs(runs) = &self.state {
            runs.tasks.stop().await;
        }
    }
}
