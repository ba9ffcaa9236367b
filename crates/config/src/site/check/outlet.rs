//! Outlets: where tags go, which tags, and that every message of one's own can be made.

mod register;

use std::collections::HashMap;

use domain::TagPath;

use super::device::{NAME_HINT, name_problem};
use super::{Names, may_be_prediction};
use crate::reading::{At, Findings};
use crate::site::message::{MAX_MESSAGES, Piece, Single, topic_problem};
use crate::site::{Namespace, Outlet, OutletUrl};

pub(super) fn check(findings: &mut Findings, names: &Names<'_>) {
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (index, outlet) in names.config.outlets.iter().enumerate() {
        let one = One { at: At::item("outlet", index), thing: format!("outlet {}", outlet.name) };
        if let Some(problem) = name_problem(&outlet.name) {
            one.note(findings, "name", "bad-name", problem, NAME_HINT);
        }
        if let Some(first) = named.insert(&outlet.name, index).filter(|_| !outlet.name.is_empty()) {
            let what =
                format!("two outlets are named `{}`: number {} and number {}", outlet.name, first + 1, index + 1);
            one.note(findings, "name", "duplicate", what, "give one of them another name, or remove it");
        }
        match outlet.parsed_url() {
            Ok(OutletUrl::Mqtt { tls, .. }) => check_broker(findings, &one, outlet, tls),
            Ok(OutletUrl::ModbusTcp { listen, .. }) => register::check(findings, names, &one, outlet, listen),
            Err(what) => {
                let hint = "write \"mqtt://broker:1883\", \"mqtts://broker:8883\" or \"modbus-tcp://127.0.0.1:1502/1\"";
                one.note(findings, "url", "bad-url", format!("{}: {what}", one.thing), hint);
            }
        }
        if let Some(namespace) = &outlet.namespace {
            check_namespace(findings, names, &one, namespace);
        }
        check_messages(findings, names, &one, outlet);
    }
}

/// The outlet being checked.
struct One {
    at: At,
    thing: String,
}

impl One {
    fn note(&self, findings: &mut Findings, key: &str, cause: &str, what: impl Into<String>, hint: &str) {
        findings.note(self.at.key(key), &self.thing, &format!("outlet.{cause}"), what).hint(hint);
    }
}

fn check_broker(findings: &mut Findings, one: &One, outlet: &Outlet, tls: bool) {
    const MIN_QUEUE: u64 = 10_000;
    let thing = &one.thing;
    if outlet.qos > 1 {
        let what = format!("{thing} asks for qos {}", outlet.qos);
        one.note(findings, "qos", "bad-qos", what, "write 0 (sent once) or 1 (sent until acknowledged)");
    }
    if outlet.queue.get() < MIN_QUEUE {
        let what = format!("nothing can wait in a queue of {}", outlet.queue);
        one.note(findings, "queue", "small-queue", what, "give at least \"10kB\"; the default is \"8MB\"");
    }
    if outlet.password_file.is_some() && outlet.user.is_none() {
        let what = format!("{thing} has a password and no user");
        one.note(findings, "password_file", "no-user", what, "add user = \"...\"");
    }
    if outlet.cert_file.is_some() != outlet.key_file.is_some() {
        let (key, other) =
            if outlet.cert_file.is_some() { ("cert_file", "key_file") } else { ("key_file", "cert_file") };
        let what = format!("{thing} has `{key}` without `{other}`");
        one.note(findings, key, "half-certificate", what, "a certificate and its key go together");
    }
    if tls && outlet.ca_file.is_none() {
        let what = format!("{thing} is encrypted, and nobody vouches for the broker");
        one.note(
            findings,
            "ca_file",
            "no-ca",
            what,
            "add ca_file = \"...\": the certificate of who signed the broker's",
        );
    }
    let only_tls = [
        ("ca_file", outlet.ca_file.is_some()),
        ("server_name", outlet.server_name.is_some()),
        ("cert_file", outlet.cert_file.is_some()),
    ];
    for (key, _) in only_tls.iter().filter(|(_, there)| *there && !tls) {
        let what = format!("{thing} is not encrypted, so its `{key}` says nothing");
        one.note(findings, key, "not-encrypted", what, "write url = \"mqtts://...\", or remove the key");
    }
    if !outlet.registers.is_empty() || outlet.open_to_network {
        let key = if outlet.registers.is_empty() { "open_to_network" } else { "register" };
        let what = format!("{thing} publishes to a broker, so its `{key}` says nothing");
        one.note(findings, key, "not-for-mqtt", what, "registers belong to an outlet with url = \"modbus-tcp://...\"");
    }
    if let Some(problem) = outlet.status_topic.as_deref().and_then(topic_problem) {
        one.note(findings, "status_topic", "bad-topic", problem, "write levels with `/` between them");
    }
}

fn check_namespace(findings: &mut Findings, names: &Names<'_>, one: &One, namespace: &Namespace) {
    let at = one.at.key("namespace");
    if let Some(problem) = topic_problem(&namespace.prefix).filter(|_| !namespace.prefix.is_empty()) {
        let hint = "write levels with `/` between them: \"acme/emea\"";
        findings.note(at.key("prefix"), &one.thing, "outlet.bad-topic", problem).hint(hint);
    }
    for (number, chosen) in namespace.tags.iter().enumerate() {
        if !names.places.contains_key(chosen.as_str()) {
            known(findings, names, at.key("tags").index(number), one, chosen);
        }
    }
}

/// Notes a tag that neither stands in the file nor can be a prediction.
fn known(findings: &mut Findings, names: &Names<'_>, at: At, one: &One, tag: &TagPath) -> bool {
    let there = names.is_point(tag.as_str()) || may_be_prediction(names.config, tag);
    if !there {
        names.point(findings, at, &one.thing, "outlet.unknown-tag", tag);
    }
    there
}

fn check_messages(findings: &mut Findings, names: &Names<'_>, one: &One, outlet: &Outlet) {
    let mut all = 0_usize;
    for (number, message) in outlet.messages.iter().enumerate() {
        let at = one.at.key("message").index(number);
        match message.singles() {
            Ok(singles) => {
                all += singles.len();
                check_tags(findings, names, one, &at, &singles);
            }
            Err(wrong) => {
                let what = format!("message {} of {}: {}", number + 1, one.thing, wrong.what);
                findings.note(at.key(wrong.key), &one.thing, "outlet.bad-message", what).hint(wrong.hint);
            }
        }
    }
    if all > MAX_MESSAGES {
        let what = format!("{} stands for {all} messages, more than {MAX_MESSAGES}", one.thing);
        one.note(
            findings,
            "message",
            "too-many-messages",
            what,
            "publish what somebody reads, or use [outlet.namespace]",
        );
    }
}

/// The first unknown tag of `on` and of the payload: one slip in a form that stands for many is one problem.
fn check_tags(findings: &mut Findings, names: &Names<'_>, one: &One, at: &At, singles: &[Single]) {
    for single in singles {
        if !known(findings, names, at.key("on"), one, &single.on) {
            break;
        }
    }
    let tags = singles.iter().flat_map(|single| &single.pieces).filter_map(|piece| match piece {
        Piece::Tag(tag, _) => Some(tag),
        Piece::Text(_) => None,
    });
    for tag in tags {
        if !known(findings, names, at.key("payload"), one, tag) {
            break;
        }
    }
}
