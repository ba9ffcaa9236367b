//! Conditions: that each can be met, and that the model applies at all.

use std::collections::HashMap;

use config::reading::At;
use domain::Value;

use super::{Check, fits, type_words};
use crate::contract::{Condition, Signal, SignalType, Test};

pub(super) fn check(check: &mut Check<'_>) {
    let contract = check.contract;
    check.names("condition", contract.conditions.iter().map(|condition| &condition.name));
    for (index, condition) in contract.conditions.iter().enumerate() {
        check_condition(check, index, condition);
    }
    if !contract.conditions.is_empty() && !contract.conditions.iter().any(|condition| condition.applies) {
        let what = "the model applies under none of its conditions: it would never predict";
        check.note(
            At::item("condition", 0).key("applies"),
            "condition",
            "condition.never-applies",
            what,
            "add a [[condition]] without applies = false",
        );
    }
}

fn check_condition(check: &mut Check<'_>, index: usize, condition: &Condition) {
    let contract = check.contract;
    let (at, thing) = (At::item("condition", index), format!("condition {}", condition.name));
    check.words(&at.key("title"), &thing, "condition", &condition.title);
    if condition.when.is_empty() {
        let what = format!("{thing} tests nothing: it would always match");
        check.note(
            at.key("when"),
            &thing,
            "condition.no-test",
            what,
            "write when = [{ signal = \"speed\", min = 1000.0 }]",
        );
    }
    let earlier = contract.conditions.iter().take(index).find(|other| {
        other.held_for.unwrap_or_default() <= condition.held_for.unwrap_or_default()
            && !other.when.is_empty()
            && other.when == condition.when
    });
    if let Some(earlier) = earlier {
        let what = format!("{thing} tests the same as condition {}, which comes first and wins", earlier.name);
        check.note(
            at.key("when"),
            &thing,
            "condition.never-reached",
            what,
            "remove one of the two, or change their order and tests",
        );
    }
    let mut limits: HashMap<&str, (f64, f64)> = HashMap::new();
    for (number, test) in condition.when.iter().enumerate() {
        let at = at.key("when").index(number);
        let Some(signal) = check.signal(at.key("signal"), &thing, "condition.unknown-signal", &test.signal) else {
            continue;
        };
        if !check_kinds(check, &at, &thing, signal, test) {
            continue;
        }
        let Some((low, high)) = reach(test) else { continue };
        let (from, to) = limits.get(test.signal.as_str()).copied().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let (low, high) = (low.max(from), high.min(to));
        limits.insert(&test.signal, (low, high));
        let known = signal.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        if low > high || excluded(test) {
            let what = format!("{thing} can never be met: no value of `{}` passes", test.signal);
            check.note(
                at,
                &thing,
                "condition.never-met",
                what,
                "correct the limits: `min` is the lower one, and `is` lies between them",
            );
        } else if low > known[1] || high < known[0] {
            let what = format!("{thing} can never be met: `{}` is only from {} to {}", test.signal, known[0], known[1]);
            check.note(at, &thing, "condition.outside-range", what, "correct the test, or the signal's `range`");
        }
    }
}

/// Whether the test asks something of the signal, and something that its type has.
fn check_kinds(check: &mut Check<'_>, at: &At, thing: &str, signal: &Signal, test: &Test) -> bool {
    if test.is.is_none() && test.min.is_none() && test.max.is_none() && test.any_of.is_empty() {
        let what = format!("{thing} names `{}` without a limit", signal.name);
        check.note(at.clone(), thing, "condition.no-limit", what, "add is, min, max or any_of");
        return false;
    }
    let mut good = true;
    for (key, limit) in [("min", test.min), ("max", test.max)] {
        if limit.is_some() && signal.signal_type != SignalType::Number {
            let what =
                format!("{thing} has a `{key}` for `{}`, which is {}", signal.name, type_words(signal.signal_type));
            check.note(at.key(key), thing, "condition.not-a-number", what, "write `is` or `any_of`");
            good = false;
        }
    }
    let values = test.is.iter().map(|is| (at.key("is"), is));
    let values =
        values.chain(test.any_of.iter().enumerate().map(|(index, value)| (at.key("any_of").index(index), value)));
    for (at, value) in values {
        check.value(at, thing, "condition.wrong-type", signal, value);
        good &= fits(signal.signal_type, value);
    }
    good
}

/// The numbers that a test lets through, as one interval; none when it asks for texts.
fn reach(test: &Test) -> Option<(f64, f64)> {
    let mut low = test.min.unwrap_or(f64::NEG_INFINITY);
    let mut high = test.max.unwrap_or(f64::INFINITY);
    if let Some(is) = &test.is {
        let number = is.as_f64()?;
        (low, high) = (low.max(number), high.min(number));
    }
    if !test.any_of.is_empty() {
        let numbers: Option<Vec<f64>> = test.any_of.iter().map(Value::as_f64).collect();
        let numbers = numbers?;
        low = low.max(numbers.iter().copied().fold(f64::INFINITY, f64::min));
        high = high.min(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
    Some((low, high))
}

/// `is` is none of `any_of`.
fn excluded(test: &Test) -> bool {
    let same =
        |a: &Value, b: &Value| a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a.total_cmp(&b).is_eq());
    test.is.as_ref().is_some_and(|is| !test.any_of.is_empty() && !test.any_of.iter().any(|one| same(one, is)))
}
