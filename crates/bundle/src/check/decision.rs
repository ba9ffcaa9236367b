//! The decision: an output, a limit that can be crossed, words.

use config::near::did_you_mean;
use config::reading::At;

use super::Check;
use crate::contract::{Limit, Rule, Words};

/// What texts of a decision may hold in braces; `inference` fills them in.
const PLACEHOLDERS: [&str; 6] = ["place", "value", "limit", "key", "output", "signals"];

pub(super) fn check(check: &mut Check<'_>) {
    let Some(rule) = check.contract.rule.as_ref() else { return };
    let (at, thing) = (At::root().key("decision"), "the decision");
    if check.contract.output(&rule.output).is_none() {
        let what = format!("the decision looks at the output `{}`, which does not exist", rule.output);
        let names = check.contract.outputs.iter().map(|output| output.name.as_str());
        let hint = did_you_mean(&rule.output, names, "write the name of an [[output]]");
        check.note(at.key("output"), thing, "decision.unknown-output", what, hint).looked_for("output");
    }
    check_limits(check, rule, &at);
    check_counts(check, rule, &at);
    check_words(check, rule, &at);
}

fn check_limits(check: &mut Check<'_>, rule: &Rule, at: &At) {
    let thing = "the decision";
    match (&rule.above, &rule.below) {
        (None, None) => {
            check.note(
                at.key("above"),
                thing,
                "decision.no-limit",
                "the decision has no limit",
                "write above = 1.0, or below, or the name of a tunable",
            );
        }
        (Some(_), Some(_)) => {
            let what = "the decision has both `above` and `below`";
            check.note(at.key("below"), thing, "decision.two-limits", what, "keep one of the two");
        }
        (Some(limit), None) => check_limit(check, rule, at.key("above"), limit, true),
        (None, Some(limit)) => check_limit(check, rule, at.key("below"), limit, false),
    }
    if let Some((min, max)) = bounds(check, &at.key("clear_below"), &rule.clear_below)
        && !(min > 0.0 && max <= 1.0)
    {
        let what = format!("`clear_below` of the decision may be {}", words(min, max));
        let hint = "write a share of the limit greater than 0 and at most 1: 0.9 clears a tenth before it";
        check.note(at.key("clear_below"), thing, "decision.bad-clear", what, hint);
    }
}

/// The limit can be crossed by some value of the output.
fn check_limit(check: &mut Check<'_>, rule: &Rule, at: At, limit: &Limit, above: bool) {
    let Some((min, max)) = bounds(check, &at, limit) else { return };
    let Some([low, high]) = check.contract.output(&rule.output).and_then(|output| output.range) else { return };
    let never = if above { min >= high } else { max <= low };
    if never {
        let side = if above { "above" } else { "below" };
        let what = format!("the output `{}` is from {low} to {high} and never {side} {}", rule.output, words(min, max));
        check.note(at, "the decision", "decision.never", what, "correct the limit, or the output's `range`");
    }
}

fn words(min: f64, max: f64) -> String {
    if min.total_cmp(&max).is_eq() { min.to_string() } else { format!("{min} to {max}") }
}

/// The lowest and highest a limit can be; a finding when it names a tunable that is not there.
fn bounds(check: &mut Check<'_>, at: &At, limit: &Limit) -> Option<(f64, f64)> {
    let name = match limit {
        Limit::Number(number) => return Some((*number, *number)),
        Limit::Tunable(name) => name,
    };
    let tunable = check.contract.tunables.iter().find(|tunable| tunable.name == *name);
    if tunable.is_none() {
        let what = format!("the decision names the tunable `{name}`, which does not exist");
        let names = check.contract.tunables.iter().map(|tunable| tunable.name.as_str());
        let hint = did_you_mean(name, names, "add a [[tunable]] of that name, or write a number");
        check.note(at.clone(), "the decision", "decision.unknown-tunable", what, hint).looked_for("tunable");
    }
    tunable.map(|tunable| (tunable.min, tunable.max))
}

fn check_counts(check: &mut Check<'_>, rule: &Rule, at: &At) {
    const MAX: u32 = 1000;
    let thing = "the decision";
    if rule.n == 0 || rule.m == 0 || rule.m > MAX {
        let what = format!("the decision wants {} of the last {} predictions", rule.n, rule.m);
        check.note(at.key("n"), thing, "decision.bad-count", what, format!("write n and m from 1 to {MAX}"));
    } else if rule.n > rule.m {
        let what = format!("the decision wants {} of the last {} predictions: that can never be", rule.n, rule.m);
        check.note(at.key("n"), thing, "decision.bad-count", what, "write an `n` of at most `m`");
    }
}

fn check_words(check: &mut Check<'_>, rule: &Rule, at: &At) {
    check.words(&at.key("title"), "the decision's title", "decision", &rule.title);
    placeholders(check, &at.key("title"), &rule.title);
    if !rule.reason.is_empty() {
        check.words(&at.key("reason"), "the decision's reason", "decision", &rule.reason);
        placeholders(check, &at.key("reason"), &rule.reason);
    }
    if rule.response.is_empty() {
        return;
    }
    let firsts: Words = rule.response.iter().map(|(language, steps)| (language.clone(), steps.concat())).collect();
    check.words(&at.key("response"), "the decision's response", "decision", &firsts);
}

/// `{palce}` would be shown to an operator as it stands.
fn placeholders(check: &mut Check<'_>, at: &At, words: &Words) {
    for (language, text) in words {
        for part in text.split('{').skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            if !part.contains('}') || !PLACEHOLDERS.contains(&name) {
                let what = format!("`{{{name}}}` in a text of the decision stands for nothing");
                let otherwise =
                    format!("these are filled in: {}", PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", "));
                let hint = config::near::nearest(name, PLACEHOLDERS)
                    .map_or(otherwise, |near| format!("did you mean `{{{near}}}`?"));
                check.note(at.key(language), "the decision", "decision.unknown-placeholder", what, hint);
            }
        }
    }
}
