//! Deployments: made, changed by new revisions, raised, lowered, switched off, removed.

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, Allowed};
use config::site::DeploymentAt;
use domain::said::act as said;
use domain::{Mode, PlacePath, Problem, Problems};
use serde_json::json;

use super::account::check_name;
use crate::ActError;
use crate::act::{DeploymentChange, NewDeployment, Outcome};
use crate::check::{check_deployment, tags_of};
use crate::db::bundle::{self as bundles, StoredBundle};
use crate::db::deployment::{self, Deployment, Revision};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};

pub(super) async fn deploy(work: &mut Work<'_>, new: NewDeployment) -> Result<Effect, ActError> {
    let place = common_place(&new.at);
    let allowed = may_at(work, Action::Deploy, &new.at)?;
    let mut problems = Problems::default();
    if let Err(problem) = check_name(&said::DEPLOYMENT_BAD_NAME, &new.name) {
        problems.push(problem);
    }
    if deployment::get(work.sql, &new.name).await?.is_some() {
        problems.push(said::DEPLOYMENT_THERE.problem(of(&new.name), [("name", new.name.as_str().into())]));
    }
    if let Err(problem) = check_mode(&new.name, new.mode) {
        problems.push(problem);
    }
    let bundle = check_revision(work, &new.name, &new.bundle, &new.at, &new.tune, &mut problems).await?;
    problems.into_result(())?;
    let revision = Revision {
        number: deployment::newest_number(work.sql, &new.name).await? + 1,
        bundle: new.bundle,
        at: new.at,
        tune: new.tune,
        made: work.now,
        made_by: work.actor.reference(),
        because: work.because.map(str::to_owned),
        change: work.number,
    };
    deployment::insert_revision(work.sql, &new.name, &revision).await?;
    let made = Deployment {
        name: new.name,
        place,
        mode: new.mode,
        mode_since: work.now,
        mode_by: work.actor.reference(),
        head: work.number,
        revision,
    };
    deployment::upsert(work.sql, &made).await?;
    let mut to = describe(&made.name, bundle.as_ref(), &made.revision);
    to["mode"] = json!(made.mode);
    Ok(changed(allowed, None, to, Outcome::Revision(made.revision.number)))
}

pub(super) async fn change(work: &mut Work<'_>, ask: DeploymentChange) -> Result<Effect, ActError> {
    let before = find(work, &ask.name).await?;
    may_at(work, Action::Deploy, &before.revision.at)?;
    let old = &before.revision;
    if ask.based_on.is_some_and(|based_on| based_on != old.number) {
        let args = [("name", ask.name.as_str().into()), ("revision", old.number.into())];
        return Err(ActError::Conflict(said::DEPLOYMENT_CHANGED.problem(of(&ask.name), args)));
    }
    let revision = Revision {
        number: deployment::newest_number(work.sql, &ask.name).await? + 1,
        bundle: ask.bundle.unwrap_or_else(|| old.bundle.clone()),
        at: ask.at.unwrap_or_else(|| old.at.clone()),
        tune: ask.tune.unwrap_or_else(|| old.tune.clone()),
        made: work.now,
        made_by: work.actor.reference(),
        because: work.because.map(str::to_owned),
        change: work.number,
    };
    let allowed = may_at(work, Action::Deploy, &revision.at)?;
    if (&revision.bundle, &revision.at, &revision.tune) == (&old.bundle, &old.at, &old.tune) {
        let outcome = Outcome::Revision(old.number);
        return Ok(Effect::Same { words: "changed nothing".to_owned(), outcome });
    }
    let mut problems = Problems::default();
    let bundle = check_revision(work, &ask.name, &revision.bundle, &revision.at, &revision.tune, &mut problems).await?;
    problems.into_result(())?;
    deployment::insert_revision(work.sql, &ask.name, &revision).await?;
    let place = common_place(&revision.at);
    deployment::use_revision(work.sql, &ask.name, &place, revision.number, work.number).await?;
    let was = bundles::get(work.sql, &old.bundle).await?;
    let mut to = describe(&ask.name, bundle.as_ref(), &revision);
    to["differences"] = json!(differences(was.as_ref(), old, bundle.as_ref(), &revision));
    let from = describe(&ask.name, was.as_ref(), old);
    Ok(changed(allowed, Some(from), to, Outcome::Revision(revision.number)))
}

pub(super) async fn set_mode(work: &mut Work<'_>, name: &str, mode: Mode) -> Result<Effect, ActError> {
    let found = find(work, name).await?;
    let action = if mode == Mode::Off { Action::SwitchOff } else { Action::SetMode };
    let allowed = may_at(work, action, &found.revision.at)?;
    check_mode(name, mode)?;
    if found.mode == mode {
        let words = format!("was {mode} already");
        return Ok(Effect::Same { words, outcome: Outcome::Nothing });
    }
    let by = work.actor.reference();
    deployment::set_mode(work.sql, name, mode, (&by, work.now), work.number).await?;
    let to = json!({"deployment": name, "mode": mode});
    Ok(changed(allowed, Some(json!({"mode": found.mode})), to, Outcome::Nothing))
}

pub(super) async fn remove(work: &mut Work<'_>, name: &str) -> Result<Effect, ActError> {
    let found = find(work, name).await?;
    let allowed = may_at(work, Action::RemoveDeployment, &found.revision.at)?;
    let bundle = bundles::get(work.sql, &found.revision.bundle).await?;
    deployment::remove(work.sql, name, work.now, work.number).await?;
    let mut from = describe(name, bundle.as_ref(), &found.revision);
    from["mode"] = json!(found.mode);
    Ok(changed(allowed, Some(from), json!({"deployment": name}), Outcome::Nothing))
}

fn changed(allowed: Allowed, from: Option<serde_json::Value>, to: serde_json::Value, outcome: Outcome) -> Effect {
    let topics = vec![Topic::Deployments];
    Effect::Changed(Box::new(Changed { allowed, from, to: Some(to), topics, outcome, by: None }))
}

async fn find(work: &mut Work<'_>, name: &str) -> Result<Deployment, ActError> {
    let found = deployment::get(work.sql, name).await?;
    found.ok_or_else(|| ActError::Missing(said::DEPLOYMENT_UNKNOWN.problem(of(name), [("name", name.into())])))
}

fn of(name: &str) -> String {
    format!("deployment {name}")
}

/// Allowed at every one of its places; the entry stands at the place that contains them.
fn may_at(work: &Work<'_>, action: Action, at: &[DeploymentAt]) -> Result<Allowed, ActError> {
    for one in at {
        work.may(action, &one.place)?;
    }
    work.may(action, &common_place(at))
}

/// The lowest place that contains all of them; the site when there is none.
fn common_place(at: &[DeploymentAt]) -> PlacePath {
    let Some(first) = at.first() else { return PlacePath::site() };
    let mut place = first.place.clone();
    while !at.iter().all(|one| place.contains(one.place.as_str())) {
        place = place.parent().unwrap_or_default();
    }
    place
}

fn check_mode(name: &str, mode: Mode) -> Result<(), Problem> {
    if mode <= Mode::Advise {
        return Ok(());
    }
    Err(said::DEPLOYMENT_MODE.problem(of(name), [("mode", mode.to_string().into())]))
}

/// What a revision has to satisfy, whoever asks for it. Gives the bundle when it is there.
async fn check_revision(
    work: &mut Work<'_>,
    name: &str,
    digest: &str,
    at: &[DeploymentAt],
    tune: &BTreeMap<String, f64>,
    problems: &mut Problems,
) -> Result<Option<StoredBundle>, ActError> {
    let Some(found) = bundles::get(work.sql, digest).await? else {
        problems.push(said::BUNDLE_UNKNOWN.problem(of(name), [("name", digest.into())]));
        return Ok(None);
    };
    let site = work.state.site_in(work.sql).await?;
    let tags = tags_of(&site.config, work.state.addresses());
    problems.0.extend(check_deployment(&site.config, &tags, &found.contract, name, at, tune).0);
    let places: BTreeSet<&str> = at.iter().map(|one| one.place.as_str()).collect();
    for other in deployment::all(work.sql).await?.iter().filter(|other| other.name != name) {
        let Some(shared) = other.revision.at.iter().find(|one| places.contains(one.place.as_str())) else { continue };
        let theirs = bundles::get(work.sql, &other.revision.bundle).await?;
        if theirs.is_some_and(|theirs| theirs.contract.name == found.contract.name) {
            let args = [
                ("other", other.name.as_str().into()),
                ("model", found.contract.name.as_str().into()),
                ("place", shared.place.to_string().into()),
            ];
            problems.push(said::DEPLOYMENT_SAME_OUTPUT.problem(of(name), args));
        }
    }
    Ok(Some(found))
}

fn describe(name: &str, bundle: Option<&StoredBundle>, revision: &Revision) -> serde_json::Value {
    let contract = bundle.map(|bundle| &bundle.contract);
    json!({
        "deployment": name,
        "model": contract.map(|contract| &contract.name),
        "version": contract.map(|contract| &contract.version),
        "bundle": revision.bundle,
        "revision": revision.number,
        "at": revision.at,
        "tune": revision.tune,
    })
}

/// In plain words.
fn differences(was: Option<&StoredBundle>, old: &Revision, is: Option<&StoredBundle>, new: &Revision) -> Vec<String> {
    let mut lines = Vec::new();
    if old.bundle != new.bundle {
        let version = |bundle: Option<&StoredBundle>| bundle.map_or("?", |bundle| &bundle.contract.version).to_owned();
        lines.push(format!("version {} → {}", version(was), version(is)));
    }
    let default = |name: &str, bundle: Option<&StoredBundle>| {
        let tunables = bundle.map(|bundle| bundle.contract.tunables.as_slice()).unwrap_or_default();
        tunables.iter().find(|tunable| tunable.name == name).map(|tunable| tunable.value)
    };
    let names: BTreeSet<&String> = old.tune.keys().chain(new.tune.keys()).collect();
    for name in names {
        let before = old.tune.get(name).copied().or_else(|| default(name, was));
        let after = new.tune.get(name).copied().or_else(|| default(name, is));
        if before != after {
            let show = |number: Option<f64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
            lines.push(format!("{name} {} → {}", show(before), show(after)));
        }
    }
    for new_at in &new.at {
        match old.at.iter().find(|old_at| old_at.place == new_at.place) {
            None => lines.push(format!("also at {}", new_at.place)),
            Some(old_at) => {
                let moved = new_at.map.iter().filter(|(signal, tag)| old_at.map.get(*signal) != Some(*tag));
                lines.extend(moved.map(|(signal, tag)| format!("{signal} from {tag}")));
            }
        }
    }
    let gone = old.at.iter().filter(|old_at| !new.at.iter().any(|new_at| new_at.place == old_at.place));
    lines.extend(gone.map(|old_at| format!("not at {} any more", old_at.place)));
    lines
}
