//! How a bundle's signals fit the tags of a site: what keeps a mapping from working, what is worth a look, what could be
//! meant. Pure; the acts and the routes ask the same functions.

use std::collections::BTreeMap;

use bundle::Contract;
use bundle::contract::{Signal, SignalType};
use config::SiteConfig;
use config::site::DeploymentAt;
use domain::unit::Unit;
use domain::{PlacePath, Problem, Problems, TagPath, ValueType};

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Fine; said because it is worth knowing ("psi → kPa").
    Fine,
    /// Look at it.
    Look,
    /// It can't be deployed like this.
    Stop,
}

/// What was found about one signal and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How serious.
    pub level: Level,
    /// Stable name, `noun.cause`.
    pub code: &'static str,
    /// One sentence.
    pub words: String,
    /// What to do; may be empty.
    pub hint: String,
}

/// What a mapping has to know of a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<'a> {
    /// Its name.
    pub name: &'a TagPath,
    /// What people call it.
    pub label: Option<&'a str>,
    /// Its unit.
    pub unit: Option<&'a Unit>,
    /// Its type, when the configuration says it.
    pub value_type: Option<ValueType>,
    /// Its declared limits.
    pub range: Option<[f64; 2]>,
}

/// All tags and local variables of a site.
pub fn points(site: &SiteConfig) -> impl Iterator<Item = Point<'_>> {
    let tags = site.tags.iter().map(|tag| Point {
        name: &tag.name,
        label: tag.label.as_deref(),
        unit: tag.unit.as_ref(),
        value_type: None,
        range: tag.range,
    });
    let variables = site.variables.iter().map(|variable| Point {
        name: &variable.name,
        label: variable.label.as_deref(),
        unit: variable.unit.as_ref(),
        value_type: Some(variable.value_type),
        range: variable.range,
    });
    tags.chain(variables)
}

/// The conversion between a tag's unit and a signal's, as people read it: "psi → kPa". None: no conversion.
pub fn conversion_words(signal: &Signal, point: &Point<'_>) -> Option<String> {
    let (wanted, given) = (signal.unit.as_ref()?, point.unit?);
    let conversion = given.conversion(wanted).ok()?;
    (!conversion.is_identity()).then(|| format!("{} → {}", given.display(), wanted.display()))
}

/// What is to say about one signal on one tag; nothing when they fit without a word.
pub fn findings(signal: &Signal, point: &Point<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let finding = |level, code, words: String, hint: &str| Finding { level, code, words, hint: hint.to_owned() };
    match (point.value_type, signal.signal_type) {
        (Some(ValueType::Text), SignalType::Number | SignalType::Bool) => {
            let words = format!("{} is a text, {} needs a number.", point.name, signal.name);
            found.push(finding(Level::Stop, "mapping.wrong-type", words, "Take another tag."));
        }
        (Some(ValueType::Bool | ValueType::I64 | ValueType::U64 | ValueType::F64), SignalType::Text) => {
            let words = format!("{} is a number, {} needs a text.", point.name, signal.name);
            found.push(finding(Level::Stop, "mapping.wrong-type", words, "Take another tag."));
        }
        _ => {}
    }
    match (signal.unit.as_ref(), point.unit) {
        (Some(wanted), Some(given)) => match given.conversion(wanted) {
            Err(mismatch) => {
                let words = format!("{} does not fit {}: {}", point.name, signal.name, mismatch.what);
                found.push(finding(Level::Stop, "mapping.wrong-unit", words, &mismatch.hint));
            }
            Ok(conversion) if !conversion.is_identity() => {
                let words = format!("{} is converted, {} → {}.", point.name, given.display(), wanted.display());
                found.push(finding(Level::Fine, "mapping.converted", words, ""));
            }
            Ok(_) => {}
        },
        (Some(wanted), None) if *wanted != Unit::one() => {
            let words = format!("{} has no unit; {} is taken for granted.", point.name, wanted.display());
            found.push(finding(Level::Look, "mapping.no-unit", words, "Give the tag its unit."));
        }
        _ => {}
    }
    if let Some(words) = range_words(signal, point) {
        found.push(finding(Level::Look, "mapping.other-range", words, "See whether the model was made for this."));
    }
    found
}

/// The tag's declared range, in the signal's unit, reaches outside of what the model was made for.
fn range_words(signal: &Signal, point: &Point<'_>) -> Option<String> {
    let ([low, high], given) = (signal.range?, point.range?);
    let convert = |value: f64| match (signal.unit.as_ref(), point.unit) {
        (Some(wanted), Some(unit)) => unit.conversion(wanted).ok().map(|conversion| conversion.apply(value)),
        _ => Some(value),
    };
    let (from, to) = (convert(given[0])?, convert(given[1])?);
    let slack = (high - low).abs() * 1e-9;
    (from < low - slack || to > high + slack)
        .then(|| format!("{} may be {from} to {to}; the model knows {low} to {high}.", point.name))
}

/// Everything that keeps this from being deployed, all at once.
pub fn check_deployment(
    site: &SiteConfig,
    contract: &Contract,
    name: &str,
    at: &[DeploymentAt],
    tune: &BTreeMap<String, f64>,
) -> Problems {
    let place = format!("deployment {name}");
    let mut problems = Problems::default();
    if at.is_empty() {
        problems.push(Problem::new("deployment.no-place", &place, "It has no place.").hint("Say where it should run."));
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
        problems.0.extend(check_map(site, contract, &place, one).0);
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

fn check_map(site: &SiteConfig, contract: &Contract, place: &str, at: &DeploymentAt) -> Problems {
    let mut problems = Problems::default();
    for signal in &contract.signals {
        let Some(tag) = at.map.get(&signal.name) else {
            let what = format!("The signal `{}` has no tag at {}.", signal.name, at.place);
            problems.push(Problem::new("mapping.missing", place, what).hint("Every signal needs a tag."));
            continue;
        };
        let Some(point) = points(site).find(|point| point.name == tag) else {
            let what = format!("`{}` is mapped to `{tag}`, and there is no such tag.", signal.name);
            problems.push(Problem::new("deployment.unknown-tag", place, what));
            continue;
        };
        let stops = findings(signal, &point).into_iter().filter(|finding| finding.level == Level::Stop);
        problems.0.extend(stops.map(|stop| Problem::new(stop.code, place, stop.words).hint(stop.hint)));
    }
    for signal in at.map.keys().filter(|name| contract.signal(name).is_none()) {
        let what = format!("The model has no signal `{signal}`.");
        problems.push(Problem::new("mapping.unknown-signal", place, what));
    }
    problems
}

/// A tag that could be meant by a signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The tag.
    pub tag: TagPath,
    /// 0 to 1.
    pub score: f64,
    /// Why: "same name, psi → kPa".
    pub words: String,
}

/// Tags that could be meant by a signal, the best first, at most ten. Tags of the place come before those around it.
pub fn choices(site: &SiteConfig, signal: &Signal, place: &PlacePath) -> Vec<Choice> {
    let mut choices: Vec<Choice> =
        points(site).filter_map(|point| choice(signal, &point, place)).filter(|choice| choice.score >= 0.25).collect();
    choices.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.tag.cmp(&b.tag)));
    choices.truncate(10);
    choices
}

/// Good enough to be filled in without being asked, if nothing else comes close.
pub fn clear_winner(choices: &[Choice]) -> Option<&TagPath> {
    let best = choices.first()?;
    let second = choices.get(1).map_or(0.0, |choice| choice.score);
    (best.score >= 0.6 && best.score - second >= 0.05).then_some(&best.tag)
}

fn choice(signal: &Signal, point: &Point<'_>, place: &PlacePath) -> Option<Choice> {
    let found = findings(signal, point);
    if found.iter().any(|finding| finding.level == Level::Stop) {
        return None;
    }
    let mut names: Vec<&str> = signal.title.values().map(String::as_str).collect();
    names.push(&signal.name);
    let tag_names = [Some(point.name.name()), point.label];
    let name = names
        .iter()
        .flat_map(|wanted| tag_names.iter().flatten().map(move |given| similarity(wanted, given)))
        .fold(0.0, f64::max);
    let unit = match (signal.unit.as_ref(), point.unit) {
        (Some(wanted), Some(given)) if wanted == given => 1.0,
        (Some(_), Some(_)) => 0.8,
        (None, None) => 0.5,
        _ => 0.0,
    };
    let near = if place.contains(point.name.place()) { 1.0 } else { 0.0 };
    let other_range = found.iter().any(|finding| finding.code == "mapping.other-range");
    let score = 0.6 * name + 0.15 * unit + 0.25 * near - if other_range { 0.05 } else { 0.0 };
    let mut words = Vec::new();
    if name >= 0.99 {
        words.push("same name".to_owned());
    }
    if unit >= 0.99 {
        words.push("same unit".to_owned());
    }
    words.extend(conversion_words(signal, point));
    if near == 0.0 {
        words.push(format!("at {}", point.name.place()));
    }
    if other_range {
        words.push("other range".to_owned());
    }
    Some(Choice { tag: point.name.clone(), score: score.clamp(0.0, 1.0), words: words.join(", ") })
}

/// Share of letter pairs that two names have in common (Dice), without case and punctuation.
fn similarity(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        letters.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
    };
    let (a, mut b) = (pairs(a), pairs(b));
    let total = a.len() + b.len();
    if total == 0 {
        return 0.0;
    }
    let mut common = 0;
    for pair in a {
        if let Some(index) = b.iter().position(|other| *other == pair) {
            b.swap_remove(index);
            common += 2;
        }
    }
    f64::from(common) / total as f64
}
