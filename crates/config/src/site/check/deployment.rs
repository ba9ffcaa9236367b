//! Deployments: place, mapping, mode. Whether a mapping fits its contract is checked where the bundle is at hand.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Mode, TagPath};

use super::Names;
use super::device::{NAME_HINT, hint_or, name_problem};
use crate::reading::{At, Findings};
use crate::site::Deployment;

pub(super) fn check(findings: &mut Findings, names: &Names<'_>) {
    let mut named: HashMap<&str, usize> = HashMap::new();
    let mut outputs: HashMap<(String, &str), &str> = HashMap::new();
    for (index, deployment) in names.config.deployments.iter().enumerate() {
        let (at, thing) = (At::item("deployment", index), format!("deployment {}", deployment.name));
        if let Some(problem) = name_problem(&deployment.name) {
            findings.note(at.key("name"), &thing, "deployment.bad-name", problem).hint(NAME_HINT);
        }
        if let Some(first) = named.insert(&deployment.name, index).filter(|_| !deployment.name.is_empty()) {
            let what = format!(
                "two deployments are named `{}`: number {} and number {}",
                deployment.name,
                first + 1,
                index + 1
            );
            findings
                .note(at.key("name"), &thing, "deployment.duplicate", what)
                .hint("give one of them another name, or remove it");
        }
        if let Err(problem) = names.outside.bundle(&deployment.bundle) {
            let hint = hint_or(problem.hint, "write the path of a packed bundle, relative to the folder of this file");
            findings.note(at.key("bundle"), &thing, &problem.code, problem.what).why(problem.why).hint(hint);
        }
        if matches!(deployment.mode, Mode::Ask | Mode::Write) {
            let what = format!("{thing} asks for the mode `{}`, which needs a write guard", deployment.mode);
            let note = findings.note(at.key("mode"), &thing, "deployment.mode-not-here", what);
            note.why("this version has no write guard, so no model may write").hint("write mode = \"advise\"");
        }
        check_places(findings, names, &at, &thing, deployment);
        for (place, _) in deployment.places() {
            let other = outputs.insert((deployment.bundle.to_string(), place.as_str()), &deployment.name);
            if let Some(other) = other.filter(|other| *other != deployment.name) {
                let what = format!("{thing} and deployment {other} put the same bundle at the same place `{place}`");
                let note = findings.note(at.key("bundle"), &thing, "deployment.same-output", what);
                note.why("both would write the same prediction tags").hint("remove one of the two");
            }
        }
        for (key, number) in deployment.tune.iter().filter(|(_, number)| !number.is_finite()) {
            let what = format!("{thing} sets `{key}` to {number}");
            findings.note(at.key("tune").key(key), &thing, "deployment.bad-tune", what).hint("write a finite number");
        }
    }
}

fn check_places(findings: &mut Findings, names: &Names<'_>, at: &At, thing: &str, deployment: &Deployment) {
    match (&deployment.place, deployment.at.is_empty()) {
        (None, true) => {
            let what = format!("{thing} is at no place");
            let hint = "add `place` and `map`, or one [[deployment.at]] for each of several like places";
            findings.note(at.key("place"), thing, "deployment.no-place", what).hint(hint);
        }
        (Some(_), false) => {
            let what = format!("{thing} has `place` and also [[deployment.at]]");
            findings
                .note(at.key("at"), thing, "deployment.two-kinds-of-place", what)
                .hint("move `place` and `map` into one more [[deployment.at]]");
        }
        (None, false) if !deployment.map.is_empty() => {
            let what = format!("{thing} has a `map` beside [[deployment.at]], and nobody knows at which place");
            findings
                .note(at.key("map"), thing, "deployment.two-kinds-of-place", what)
                .hint("each [[deployment.at]] has its own `map`");
        }
        _ => {}
    }
    if let Some(place) = &deployment.place {
        names.place(findings, at.key("place"), thing, "deployment.unknown-place", place.as_str());
    }
    check_map(findings, names, &at.key("map"), thing, &deployment.map);
    let mut seen = HashSet::new();
    for (number, one) in deployment.at.iter().enumerate() {
        let here = at.key("at").index(number);
        names.place(findings, here.key("place"), thing, "deployment.unknown-place", one.place.as_str());
        if !seen.insert(one.place.as_str()) {
            let what = format!("{thing} is twice at the place `{}`", one.place);
            findings.note(here.key("place"), thing, "deployment.same-place", what).hint("remove one of the two");
        }
        check_map(findings, names, &here.key("map"), thing, &one.map);
    }
}

fn check_map(findings: &mut Findings, names: &Names<'_>, at: &At, thing: &str, map: &BTreeMap<String, TagPath>) {
    for (signal, tag) in map {
        names.point(findings, at.key(signal), thing, "deployment.unknown-tag", tag);
    }
}
