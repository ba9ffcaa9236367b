//! What a read node asks for: its own settings, or for a flexible one what the node before it puts into the message.

use drivers::modbus::Table;
use serde_json::Value;

use super::flow::{Flow, Node, whole};
use crate::import::Remark;

/// One reading.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub table: Table,
    /// From 0, as on the wire.
    pub address: u16,
    /// Registers or bits.
    pub quantity: u16,
    /// The unit, where the node says one.
    pub unit: Option<u8>,
    pub period_ms: Option<u64>,
}

/// The requests of one node, and the nodes that compute some.
pub(super) struct Requests {
    pub list: Vec<Request>,
    pub computed: Vec<String>,
}

pub(super) fn of(flow: &Flow, node: &Node) -> Result<Requests, Remark> {
    if node.kind() == "modbus-flex-getter" {
        return Ok(asked_by_messages(flow, node));
    }
    let table = match node.text("dataType") {
        "Coil" => Some(Table::Coil),
        "Input" => Some(Table::Discrete),
        "HoldingRegister" => Some(Table::Holding),
        "InputRegister" => Some(Table::Input),
        _ => None,
    };
    // empty: the unit of the connection
    let unit = match node.get("unitid") {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) if text.trim().is_empty() => Some(None),
        Some(unit) => whole(unit).and_then(|unit| u8::try_from(unit).ok()).map(Some),
    };
    let made =
        table.zip(unit).and_then(|(table, unit)| request(table, node.whole("adr"), node.whole("quantity"), unit));
    if let Some(request) = made {
        Ok(Requests { list: vec![Request { period_ms: period(node), ..request }], computed: Vec::new() })
    } else {
        let about = node.title();
        let what = format!("{about}: table, address or quantity is no number that can be read");
        let remark = Remark::not_taken("node-red.bad-read", about.clone(), what).word("about", about);
        Err(remark.hint("numbers from the environment of Node-RED are not part of the flow: type them here"))
    }
}

/// At least one, at most what one request of the protocol carries, within the table.
fn request(table: Table, address: Option<u64>, quantity: Option<u64>, unit: Option<u8>) -> Option<Request> {
    let address = u16::try_from(address?).ok()?;
    let quantity = u16::try_from(quantity?).ok().filter(|quantity| (1..=table.read_limit()).contains(quantity))?;
    (u32::from(address) + u32::from(quantity) <= 0x1_0000).then_some(Request {
        table,
        address,
        quantity,
        unit,
        period_ms: None,
    })
}

fn period(node: &Node) -> Option<u64> {
    let each = match node.text("rateUnit") {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    node.whole("rate")?.checked_mul(each).filter(|period| *period > 0)
}

fn asked_by_messages(flow: &Flow, node: &Node) -> Requests {
    let mut requests = Requests { list: Vec::new(), computed: Vec::new() };
    for before in flow.before(node) {
        let asked = match before.kind() {
            "inject" => injected(before).as_ref().and_then(from_json),
            "function" => from_program(before.text("func")),
            "change" => from_rules(before.list("rules")),
            _ => None,
        };
        match asked {
            Some(asked) if !requests.list.contains(&asked) => requests.list.push(asked),
            Some(_) => {}
            None => requests.computed.push(before.title()),
        }
    }
    if requests.list.is_empty() && requests.computed.is_empty() {
        requests.computed.push("no node of this flow".to_owned());
    }
    requests
}

/// The payload of an inject node, when it is JSON.
fn injected(node: &Node) -> Option<Value> {
    let of_props = || {
        let payload =
            node.list("props").iter().find(|prop| prop.get("p").and_then(Value::as_str) == Some("payload"))?;
        (payload.get("vt")?.as_str()? == "json").then(|| payload.get("v")?.as_str())?
    };
    let text = if node.text("payloadType") == "json" { Some(node.text("payload")) } else { of_props() };
    serde_json::from_str(text?).ok()
}

/// `set msg.payload to {"fc":3,…}`.
fn from_rules(rules: &[Value]) -> Option<Request> {
    let text = |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rule = rules
        .iter()
        .find(|rule| text(rule, "t") == "set" && text(rule, "p") == "payload" && text(rule, "tot") == "json")?;
    from_json(&serde_json::from_str(&text(rule, "to")).ok()?)
}

fn from_json(payload: &Value) -> Option<Request> {
    let number = |key: &str| payload.get(key).map_or(Some(None), |value| whole(value).map(Some));
    made(number("fc")?, number("unitid")?, number("address")?, number("quantity")?)
}

/// A function that does nothing but set the four numbers. Anything computed is not guessed.
fn from_program(program: &str) -> Option<Request> {
    const COMPUTES: [&str; 8] = ["for", "while", "if", "?", "switch", "context", "=>", "flow."];
    let plain = without_comments(program);
    let words: Vec<&str> = plain.split(|c: char| !(c.is_alphanumeric() || "_.?=>".contains(c))).collect();
    let computes = words.iter().any(|word| {
        COMPUTES.iter().any(|sign| word == sign || sign.len() > 1 && sign.ends_with(['.', '>']) && word.contains(sign))
    });
    if computes || plain.contains('?') {
        return None;
    }
    let number = |key| literal(&plain, key).ok();
    made(number("fc")?, number("unitid")?, number("address")?, number("quantity")?)
}

fn made(fc: Option<u64>, unit: Option<u64>, address: Option<u64>, quantity: Option<u64>) -> Option<Request> {
    let table = match fc? {
        1 => Table::Coil,
        2 => Table::Discrete,
        3 => Table::Holding,
        4 => Table::Input,
        _ => return None,
    };
    let unit = unit.map_or(Some(None), |unit| u8::try_from(unit).ok().map(Some))?;
    request(table, address, quantity, unit)
}

/// Something that is not a plain number stands where one is needed.
struct Computed;

/// The number behind `'fc':` or `payload.fc =`, when it stands there once and by itself; none when the word is not there.
fn literal(program: &str, key: &str) -> Result<Option<u64>, Computed> {
    let mut found = None;
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in program.match_indices(key) {
        let before = program.get(..at).and_then(|before| before.chars().next_back());
        let rest = program.get(at + key.len()..).unwrap_or_default();
        if before.is_some_and(part_of_a_word) || rest.starts_with(part_of_a_word) {
            continue;
        }
        let rest = rest
            .trim_start_matches(['\'', '"', ']'])
            .trim_start()
            .strip_prefix([':', '='])
            .ok_or(Computed)?
            .trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, behind) = rest.split_at_checked(end).ok_or(Computed)?;
        let behind = behind.trim_start();
        let by_itself = behind.is_empty()
            || behind.starts_with([',', '}', ';'])
            || behind.starts_with("msg.")
            || behind.starts_with("return");
        if found.is_some() || !by_itself {
            return Err(Computed);
        }
        found = Some(digits.parse().map_err(|_| Computed)?);
    }
    Ok(found)
}

fn without_comments(program: &str) -> String {
    let mut plain = String::with_capacity(program.len());
    let mut rest = program;
    while let Some(at) = rest.find("/*") {
        plain.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).and_then(|rest| rest.split_once("*/")).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}
