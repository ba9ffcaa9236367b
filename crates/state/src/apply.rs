//! The whole configuration as one document: composing it, and applying one as acts in a single transaction.

use access::Actor;
use config::SiteConfig;
use config::site::{BundleRef, Deployment as Wanted, DeploymentAt};
use domain::said::act as said;
use domain::{Problems, Timestamp};
use sqlx::AnyConnection;

use crate::act::{Act, DeploymentChange, NewBundle, NewDeployment};
use crate::db::{deployment, site};
use crate::perform::Asked;
use crate::read::SiteRevision;
use crate::{ActError, Deployment, State, StateError};

/// A document to apply.
#[derive(Clone, Debug)]
pub struct Apply {
    /// The whole configuration with its deployments, which name their bundles by digest.
    pub document: SiteConfig,
    /// Bundles that come with it. Their files are placed already; for a dry run the contracts are enough.
    pub bundles: Vec<NewBundle>,
    /// The head it was made from; none: whatever is there now.
    pub based_on: Option<i64>,
    /// Why.
    pub because: Option<String>,
    /// Do everything, say what that changes, and take it back.
    pub dry_run: bool,
}

/// What applying did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// In plain words, one line each; empty when nothing changes.
    pub differences: Vec<String>,
    /// False after a dry run and when nothing changes.
    pub applied: bool,
    /// The head now: `based_on` for the next one.
    pub head: i64,
}

impl State {
    /// Makes the configuration be this document: every difference is an act with its own entry, all in one transaction.
    /// A dry run does all of it and takes it back, so that it finds everything the real one would find.
    ///
    /// Bundles have to be on this edge already, or come along.
    pub async fn apply(&self, actor: &Actor, asked: Apply, now: Timestamp) -> Result<Applied, ActError> {
        let Apply { document, mut bundles, based_on, because, dry_run } = asked;
        let current = self.site_document().await?;
        if based_on.is_some_and(|based_on| based_on < current.head) {
            return Err(too_late());
        }
        let here = self.bundles().await?;
        bundles.retain(|new| !here.iter().any(|one| one.digest == new.digest));
        let came = bundles
            .iter()
            .map(|NewBundle { contract, .. }| format!("Bundle {} {} is new", contract.name, contract.version));
        let differences = came.chain(config::differences(&current.config, &document)).collect();
        let acts = plan(&current.config, &document, &self.deployments().await?, bundles)?;
        if acts.is_empty() {
            access::may(actor, access::Action::Configure, &domain::PlacePath::site())?;
            return Ok(Applied { differences: Vec::new(), applied: false, head: current.head });
        }
        let asked =
            Asked { acts, because, document: Some(document.deployments), based_on: Some(current.head), dry_run };
        self.act_together(actor, asked, now).await?;
        let head = if dry_run { current.head } else { self.site_document().await?.head };
        Ok(Applied { differences, applied: !dry_run, head })
    }
}

/// The stored configuration with its deployments put back in.
pub(crate) async fn document(state: &State, sql: &mut AnyConnection) -> Result<SiteRevision, StateError> {
    let SiteRevision { head, mut config } = state.site_in(sql).await?;
    config.deployments = deployment::all(sql).await?.iter().map(wanted).collect();
    let head = head.max(deployment::newest_head(sql).await?);
    Ok(SiteRevision { head, config })
}

/// A stored deployment as a file says it.
pub(crate) fn wanted(deployment: &Deployment) -> Wanted {
    let revision = &deployment.revision;
    let (place, map, at) = match revision.at.as_slice() {
        [one] => (Some(one.place.clone()), one.map.clone(), Vec::new()),
        several => (None, std::collections::BTreeMap::new(), several.to_vec()),
    };
    Wanted {
        name: deployment.name.clone(),
        place,
        bundle: BundleRef::Digest(revision.bundle.clone()),
        mode: deployment.mode,
        map,
        at,
        tune: revision.tune.clone(),
    }
}

/// Nothing relevant may have changed after `based_on`.
pub(crate) async fn check_based_on(sql: &mut AnyConnection, based_on: i64) -> Result<(), ActError> {
    let site = site::newest(sql).await?.map_or(0, |(head, _)| head);
    if site.max(deployment::newest_head(sql).await?) > based_on { Err(too_late()) } else { Ok(()) }
}

pub(crate) fn too_late() -> ActError {
    ActError::Conflict(said::CHANGED_MEANWHILE.problem("based_on", []))
}

/// The acts that lead from one document to the other: first what goes, then the ground, then the bundles, which the ground
/// has to allow, then what stands on both.
fn plan(
    current: &SiteConfig,
    document: &SiteConfig,
    running: &[Deployment],
    bundles: Vec<NewBundle>,
) -> Result<Vec<Act>, Problems> {
    let gone = running.iter().filter(|one| !document.deployments.iter().any(|wanted| wanted.name == one.name));
    let mut acts: Vec<Act> = gone.map(|one| Act::RemoveDeployment { name: one.name.clone() }).collect();
    let ground = |config: &SiteConfig| SiteConfig { deployments: Vec::new(), ..config.clone() };
    if ground(current) != ground(document) {
        acts.push(Act::ChangeSite { config: Box::new(document.clone()), based_on: None });
    }
    acts.extend(bundles.into_iter().map(|bundle| Act::AddBundle(Box::new(bundle))));
    let mut problems = Problems::default();
    for wanted in &document.deployments {
        let BundleRef::Digest(bundle) = &wanted.bundle else {
            let args = [("bundle", wanted.bundle.to_string().into())];
            problems.push(said::BUNDLE_A_FILE.problem(format!("deployment {}", wanted.name), args));
            continue;
        };
        let at = places(wanted);
        match running.iter().find(|one| one.name == wanted.name) {
            None => acts.push(Act::Deploy(NewDeployment {
                name: wanted.name.clone(),
                bundle: bundle.clone(),
                at,
                tune: wanted.tune.clone(),
                mode: wanted.mode,
            })),
            Some(one) => changes(&mut acts, one, wanted, bundle, at),
        }
    }
    problems.into_result(acts)
}

fn changes(acts: &mut Vec<Act>, one: &Deployment, wanted: &Wanted, bundle: &str, at: Vec<DeploymentAt>) {
    let revision = &one.revision;
    if (revision.bundle.as_str(), &revision.at, &revision.tune) != (bundle, &at, &wanted.tune) {
        acts.push(Act::ChangeDeployment(DeploymentChange {
            name: one.name.clone(),
            based_on: Some(revision.number),
            bundle: Some(bundle.to_owned()),
            at: Some(at),
            tune: Some(wanted.tune.clone()),
        }));
    }
    if one.mode != wanted.mode {
        acts.push(Act::SetMode { name: one.name.clone(), mode: wanted.mode });
    }
}

fn places(wanted: &Wanted) -> Vec<DeploymentAt> {
    let places = wanted.places().into_iter();
    places.map(|(place, map)| DeploymentAt { place: place.clone(), map: map.clone() }).collect()
}
