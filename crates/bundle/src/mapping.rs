//! How a contract's signals fit the tags of a site: what is missing, what is converted, what cannot be; and what could be meant.

mod suggest;

use std::collections::BTreeMap;
use std::time::Duration;

use config::SiteConfig;
use config::near::nearest;
use domain::said::mapping as said;
use domain::unit::{Conversion, Unit};
use domain::{Problem, Problems, Said, TagPath, ValueType};
use serde::Serialize;

use crate::contract::{Contract, Signal, SignalType};

pub use suggest::{Suggestion, suggest};

/// What a mapping has to know of a tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagFacts {
    /// What people call it.
    pub label: Option<String>,
    /// Its engineering unit.
    pub unit: Option<Unit>,
    /// Its type after scaling, if known.
    pub value_type: Option<ValueType>,
    /// Lowest and highest value that can be true.
    pub range: Option<[f64; 2]>,
    /// How often it is read; none for what is written when it changes.
    pub period: Option<Duration>,
}

/// Tags and variables by their names.
pub type Tags = BTreeMap<TagPath, TagFacts>;

/// All tags and variables of a site. A scaled tag is a number; else `type_of` knows the type of an address, if anybody does.
pub fn tags_of(site: &SiteConfig, type_of: impl Fn(&config::site::Tag) -> Option<ValueType>) -> Tags {
    let tags = site.tags.iter().map(|tag| {
        let value_type = if tag.scale.is_some() { Some(ValueType::F64) } else { type_of(tag) };
        let facts = TagFacts {
            label: tag.label.clone(),
            unit: tag.unit.clone(),
            value_type,
            range: tag.range,
            period: Some(site.period(tag)),
        };
        (tag.name.clone(), facts)
    });
    let variables = site.variables.iter().map(|variable| {
        let facts = TagFacts {
            label: variable.label.clone(),
            unit: variable.unit.clone(),
            value_type: Some(variable.value_type),
            range: variable.range,
            period: None,
        };
        (variable.name.clone(), facts)
    });
    tags.chain(variables).collect()
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know: a conversion.
    Note,
    /// Look at it.
    Warning,
    /// It cannot run like this.
    Blocking,
}

/// One thing found about one signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// The sentence; its code is `mapping.cause`.
    pub said: Said,
    /// What to do besides, for the one case in hand: "did you mean `speed`?"
    pub near: Option<String>,
}

impl Finding {
    /// As a problem at `place` (`deployment pump-7-bearing`).
    pub fn problem(&self, place: &str) -> Problem {
        let problem = self.said.clone().problem(place);
        match &self.near {
            Some(near) => problem.hint(near.clone()),
            None => problem,
        }
    }
}

/// One signal of the contract, or one name that the contract does not have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignalMatch {
    /// Its name.
    pub signal: String,
    /// The tag it is mapped to.
    pub tag: Option<TagPath>,
    /// From the tag's unit to the signal's; none when nothing has to be converted or nothing can be.
    pub conversion: Option<Conversion>,
    /// What was found; empty when they fit without a word.
    pub findings: Vec<Finding>,
}

impl SignalMatch {
    /// Whether it cannot run like this.
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Blocking)
    }

    fn note(&mut self, severity: Severity, said: Said) {
        self.findings.push(Finding { severity, said, near: None });
    }

    fn note_near(&mut self, said: Said, near: Option<String>) {
        self.findings.push(Finding { severity: Severity::Blocking, said, near });
    }
}

/// Checks a mapping: one entry per signal of the contract in its order, then one per name that is no signal.
pub fn check(contract: &Contract, map: &BTreeMap<String, TagPath>, tags: &Tags) -> Vec<SignalMatch> {
    let signals = contract.signals.iter().map(|signal| check_signal(contract, signal, map.get(&signal.name), tags));
    let strangers = map.iter().filter(|(name, _)| contract.signal(name).is_none()).map(|(name, tag)| {
        let mut one =
            SignalMatch { signal: name.clone(), tag: Some(tag.clone()), conversion: None, findings: Vec::new() };
        let names = contract.signals.iter().map(|signal| signal.name.as_str());
        one.note_near(said::UNKNOWN_SIGNAL.say([("signal", name.as_str().into())]), near(name, names));
        one
    });
    signals.chain(strangers).collect()
}

/// What blocks a mapping, as problems at `place` (`deployment pump-7-bearing`).
pub fn blocking(matches: &[SignalMatch], place: &str) -> Problems {
    let findings =
        matches.iter().flat_map(|one| &one.findings).filter(|finding| finding.severity == Severity::Blocking);
    Problems(findings.map(|finding| finding.problem(place)).collect())
}

fn check_signal(contract: &Contract, signal: &Signal, tag: Option<&TagPath>, tags: &Tags) -> SignalMatch {
    let mut one =
        SignalMatch { signal: signal.name.clone(), tag: tag.cloned(), conversion: None, findings: Vec::new() };
    let Some(tag) = tag else {
        one.note(Severity::Blocking, said::MISSING.say([("signal", signal.name.as_str().into())]));
        return one;
    };
    let Some(facts) = tags.get(tag) else {
        let said = said::UNKNOWN_TAG.say([("signal", signal.name.as_str().into()), ("tag", tag.as_str().into())]);
        one.note_near(said, near(tag.as_str(), tags.keys().map(TagPath::as_str)));
        return one;
    };
    check_type(&mut one, signal, tag, facts);
    check_unit(&mut one, signal, tag, facts);
    check_range(&mut one, signal, tag, facts);
    check_rate(&mut one, contract, signal, tag, facts);
    one
}

fn check_type(one: &mut SignalMatch, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let Some(given) = facts.value_type else { return };
    let (text_given, text_wanted) = (given == ValueType::Text, signal.signal_type == SignalType::Text);
    if text_given != text_wanted {
        let word = |text| if text { said::A_TEXT } else { said::A_NUMBER };
        let said = said::WRONG_TYPE.say([
            ("tag", tag.as_str().into()),
            ("given", (&word(text_given)).into()),
            ("signal", signal.name.as_str().into()),
            ("wanted", (&word(text_wanted)).into()),
        ]);
        one.note(Severity::Blocking, said);
    } else if signal.signal_type == SignalType::Bool && given == ValueType::F64 {
        let said = said::NUMBER_AS_BOOL.say([("tag", tag.as_str().into()), ("signal", signal.name.as_str().into())]);
        one.note(Severity::Warning, said);
    }
}

fn check_unit(one: &mut SignalMatch, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let Some(wanted) = &signal.unit else { return };
    let Some(given) = &facts.unit else {
        if *wanted != Unit::one() {
            let said = said::NO_UNIT.say([("tag", tag.as_str().into()), ("unit", wanted.display().into())]);
            one.note(Severity::Warning, said);
        }
        return;
    };
    match given.conversion(wanted) {
        Ok(conversion) if conversion.is_identity() => {}
        Ok(conversion) => {
            let offset = if conversion.offset.abs() > 0.0 {
                format!(" {:+}", rounded(conversion.offset))
            } else {
                String::new()
            };
            let what = format!("{} → {} (× {}{offset})", shown(given), shown(wanted), rounded(conversion.factor));
            one.conversion = Some(conversion);
            one.note(Severity::Note, said::CONVERTED.say([("conversion", what.into())]));
        }
        Err(mismatch) => {
            let said = said::WRONG_UNIT.say([
                ("tag", tag.as_str().into()),
                ("signal", signal.name.as_str().into()),
                ("why", (*mismatch.why).into()),
                ("advice", mismatch.advice.map_or_else(|| said::OTHER_TAG.plain(), |advice| *advice).into()),
            ]);
            one.note(Severity::Blocking, said);
        }
    }
}

fn shown(unit: &Unit) -> String {
    let display = unit.display();
    if display.is_empty() { unit.code().to_owned() } else { display }
}

fn near<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// Six digits, for people.
fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

fn check_range(one: &mut SignalMatch, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let (Some([low, high]), Some([from, to])) = (signal.range, facts.range) else { return };
    let conversion = one.conversion.unwrap_or(Conversion::IDENTITY);
    let (from, to) = (conversion.apply(from), conversion.apply(to));
    let slack = (high - low).abs() * 1e-6;
    let unit = signal.unit.as_ref().map(|unit| format!(" {}", unit.display())).unwrap_or_default();
    if one.is_blocked() {
        return;
    }
    let sentence = if to < low || from > high {
        said::RANGE_APART
    } else if from < low - slack || to > high + slack {
        said::RANGE_WIDER
    } else {
        return;
    };
    let said = sentence.say([
        ("tag", tag.as_str().into()),
        ("from", from.into()),
        ("to", to.into()),
        ("unit", unit.into()),
        ("low", low.into()),
        ("high", high.into()),
    ]);
    one.note(Severity::Warning, said);
}

fn check_rate(one: &mut SignalMatch, contract: &Contract, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let Some(period) = facts.period else { return };
    let (rate, max_gap) = (contract.rate(signal), contract.max_gap(signal));
    if period > max_gap {
        let said = said::TOO_SLOW.say([
            ("tag", tag.as_str().into()),
            ("period_ms", period.into()),
            ("gap_ms", max_gap.into()),
            ("rate_ms", rate.into()),
        ]);
        one.note(Severity::Blocking, said);
    } else if period > rate.mul_f64(1.01) {
        let said =
            said::SLOWER.say([("tag", tag.as_str().into()), ("period_ms", period.into()), ("rate_ms", rate.into())]);
        one.note(Severity::Warning, said);
    }
}
