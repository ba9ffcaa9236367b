//! A bundle in words, for `lastmile bundle show`.

use serde_json::{Value as Json, json};

use crate::Bundle;
use crate::contract::{Contract, FeatureOp, Layout, Limit, Rule, TriggerKind};

/// Everything that can be said about a bundle, for machines.
pub fn show_json(bundle: &Bundle) -> Json {
    json!({
        "digest": bundle.digest,
        "contract": bundle.contract,
        "model_bytes": bundle.model.len(),
        "golden_cases": bundle.golden.len(),
    })
}

/// A page about a bundle, for people.
pub fn show(bundle: &Bundle) -> String {
    let contract = &bundle.contract;
    let mut lines = vec![
        format!("{} {}: {}", contract.name, contract.version, english(&contract.title)),
        format!("  digest   {}", bundle.digest),
        format!(
            "  model    {} ({} kB), {} golden cases",
            contract.model,
            bundle.model.len().div_ceil(1000),
            bundle.golden.len()
        ),
    ];
    if !contract.about.is_empty() {
        lines.push(format!("  about    {}", english(&contract.about)));
    }
    lines.push(format!("  window   {}", window(contract)));
    lines.push("  needs".to_owned());
    let names =
        contract.signals.iter().map(|signal| &signal.name).chain(contract.outputs.iter().map(|output| &output.name));
    let wide = names.map(|name| name.chars().count()).max().unwrap_or_default().clamp(16, 48);
    lines.extend(contract.signals.iter().map(|signal| signal_line(signal, wide)));
    lines.push("  gives".to_owned());
    for output in &contract.outputs {
        let unit = output.unit.as_ref().map(domain::unit::Unit::display).unwrap_or_default();
        lines.push(
            format!("    {:<wide$} {} {}{}", output.name, english(&output.title), range(output.range), unit)
                .trim_end()
                .to_owned(),
        );
    }
    if !contract.conditions.is_empty() {
        lines.push("  applies".to_owned());
    }
    for condition in &contract.conditions {
        let says = if condition.applies { "yes" } else { "no" };
        lines.push(format!("    {:<wide$} {says}: {}", condition.name, english(&condition.title)));
    }
    for tunable in &contract.tunables {
        lines.push(format!("  tunable  {} = {} ({} to {})", tunable.name, tunable.value, tunable.min, tunable.max));
    }
    lines.push(format!("  decides  {}", contract.rule.as_ref().map_or_else(|| "nothing".to_owned(), rule)));
    lines.join("\n")
}

fn english(words: &crate::contract::Words) -> &str {
    words.get("en").map_or("", String::as_str)
}

fn range(range: Option<[f64; 2]>) -> String {
    range.map(|[low, high]| format!("{low} to {high} ")).unwrap_or_default()
}

fn signal_line(signal: &crate::contract::Signal, wide: usize) -> String {
    let unit = signal.unit.as_ref().map(domain::unit::Unit::display).unwrap_or_default();
    let rate = signal.rate.map(|rate| format!(", every {rate}")).unwrap_or_default();
    let what = format!("{} {}{unit}", english(&signal.title), range(signal.range));
    format!("    {:<wide$} {}{rate}", signal.name, what.trim_end())
}

fn window(contract: &Contract) -> String {
    let start = match &contract.trigger.start {
        TriggerKind::Every { period } => format!("every {period}"),
        TriggerKind::Scan { signal } => format!("with each scan of {signal}"),
        TriggerKind::Edge { signal, to } => format!("when {signal} becomes {to}"),
        TriggerKind::Between { start, stop } => {
            format!("from {} = {} to {} = {}", start.signal, start.is, stop.signal, stop.is)
        }
    };
    let rows = format!("{} in steps of {}", contract.window.length, contract.window.step);
    let columns = match contract.tensor.layout {
        Layout::Features => format!("{} features ({})", contract.features.len(), ops(contract)),
        Layout::Window => format!("{} signals", contract.inputs().count()),
    };
    format!("{rows}, {start}; {columns}")
}

fn ops(contract: &Contract) -> String {
    let mut names: Vec<&str> = contract.features.iter().map(|feature| op(feature.op)).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn op(op: FeatureOp) -> &'static str {
    match op {
        FeatureOp::Last => "last",
        FeatureOp::Mean => "mean",
        FeatureOp::Std => "std",
        FeatureOp::Min => "min",
        FeatureOp::Max => "max",
        FeatureOp::Rms => "rms",
        FeatureOp::Kurtosis => "kurtosis",
        FeatureOp::Crest => "crest",
        FeatureOp::Lag { .. } => "lag",
        FeatureOp::Diff => "diff",
        FeatureOp::Rate => "rate",
        FeatureOp::Band { .. } => "band",
    }
}

fn rule(rule: &Rule) -> String {
    let (side, limit) = match (&rule.above, &rule.below) {
        (Some(limit), _) => ("above", limit),
        (None, Some(limit)) => ("below", limit),
        (None, None) => return "nothing".to_owned(),
    };
    let limit = match limit {
        Limit::Number(number) => number.to_string(),
        Limit::Tunable(name) => name.clone(),
    };
    format!("advisory when {} is {side} {limit}, {} of {} times: {}", rule.output, rule.n, rule.m, english(&rule.title))
}
