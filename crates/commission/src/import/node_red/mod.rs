//! Flows of Node-RED with nodes of node-red-contrib-modbus (5.x), and node-red-contrib-buffer-parser (3.x) behind them.
//!
//! A client node with a Modbus unit is a device; what a read node asks for becomes tags: the items of a buffer parser
//! behind it, else one tag per register. Programs in function nodes are not run and not guessed: the report names them.

mod flow;
mod parser;
mod request;

use std::collections::{BTreeMap, BTreeSet};

use drivers::modbus::{Address, Kind, Order};

use flow::{Flow, Node};
use request::{Request, Requests};

use super::{Format, FoundDevice, FoundTag, Imported, Remark};

/// The nodes that read.
const READS: [&str; 3] = ["modbus-read", "modbus-getter", "modbus-flex-getter"];

/// Nodes of the same package that are no reading, with what they do.
const OTHERS: [(&str, &str); 6] = [
    ("modbus-write", "writes"),
    ("modbus-flex-write", "writes"),
    ("modbus-flex-fc", "sends its own function codes"),
    ("modbus-flex-sequencer", "reads a sequence that a message gives it"),
    ("modbus-flex-connector", "changes the connection while it runs"),
    ("modbus-server", "is a server"),
];

pub(super) fn read(text: &str) -> Imported {
    let mut imported = Imported::new(Format::NodeRed);
    let flow = match Flow::parse(text) {
        Ok(flow) => flow,
        Err(why) => {
            let what = format!("the text is not the JSON of a flow: {why}");
            let hint = "in Node-RED choose Export ▸ all flows ▸ JSON, and copy or download all of it";
            imported.report.push(Remark::not_taken("node-red.not-json", "text", what).word("why", why).hint(hint));
            return imported;
        }
    };
    let mut reader = Reader { flow: &flow, devices: BTreeMap::new(), raw: 0, said: BTreeSet::new() };
    for node in flow.nodes() {
        if READS.contains(&node.kind()) {
            reader.node(node, &mut imported);
        } else if let Some((_, does)) = OTHERS.iter().find(|(kind, _)| *kind == node.kind()) {
            let about = node.title();
            let what = format!("{about} ({}) {does}: it brings no tags", node.kind());
            let remark = Remark::left_aside("node-red.no-reading", about.clone(), what);
            imported.report.push(remark.word("about", about).word("kind", node.kind()));
        }
    }
    reader.say(&mut imported);
    imported
}

struct Reader<'a> {
    flow: &'a Flow,
    /// By client and unit.
    devices: BTreeMap<(String, u8), String>,
    /// Registers without a parser behind them.
    raw: usize,
    /// What was said already about a node.
    said: BTreeSet<(String, &'static str)>,
}

impl Reader<'_> {
    fn node(&mut self, node: &Node, imported: &mut Imported) {
        let about = node.title();
        if self.flow.is_disabled(node) {
            let what = format!("{about} is disabled in Node-RED");
            imported.report.push(Remark::left_aside("node-red.disabled", about.clone(), what).word("about", about));
            return;
        }
        let requests = match request::of(self.flow, node) {
            Ok(requests) => requests,
            Err(remark) => return imported.report.push(remark),
        };
        let Requests { list, computed } = requests;
        for name in computed {
            let what = format!("{about} is asked by {name}, which computes what to read");
            let remark =
                Remark::not_taken("node-red.computed", about.clone(), what).word("about", &about).word("by", name);
            imported.report.push(remark.hint("add what it reads by hand: table, address and type"));
        }
        for request in list {
            self.request(node, &request, imported);
        }
        if node.yes("useIOFile") {
            let what =
                format!("{about} takes names from an I/O file on the Node-RED machine, which is not part of the flow");
            imported.report.push(Remark::left_aside("node-red.io-file", about.clone(), what).word("about", about));
        }
    }

    fn request(&mut self, node: &Node, request: &Request, imported: &mut Imported) {
        let about = node.title();
        let device = self.device(node, request, imported);
        let behind = self.flow.behind(node);
        let mut parsed = Vec::new();
        let mut has_parser = false;
        for next in &behind {
            match next.kind() {
                "buffer-parser" => {
                    has_parser = true;
                    parsed.extend(parser::tags(next, request, imported));
                }
                "function" | "change" if self.said.insert((next.id().to_owned(), "decodes")) => {
                    if let Some(remark) = decoding(next, &about) {
                        imported.report.push(remark);
                    }
                }
                _ => {}
            }
        }
        if !has_parser {
            self.raw += usize::from(request.quantity);
            parsed = registers(&about, request);
        }
        for tag in parsed {
            imported.take(FoundTag { device: device.clone(), period_ms: request.period_ms, ..tag });
        }
    }

    /// The name of the device that a node reads, made when it is met first.
    fn device(&mut self, node: &Node, request: &Request, imported: &mut Imported) -> Option<String> {
        let id = node.text("server");
        let client = self.flow.get(id).filter(|client| client.kind() == "modbus-client");
        let Some(client) = client else {
            if self.said.insert((id.to_owned(), "client")) {
                let about = node.title();
                let what = format!("the connection of {about} is not part of this text");
                let remark = Remark::assumed("node-red.no-client", about.clone(), what).word("about", about);
                imported.report.push(
                    remark.hint("export the flow with its configuration nodes, or type the address of the device here"),
                );
            }
            return None;
        };
        let unit = request
            .unit
            .unwrap_or_else(|| client.whole("unit_id").and_then(|unit| u8::try_from(unit).ok()).unwrap_or(1));
        let key = (client.id().to_owned(), unit);
        if let Some(name) = self.devices.get(&key) {
            return Some(name.clone());
        }
        // Node-RED asks unit 1 when the connection says none; what is no number comes from the environment
        let strange =
            request.unit.is_none() && !client.text("unit_id").trim().is_empty() && client.whole("unit_id").is_none();
        let url = if strange { Err("its Modbus unit is no number".to_owned()) } else { flow::url(client, unit) };
        let name = self.free_name(client, unit);
        if let Err(why) = &url {
            let what = format!("the connection {name} cannot be taken: {why}");
            let remark =
                Remark::assumed("node-red.connection", name.clone(), what).word("about", &name).word("why", why);
            imported.report.push(remark.hint("type the address of the device here"));
        }
        imported.devices.push(FoundDevice { name: name.clone(), url: url.ok() });
        self.devices.insert(key, name.clone());
        Some(name)
    }

    fn free_name(&self, client: &Node, unit: u8) -> String {
        let plain = client.title();
        let taken = |name: &str| self.devices.values().any(|known| known == name);
        if !taken(&plain) {
            return plain;
        }
        let with_unit = format!("{plain} unit {unit}");
        if taken(&with_unit) { format!("{with_unit} {}", self.devices.len() + 1) } else { with_unit }
    }

    fn say(self, imported: &mut Imported) {
        if self.raw > 0 {
            let n = self.raw;
            let what = format!(
                "{n} registers and bits have no buffer parser behind them: each became one tag, registers as uint16"
            );
            let hint = "choose the type of those that are more than one register: address:float32, address:int32:cdab";
            imported.report.push(Remark::assumed("node-red.raw", "types", what).word("n", n).hint(hint));
        }
        if imported.tags.is_empty() && imported.report.remarks.is_empty() {
            let what = "no node of node-red-contrib-modbus reads anything in this flow";
            let hint = "flows of other protocols are not read yet";
            imported.report.push(Remark::not_taken("node-red.nothing", "flow", what).hint(hint));
        }
    }
}

/// One tag per register or bit.
fn registers(about: &str, request: &Request) -> Vec<FoundTag> {
    let numbers = (0..request.quantity).filter_map(|n| request.address.checked_add(n).map(|offset| (n, offset)));
    let tags = numbers.map(|(n, offset)| {
        let kind = if request.table.is_bits() { Kind::Bool } else { Kind::Uint(16, Order::Abcd) };
        let name = if request.quantity == 1 { about.to_owned() } else { format!("{about} {}", n + 1) };
        let address = Address { table: request.table, offset, kind };
        FoundTag { label: name.clone(), name, address: address.to_string(), ..FoundTag::default() }
    });
    tags.collect()
}

/// A program that works on what was read: it may decode, scale or rename, and nobody can tell.
fn decoding(node: &Node, about: &str) -> Option<Remark> {
    const SIGNS: [&str; 7] = ["read", "payload[", "payload.data", "buffer", "<<", "Float", "parse"];
    let program = node.text("func");
    if node.kind() == "function" && !SIGNS.iter().any(|sign| program.contains(sign)) {
        return None;
    }
    let name = node.title();
    let what = format!("{name} works on what {about} reads; what it does (types, scales, names) is not taken");
    let remark = Remark::left_aside("node-red.function", name.clone(), what).word("about", name).word("read", about);
    Some(remark.hint("see there which registers belong together, and set type, unit and scale here"))
}
