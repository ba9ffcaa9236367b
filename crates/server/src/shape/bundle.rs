//! Bundles and their contracts.

use bundle::Contract;
use bundle::contract::{Align, Role, Signal, SignalType, TriggerKind};
use domain::Said;
use domain::said::model as said;
use domain::unit::Unit;
use state::{Deployment, StoredBundle};

use crate::api::bundle::{Bundle, BundleDetail, ContractCondition, ContractOutput, ContractSignal, ContractTunable};
use crate::api::common::Texts;
use crate::shape::Scene;

pub(crate) fn bundle(stored: &StoredBundle, deployments: &[Deployment], scene: &Scene) -> Bundle {
    let contract = &stored.contract;
    let users = deployments.iter().filter(|one| one.revision.bundle == stored.digest);
    Bundle {
        digest: stored.digest.clone(),
        name: contract.name.clone(),
        version: contract.version.clone(),
        title: contract.title.clone().into(),
        about: contract.about.clone().into(),
        size: stored.size,
        added_ms: stored.added.millis(),
        added_by: scene.names.of(&stored.added_by),
        signed: false,
        used_by: users.map(|one| one.name.clone()).collect(),
    }
}

pub(crate) fn bundle_detail(stored: &StoredBundle, deployments: &[Deployment], scene: &Scene) -> BundleDetail {
    let contract = &stored.contract;
    let (trigger, window) = (trigger(contract), window(contract));
    BundleDetail {
        bundle: bundle(stored, deployments, scene),
        signals: contract.signals.iter().map(|one| signal(contract, one)).collect(),
        outputs: contract.outputs.iter().map(output).collect(),
        tunables: contract.tunables.iter().map(tunable).collect(),
        conditions: contract.conditions.iter().map(condition).collect(),
        trigger: trigger.words(),
        window: window.words(),
        said_trigger: Some(trigger.into()),
        said_window: Some(window.into()),
        contract: serde_json::to_value(contract).unwrap_or_default(),
    }
}

pub(crate) fn signal(contract: &Contract, signal: &Signal) -> ContractSignal {
    ContractSignal {
        name: signal.name.clone(),
        title: signal.title.clone().into(),
        unit: unit(signal.unit.as_ref()),
        value_type: match signal.signal_type {
            SignalType::Number => "number",
            SignalType::Bool => "bool",
            SignalType::Text => "text",
        }
        .to_owned(),
        role: match signal.role {
            Role::Input => "input",
            Role::Condition => "condition",
            Role::Key => "key",
            Role::Trigger => "trigger",
        }
        .to_owned(),
        range: signal.range.map(|[low, high]| (low, high)),
        normal: normal(contract, &signal.name, None),
        rate_ms: i64::try_from(contract.rate(signal).as_millis()).ok(),
    }
}

/// The normal band under a condition (by its title, as the running part tells it); while none is known, that of the
/// first condition in which the model applies; else the one for all conditions.
pub(crate) fn normal(contract: &Contract, signal: &str, now: Option<&Texts>) -> Option<(f64, f64)> {
    let of = |condition: Option<&str>| {
        let mut bands = contract.baselines.iter().filter(|one| one.signal == signal);
        bands.find(|one| one.condition.as_deref() == condition).map(|one| (one.low, one.high))
    };
    let holds = contract.conditions.iter().filter(|one| now.is_some_and(|now| now.0 == one.title));
    let applicable = contract.conditions.iter().filter(|one| one.applies);
    let names = holds.chain(applicable).map(|one| one.name.as_str());
    names.map(Some).chain([None]).find_map(of)
}

fn output(output: &bundle::contract::Output) -> ContractOutput {
    ContractOutput {
        name: output.name.clone(),
        title: output.title.clone().into(),
        unit: unit(output.unit.as_ref()),
        range: output.range.map(|[low, high]| (low, high)),
    }
}

pub(crate) fn tunable(tunable: &bundle::contract::Tunable) -> ContractTunable {
    ContractTunable {
        name: tunable.name.clone(),
        title: tunable.title.clone().into(),
        default: tunable.value,
        min: tunable.min,
        max: tunable.max,
    }
}

fn condition(condition: &bundle::contract::Condition) -> ContractCondition {
    ContractCondition {
        name: condition.name.clone(),
        title: Texts(condition.title.clone()),
        applies: condition.applies,
    }
}

pub(crate) fn unit(unit: Option<&Unit>) -> String {
    unit.map(Unit::display).unwrap_or_default()
}

fn trigger(contract: &Contract) -> Said {
    let start = match &contract.trigger.start {
        TriggerKind::Every { period } => said::EVERY.say([("period_ms", period.get().into())]),
        TriggerKind::Scan { signal } => said::EACH_SCAN.say([("signal", signal.as_str().into())]),
        TriggerKind::Edge { signal, to } => {
            said::ON_EDGE.say([("signal", signal.as_str().into()), ("value", to.to_string().into())])
        }
        TriggerKind::Between { start, stop } => said::BETWEEN.say([
            ("start", start.signal.as_str().into()),
            ("start_value", start.is.to_string().into()),
            ("stop", stop.signal.as_str().into()),
            ("stop_value", stop.is.to_string().into()),
        ]),
    };
    match &contract.trigger.key {
        Some(key) => said::TRIGGER_KEY.say([("start", start.into()), ("key", key.as_str().into())]),
        None => said::TRIGGER.say([("start", start.into())]),
    }
}

fn window(contract: &Contract) -> Said {
    let align = match contract.window.align {
        Align::Last => said::ALIGN_LAST,
        Align::Linear => said::ALIGN_LINEAR,
        Align::Mean => said::ALIGN_MEAN,
    };
    said::WINDOW.say([
        ("length_ms", contract.window.length.get().into()),
        ("align", (&align).into()),
        ("step_ms", contract.window.step.get().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        serde_json::from_value(serde_json::json!({
            "format": 1, "name": "pump", "version": "1.0.0", "title": {"en": "Pump"}, "model": "model.onnx",
            "trigger": {"kind": "every", "period": "1s"},
            "window": {"length": "20s", "step": "1s"},
            "signal": [{"name": "v", "title": {"en": "Vibration"}, "unit": "mm/s"}],
            "tensor": {"input": "x", "layout": "window"},
            "condition": [
                {"name": "stopped", "when": [], "applies": false, "title": {"en": "stopped"}},
                {"name": "base", "when": [], "title": {"en": "base product"}},
                {"name": "rich", "when": [], "title": {"en": "rich product"}}
            ],
            "baseline": [
                {"signal": "v", "low": 0.0, "high": 9.0},
                {"signal": "v", "condition": "base", "low": 1.0, "high": 2.0},
                {"signal": "v", "condition": "rich", "low": 3.0, "high": 4.0}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn the_normal_band_is_the_one_of_the_condition_that_holds() {
        let band = |title: Option<&str>| normal(&contract(), "v", title.map(Texts::plain).as_ref());
        assert_eq!(band(Some("rich product")), Some((3.0, 4.0)));
        assert_eq!(band(None), Some((1.0, 2.0)));
        // stopped has no band of its own: the first in which the model applies
        assert_eq!(band(Some("stopped")), Some((1.0, 2.0)));
        assert_eq!(normal(&contract(), "unknown", None), None);
    }

    #[test]
    fn trigger_and_window_are_said_in_a_sentence() {
        assert_eq!(trigger(&contract()).words(), "Every 1 s.");
        assert_eq!(window(&contract()).words(), "The last 20 s, the last value every 1 s.");
    }
}
