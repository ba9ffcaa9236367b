//! The registers of our Modbus server: who may reach it, what stands where, and what may be written.

use std::net::SocketAddr;

use domain::{TagPath, ValueType};

use super::super::device::hint_or;
use super::super::{AddressFacts, Names, Span};
use super::{One, known};
use crate::reading::{At, Findings};
use crate::site::{Outlet, Register};

pub(super) fn check(findings: &mut Findings, names: &Names<'_>, one: &One, outlet: &Outlet, listen: SocketAddr) {
    let thing = &one.thing;
    if !listen.ip().is_loopback() && !outlet.open_to_network {
        let what = format!("{thing} would answer everybody who reaches {listen}: Modbus knows no password");
        let hint = "listen on 127.0.0.1, or say that it is meant: open_to_network = true";
        one.note(findings, "url", "open-to-network", what, hint);
    }
    if outlet.registers.is_empty() {
        let what = format!("{thing} has no registers to be read");
        one.note(findings, "register", "no-registers", what, "add one [[outlet.register]] for each tag");
    }
    let only_mqtt = [
        ("namespace", outlet.namespace.is_some()),
        ("message", !outlet.messages.is_empty()),
        ("user", outlet.user.is_some()),
        ("password_file", outlet.password_file.is_some()),
        ("ca_file", outlet.ca_file.is_some()),
    ];
    for (key, _) in only_mqtt.iter().filter(|(_, there)| *there) {
        let what = format!("{thing} is a Modbus server, so its `{key}` says nothing");
        one.note(findings, key, "not-for-modbus", what, "it belongs to an outlet with url = \"mqtt://...\"");
    }
    let mut taken: Vec<(Span, String)> = Vec::new();
    for (number, register) in outlet.registers.iter().enumerate() {
        let at = one.at.key("register").index(number);
        known(findings, names, at.key("tag"), one, &register.tag);
        check_value(findings, names, one, outlet, &at, register, &mut taken);
        check_quality(findings, names, one, outlet, &at, register, &mut taken);
    }
}

fn check_value(
    findings: &mut Findings,
    names: &Names<'_>,
    one: &One,
    outlet: &Outlet,
    at: &At,
    register: &Register,
    taken: &mut Vec<(Span, String)>,
) {
    let at_address = at.key("address");
    let Some(facts) = facts(findings, names, one, outlet, &at_address, &register.address) else { return };
    take(findings, one, &at_address, facts, register, taken);
    let tag = &register.tag;
    if let Some(given) = tag_type(names, tag)
        && !fits(given, facts.value_type)
    {
        let what = format!("the tag {tag} does not fit `{}`", register.address);
        let hint = match given {
            ValueType::F64 => "it has decimals: write float32 or float64",
            ValueType::Text => "it is a text: write string and its length, holding:0:string:16",
            ValueType::Bool => "it is yes or no: write a coil or a discrete input",
            ValueType::I64 | ValueType::U64 => "it is a whole number: write an integer or a float",
        };
        findings.note(at_address, &one.thing, "outlet.does-not-fit", what).hint(hint);
    }
    if !register.write {
        return;
    }
    if !names.config.variables.iter().any(|variable| variable.name == *tag) {
        let what = format!("{} lets masters write `{tag}`, which is no local variable", one.thing);
        let note = findings.note(at.key("write"), &one.thing, "outlet.not-a-variable", what);
        note.why("nothing that is written here is ever passed on to a machine").hint("remove `write`");
    } else if !facts.writable {
        let what = format!("`{}` cannot be written", register.address);
        let hint = "write a holding register or a coil";
        findings.note(at.key("write"), &one.thing, "outlet.read-only-address", what).hint(hint);
    }
}

fn check_quality(
    findings: &mut Findings,
    names: &Names<'_>,
    one: &One,
    outlet: &Outlet,
    at: &At,
    register: &Register,
    taken: &mut Vec<(Span, String)>,
) {
    let Some(quality) = &register.quality else { return };
    let at = at.key("quality");
    let Some(facts) = facts(findings, names, one, outlet, &at, quality) else { return };
    take(findings, one, &at, facts, register, taken);
    if matches!(facts.value_type, ValueType::Bool | ValueType::Text) {
        let what = format!("a quality is 0, 1 or 2, and `{quality}` holds no number");
        findings.note(at, &one.thing, "outlet.does-not-fit", what).hint("write a register: \"input:0\"");
    }
}

/// What the drivers say of an address, or the problem.
fn facts(
    findings: &mut Findings,
    names: &Names<'_>,
    one: &One,
    outlet: &Outlet,
    at: &At,
    address: &str,
) -> Option<AddressFacts> {
    let found = names.outside.address(&outlet.url, address);
    found
        .map_err(|problem| {
            let hint = hint_or(problem.hint, "write it like \"holding:100:float32:cdab\"");
            findings.note(at.clone(), &one.thing, &problem.code, problem.what).why(problem.why).hint(hint);
        })
        .ok()
}

/// Notes two things at one place.
fn take(
    findings: &mut Findings,
    one: &One,
    at: &At,
    facts: AddressFacts,
    register: &Register,
    taken: &mut Vec<(Span, String)>,
) {
    let Some(span) = facts.span else {
        let what = format!("`{}` is a part of a register", register.address);
        findings
            .note(at.clone(), &one.thing, "outlet.part-of-a-register", what)
            .hint("write a coil or a whole register");
        return;
    };
    let meets = |other: &Span| other.table == span.table && other.first < span.end && span.first < other.end;
    if let Some((_, other)) = taken.iter().find(|(other, _)| meets(other)) {
        let what = format!("`{}` and `{other}` take the same {} {}", register.tag, span.table, span.first);
        let hint = "a float32 takes two registers, a float64 four; move one of them";
        findings.note(at.clone(), &one.thing, "outlet.same-register", what).hint(hint);
    }
    taken.push((span, register.tag.to_string()));
}

/// The type of a tag's values, where the file says it; predictions are numbers with decimals.
fn tag_type(names: &Names<'_>, tag: &TagPath) -> Option<ValueType> {
    let config = names.config;
    if let Some(variable) = config.variables.iter().find(|variable| variable.name == *tag) {
        return Some(variable.value_type);
    }
    let Some(tag) = config.tag(tag.as_str()) else { return Some(ValueType::F64) };
    if tag.scale.is_some() {
        return Some(ValueType::F64);
    }
    let device = config.device(&tag.device)?;
    names.outside.address(&device.url, &tag.address).ok().map(|facts| facts.value_type)
}

fn fits(given: ValueType, there: ValueType) -> bool {
    use ValueType::{Bool, F64, I64, Text, U64};
    match given {
        Bool => matches!(there, Bool),
        I64 | U64 => matches!(there, I64 | U64 | F64),
        F64 => there == F64,
        Text => there == Text,
    }
}
