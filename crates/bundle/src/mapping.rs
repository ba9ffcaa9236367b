//! How a contract's signals fit the tags of a site: what is missing, what is converted, what cannot be; and what could be meant.

mod suggest;

use std::collections::BTreeMap;
use std::time::Duration;

use config::near::did_you_mean;
use config::{SiteConfig, TimeSpan};
use domain::unit::{Conversion, Unit};
use domain::{Problem, Problems, TagPath, ValueType};
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
    /// Stable name, `mapping.cause`.
    pub code: &'static str,
    /// One sentence.
    pub what: String,
    /// What to do; may be empty for notes.
    pub hint: String,
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

    fn note(&mut self, severity: Severity, code: &'static str, what: String, hint: impl Into<String>) {
        self.findings.push(Finding { severity, code, what, hint: hint.into() });
    }
}

/// Checks a mapping: one entry per signal of the contract in its order, then one per name that is no signal.
pub fn check(contract: &Contract, map: &BTreeMap<String, TagPath>, tags: &Tags) -> Vec<SignalMatch> {
    let signals = contract.signals.iter().map(|signal| check_signal(contract, signal, map.get(&signal.name), tags));
    let strangers = map.iter().filter(|(name, _)| contract.signal(name).is_none()).map(|(name, tag)| {
        let mut one =
            SignalMatch { signal: name.clone(), tag: Some(tag.clone()), conversion: None, findings: Vec::new() };
        let what = format!("the contract has no signal `{name}`");
        let names = contract.signals.iter().map(|signal| signal.name.as_str());
        one.note(Severity::Blocking, "mapping.unknown-signal", what, did_you_mean(name, names, "remove it"));
        one
    });
    signals.chain(strangers).collect()
}

/// What blocks a mapping, as problems at `place` (`deployment pump-7-bearing`).
pub fn blocking(matches: &[SignalMatch], place: &str) -> Problems {
    let findings =
        matches.iter().flat_map(|one| &one.findings).filter(|finding| finding.severity == Severity::Blocking);
    Problems(
        findings
            .map(|finding| Problem::new(finding.code, place, finding.what.clone()).hint(finding.hint.clone()))
            .collect(),
    )
}

fn check_signal(contract: &Contract, signal: &Signal, tag: Option<&TagPath>, tags: &Tags) -> SignalMatch {
    let mut one =
        SignalMatch { signal: signal.name.clone(), tag: tag.cloned(), conversion: None, findings: Vec::new() };
    let Some(tag) = tag else {
        let what = format!("the signal `{}` is mapped to no tag", signal.name);
        one.note(Severity::Blocking, "mapping.missing", what, "map it to the tag that measures it");
        return one;
    };
    let Some(facts) = tags.get(tag) else {
        let what = format!("the signal `{}` is mapped to `{tag}`, which does not exist", signal.name);
        let hint = did_you_mean(tag.as_str(), tags.keys().map(TagPath::as_str), "map it to a tag that is there");
        one.note(Severity::Blocking, "mapping.unknown-tag", what, hint);
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
        let word = |text| if text { "a text" } else { "a number" };
        let what =
            format!("`{tag}` is {}, and the signal `{}` is {}", word(text_given), signal.name, word(text_wanted));
        one.note(Severity::Blocking, "mapping.wrong-type", what, "map it to a tag of that type");
    } else if signal.signal_type == SignalType::Bool && given == ValueType::F64 {
        let what = format!(
            "`{tag}` is a number, and the signal `{}` is true or false: everything but 0 will be true",
            signal.name
        );
        one.note(Severity::Warning, "mapping.number-as-bool", what, "see whether this is the tag that was meant");
    }
}

fn check_unit(one: &mut SignalMatch, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let Some(wanted) = &signal.unit else { return };
    let Some(given) = &facts.unit else {
        if *wanted != Unit::one() {
            let what = format!("`{tag}` has no unit; the model takes it for {}", wanted.display());
            one.note(Severity::Warning, "mapping.no-unit", what, "give the tag its unit");
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
            one.note(Severity::Note, "mapping.converted", what, "");
        }
        Err(mismatch) => {
            let what = format!("`{tag}` does not fit the signal `{}`: {}", signal.name, mismatch.what);
            let hint = if mismatch.hint.is_empty() {
                "map it to another tag, or correct the tag's unit".to_owned()
            } else {
                mismatch.hint
            };
            one.note(Severity::Blocking, "mapping.wrong-unit", what, hint);
        }
    }
}

fn shown(unit: &Unit) -> String {
    let display = unit.display();
    if display.is_empty() { unit.code().to_owned() } else { display }
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
    if to < low || from > high {
        let what = format!(
            "`{tag}` is from {} to {}{unit}, and the model knows only {low} to {high}",
            rounded(from),
            rounded(to)
        );
        one.note(
            Severity::Warning,
            "mapping.range-apart",
            what,
            "see whether this is the tag that was meant, in the right unit and scale",
        );
    } else if from < low - slack || to > high + slack {
        let what =
            format!("`{tag}` may be {} to {}{unit}; the model knows {low} to {high}", rounded(from), rounded(to));
        one.note(Severity::Warning, "mapping.range-wider", what, "see whether the model was made for this machine");
    }
}

fn check_rate(one: &mut SignalMatch, contract: &Contract, signal: &Signal, tag: &TagPath, facts: &TagFacts) {
    let Some(period) = facts.period else { return };
    let (rate, max_gap) = (contract.rate(signal), contract.max_gap(signal));
    let words = TimeSpan::from(period);
    if period > max_gap {
        let what = format!(
            "`{tag}` is read every {words}, and after {} without a sample nothing is predicted",
            TimeSpan::from(max_gap)
        );
        one.note(
            Severity::Blocking,
            "mapping.too-slow",
            what,
            format!("read it at least every {}", TimeSpan::from(rate)),
        );
    } else if period > rate.mul_f64(1.01) {
        let what = format!("`{tag}` is read every {words}; the model was made for every {}", TimeSpan::from(rate));
        one.note(Severity::Warning, "mapping.slower", what, format!("read it every {}", TimeSpan::from(rate)));
    }
}
