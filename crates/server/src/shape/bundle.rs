//! Bundles and their contracts.

use bundle::Contract;
use bundle::contract::{Align, Role, Signal, SignalType, TriggerKind};
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
    BundleDetail {
        bundle: bundle(stored, deployments, scene),
        signals: contract.signals.iter().map(|one| signal(contract, one)).collect(),
        outputs: contract.outputs.iter().map(output).collect(),
        tunables: contract.tunables.iter().map(tunable).collect(),
        conditions: contract.conditions.iter().map(condition).collect(),
        trigger: trigger(contract),
        window: window(contract),
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
        normal: normal(contract, &signal.name),
        rate_ms: i64::try_from(contract.rate(signal).as_millis()).ok(),
    }
}

/// The normal band while the model applies: its first applicable condition's, else the one for all conditions.
pub(crate) fn normal(contract: &Contract, signal: &str) -> Option<(f64, f64)> {
    let of = |condition: Option<&str>| {
        let mut bands = contract.baselines.iter().filter(|one| one.signal == signal);
        bands.find(|one| one.condition.as_deref() == condition).map(|one| (one.low, one.high))
    };
    let applicable = contract.conditions.iter().filter(|one| one.applies).map(|one| one.name.as_str());
    applicable.map(Some).chain([None]).find_map(of)
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

fn trigger(contract: &Contract) -> String {
    let start = match &contract.trigger.start {
        TriggerKind::Every { period } => format!("Every {period}"),
        TriggerKind::Scan { signal } => format!("With each scan of {signal}"),
        TriggerKind::Edge { signal, to } => format!("When {signal} becomes {to}"),
        TriggerKind::Between { start, stop } => {
            format!("From {} = {} to {} = {}", start.signal, start.is, stop.signal, stop.is)
        }
    };
    match &contract.trigger.key {
        Some(key) => format!("{start}, with the {key} that was there."),
        None => format!("{start}."),
    }
}

fn window(contract: &Contract) -> String {
    let align = match contract.window.align {
        Align::Last => "the last value",
        Align::Linear => "the value on the line between",
        Align::Mean => "the mean",
    };
    let (length, step) = (contract.window.length, contract.window.step);
    format!("The last {length}, {align} every {step}.")
}
