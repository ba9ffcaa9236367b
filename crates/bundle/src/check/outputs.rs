//! What comes out: outputs, baselines, tunables.

use std::collections::{HashMap, HashSet};

use config::near::did_you_mean;
use config::reading::At;

use super::Check;
use crate::contract::{Limit, SignalType};

pub(super) fn check(check: &mut Check<'_>) {
    let contract = check.contract;
    check.names("output", contract.outputs.iter().map(|output| &output.name));
    check.names("tunable", contract.tunables.iter().map(|tunable| &tunable.name));
    if contract.outputs.is_empty() {
        check.note(
            At::root().key("output"),
            "contract",
            "output.none",
            "the model gives nothing: there is no [[output]]",
            "add an [[output]] with `name`, `tensor` and `title`",
        );
    }
    check_outputs(check);
    check_baselines(check);
}

fn check_outputs(check: &mut Check<'_>) {
    let contract = check.contract;
    let mut columns: HashMap<(&str, u32), &str> = HashMap::new();
    for (index, output) in contract.outputs.iter().enumerate() {
        let (at, thing) = (At::item("output", index), format!("output {}", output.name));
        check.words(&at.key("title"), &thing, "output", &output.title);
        if output.tensor.is_empty() {
            check.note(
                at.key("tensor"),
                &thing,
                "output.no-tensor",
                format!("{thing} has no ONNX output"),
                "write the name of the model's output: tensor = \"score\"",
            );
        }
        if let Some(range) = output.range {
            check.pair(at.key("range"), &thing, "output.empty-range", "range", range);
        }
        if let Some(other) = columns.insert((&output.tensor, output.index), &output.name) {
            let what =
                format!("{thing} and output {other} are the same column {} of `{}`", output.index, output.tensor);
            check.note(at.key("index"), &thing, "output.same-column", what, "give each its own `index`, or remove one");
        }
    }
}

fn check_baselines(check: &mut Check<'_>) {
    const QUANTILES: usize = 11;
    let contract = check.contract;
    let mut seen = HashSet::new();
    for (index, baseline) in contract.baselines.iter().enumerate() {
        let (at, thing) = (At::item("baseline", index), format!("the baseline of {}", baseline.signal));
        if let Some(signal) = check.signal(at.key("signal"), &thing, "baseline.unknown-signal", &baseline.signal)
            && signal.signal_type == SignalType::Text
        {
            let what = format!("{thing} is about a text, which has no normal band");
            check.note(at.key("signal"), &thing, "baseline.not-a-number", what, "remove it");
        }
        if let Some(condition) = &baseline.condition
            && !contract.conditions.iter().any(|known| known.name == *condition)
        {
            let what = format!("{thing} is for the condition `{condition}`, which does not exist");
            let names = contract.conditions.iter().map(|known| known.name.as_str());
            let hint = did_you_mean(condition, names, "add a [[condition]] of that name, or leave `condition` out");
            check.note(at.key("condition"), &thing, "baseline.unknown-condition", what, hint).looked_for("condition");
        }
        if !(baseline.low < baseline.high && baseline.low.is_finite() && baseline.high.is_finite()) {
            let what = format!("{thing} goes from {} to {}: there is nothing between", baseline.low, baseline.high);
            check.note(at.key("low"), &thing, "baseline.empty-range", what, "write the lower number as `low`");
        }
        if !seen.insert((&baseline.condition, &baseline.signal)) {
            let what = format!("{thing} is there twice for one condition");
            check.note(at.key("signal"), &thing, "baseline.duplicate", what, "remove one of the two");
        }
        let quantiles = &baseline.quantiles;
        let ascending = quantiles.is_sorted() && quantiles.iter().all(|number| number.is_finite());
        if !quantiles.is_empty() && (quantiles.len() != QUANTILES || !ascending) {
            let what =
                format!("{thing} has {} quantiles, which are not {QUANTILES} ascending numbers", quantiles.len());
            check.note(
                at.key("quantiles"),
                &thing,
                "baseline.bad-quantiles",
                what,
                "write minimum, the nine deciles and maximum of the training data",
            );
        }
    }
}

/// After the decision, because only that uses them.
pub(super) fn check_tunables(check: &mut Check<'_>) {
    let contract = check.contract;
    let rule = contract.rule.as_ref();
    let limits: Vec<&Limit> =
        rule.iter().flat_map(|rule| rule.above.iter().chain(&rule.below).chain([&rule.clear_below])).collect();
    for (index, tunable) in contract.tunables.iter().enumerate() {
        let (at, thing) = (At::item("tunable", index), format!("tunable {}", tunable.name));
        check.words(&at.key("title"), &thing, "tunable", &tunable.title);
        let (min, max, value) = (tunable.min, tunable.max, tunable.value);
        if min >= max {
            let what = format!("{thing} may be from {min} to {max}: there is nothing to tune");
            check.note(at.key("min"), &thing, "tunable.empty-range", what, "write the lower limit as `min`");
        } else if !(min <= value && value <= max) {
            let what = format!("{thing} is {value}, outside of its own limits from {min} to {max}");
            check.note(
                at.key("value"),
                &thing,
                "tunable.outside-limits",
                what,
                "write a value between `min` and `max`",
            );
        }
        let slip = check.found("unknown-tunable");
        if !slip && !limits.iter().any(|limit| matches!(limit, Limit::Tunable(name) if *name == tunable.name)) {
            let what = format!("nothing uses {thing}: changing it would have no effect");
            check.note(at, &thing, "tunable.unused", what, "use its name in [decision], or remove it");
        }
    }
}
