//! Tags and variables: device, address, scale, ranges, `valid_if`.

use std::collections::HashMap;

use domain::{Value, ValueType};

use super::Names;
use super::device::hint_or;
use crate::near::did_you_mean;
use crate::reading::{At, Findings};
use crate::site::{QUALITY_KEYS, Scale, SiteConfig, Tag, Variable, WriteRule};

pub(super) fn check(findings: &mut Findings, names: &Names<'_>) {
    let devices: HashMap<&str, &str> = names.config.devices.iter().map(|d| (d.name.as_str(), d.url.as_str())).collect();
    for (index, tag) in names.config.tags.iter().enumerate() {
        let one = One { at: At::item("tag", index), thing: format!("tag {}", tag.name), noun: "tag" };
        if !names.is_point(tag.name.place()) {
            names.place(findings, one.at.key("name"), &one.thing, "tag.unknown-place", tag.name.place());
        }
        check_source(findings, names, &devices, &one, tag);
        check_scale(findings, &one, tag);
        check_ranges(findings, &one, tag);
        check_times(findings, names.config, &one, tag);
        check_valid_if(findings, names, &one, tag);
        for key in tag.bad_words.keys().filter(|key| !QUALITY_KEYS.iter().any(|(known, _)| known == key)) {
            let all = QUALITY_KEYS.map(|(key, _)| key).join(", ");
            let hint = did_you_mean(key, QUALITY_KEYS.iter().map(|(key, _)| *key), &format!("write one of {all}"));
            one.note(
                findings,
                one.at.key("bad_words").key(key),
                "unknown-quality",
                format!("`{key}` is not a quality"),
                hint,
            );
        }
    }
    for (index, variable) in names.config.variables.iter().enumerate() {
        check_variable(findings, names, index, variable);
    }
    check_cycles(findings, names.config);
}

/// The tag or variable being checked.
struct One {
    at: At,
    thing: String,
    noun: &'static str,
}

impl One {
    fn note(&self, findings: &mut Findings, at: At, cause: &str, what: impl Into<String>, hint: impl Into<String>) {
        findings.note(at, &self.thing, &format!("{}.{cause}", self.noun), what).hint(hint);
    }

    /// A pair of numbers, the first one lower.
    fn pair(&self, findings: &mut Findings, key: &str, pair: [f64; 2]) -> bool {
        let [low, high] = pair;
        if low < high && low.is_finite() && high.is_finite() {
            return true;
        }
        let hint = format!(
            "write the lower number first: {key} = [{}, {}]",
            low.min(high),
            if low > high { low } else { low + 1.0 }
        );
        let what = format!("`{key}` of {} goes from {low} to {high}: there is nothing between", self.thing);
        self.note(findings, self.at.key(key), "empty-range", what, hint);
        false
    }
}

fn check_source(findings: &mut Findings, names: &Names<'_>, devices: &HashMap<&str, &str>, one: &One, tag: &Tag) {
    let Some(url) = devices.get(tag.device.as_str()) else {
        let what = format!("{} is read from the device `{}`, which does not exist", one.thing, tag.device);
        let add = format!("add a [[device]] with name = \"{}\", or write one that is there", tag.device);
        let hint = did_you_mean(&tag.device, devices.keys().copied(), &add);
        findings.note(one.at.key("device"), &one.thing, "tag.unknown-device", what).hint(hint).looked_for("device");
        return;
    };
    // an address cannot be judged while nobody knows the protocol
    if names.outside.url(url).is_err() {
        return;
    }
    match names.outside.address(url, &tag.address) {
        Err(problem) => {
            let hint =
                hint_or(problem.hint, "write it in the protocol's own habit, such as \"holding:100:float32:cdab\"");
            findings.note(one.at.key("address"), &one.thing, &problem.code, problem.what).why(problem.why).hint(hint);
        }
        Ok(facts) => {
            let text = facts.value_type == ValueType::Text;
            if text && (tag.scale.is_some() || tag.range.is_some() || tag.deadband.is_some() || tag.unit.is_some()) {
                let what = format!("{} is a text, and texts have no unit, scale, range or deadband", one.thing);
                one.note(
                    findings,
                    one.at.key("address"),
                    "text-with-numbers",
                    what,
                    "remove them, or read the address as a number",
                );
            }
            if tag.write == WriteRule::Guarded && !facts.writable {
                let what = format!("{} may be written, but its address can only be read", one.thing);
                one.note(
                    findings,
                    one.at.key("write"),
                    "read-only-address",
                    what,
                    "write = \"never\", or name an address that can be written",
                );
            }
        }
    }
}

fn check_scale(findings: &mut Findings, one: &One, tag: &Tag) {
    let at = one.at.key("scale");
    match tag.scale {
        Some(Scale::Linear { factor, offset }) if factor == 0.0 || !factor.is_finite() || !offset.is_finite() => {
            let what = format!("{} has the scale factor {factor}: every value would be the same", one.thing);
            one.note(
                findings,
                at.key("factor"),
                "scale-zero",
                what,
                "write the factor from raw to engineering value, such as 0.1",
            );
        }
        Some(Scale::Points { raw, .. }) if raw[0].total_cmp(&raw[1]).is_eq() => {
            let what = format!("{} has a scale between two equal raw values, {} and {}", one.thing, raw[0], raw[1]);
            one.note(findings, at.key("raw"), "scale-zero", what, "write two different raw values: raw = [0, 27648]");
        }
        Some(Scale::Points { to, .. }) if to[0].total_cmp(&to[1]).is_eq() => {
            let what = format!("{} has a scale onto one value, {}", one.thing, to[0]);
            one.note(
                findings,
                at.key("to"),
                "scale-zero",
                what,
                "write two different engineering values: to = [0.0, 16.0]",
            );
        }
        _ => {}
    }
}

fn check_ranges(findings: &mut Findings, one: &One, tag: &Tag) {
    let range = tag.range.filter(|range| one.pair(findings, "range", *range));
    let normal = tag.normal.filter(|normal| one.pair(findings, "normal", *normal));
    if let (Some([low, high]), Some([from, to])) = (range, normal)
        && (from < low || to > high)
    {
        let what = format!("{} is normal from {from} to {to}, but true only from {low} to {high}", one.thing);
        one.note(findings, one.at.key("normal"), "normal-outside-range", what, "widen `range`, or narrow `normal`");
    }
    if let Some(deadband) = tag.deadband
        && (deadband < 0.0 || !deadband.is_finite())
    {
        let what = format!("{} has the deadband {deadband}", one.thing);
        one.note(
            findings,
            one.at.key("deadband"),
            "bad-deadband",
            what,
            "write a number from 0 up: the smallest change that matters",
        );
    }
    if let (Some([low, high]), Some(deadband)) = (range, tag.deadband)
        && deadband >= high - low
    {
        let what =
            format!("{} has the deadband {deadband}, as wide as its range: its value would never change", one.thing);
        one.note(
            findings,
            one.at.key("deadband"),
            "bad-deadband",
            what,
            "write the smallest change that matters, usually 0.1 % of the range",
        );
    }
}

fn check_times(findings: &mut Findings, config: &SiteConfig, one: &One, tag: &Tag) {
    if tag.period.is_some_and(crate::TimeSpan::is_zero) {
        let hint = "write how often it is read (\"1s\"), or leave it out for the device's period";
        one.note(findings, one.at.key("period"), "no-period", format!("{} has a period of zero", one.thing), hint);
    } else if let Some(stale) = tag.stale_after
        && stale.get() < config.period(tag)
    {
        let period = crate::TimeSpan::from(config.period(tag));
        let what =
            format!("{} is stale after {stale}, but only read every {period}: it would always be stale", one.thing);
        one.note(
            findings,
            one.at.key("stale_after"),
            "always-stale",
            what,
            "write at least twice the period, or leave it out for three periods",
        );
    }
}

fn check_valid_if(findings: &mut Findings, names: &Names<'_>, one: &One, tag: &Tag) {
    let Some(valid_if) = &tag.valid_if else { return };
    let at = one.at.key("valid_if").key("tag");
    names.point(findings, at, &one.thing, "tag.unknown-tag", &valid_if.tag);
    let variable = names.config.variables.iter().find(|variable| variable.name == valid_if.tag);
    if let Some(variable) = variable
        && variable.value_type.coerce(&valid_if.is).is_none()
    {
        let what = format!(
            "{} counts while `{}` is `{}`, but that is a {} and can never be so",
            one.thing,
            valid_if.tag,
            valid_if.is,
            type_word(variable.value_type)
        );
        one.note(findings, one.at.key("valid_if").key("is"), "never-valid", what, "write a value of that type");
    }
}

fn check_variable(findings: &mut Findings, names: &Names<'_>, index: usize, variable: &Variable) {
    let one = One { at: At::item("variable", index), thing: format!("variable {}", variable.name), noun: "variable" };
    names.place(findings, one.at.key("name"), &one.thing, "variable.unknown-place", variable.name.place());
    let (word, number) =
        (type_word(variable.value_type), !matches!(variable.value_type, ValueType::Bool | ValueType::Text));
    let fits = |value: &Value| variable.value_type.coerce(value).is_some();
    for (number, option) in variable.options.iter().enumerate().filter(|(_, option)| !fits(option)) {
        let what = format!("`{option}` is an option of {}, but not a {word}", one.thing);
        one.note(
            findings,
            one.at.key("options").index(number),
            "wrong-option",
            what,
            "write options of the variable's `type`, or another type",
        );
    }
    if let Some(value) = &variable.value {
        if !fits(value) {
            let what = format!("{} is a {word}, but starts as `{value}`", one.thing);
            one.note(
                findings,
                one.at.key("value"),
                "wrong-value",
                what,
                "write a value of the variable's `type`, or another type",
            );
        } else if !variable.options.is_empty() && !variable.options.contains(value) {
            let all = variable.options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ");
            let what = format!("{} starts as `{value}`, which is none of its options", one.thing);
            one.note(findings, one.at.key("value"), "wrong-value", what, format!("write one of {all}"));
        }
    }
    if let Some(range) = variable.range {
        if !number {
            let what = format!("{} is a {word} and has a range", one.thing);
            one.note(
                findings,
                one.at.key("range"),
                "range-without-number",
                what,
                "remove the range, or make it a number",
            );
        } else if one.pair(findings, "range", range)
            && let Some(start) =
                variable.value.as_ref().and_then(Value::as_f64).filter(|start| *start < range[0] || *start > range[1])
        {
            let what =
                format!("{} starts as {start}, outside of its range from {} to {}", one.thing, range[0], range[1]);
            one.note(findings, one.at.key("value"), "wrong-value", what, "start it within its range");
        }
    }
}

fn type_word(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Bool => "bool (true or false)",
        ValueType::I64 => "whole number",
        ValueType::U64 => "whole number from 0 up",
        ValueType::F64 => "number",
        ValueType::Text => "text",
    }
}

/// `valid_if` of tags that wait for each other would never be decided.
fn check_cycles(findings: &mut Findings, config: &SiteConfig) {
    let next: HashMap<&str, (usize, &str)> = config
        .tags
        .iter()
        .enumerate()
        .filter_map(|(index, tag)| Some((tag.name.as_str(), (index, tag.valid_if.as_ref()?.tag.as_str()))))
        .collect();
    let mut done: HashMap<&str, usize> = HashMap::new();
    for (walk, tag) in config.tags.iter().enumerate() {
        let mut way = Vec::new();
        let mut here = tag.name.as_str();
        while let Some((index, to)) = next.get(here) {
            match done.insert(here, walk) {
                Some(earlier) if earlier == walk => {
                    let from = way.iter().position(|(name, _)| *name == here).unwrap_or(0);
                    let circle: Vec<&str> = way.iter().skip(from).map(|(name, _)| *name).chain([here]).collect();
                    let what = format!("`valid_if` goes in a circle: {}", circle.join(" → "));
                    let at = At::item("tag", *index).key("valid_if").key("tag");
                    findings
                        .note(at, &format!("tag {here}"), "tag.valid-if-circle", what)
                        .hint("let one of them stand without `valid_if`");
                    break;
                }
                Some(_) => break,
                None => way.push((here, *index)),
            }
            here = to;
        }
    }
}
