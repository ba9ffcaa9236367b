//! The configuration of one site edge: the model behind `site.toml` and its JSON on the wire.
//!
//! Types only. Reading is in `read`, what must hold in `check`, both reached through [`crate::check_site`].

pub mod check;
mod deployment;
pub mod differences;
pub mod export;
mod hub;
pub mod message;
mod outlet;
pub(crate) mod read;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::unit::Unit;
use domain::{Level, PlacePath, Quality, TagPath, Value, ValueType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ByteSize, TimeSpan};

pub use deployment::{BundleRef, Deployment, DeploymentAt};
pub use hub::{Hours, HubSettings};
pub use message::{Each, Message, Missing};
pub use outlet::{Namespace, Outlet, OutletUrl, Register, Report, topic_level};

/// Everything a person configures on an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SiteConfig {
    /// The site as a whole.
    pub site: Site,
    /// The tree of places, in flow order.
    #[serde(default, rename = "place", skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Connections to machines and gateways.
    #[serde(default, rename = "device", skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// Points read from devices. Shared: there may be a hundred thousand, and whoever runs them holds on to them.
    #[serde(default, rename = "tag", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Arc<Tag>>,
    /// Tags that belong to no device and are written by people or SCADA.
    #[serde(default, rename = "variable", skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// Models at places.
    #[serde(default, rename = "deployment", skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<Deployment>,
    /// Ways by which tags leave the edge.
    #[serde(default, rename = "outlet", skip_serializing_if = "Vec::is_empty")]
    pub outlets: Vec<Outlet>,
    /// How much history is kept.
    #[serde(default)]
    pub history: HistorySettings,
    /// How fast the hub is told what it does not have yet. Which hub it is, the box knows (`lastmile edge --hub`).
    #[serde(default, skip_serializing_if = "HubSettings::is_default")]
    pub hub: HubSettings,
    /// Where the site's pages are served; none = as the command line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<Listen>,
}

/// The site as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// Its name, as people say it.
    pub name: String,
    /// IANA time zone: `Europe/Berlin`.
    #[serde(default = "Site::default_time_zone")]
    pub time_zone: String,
    /// Language of texts that no person asked for: `en` or `de`.
    #[serde(default = "Site::default_language")]
    pub language: String,
    /// Accept bundles without a signature.
    #[serde(default)]
    pub accept_unsigned: bool,
}

impl Site {
    pub(crate) fn default_time_zone() -> String {
        "UTC".to_owned()
    }

    pub(crate) fn default_language() -> String {
        "en".to_owned()
    }
}

/// A node of the ISA-95 tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Path below the site: `line-2/pump-7`.
    #[schemars(with = "String")]
    pub path: PlacePath,
    /// Its name, as people say it.
    pub name: String,
    /// enterprise, site, area, line or cell.
    #[schemars(with = "String")]
    pub level: Level,
    /// The block that stands for it in the picture of its line; none = not in the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// The values shown on its block, up to four.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub key_tags: Vec<TagPath>,
}

/// What a machine looks like in the picture of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Picture {
    /// A tank or a basin.
    Tank,
    /// A pump.
    Pump,
    /// A heat exchanger.
    Exchanger,
    /// A reactor, column or other vessel.
    Vessel,
    /// A motor or drive.
    Motor,
    /// A valve.
    Valve,
    /// Anything else.
    Machine,
}

/// A connection to a machine, a gateway or a historian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// Unique among devices.
    pub name: String,
    /// Protocol and address: `modbus-tcp://10.20.2.17:502/1`.
    pub url: String,
    /// Redundant addresses, tried in turn after `url`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The place it stands at; left out = the site.
    #[serde(default, skip_serializing_if = "is_site")]
    #[schemars(with = "String")]
    pub place: PlacePath,
    /// How long one request may take.
    #[serde(default = "Device::default_timeout")]
    pub timeout: TimeSpan,
    /// Scan period of tags that do not say their own.
    #[serde(default = "Device::default_period")]
    pub period: TimeSpan,
    /// Whether one block may span addresses nobody asked for.
    #[serde(default)]
    pub read_holes: bool,
    /// Most registers in one request.
    #[serde(default = "Device::default_max_block")]
    pub max_block: u16,
    /// Time between two requests.
    #[serde(default)]
    pub pause: TimeSpan,
    /// What the device may be asked for.
    #[serde(default)]
    pub budget: Budget,
    /// Whether the device's own time stamps are believed.
    #[serde(default)]
    pub trust_source_clock: bool,
}

impl Device {
    pub(crate) fn default_timeout() -> TimeSpan {
        TimeSpan::from_secs(1)
    }

    pub(crate) fn default_period() -> TimeSpan {
        TimeSpan::from_secs(1)
    }

    /// The most registers a Modbus request may ask for (Modbus Application Protocol 1.1b3 §6.3).
    pub(crate) fn default_max_block() -> u16 {
        125
    }

    /// All addresses, in the order they are tried.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.url.as_str()).chain(self.also.iter().map(String::as_str))
    }
}

/// What a device may be asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Budget {
    /// Connections at a time.
    pub connections: u16,
    /// Requests in flight on one connection.
    pub in_flight: u16,
    /// Requests per second over all connections; may be below 1.
    pub requests_per_second: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { connections: 1, in_flight: 1, requests_per_second: 50.0 }
    }
}

/// A named, typed point of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tag {
    /// Path of its place and its own name: `line-2/pump-7/vibration_de`.
    #[schemars(with = "String")]
    pub name: TagPath,
    /// What screens call it; none = its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The device it is read from.
    pub device: String,
    /// Where it is in the device, in the protocol's own habit: `holding:0:float32:cdab`.
    pub address: String,
    /// Scan period; none = the device's. Tags of one device with one period are one scan group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<TimeSpan>,
    /// Engineering unit; none = a count, a state or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub unit: Option<Unit>,
    /// From raw to engineering value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Lowest and highest value that can be true; outside it is uncertain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// The normal band on screens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<[f64; 2]>,
    /// A change smaller than this repeats the last reported value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadband: Option<f64>,
    /// The value counts only while another tag says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_if: Option<Box<ValidIf>>,
    /// Raw values that mean "the sensor failed".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fail_codes: Vec<f64>,
    /// The word screens show for a quality; keys as in [`quality_key`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bad_words: BTreeMap<String, String>,
    /// Whether a model may ever write it.
    #[serde(default)]
    pub write: WriteRule,
    /// Older than this is stale; none = [`SiteConfig::stale_after`] decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<TimeSpan>,
}

impl Tag {
    /// When it is stale, read at `period`: as it says, else after three periods, at least 5 s.
    pub fn stale_after_for(&self, period: Duration) -> Duration {
        self.stale_after.map_or_else(|| (period * 3).max(Duration::from_secs(5)), TimeSpan::get)
    }
}

/// From raw to engineering value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scale {
    /// `raw * factor + offset`.
    Linear {
        /// Never zero.
        factor: f64,
        /// In engineering units.
        #[serde(default)]
        offset: f64,
    },
    /// The line through two points: `raw = [0, 27648]`, `to = [0.0, 16.0]`.
    Points {
        /// Two different raw values.
        raw: [f64; 2],
        /// What they mean.
        to: [f64; 2],
    },
}

impl Scale {
    /// As `(factor, offset)` of `raw * factor + offset`.
    pub fn factor_offset(&self) -> (f64, f64) {
        match *self {
            Self::Linear { factor, offset } => (factor, offset),
            Self::Points { raw, to } => {
                let factor = (to[1] - to[0]) / (raw[1] - raw[0]);
                (factor, to[0] - raw[0] * factor)
            }
        }
    }
}

/// A tag's value counts only while `tag` is `is`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValidIf {
    /// The other tag.
    #[schemars(with = "String")]
    pub tag: TagPath,
    /// What it must be.
    #[schemars(with = "ScalarSchema")]
    pub is: Value,
}

/// Whether a model may write a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WriteRule {
    /// Nobody writes it from here.
    #[default]
    Never,
    /// Through a write guard.
    Guarded,
}

/// A tag that belongs to no device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Path of its place and its own name; one name space with tags.
    #[schemars(with = "String")]
    pub name: TagPath,
    /// What screens call it; none = its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// bool, i64, u64, f64 or text.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub value_type: ValueType,
    /// Until somebody writes it; none = no value yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ScalarSchema>")]
    pub value: Option<Value>,
    /// The only values it may take; empty = any of its type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ScalarSchema>")]
    pub options: Vec<Value>,
    /// Engineering unit; none = a count, a state or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub unit: Option<Unit>,
    /// Lowest and highest number people may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

/// How much history is kept, and with how much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HistorySettings {
    /// Whether anything is kept. Without history there are no trends, and windows begin empty after each start.
    pub on: bool,
    /// Older than this goes.
    pub keep: TimeSpan,
    /// More than this, and the oldest goes.
    pub max_size: ByteSize,
    /// Memory for caches and tables of the store.
    pub memory: ByteSize,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            on: true,
            keep: TimeSpan::from_secs(90 * 86_400),
            max_size: ByteSize::from_bytes(20_000_000_000),
            memory: ByteSize::from_bytes(64_000_000),
        }
    }
}

/// Where the site's pages are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listen {
    /// Address and port: `127.0.0.1:7433`.
    pub http: String,
}

impl SiteConfig {
    /// A site with a name and nothing else.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            site: Site {
                name: name.into(),
                time_zone: Site::default_time_zone(),
                language: Site::default_language(),
                accept_unsigned: false,
            },
            places: Vec::new(),
            devices: Vec::new(),
            tags: Vec::new(),
            variables: Vec::new(),
            deployments: Vec::new(),
            outlets: Vec::new(),
            history: HistorySettings::default(),
            hub: HubSettings::default(),
            listen: None,
        }
    }

    /// The device of that name.
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.name == name)
    }

    /// The tag of that name, not a variable.
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().map(Arc::as_ref).find(|tag| tag.name.as_str() == name)
    }

    /// The period a tag is read at: its own, else its device's.
    pub fn period(&self, tag: &Tag) -> Duration {
        let device = || self.device(&tag.device).map_or_else(Device::default_period, |device| device.period);
        tag.period.unwrap_or_else(device).get()
    }

    /// When a tag is stale.
    pub fn stale_after(&self, tag: &Tag) -> Duration {
        tag.stale_after_for(self.period(tag))
    }
}

/// Every key of `bad_words`, with its quality.
pub const QUALITY_KEYS: [(&str, Quality); 15] = [
    ("stale", Quality::STALE),
    ("out_of_range", Quality::OUT_OF_RANGE),
    ("sub_normal", Quality::SUB_NORMAL),
    ("substituted", Quality::SUBSTITUTED),
    ("initial", Quality::INITIAL),
    ("bad", Quality::BAD),
    ("no_communication", Quality::NO_COMMUNICATION),
    ("waiting", Quality::WAITING),
    ("unknown_address", Quality::UNKNOWN_ADDRESS),
    ("not_a_value", Quality::NOT_A_VALUE),
    ("device_failure", Quality::DEVICE_FAILURE),
    ("sensor_failure", Quality::SENSOR_FAILURE),
    ("timeout", Quality::TIMEOUT),
    ("not_connected", Quality::NOT_CONNECTED),
    ("no_data", Quality::NO_DATA),
];

/// The key of a quality in `bad_words`: `sensor_failure` for [`Quality::SENSOR_FAILURE`].
pub fn quality_key(quality: Quality) -> Option<&'static str> {
    QUALITY_KEYS.iter().find(|(_, known)| *known == quality).map(|(key, _)| *key)
}

fn is_site(place: &PlacePath) -> bool {
    place.as_str().is_empty()
}

/// Stands for [`Value`] in the schema: yes/no, number or text.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum ScalarSchema {
    Bool(bool),
    Number(f64),
    Text(String),
}
