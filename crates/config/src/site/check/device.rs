//! Devices: names, addresses, budgets.

use std::collections::HashMap;

use super::Names;
use crate::reading::{At, Findings};
use crate::site::Device;

pub(super) fn check(findings: &mut Findings, names: &Names<'_>) {
    let mut named: HashMap<&str, usize> = HashMap::new();
    let mut urls: HashMap<&str, &str> = HashMap::new();
    for (index, device) in names.config.devices.iter().enumerate() {
        let (at, thing) = (At::item("device", index), format!("device {}", device.name));
        if let Some(problem) = name_problem(&device.name) {
            findings.note(at.key("name"), &thing, "device.bad-name", problem).hint(NAME_HINT);
        }
        if let Some(first) = named.insert(&device.name, index).filter(|_| !device.name.is_empty()) {
            let what =
                format!("two devices are named `{}`: number {} and number {}", device.name, first + 1, index + 1);
            findings
                .note(at.key("name"), &thing, "device.duplicate", what)
                .hint("give one of them another name, or remove it");
        }
        names.place(findings, at.key("place"), &thing, "device.unknown-place", device.place.as_str());
        for (number, url) in device.urls().enumerate() {
            let at = if number == 0 { at.key("url") } else { at.key("also").index(number - 1) };
            if let Err(problem) = names.outside.url(url) {
                let note = findings.note(at.clone(), &thing, &problem.code, problem.what);
                note.why(problem.why).hint(hint_or(problem.hint, "write it like \"modbus-tcp://10.20.2.17:502/1\""));
            }
            if let Some(other) = urls.insert(url, &device.name) {
                let what = format!("{thing} has the address `{url}`, which device {other} has already");
                let hint =
                    "read all tags through one device: two would share its connections without knowing of each other";
                findings.note(at, &thing, "device.same-address", what).hint(hint);
            }
        }
        check_numbers(findings, &at, &thing, device);
    }
}

fn check_numbers(findings: &mut Findings, at: &At, thing: &str, device: &Device) {
    let mut wrong = |key: &str, cause: &str, what: String, hint: &str| {
        let path = key.split('.').fold(at.clone(), |at, key| at.key(key));
        findings.note(path, thing, &format!("device.{cause}"), what).hint(hint);
    };
    if device.timeout.is_zero() {
        wrong(
            "timeout",
            "no-timeout",
            format!("{thing} has a time-out of zero: every request would fail"),
            "write timeout = \"1s\"",
        );
    }
    if device.period.is_zero() {
        wrong(
            "period",
            "no-period",
            format!("{thing} has a period of zero"),
            "write how often it is read: period = \"1s\"",
        );
    }
    if device.max_block == 0 {
        wrong(
            "max_block",
            "no-block",
            format!("{thing} may not read a single register at once"),
            "write max_block = 125, or less if the device refuses",
        );
    }
    let budget = &device.budget;
    if budget.connections == 0 {
        wrong("budget.connections", "no-budget", format!("{thing} may not be connected to"), "write connections = 1");
    }
    if budget.in_flight == 0 {
        wrong("budget.in_flight", "no-budget", format!("{thing} may have no request in flight"), "write in_flight = 1");
    }
    if budget.requests_per_second.is_nan() || budget.requests_per_second <= 0.0 {
        wrong(
            "budget.requests_per_second",
            "no-budget",
            format!("{thing} may never be asked"),
            "write requests_per_second = 50",
        );
    }
}

pub(super) const NAME_HINT: &str = "write a short name of letters, digits, `-`, `_` and `.`: \"plc-2\"";

/// Why a name is none; names become parts of paths, topics and files.
pub(super) fn name_problem(name: &str) -> Option<String> {
    const MAX_BYTES: usize = 64;
    if name.is_empty() {
        return Some("a name is empty".to_owned());
    }
    if name.len() > MAX_BYTES {
        return Some(format!("a name has at most {MAX_BYTES} bytes, this one has {}", name.len()));
    }
    let wrong = name.chars().find(|c| !c.is_alphanumeric() && !"-_.".contains(*c))?;
    Some(format!("`{wrong}` in the name `{name}` is not allowed"))
}

/// Every problem tells what to do, also those that come from elsewhere without a hint.
pub(super) fn hint_or(hint: String, otherwise: &str) -> String {
    if hint.is_empty() { otherwise.to_owned() } else { hint }
}
