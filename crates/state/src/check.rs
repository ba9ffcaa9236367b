//! What a deployment has to satisfy, whoever asks for it: a route before anything is saved, an act again. Pure.

use std::collections::BTreeMap;

use bundle::{Contract, mapping};
use config::SiteConfig;
use config::site::DeploymentAt;
use domain::Problems;
use domain::said::act as said;

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
        problems.push(said::DEPLOYMENT_NO_PLACE.problem(&place, []));
    }
    for (index, one) in at.iter().enumerate() {
        if !one.place.as_str().is_empty() && !site.places.iter().any(|known| known.path == one.place) {
            problems.push(said::DEPLOYMENT_NOWHERE.problem(&place, [("place", one.place.to_string().into())]));
        }
        if at.iter().take(index).any(|before| before.place == one.place) {
            problems.push(said::DEPLOYMENT_TWICE.problem(&place, [("place", one.place.to_string().into())]));
        }
        problems.0.extend(mapping::blocking(&mapping::check(contract, &one.map, tags), &place).0);
    }
    for (tunable, value) in tune {
        let Some(known) = contract.tunables.iter().find(|known| known.name == *tunable) else {
            let names: Vec<&str> = contract.tunables.iter().map(|known| known.name.as_str()).collect();
            let args = [("name", tunable.as_str().into()), ("known", names.join(", ").into())];
            problems.push(said::TUNABLE_UNKNOWN.problem(&place, args));
            continue;
        };
        if !(known.min..=known.max).contains(value) {
            let args = [
                ("name", tunable.as_str().into()),
                ("value", (*value).into()),
                ("low", known.min.into()),
                ("high", known.max.into()),
            ];
            problems.push(said::TUNABLE_LIMITS.problem(&place, args));
        }
    }
    problems
}
