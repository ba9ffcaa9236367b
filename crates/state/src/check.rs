//! What a deployment has to satisfy, whoever asks for it: a route before anything is saved, an act again. Pure.

use std::collections::BTreeMap;

use bundle::{Contract, mapping};
use config::SiteConfig;
use config::site::DeploymentAt;
use domain::{Problem, Problems};

use crate::Addresses;

/// All tags and local variables of a site as a mapping sees them; the drivers know the types of addresses.
pub fn tags_of(site: &SiteConfig, addresses: &Addresses) -> mapping::Tags {
    mapping::tags_of(site, |tag| {
        let url = site.device(&tag.device)?.url.as_str();
        addresses.address(url, &tag.address).ok().map(|facts| facts.value_type)
    })
}

/// Everything that keeps this from being deployed, all at once.
pub fn check_deployment(
    site: &SiteConfig,
    tags: &mapping::Tags,
    contract: &Contract,
    name: &str,
    at: &[DeploymentAt],
    tune: &BTreeMap<String, f64>,
) -> Problems {
    let place = format!("deployment {name}");
    let mut problems = Problems::default();
    if at.is_empty() {
        let problem = Problem::new("deployment.no-place", &place, "It has no place.").hint("Say where it should run.");
        problems.push(problem);
    }
    for (index, one) in at.iter().enumerate() {
        if !one.place.as_str().is_empty() && !site.places.iter().any(|known| known.path == one.place) {
            let what = format!("There is no place `{}`.", one.place);
            problems.push(Problem::new("deployment.unknown-place", &place, what));
        }
        if at.iter().take(index).any(|before| before.place == one.place) {
            let what = format!("It is at {} twice.", one.place);
            problems.push(Problem::new("deployment.same-place", &place, what));
        }
        problems.0.extend(mapping::blocking(&mapping::check(contract, &one.map, tags), &place).0);
    }
    for (tunable, value) in tune {
        let Some(known) = contract.tunables.iter().find(|known| known.name == *tunable) else {
            let names: Vec<&str> = contract.tunables.iter().map(|known| known.name.as_str()).collect();
            let what = format!("The model has no tunable `{tunable}`.");
            let problem = Problem::new("tunable.unknown", &place, what);
            problems.push(problem.hint(format!("It has: {}.", names.join(", "))));
            continue;
        };
        if !(known.min..=known.max).contains(value) {
            let what = format!("`{tunable}` is {value}; its limits are {} to {}.", known.min, known.max);
            problems.push(Problem::new("tunable.outside-limits", &place, what));
        }
    }
    problems
}
