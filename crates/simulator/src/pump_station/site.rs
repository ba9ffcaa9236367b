//! The edge's configuration for this line, written from the register map so that the two cannot drift apart.

use std::net::SocketAddr;

use super::registers::{Plc, SIGNALS, Signal};

const HEAD: &str = r#"[site]
name = "Plant North"
time_zone = "Europe/Berlin"
language = "en"
accept_unsigned = true

[[place]]
path = "line-2"
name = "Line 2"
level = "line"

[[place]]
path = "line-2/feed-tank"
name = "Feed tank"
level = "cell"
picture = "tank"
key_tags = ["line-2/feed-tank/level", "line-2/feed-tank/temperature", "line-2/feed-tank/outflow"]

[[place]]
path = "line-2/pump-7"
name = "Pump 7"
level = "cell"
picture = "pump"
key_tags = ["line-2/pump-7/vibration_de", "line-2/pump-7/bearing_temperature", "line-2/pump-7/speed", "line-2/pump-7/motor_current"]

[[place]]
path = "line-2/exchanger"
name = "Heat exchanger"
level = "cell"
picture = "exchanger"
key_tags = ["line-2/exchanger/outlet_temperature", "line-2/exchanger/pressure_drop", "line-2/exchanger/product_flow"]

[[place]]
path = "line-2/product-tank"
name = "Product tank"
level = "cell"
picture = "tank"
key_tags = ["line-2/product-tank/level", "line-2/product-tank/temperature", "line-2/product-tank/pressure"]
"#;

/// Places, devices and tags for a pump station that listens on `addr`; deployments are for the caller to add.
pub fn site_toml(addr: SocketAddr) -> String {
    let devices = Plc::ALL.map(|plc| device(plc, addr));
    let tags = SIGNALS.iter().map(tag);
    std::iter::once(HEAD.to_owned()).chain(devices).chain(tags).collect::<Vec<_>>().join("\n")
}

fn device(plc: Plc, addr: SocketAddr) -> String {
    let (name, unit) = (plc.name(), plc.unit());
    format!(
        r#"[[device]]
name = "{name}"
url = "modbus-tcp://{addr}/{unit}"
place = "line-2"
timeout = "1s"
period = "1s"
"#
    )
}

fn tag(signal: &Signal) -> String {
    let Signal { label, address, unit, factor, more, .. } = signal;
    let mut lines = vec![
        "[[tag]]".to_owned(),
        format!("name = \"{}\"", signal.tag()),
        format!("label = \"{label}\""),
        format!("device = \"{}\"", signal.plc.name()),
        format!("address = \"{address}\""),
    ];
    if !unit.is_empty() {
        lines.push(format!("unit = \"{unit}\""));
    }
    if (factor - 1.0).abs() > f64::EPSILON {
        lines.push(format!("scale = {{ factor = {factor}, offset = 0.0 }}"));
    }
    if let Some((low, high)) = signal.range {
        lines.push(format!("range = [{low:?}, {high:?}]"));
    }
    if let Some((low, high)) = signal.normal {
        lines.push(format!("normal = [{low:?}, {high:?}]"));
    }
    lines.join("\n") + "\n" + more
}
