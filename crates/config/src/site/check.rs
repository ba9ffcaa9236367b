//! What must hold in a site's configuration, whoever made it: a file, the API or a proposal.

mod deployment;
mod device;
mod outlet;
mod tag;

use std::collections::{HashMap, HashSet};

use domain::{Level, Problem, TagPath, ValueType};

use super::{BundleRef, SiteConfig};
use crate::near::did_you_mean;
use crate::reading::{At, Findings};

/// What only crates above this one know: device addresses, and which bundles there are.
pub trait AddressCheck {
    /// Whether a device URL can be used.
    fn url(&self, url: &str) -> Result<(), Problem>;

    /// What is at an address of a device, without asking the device.
    fn address(&self, url: &str, address: &str) -> Result<AddressFacts, Problem>;

    /// Whether a bundle is there. Unless overridden every one is.
    fn bundle(&self, _bundle: &BundleRef) -> Result<(), Problem> {
        Ok(())
    }
}

/// What an address says about its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressFacts {
    /// The type of the raw value.
    pub value_type: ValueType,
    /// Whether it can be written at all.
    pub writable: bool,
    /// The whole registers or bits it takes; none for a part of one, and where addresses are names.
    pub span: Option<Span>,
}

/// A stretch of a device's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which table.
    pub table: &'static str,
    /// Its first position.
    pub first: u32,
    /// The first position behind it.
    pub end: u32,
}

/// Takes every URL and every address: for files whose devices are nobody's business.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyAddress;

impl AddressCheck for AnyAddress {
    fn url(&self, _: &str) -> Result<(), Problem> {
        Ok(())
    }

    fn address(&self, _: &str, _: &str) -> Result<AddressFacts, Problem> {
        Ok(AddressFacts { value_type: ValueType::F64, writable: true, span: None })
    }
}

/// Everything a check looks things up in.
pub(super) struct Names<'a> {
    pub(super) config: &'a SiteConfig,
    pub(super) outside: &'a dyn AddressCheck,
    places: HashMap<&'a str, Level>,
    points: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn new(config: &'a SiteConfig, outside: &'a dyn AddressCheck) -> Self {
        let places = config.places.iter().map(|place| (place.path.as_str(), place.level)).collect();
        let tags = config.tags.iter().map(|tag| tag.name.as_str());
        let points = tags.chain(config.variables.iter().map(|variable| variable.name.as_str())).collect();
        Self { config, outside, places, points }
    }

    /// Notes a place that nobody declared. The site itself always is.
    pub(super) fn place(&self, findings: &mut Findings, at: At, thing: &str, code: &str, place: &str) {
        if place.is_empty() || self.places.contains_key(place) {
            return;
        }
        let add = format!("add a [[place]] with path = \"{place}\", or write a place that is there");
        let hint = did_you_mean(place, self.places.keys().copied(), &add);
        findings
            .note(at, thing, code, format!("{thing} is at the place `{place}`, which does not exist"))
            .hint(hint)
            .looked_for("place");
    }

    /// Whether a tag or variable has this name.
    pub(super) fn is_point(&self, name: &str) -> bool {
        self.points.contains(name)
    }

    /// Notes a tag or variable that nobody declared.
    pub(super) fn point(&self, findings: &mut Findings, at: At, thing: &str, code: &str, point: &TagPath) {
        let name = point.as_str();
        if self.is_point(name) {
            return;
        }
        let what = format!("{thing} names the tag `{name}`, which does not exist");
        // long files with many slips: the search for near names is only done for the first of them
        let near = if findings.0.len() < 50 { crate::near::nearest(name, self.points.iter().copied()) } else { None };
        let otherwise = "add a [[tag]] or [[variable]] of that name, or write one that is there".to_owned();
        let hint = near.map_or(otherwise, |near| format!("did you mean `{near}`?"));
        findings.note(at, thing, code, what).hint(hint).looked_for("tag");
    }
}

/// All findings of a configuration, with paths in it.
pub(crate) fn findings(config: &SiteConfig, outside: &dyn AddressCheck) -> Findings {
    let names = Names::new(config, outside);
    let mut findings = Findings::default();
    check_site(&mut findings, config);
    check_places(&mut findings, &names);
    device::check(&mut findings, &names);
    tag::check(&mut findings, &names);
    deployment::check(&mut findings, &names);
    outlet::check(&mut findings, &names);
    check_overlaps(&mut findings, config);
    findings
}

fn check_site(findings: &mut Findings, config: &SiteConfig) {
    let site = At::root().key("site");
    if config.site.name.trim().is_empty() {
        findings
            .note(site.key("name"), "site", "site.no-name", "the site has no name")
            .hint("write what people call it: name = \"Plant North\"");
    }
    if jiff::tz::TimeZone::get(&config.site.time_zone).is_err() {
        let what = format!("`{}` is not a time zone", config.site.time_zone);
        let hint = "write a name of the IANA list, such as \"Europe/Berlin\", \"America/Chicago\" or \"UTC\"";
        findings.note(site.key("time_zone"), "site", "site.unknown-time-zone", what).hint(hint);
    }
    if !["en", "de"].contains(&config.site.language.as_str()) {
        let what = format!("there are no texts in the language `{}`", config.site.language);
        findings.note(site.key("language"), "site", "site.unknown-language", what).hint("write \"en\" or \"de\"");
    }
    if let Some(listen) = &config.listen
        && listen.http.parse::<std::net::SocketAddr>().is_err()
    {
        let what = format!("`{}` is not an address to listen on", listen.http);
        let hint = "write an IP address and a port: \"127.0.0.1:7433\", \"[::1]:7433\"";
        findings.note(At::root().key("listen").key("http"), "listen", "listen.bad-address", what).hint(hint);
    }
    check_history(findings, config);
    check_hub(findings, config);
}

fn check_hub(findings: &mut Findings, config: &SiteConfig) {
    const MIN_RATE: u64 = 1_000;
    if config.hub.backfill_bytes_per_s.get() < MIN_RATE {
        let what = format!("with {} a second the hub would never have everything", config.hub.backfill_bytes_per_s);
        let at = At::root().key("hub").key("backfill_bytes_per_s");
        findings.note(at, "hub", "hub.too-slow", what).hint("give at least \"1kB\"; the default is \"1MB\"");
    }
}

fn check_history(findings: &mut Findings, config: &SiteConfig) {
    const MIN_KEEP_SECS: u64 = 3600;
    const MIN_SIZE: u64 = 50_000_000;
    const MIN_MEMORY: u64 = 8_000_000;
    let at = At::root().key("history");
    let mut small = |key: &str, what: String, hint: &str| {
        findings.note(at.key(key), "history", "history.too-small", what).hint(hint);
    };
    if config.history.keep.get().as_secs() < MIN_KEEP_SECS {
        let what = format!("history of {} is shorter than windows of models may be", config.history.keep);
        small("keep", what, "keep at least \"1h\"; the default is \"90d\"");
    }
    if config.history.max_size.get() < MIN_SIZE {
        small(
            "max_size",
            format!("history cannot work within {}", config.history.max_size),
            "give at least \"50MB\"; the default is \"20GB\"",
        );
    }
    if config.history.memory.get() < MIN_MEMORY {
        small(
            "memory",
            format!("history cannot work with {} of memory", config.history.memory),
            "give at least \"8MB\"; the default is \"64MB\"",
        );
    }
}

fn check_places(findings: &mut Findings, names: &Names<'_>) {
    const MAX_KEY_TAGS: usize = 4;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, place) in names.config.places.iter().enumerate() {
        let (at, path) = (At::item("place", index), place.path.as_str());
        let thing = format!("place {path}");
        if path.is_empty() {
            let what = "a place has an empty path, which is the site itself";
            findings.note(at.key("path"), "place", "place.is-the-site", what).hint("write a path below it: \"line-2\"");
            continue;
        }
        if let Some(first) = seen.insert(path, index) {
            let what = format!("two places have the path `{path}`: number {} and number {}", first + 1, index + 1);
            findings
                .note(at.key("path"), &thing, "place.duplicate", what)
                .hint("give one of them another path, or remove it");
        }
        check_parent(findings, names, &at, place);
        if place.key_tags.len() > MAX_KEY_TAGS {
            let what = format!("{thing} has {} key tags; its block has room for {MAX_KEY_TAGS}", place.key_tags.len());
            findings
                .note(at.key("key_tags"), &thing, "place.too-many-key-tags", what)
                .hint("choose the 2 to 4 that an operator looks at first");
        }
        for (number, tag) in place.key_tags.iter().enumerate() {
            if !may_be_prediction(names.config, tag) {
                names.point(findings, at.key("key_tags").index(number), &thing, "place.unknown-tag", tag);
            }
        }
    }
}

/// A place stands below one that exists, and deeper in the ISA-95 levels.
fn check_parent(findings: &mut Findings, names: &Names<'_>, at: &At, place: &super::Place) {
    let thing = format!("place {}", place.path);
    let Some(parent) = place.path.parent().filter(|parent| !parent.as_str().is_empty()) else { return };
    match names.places.get(parent.as_str()) {
        None => {
            let what = format!("{thing} stands below `{parent}`, which does not exist");
            let add = format!("add a [[place]] with path = \"{parent}\"");
            let hint = did_you_mean(parent.as_str(), names.places.keys().copied(), &add);
            findings.note(at.key("path"), &thing, "place.unknown-parent", what).hint(hint).looked_for("place");
        }
        Some(above) if place.level < *above || (place.level == *above && place.level != Level::Cell) => {
            let what = format!("{thing} stands below `{parent}`, whose level is not above its own");
            let hint = "levels go down from enterprise over site, area and line to cell; correct one of the two";
            findings.note(at.key("level"), &thing, "place.wrong-level", what).hint(hint);
        }
        Some(_) => {}
    }
}

/// Predictions are the tags `<deployment's place>/<bundle>/<output>`; only the bundle knows their last part.
fn may_be_prediction(config: &SiteConfig, tag: &TagPath) -> bool {
    let below = |place: &str| {
        let rest = if place.is_empty() {
            Some(tag.as_str())
        } else {
            tag.as_str().strip_prefix(place).and_then(|rest| rest.strip_prefix('/'))
        };
        rest.is_some_and(|rest| rest.split('/').count() == 2)
    };
    config.deployments.iter().flat_map(super::Deployment::places).any(|(place, _)| below(place.as_str()))
}

/// A name is one thing: not a tag and a variable, not a tag and a place, and nothing lies below a tag.
fn check_overlaps(findings: &mut Findings, config: &SiteConfig) {
    let tags = config.tags.iter().enumerate().map(|(index, tag)| ("tag", index, &tag.name));
    let variables = config.variables.iter().enumerate().map(|(index, variable)| ("variable", index, &variable.name));
    let places: HashSet<&str> = config.places.iter().map(|place| place.path.as_str()).collect();
    let mut seen: HashMap<&str, (&str, usize)> = HashMap::new();
    for (list, index, name) in tags.chain(variables) {
        let (at, thing) = (At::item(list, index).key("name"), format!("{list} {name}"));
        let code = |cause: &str| format!("{list}.{cause}");
        match seen.insert(name.as_str(), (list, index)) {
            Some((other, first)) if other == list => {
                let what = format!("two {list}s are named `{name}`: number {} and number {}", first + 1, index + 1);
                findings
                    .note(at.clone(), &thing, &code("duplicate"), what)
                    .hint("give one of them another name, or remove it");
            }
            Some((other, _)) => {
                let what = format!("`{name}` is the name of a {other} and of a {list}");
                findings
                    .note(at.clone(), &thing, &code("duplicate"), what)
                    .hint("tags and variables share their names; rename one");
            }
            None => {}
        }
        if places.contains(name.as_str()) {
            let what = format!("`{name}` is the name of a {list} and the path of a place");
            findings
                .note(at, &thing, &code("is-a-place"), what)
                .hint("put the tag below the place: give it a name of its own after the path");
        }
    }
    for (list, index, name) in config.tags.iter().enumerate().map(|(index, tag)| ("tag", index, &tag.name)) {
        let above = std::iter::successors(Some(name.place()), |path| path.rsplit_once('/').map(|(above, _)| above));
        if let Some(other) = above.filter(|path| !places.contains(path)).find(|path| seen.contains_key(path)) {
            let what = format!("the tag `{name}` lies below `{other}`, which is a tag itself");
            let hint = "the part before the last `/` is a place; rename one of the two";
            findings
                .note(At::item(list, index).key("name"), &format!("tag {name}"), "tag.below-a-tag", what)
                .hint(hint);
        }
    }
}
