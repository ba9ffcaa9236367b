//! Deployments: the stored part and the running part together, and what is found about a mapping.

use std::collections::BTreeMap;

use access::Action;
use bundle::Contract;
use bundle::mapping::{self, Severity, SignalMatch};
use config::site::DeploymentAt;
use domain::said::{self, model};
use domain::{Mode as Stored, PlacePath, Said};
use state::{Deployment as StoredDeployment, Revision as StoredRevision};

use crate::api::common::Texts;
use crate::api::deployment::{
    Deployment, DeploymentDetail, DeploymentPlace, Evidence, Finding, FindingLevel, Mode, Revision, Rung, SignalNow,
    TunableNow,
};
use crate::shape::bundle::{normal, signal, tunable};
use crate::shape::{Scene, Tags};

impl From<Stored> for Mode {
    fn from(mode: Stored) -> Self {
        match mode {
            Stored::Off => Self::Off,
            Stored::Watch => Self::Watch,
            Stored::Advise => Self::Advise,
            Stored::Ask => Self::Ask,
            Stored::Write => Self::Write,
        }
    }
}

impl From<Mode> for Stored {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::Watch => Self::Watch,
            Mode::Advise => Self::Advise,
            Mode::Ask => Self::Ask,
            Mode::Write => Self::Write,
        }
    }
}

pub(crate) fn place_of(deployment: &StoredDeployment) -> String {
    deployment.revision.at.first().map(|one| one.place.to_string()).unwrap_or_default()
}

pub(crate) fn deployment(one: &StoredDeployment, active: &[domain::Advisory], scene: &Scene) -> Deployment {
    let contract = scene.contract(&one.revision.bundle);
    let actions = [Action::SwitchOff, Action::SetMode, Action::Deploy, Action::RemoveDeployment];
    Deployment {
        name: one.name.clone(),
        place: place_of(one),
        places: one.revision.at.iter().map(|at| at.place.to_string()).collect(),
        model: contract.map_or_else(|| "?".to_owned(), |contract| contract.name.clone()),
        title: contract.map_or_else(|| Texts::plain(&one.name), |contract| contract.title.clone().into()),
        version: version(&one.revision.bundle, scene),
        bundle: one.revision.bundle.clone(),
        revision: one.revision.number,
        mode: one.mode.into(),
        mode_since_ms: one.mode_since.millis(),
        mode_by: scene.names.of(&one.mode_by),
        writes: Vec::new(),
        runtime: scene.server.site.deployments.runtime(&one.name),
        advisories: active.iter().filter(|it| it.deployment == one.name).map(|it| it.id.to_string()).collect(),
        permissions: actions.into_iter().map(|action| scene.permission(action, &one.place)).collect(),
    }
}

pub(crate) fn deployment_detail(
    one: &StoredDeployment,
    revisions: &[StoredRevision],
    active: &[domain::Advisory],
    scene: &Scene,
) -> DeploymentDetail {
    let contract = scene.contract(&one.revision.bundle);
    let tags = Tags::of(scene);
    let running = scene.server.site.deployments.runtime(&one.name);
    let condition = |at: &DeploymentAt| running.iter().find(|one| one.place == at.place.as_str())?.condition.as_ref();
    let at = one.revision.at.iter().map(|at| place(at, contract, &tags, condition(at)));
    let tunables = contract.map(|contract| contract.tunables.as_slice()).unwrap_or_default().iter();
    DeploymentDetail {
        deployment: deployment(one, active, scene),
        at: at.collect(),
        tunables: tunables
            .map(|known| TunableNow {
                value: one.revision.tune.get(&known.name).copied().unwrap_or(known.value),
                tunable: tunable(known),
            })
            .collect(),
        ladder: ladder(one, contract, scene),
        revisions: revisions.iter().map(|other| revision(other, one, scene)).collect(),
    }
}

fn revision(revision: &StoredRevision, one: &StoredDeployment, scene: &Scene) -> Revision {
    Revision {
        number: revision.number,
        version: version(&revision.bundle, scene),
        bundle: revision.bundle.clone(),
        since_ms: revision.made.millis(),
        by: scene.names.of(&revision.made_by),
        because: revision.because.clone(),
        in_use: revision.number == one.revision.number,
    }
}

fn version(digest: &str, scene: &Scene) -> String {
    scene.contract(digest).map_or_else(|| "?".to_owned(), |contract| contract.version.clone())
}

/// One place with its signals, live values and findings.
pub(crate) fn place(
    at: &DeploymentAt,
    contract: Option<&Contract>,
    tags: &Tags<'_>,
    condition: Option<&Texts>,
) -> DeploymentPlace {
    let signals = contract.map(|contract| {
        let matches = mapping::check(contract, &at.map, tags.facts());
        matches.into_iter().map(|one| signal_now(contract, one, tags, condition)).collect()
    });
    let map: BTreeMap<String, String> = at.map.iter().map(|(signal, tag)| (signal.clone(), tag.to_string())).collect();
    DeploymentPlace { place: at.place.to_string(), map, signals: signals.unwrap_or_default() }
}

/// A signal of the contract, or a name that the contract does not have.
fn signal_now(contract: &Contract, one: SignalMatch, tags: &Tags<'_>, condition: Option<&Texts>) -> SignalNow {
    let known = contract.signal(&one.signal).map(|known| signal(contract, known));
    let conversion = one.findings.iter().find(|found| found.said.code == said::mapping::CONVERTED.code);
    SignalNow {
        title: known.as_ref().map_or_else(|| Texts::plain(&one.signal), |known| known.title.clone()),
        unit: known.as_ref().map(|known| known.unit.clone()).unwrap_or_default(),
        role: known.as_ref().map(|known| known.role.clone()).unwrap_or_default(),
        range: known.as_ref().and_then(|known| known.range),
        normal: normal(contract, &one.signal, condition),
        conversion: conversion.map(|found| found.said.words()),
        reading: one.tag.as_ref().map(|tag| tags.latest(tag)),
        tag: one.tag.as_ref().map(ToString::to_string),
        findings: one.findings.into_iter().map(finding).collect(),
        signal: one.signal,
    }
}

fn finding(found: mapping::Finding) -> Finding {
    let level = match found.severity {
        Severity::Note => FindingLevel::Fine,
        Severity::Warning => FindingLevel::Look,
        Severity::Blocking => FindingLevel::Stop,
    };
    let problem = found.problem("");
    let words = if problem.hint.is_empty() { problem.what } else { format!("{}: {}", problem.what, problem.hint) };
    Finding { level, code: problem.code, words, said: Some(found.said.into()) }
}

/// The five rungs with what each stands on. What this version can't do is said, not hidden.
fn ladder(one: &StoredDeployment, contract: Option<&Contract>, scene: &Scene) -> Vec<Rung> {
    let modes = [Stored::Off, Stored::Watch, Stored::Advise, Stored::Ask, Stored::Write];
    modes.into_iter().map(|mode| rung(mode, one, contract, scene)).collect()
}

fn rung(mode: Stored, one: &StoredDeployment, contract: Option<&Contract>, scene: &Scene) -> Rung {
    let place: &PlacePath = &one.place;
    let mut permission = scene.permission(if mode == Stored::Off { Action::SwitchOff } else { Action::SetMode }, place);
    if mode > Stored::Advise {
        permission.allowed = false;
        permission.who_could = Vec::new();
        let no_guard = model::NO_GUARD.plain();
        permission.why_not = Some(no_guard.words());
        permission.said = Some(no_guard.into());
    }
    let line = |met, said: Said| {
        let code = said.code.trim_start_matches("evidence.").to_owned();
        Evidence { met, code, words: said.words(), said: Some(said.into()) }
    };
    let rule = contract.and_then(|contract| contract.rule.as_ref());
    let evidence = match mode {
        Stored::Off => Vec::new(),
        Stored::Watch => {
            let all = contract.map_or(0, |contract| contract.signals.len());
            let mapped = one.revision.at.iter().map(|at| at.map.len()).min().unwrap_or(0);
            vec![line(mapped >= all, model::SIGNALS_MAPPED.say([("mapped", mapped.into()), ("all", all.into())]))]
        }
        Stored::Advise => vec![
            line(rule.is_some(), model::RULE.plain()),
            line(rule.is_some_and(|rule| !rule.response.is_empty()), model::RESPONSE_WRITTEN.plain()),
        ],
        Stored::Ask | Stored::Write => vec![line(false, model::WRITE_GUARD.plain())],
    };
    Rung { mode: mode.into(), current: one.mode == mode, evidence, permission }
}
