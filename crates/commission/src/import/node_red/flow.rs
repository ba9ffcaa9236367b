//! A flow: its nodes by number, what hangs behind what, and the connection of a client node as a device URL.

use std::collections::{BTreeMap, BTreeSet};

use drivers::DeviceUrl;
use serde_json::{Map, Value};

/// How far behind a reading its values are followed, and over how many nodes.
const DEPTH: usize = 6;
const BEHIND: usize = 200;

/// All nodes of an export.
pub(super) struct Flow {
    nodes: Vec<Node>,
    by_id: BTreeMap<String, usize>,
}

/// One node as Node-RED writes it. Numbers are often texts.
pub(super) struct Node(Map<String, Value>);

impl Flow {
    /// An array of nodes, or an object with `flows`, as projects and the HTTP interface (v2) have it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parsed: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let list = match parsed {
            Value::Array(list) => list,
            Value::Object(mut object) => match object.remove("flows") {
                Some(Value::Array(list)) => list,
                _ => vec![Value::Object(object)],
            },
            _ => return Err("it is no list of nodes".to_owned()),
        };
        let nodes: Vec<Node> = list
            .into_iter()
            .filter_map(|node| if let Value::Object(node) = node { Some(Node(node)) } else { None })
            .collect();
        let by_id = nodes.iter().enumerate().map(|(at, node)| (node.id().to_owned(), at)).collect();
        Ok(Self { nodes, by_id })
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).and_then(|at| self.nodes.get(*at))
    }

    /// A node can be disabled by itself, or with its tab.
    pub(super) fn is_disabled(&self, node: &Node) -> bool {
        let tab = self.get(node.text("z"));
        node.yes("d") || tab.is_some_and(|tab| tab.kind() == "tab" && tab.yes("disabled"))
    }

    /// The nodes whose output goes to this one.
    pub(super) fn before(&self, node: &Node) -> Vec<&Node> {
        self.nodes.iter().filter(|other| !self.is_disabled(other) && other.wires().any(|id| id == node.id())).collect()
    }

    /// What values meet behind a node, in the order of the wires. A parser ends a path: behind it there are names, not registers.
    pub(super) fn behind(&self, node: &Node) -> Vec<&Node> {
        let mut found: Vec<&Node> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::from([node.id()]);
        let mut level: Vec<&Node> = vec![node];
        for _ in 0..DEPTH {
            let mut next_level = Vec::new();
            for from in level {
                for id in from.wires() {
                    let Some(next) = self.get(id).filter(|next| !self.is_disabled(next)) else { continue };
                    if found.len() >= BEHIND || !seen.insert(next.id()) {
                        continue;
                    }
                    found.push(next);
                    if !ends_a_path(next.kind()) {
                        next_level.push(next);
                    }
                }
            }
            level = next_level;
        }
        found
    }
}

/// Behind a parser, a program or a second reading the message is no longer the answer of the first.
fn ends_a_path(kind: &str) -> bool {
    matches!(kind, "buffer-parser" | "function") || kind.starts_with("modbus-") && kind != "modbus-response-filter"
}

impl Node {
    pub(super) fn id(&self) -> &str {
        self.text("id")
    }

    pub(super) fn kind(&self) -> &str {
        self.text("type")
    }

    /// Its name, else its kind.
    pub(super) fn title(&self) -> String {
        let name = self.text("name").trim();
        if name.is_empty() { format!("{} {}", self.kind(), self.id()) } else { name.to_owned() }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// A text; empty when it is none.
    pub(super) fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn yes(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A whole number, written as one or as a text.
    pub(super) fn whole(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(whole)
    }

    pub(super) fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn wires(&self) -> impl Iterator<Item = &str> {
        self.list("wires")
            .iter()
            .flat_map(|output| output.as_array().map_or(&[][..], Vec::as_slice))
            .filter_map(Value::as_str)
    }
}

/// A whole number, written as one or as a text.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The URL of a client node with a Modbus unit, or why there is none.
pub(super) fn url(client: &Node, unit: u8) -> Result<String, String> {
    let written = match client.text("clienttype") {
        "tcp" => tcp(client, unit)?,
        "simpleser" | "serial" => serial(client, unit)?,
        other => return Err(format!("`{other}` is no kind of connection that is known")),
    };
    match written.parse::<DeviceUrl>() {
        Ok(url) => Ok(url.to_string()),
        Err(problems) => Err(problems.0.first().map_or_else(|| written.clone(), |problem| problem.what.clone())),
    }
}

fn tcp(client: &Node, unit: u8) -> Result<String, String> {
    let scheme = match client.text("tcpType") {
        "" | "DEFAULT" => "modbus-tcp",
        "TCP-RTU-BUFFERED" | "RTU-BUFFERED" | "TELNET" => "modbus-rtu-tcp",
        other => return Err(format!("its kind `{other}` is not spoken here")),
    };
    let host = client.text("tcpHost").trim();
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    Ok(format!("{scheme}://{host}:{}/{unit}", client.whole("tcpPort").unwrap_or(502)))
}

fn serial(client: &Node, unit: u8) -> Result<String, String> {
    if client.text("serialType") == "ASCII" {
        return Err("Modbus ASCII is not spoken here".to_owned());
    }
    if client.whole("serialDatabits").is_some_and(|bits| bits != 8) {
        return Err("Modbus RTU has 8 data bits".to_owned());
    }
    let parity = match client.text("serialParity") {
        "even" => "E",
        "odd" => "O",
        _ => "N",
    };
    let (baud, stop) = (client.whole("serialBaudrate").unwrap_or(9600), client.whole("serialStopbits").unwrap_or(1));
    Ok(format!("modbus-rtu://{}?baud={baud}&parity={parity}&stop={stop}&unit={unit}", client.text("serialPort").trim()))
}
