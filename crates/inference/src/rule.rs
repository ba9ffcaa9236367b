//! From predictions to decisions: a limit with hysteresis, n of m, and words that say why.
//!
//! Pure. A prediction without a value counts for nothing; one that is not applicable starts the counting anew. What was
//! raised stays raised until the model has seen normal again.

use std::collections::{BTreeMap, VecDeque};

use bundle::contract::{Contract, Limit, Words};
use domain::{Contribution, Decision, Timestamp};

use crate::why::words;

/// Contributions that travel with a decision.
const MOST_CONTRIBUTIONS: usize = 5;
/// Contributions that a sentence names.
const NAMED_IN_REASON: usize = 3;

/// The rule of a contract with the plant's tunables in it.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePlan {
    /// Index of the output that it looks at.
    pub output: usize,
    above: bool,
    limit: f64,
    clear: f64,
    n: usize,
    m: usize,
}

impl RulePlan {
    /// None when the contract has no rule, or one that names what is not there.
    pub fn new(contract: &Contract, tune: &BTreeMap<String, f64>) -> Option<Self> {
        let rule = contract.rule.as_ref()?;
        let output = contract.outputs.iter().position(|output| output.name == rule.output)?;
        let (above, limit): (bool, &Limit) = match (&rule.above, &rule.below) {
            (Some(limit), _) => (true, limit),
            (None, Some(limit)) => (false, limit),
            (None, None) => return None,
        };
        let limit = contract.limit(limit, tune)?;
        let share = contract.limit(&rule.clear_below, tune)?.clamp(f64::MIN_POSITIVE, 1.0);
        let n = usize::try_from(rule.n).unwrap_or(1).max(1);
        let m = usize::try_from(rule.m).unwrap_or(1).max(n);
        Some(Self { output, above, limit, clear: clear_line(above, limit, share), n, m })
    }

    /// The limit in force.
    pub fn limit(&self) -> f64 {
        self.limit
    }

    fn counts(&self, value: f64) -> bool {
        if self.above { value > self.limit } else { value < self.limit }
    }

    fn clears(&self, value: f64) -> bool {
        if self.above { value <= self.clear } else { value >= self.clear }
    }
}

/// A share of the limit on the side of normal. Where the limit's sign would put it on the wrong side, the other way
/// round: above −10 with 0.9 clears at −11.1, never at −9.
fn clear_line(above: bool, limit: f64, share: f64) -> f64 {
    let towards_zero = limit * share;
    let from_zero = limit / share;
    if above { towards_zero.min(from_zero) } else { towards_zero.max(from_zero) }
}

/// What one place's rule remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleState {
    recent: VecDeque<bool>,
    clear_run: usize,
    raised: bool,
}

/// What a prediction changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The advisory starts.
    Raise,
    /// The advisory ends.
    Clear,
}

impl RuleState {
    /// With an advisory of this rule already raised, or not.
    pub fn new(raised: bool) -> Self {
        Self { raised, ..Self::default() }
    }

    /// Whether the advisory stands.
    pub fn raised(&self) -> bool {
        self.raised
    }

    /// One more prediction with a value.
    pub fn step(&mut self, plan: &RulePlan, value: f64) -> Option<Change> {
        self.recent.push_back(plan.counts(value));
        while self.recent.len() > plan.m {
            self.recent.pop_front();
        }
        self.clear_run = if plan.clears(value) { self.clear_run + 1 } else { 0 };
        if !self.raised && self.recent.iter().filter(|counts| **counts).count() >= plan.n {
            self.raised = true;
            self.clear_run = 0;
            return Some(Change::Raise);
        }
        if self.raised && self.clear_run >= plan.n {
            *self = Self::default();
            return Some(Change::Clear);
        }
        None
    }

    /// The model does not apply now: what came before must not be added to what comes after.
    pub fn not_applicable(&mut self) {
        self.recent.clear();
        self.clear_run = 0;
    }
}

/// A decision with its words in every language of the bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// For the record and the log; its reason is in the site's language.
    pub decision: Decision,
    /// The advisory's title per language.
    pub title: Words,
    /// Why, per language.
    pub reason: Words,
    /// What to do, in steps, per language.
    pub response: BTreeMap<String, Vec<String>>,
}

/// What the words of a decision are made of.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The end of the window.
    pub time: Timestamp,
    /// The place's name as people call it.
    pub place: &'a str,
    /// The output's value.
    pub value: f64,
    /// The key's value, empty when there is none.
    pub key: &'a str,
    /// The site's language.
    pub language: &'a str,
}

/// Puts a change into words. In the bundle's texts `{place}`, `{value}`, `{limit}`, `{key}`, `{output}` and `{signals}`
/// are replaced; where the bundle gives no reason, a plain one is made in English and German.
pub fn decide(
    contract: &Contract,
    plan: &RulePlan,
    change: Change,
    occasion: Occasion<'_>,
    because: Vec<Contribution>,
) -> Decided {
    let empty = Words::new();
    let rule = contract.rule.as_ref();
    let templates = rule.map_or(&empty, |rule| &rule.reason);
    let mut languages: Vec<&str> = contract.title.keys().map(String::as_str).collect();
    for language in ["en", "de", occasion.language] {
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    let fill = |template: &str, language: &str| filled(template, contract, plan, occasion, &because, language);
    let reason: Words = languages
        .iter()
        .map(|language| {
            let template = match change {
                Change::Raise => Some(words(templates, language)).filter(|text| !text.is_empty()),
                Change::Clear => None,
            };
            let template = template.unwrap_or_else(|| plain_reason(change, plan.above, !because.is_empty(), language));
            ((*language).to_owned(), fill(template, language))
        })
        .collect();
    let title = rule.map_or(&empty, |rule| &rule.title);
    let title = title.iter().map(|(language, text)| (language.clone(), fill(text, language))).collect();
    let in_site_language = words(&reason, occasion.language).to_owned();
    let decision = match change {
        Change::Raise => Decision::Raise { time: occasion.time, reason: in_site_language, because },
        Change::Clear => Decision::Clear { time: occasion.time, reason: in_site_language },
    };
    Decided { decision, title, reason, response: rule.map(|rule| rule.response.clone()).unwrap_or_default() }
}

fn plain_reason(change: Change, above: bool, with_signals: bool, language: &str) -> &'static str {
    match (change, above, with_signals, language == "de") {
        (Change::Clear, _, _, false) => "{output} is back at {value}",
        (Change::Clear, _, _, true) => "{output} ist wieder bei {value}",
        (Change::Raise, true, false, false) => "{output} {value} is above {limit}",
        (Change::Raise, true, false, true) => "{output} {value} liegt über {limit}",
        (Change::Raise, false, false, false) => "{output} {value} is below {limit}",
        (Change::Raise, false, false, true) => "{output} {value} liegt unter {limit}",
        (Change::Raise, true, true, false) => "{output} {value} is above {limit}: {signals}",
        (Change::Raise, true, true, true) => "{output} {value} liegt über {limit}: {signals}",
        (Change::Raise, false, true, false) => "{output} {value} is below {limit}: {signals}",
        (Change::Raise, false, true, true) => "{output} {value} liegt unter {limit}: {signals}",
    }
}

fn filled(
    template: &str,
    contract: &Contract,
    plan: &RulePlan,
    occasion: Occasion<'_>,
    because: &[Contribution],
    language: &str,
) -> String {
    let output = contract.outputs.get(plan.output);
    let unit = output.and_then(|output| output.unit.as_ref()).map(domain::unit::Unit::code).filter(|code| *code != "1");
    let with_unit = |number: f64| match unit {
        Some(unit) => format!("{} {unit}", number_text(number, language)),
        None => number_text(number, language),
    };
    let signals: Vec<String> =
        because.iter().take(NAMED_IN_REASON).map(|one| contribution_text(contract, one, language)).collect();
    template
        .replace("{place}", occasion.place)
        .replace("{value}", &with_unit(occasion.value))
        .replace("{limit}", &with_unit(plan.limit))
        .replace("{key}", occasion.key)
        .replace("{output}", output.map_or("", |output| words(&output.title, language)))
        .replace("{signals}", &signals.join(", "))
}

fn contribution_text(contract: &Contract, one: &Contribution, language: &str) -> String {
    let signal = contract.signal(&one.signal);
    let name = signal.map_or(one.signal.as_str(), |signal| words(&signal.title, language));
    let unit = signal.and_then(|signal| signal.unit.as_ref()).map_or("", domain::unit::Unit::code);
    let value = one.value.map_or_else(|| "–".to_owned(), |value| number_text(value, language));
    let value = if unit.is_empty() || unit == "1" { value } else { format!("{value} {unit}") };
    match one.normal {
        None => format!("{name} {value}"),
        Some((low, high)) => {
            let normal = if language == "de" { "normal" } else { "normally" };
            format!("{name} {value} ({normal} {} – {})", number_text(low, language), number_text(high, language))
        }
    }
}

/// A number with three significant digits, as people of that language write it.
pub(crate) fn number_text(number: f64, language: &str) -> String {
    let magnitude = if number == 0.0 { 0.0 } else { number.abs().log10().floor() };
    let decimals = (0..=6_usize).find(|decimals| magnitude + *decimals as f64 >= 2.0).unwrap_or(6);
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    if language == "de" { text.replace('.', ",") } else { text }
}

/// Signals ranked by their distance from the normal band of the condition in force: `mean_of` gives a signal's mean over
/// the window by its name.
pub fn contributions(
    contract: &Contract,
    condition: Option<usize>,
    mean_of: impl Fn(&str) -> Option<f64>,
) -> Vec<Contribution> {
    let condition = condition.and_then(|index| contract.conditions.get(index)).map(|condition| &condition.name);
    let mut list: Vec<Contribution> = Vec::new();
    let for_condition =
        contract.baselines.iter().filter(|one| one.condition.is_some() && one.condition.as_ref() == condition);
    let for_all = contract.baselines.iter().filter(|one| one.condition.is_none());
    for baseline in for_condition.chain(for_all) {
        if list.iter().any(|known| known.signal == baseline.signal) {
            continue;
        }
        let value = mean_of(&baseline.signal);
        let half = (baseline.high - baseline.low) / 2.0;
        let middle = f64::midpoint(baseline.high, baseline.low);
        let deviation = value.map(|value| (value - middle) / half).filter(|deviation| deviation.is_finite());
        let normal = Some((baseline.low, baseline.high));
        list.push(Contribution { signal: baseline.signal.clone(), value, normal, deviation });
    }
    let size = |one: &Contribution| one.deviation.map_or(-1.0, f64::abs);
    list.sort_by(|left, right| size(right).total_cmp(&size(left)));
    list.truncate(MOST_CONTRIBUTIONS);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(above: bool, limit: f64, n: usize, m: usize) -> RulePlan {
        RulePlan { output: 0, above, limit, clear: clear_line(above, limit, 0.9), n, m }
    }

    fn changes(plan: &RulePlan, values: &[f64]) -> Vec<(usize, Change)> {
        let mut state = RuleState::default();
        values.iter().enumerate().filter_map(|(at, value)| Some((at, state.step(plan, *value)?))).collect()
    }

    #[test]
    fn it_clears_on_the_side_of_normal_whatever_the_sign_of_the_limit() {
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{left} {right}");
        near(clear_line(true, 10.0, 0.9), 9.0);
        near(clear_line(true, -10.0, 0.9), -10.0 / 0.9);
        near(clear_line(false, 10.0, 0.9), 10.0 / 0.9);
        near(clear_line(false, -10.0, 0.9), -9.0);
    }

    #[test]
    fn two_of_three_raise_and_two_in_a_row_clear() {
        let list = changes(&plan(true, 10.0, 2, 3), &[11.0, 1.0, 11.0, 1.0, 9.5, 1.0, 1.0, 11.0, 1.0, 1.0, 11.0]);
        assert_eq!(list, [(2, Change::Raise), (6, Change::Clear)]);
    }

    #[test]
    fn below_counts_downwards() {
        let list = changes(&plan(false, 10.0, 1, 1), &[11.0, 9.0, 10.5, 11.0, 11.2]);
        assert_eq!(list, [(1, Change::Raise), (4, Change::Clear)]);
    }

    #[test]
    fn counts_from_before_a_standstill_are_not_added_to_those_after() {
        let plan = plan(true, 10.0, 2, 3);
        let mut state = RuleState::default();
        assert_eq!(state.step(&plan, 11.0), None);
        state.not_applicable();
        assert_eq!(state.step(&plan, 11.0), None);
        assert_eq!(state.step(&plan, 11.0), Some(Change::Raise));
        state.not_applicable();
        assert!(state.raised());
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        let written: Vec<String> =
            [0.0, 12.0, 6.284_1, 0.012_345, 1234.5, -3.5].iter().map(|n| number_text(*n, "en")).collect();
        assert_eq!(written, ["0", "12", "6.28", "0.0123", "1234", "-3.5"]);
        assert_eq!(number_text(6.284_1, "de"), "6,28");
    }
}
