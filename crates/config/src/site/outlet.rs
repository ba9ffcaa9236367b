//! Outlets: by which ways tags leave the edge. An MQTT broker it publishes to, or a Modbus server it answers as.

use std::net::SocketAddr;

use domain::TagPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message::Message;
use crate::ByteSize;

/// A way by which tags leave the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outlet {
    /// Unique among outlets.
    pub name: String,
    /// `mqtt://broker:1883` and `mqtts://broker:8883` are published to; at `modbus-tcp://127.0.0.1:1502/1` the edge
    /// answers.
    pub url: String,
    /// MQTT: the user the broker knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// MQTT: the file with the user's password, in its first line. Relative paths count from the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// MQTT over TLS: certificates (PEM) of who may vouch for the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// MQTT over TLS: the name in the broker's certificate; none = the host of `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// MQTT over TLS: our own certificate (PEM), if the broker asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// MQTT over TLS: the key of `cert_file` (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// MQTT: who the edge says it is; none = `lastmile-<this edge>-<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// MQTT: 0 = sent once, 1 = sent until the broker acknowledged it.
    #[serde(default)]
    pub qos: u16,
    /// MQTT: whether the broker keeps the last message of each topic for who comes later.
    #[serde(default)]
    pub retain: bool,
    /// MQTT: how much may wait for the broker; more, and the oldest is dropped and counted.
    #[serde(default = "Outlet::default_queue")]
    pub queue: ByteSize,
    /// MQTT: where it says `online` and, by its last will, `offline`; none = `<site>/_status/<name>` below the prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_topic: Option<String>,
    /// MQTT: one topic per tag; none = only when there are no messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// MQTT: messages of one's own form.
    #[serde(default, rename = "message", skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// Modbus: whether it may answer the network; otherwise only this machine.
    #[serde(default)]
    pub open_to_network: bool,
    /// Modbus: which tag is read where.
    #[serde(default, rename = "register", skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<Register>,
}

/// A tag in the registers of our Modbus server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Register {
    /// A tag, a local variable or a prediction.
    #[schemars(with = "String")]
    pub tag: TagPath,
    /// Where its value stands: `holding:0:float32:cdab`, `40001`.
    pub address: String,
    /// Where its quality stands: 0 good, 1 uncertain, 2 bad. None = the value is refused (exception 4) while it is bad
    /// or stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// Whether masters may write it. Local variables only.
    #[serde(default)]
    pub write: bool,
}

/// One topic per tag: `<prefix>/<site>/<place>/<tag>`, with value, quality and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Namespace {
    /// What topics begin with, such as the enterprise; empty = the site.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Tags, and places with everything below them; empty = all tags, local variables and predictions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub tags: Vec<TagPath>,
    /// When a tag is published.
    pub report: Report,
    /// Whether advisories are published too.
    pub advisories: bool,
}

impl Default for Namespace {
    fn default() -> Self {
        Self { prefix: String::new(), tags: Vec::new(), report: Report::Change, advisories: true }
    }
}

impl Namespace {
    /// Whether a tag is among those that are published.
    pub fn has(&self, tag: &str) -> bool {
        let below = |chosen: &TagPath| {
            tag.strip_prefix(chosen.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.tags.is_empty() || self.tags.iter().any(below)
    }
}

/// When a tag is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// When its value or its quality is another, and once after each connection.
    #[default]
    Change,
    /// With each scan.
    Scan,
}

/// How an outlet is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutletUrl {
    /// A broker.
    Mqtt {
        /// Name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// Encrypted.
        tls: bool,
    },
    /// Our own Modbus server.
    ModbusTcp {
        /// Where it listens.
        listen: SocketAddr,
        /// The Modbus unit it answers as.
        unit: u8,
    },
}

impl Outlet {
    pub(crate) fn default_queue() -> ByteSize {
        ByteSize::from_bytes(8_000_000)
    }

    /// What its URL says, or why it says nothing.
    pub fn parsed_url(&self) -> Result<OutletUrl, String> {
        let (scheme, rest) = self.url.split_once("://").ok_or_else(|| format!("`{}` is no URL", self.url))?;
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            "modbus-tcp" => return modbus(rest),
            other => return Err(format!("`{other}://` is no way out that this version knows")),
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains('@') {
            return Err("a user and a password do not belong into the URL".to_owned());
        }
        let (host, port) = host_and_port(rest, if tls { 8883 } else { 1883 })?;
        Ok(OutletUrl::Mqtt { host, port, tls })
    }

    /// The namespace it publishes, if it does.
    pub fn published_namespace(&self) -> Option<Namespace> {
        self.namespace.clone().or_else(|| self.messages.is_empty().then(Namespace::default))
    }
}

fn modbus(rest: &str) -> Result<OutletUrl, String> {
    let (address, unit) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(address, 502)?;
    let ip =
        host.parse().map_err(|_| format!("`{host}` is no address of this machine; write digits, as in 127.0.0.1"))?;
    let unit = if unit.is_empty() { Some(1) } else { unit.parse().ok().filter(|unit| (1..=247).contains(unit)) };
    let unit = unit.ok_or_else(|| "a Modbus unit is a number from 1 to 247".to_owned())?;
    Ok(OutletUrl::ModbusTcp { listen: SocketAddr::new(ip, port), unit })
}

fn host_and_port(text: &str, otherwise: u16) -> Result<(String, u16), String> {
    // `[::1]:1883`: the colons inside the brackets belong to the address
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
        return Err(format!("`{text}` names no host"));
    }
    let port = match port {
        None => otherwise,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("`{port}` is no port"))?,
    };
    Ok((host.to_owned(), port))
}

/// A name as one level of a topic: what MQTT or people would stumble over becomes `-`.
pub fn topic_level(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let level: String = name.trim().chars().map(kept).collect();
    if level.is_empty() { "site".to_owned() } else { level }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet(url: &str) -> Outlet {
        serde_json::from_value(serde_json::json!({"name": "x", "url": url})).unwrap()
    }

    #[test]
    fn a_url_without_a_port_has_the_port_of_its_scheme() {
        let tcp = OutletUrl::Mqtt { host: "broker".to_owned(), port: 1883, tls: false };
        assert_eq!(outlet("mqtt://broker").parsed_url(), Ok(tcp));
        let tls = OutletUrl::Mqtt { host: "::1".to_owned(), port: 8883, tls: true };
        assert_eq!(outlet("mqtts://[::1]/").parsed_url(), Ok(tls));
        let modbus = OutletUrl::ModbusTcp { listen: ([127, 0, 0, 1], 502).into(), unit: 7 };
        assert_eq!(outlet("modbus-tcp://127.0.0.1/7").parsed_url(), Ok(modbus));
        for wrong in ["modbus-tcp://plc-1/1", "modbus-tcp://127.0.0.1/0", "modbus-rtu:///dev/ttyS0"] {
            assert!(outlet(wrong).parsed_url().is_err(), "{wrong}");
        }
        for wrong in ["broker:1883", "http://broker", "mqtt://", "mqtt://broker:0", "mqtt://me:secret@broker"] {
            assert!(outlet(wrong).parsed_url().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_chosen_place_takes_what_is_below_it_and_not_its_namesakes() {
        let namespace = Namespace { tags: vec!["line-2".parse().unwrap()], ..Namespace::default() };
        assert!(namespace.has("line-2/pump-7/speed"));
        assert!(!namespace.has("line-20/speed"));
    }
}
