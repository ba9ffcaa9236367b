//! Devices: their settings as in `site.toml`, their state in words, and the test while typing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{QualityClass, Said, Scalar};
use super::problem::ProblemItem;
use super::tag::TagSettings;

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceStateKind {
    /// Not tried yet, or being reached.
    Connecting,
    /// Answers in time.
    Reading,
    /// Answers, but some scans or tags fail.
    Partly,
    /// Does not answer.
    NotAnswering,
}

/// State in words: "has not answered for 4 min 10 s. Last answer: 14:02:11. Trying again every 5 s."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceState {
    /// For the mark.
    pub kind: DeviceStateKind,
    /// One or more sentences.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Since when.
    pub since_ms: Option<i64>,
    /// The last time it answered.
    pub last_answer_ms: Option<i64>,
    /// When it is tried again, when it does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_ms: Option<i64>,
    /// The address in use, of those the device has.
    pub address: String,
}

/// What was promised to a device and what is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// Connections at a time.
    pub connections: u32,
    /// Requests in flight per connection.
    pub in_flight: u32,
    /// Requests a second.
    pub requests_per_second: f64,
    /// Share of it that is used, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_percent: Option<f64>,
}

/// How scans went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanTally {
    /// Scans that began on time: at most a tenth of their period late.
    pub kept: u64,
    /// Scans that began later than that.
    pub late: u64,
    /// Scans that did not happen or brought nothing.
    pub missed: u64,
    /// How late the latest of them began.
    pub worst_ms: f64,
}

/// Tags of one device that are read at one period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanGroup {
    /// How often.
    pub period_ms: i64,
    /// How many tags.
    pub tags: u32,
    /// How many requests it takes.
    pub blocks: u32,
    /// Scans that began on time since the edge started: at most a tenth of their period late.
    pub kept: u64,
    /// Scans that began later than that.
    pub late: u64,
    /// Scans that did not happen or brought nothing.
    pub missed: u64,
    /// The last 24 hours.
    pub day: ScanTally,
    /// How long the last one took.
    pub took_ms: Option<f64>,
    /// When the last one arrived.
    pub last_ms: Option<i64>,
}

/// What would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadHint {
    /// Allow a longer period.
    LongerPeriod,
    /// Read fewer tags on this line.
    FewerTags,
    /// Allow reading across small holes: fewer requests.
    GroupAddresses,
    /// Set the line and its units to a higher baud rate.
    RaiseBaud,
    /// A unit that is silent costs its time-out: shorten it.
    ShorterTimeout,
    /// Take units off the line that do not answer, or repair them.
    SilentUnits,
    /// The line has time; this computer has not.
    EdgeBusy,
}

/// How much of its line a device takes, and whether scans suffer. Judged by the edge: pages only say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceLoad {
    /// Within the last minutes more than one scan in a hundred was late, or had no time.
    pub overloaded: bool,
    /// Share of the last minute in which the line was in use, in percent.
    pub line_percent: Option<f64>,
    /// Share of it in which it was in use for this device.
    pub device_percent: Option<f64>,
    /// Share of it that went to units that did not answer, this one or others.
    pub silent_percent: Option<f64>,
    /// Devices on the line, this one among them.
    pub on_line: u32,
    /// A serial line; else a network connection.
    pub serial: bool,
    /// What would help; empty while all is well.
    pub hints: Vec<LoadHint>,
    /// A period that the line could keep with what is asked of it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps_ms: Option<i64>,
}

/// What a scan will take, computed before anything is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanTime {
    /// Tags in the scan: these, and those the device has already at this period.
    pub tags: u32,
    /// Requests that takes.
    pub requests: u32,
    /// One scan of them.
    pub scan_ms: f64,
    /// Other devices on the line.
    pub others: u32,
    /// Everything on the line read once.
    pub round_ms: f64,
    /// Bits a second; none when it is no serial line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// How long the device takes from a request to its answer.
    pub turnaround_ms: f64,
    /// It was measured; else it is assumed.
    pub measured: bool,
    /// The period asked for.
    pub period_ms: i64,
    /// Share of the line's time that everything on it takes, in percent; may be far above 100.
    pub busy_percent: f64,
    /// The shortest period that everything on the line keeps, also while a unit is silent.
    pub keeps_ms: f64,
    /// A round figure not below it.
    pub allow_ms: i64,
    /// What is asked for is kept.
    pub fits: bool,
    /// What would help; empty when it fits.
    pub hints: Vec<LoadHint>,
}

/// One device in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// `modbus-tcp`, `modbus-rtu-tcp`, `modbus-rtu`.
    pub protocol: String,
    /// Where it stands.
    pub place: String,
    /// Its state.
    pub state: DeviceState,
    /// How many tags it has.
    pub tags: u32,
    /// Values a second, over the last ten seconds.
    pub values_per_second: f64,
    /// Its scan groups.
    pub groups: Vec<ScanGroup>,
    /// Its budget.
    pub budget: Budget,
    /// How busy its line is.
    pub load: DeviceLoad,
    /// The last error, with its time.
    pub last_error: Option<DeviceError>,
}

/// An error in the history of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceError {
    /// When it came last.
    pub at_ms: i64,
    /// What, one sentence.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// How often it came in a row.
    pub times: u32,
}

/// One request of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    /// What it reads, as engineers write it: `holding:0-23`.
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// How often.
    pub period_ms: i64,
    /// The tags or addresses it brings.
    pub brings: Vec<String>,
}

/// All about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceDetail {
    /// As in the list.
    pub device: Device,
    /// Its settings, to be changed.
    pub settings: DeviceSettings,
    /// Its requests.
    pub blocks: Vec<Block>,
    /// What went wrong lately, the newest first, at most 50.
    pub errors: Vec<DeviceError>,
}

/// The budget as in `site.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BudgetSettings {
    /// Connections at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// Requests in flight per connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Requests a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
}

/// A `[[device]]` of `site.toml`; durations as there ("1s").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceSettings {
    /// Its name.
    pub name: String,
    /// Its URL: `modbus-tcp://10.20.2.17:502/1`.
    pub url: String,
    /// Redundant addresses, tried in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Per request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Scan period of tags that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// May requests span addresses nobody asked for?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_holes: Option<bool>,
    /// Registers per request at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_block: Option<u32>,
    /// Between requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<String>,
    /// What may be asked of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetSettings>,
    /// Take its clock for the source time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_source_clock: Option<bool>,
}

/// A device to add or to change, with tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveDevice {
    /// The device.
    pub device: DeviceSettings,
    /// Tags to add or to change with it.
    #[serde(default)]
    pub tags: Vec<TagSettings>,
    /// The head of the site's configuration that this change was made from (`/api/v1/site`).
    pub based_on: i64,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// What to try. Nothing is saved and nothing is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestDevice {
    /// The device as far as it is typed.
    pub device: DeviceSettings,
    /// Addresses to read once, at most 500.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// One line of the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// As it should be.
    Ok,
    /// Works, but look at it.
    Look,
    /// Does not work.
    Failed,
    /// Not tried, because an earlier one failed.
    NotTried,
}

/// One line of the test: reachable, who is it, fast enough, tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestStep {
    /// `reachable`, `identity`, `speed`, `tags`.
    pub step: String,
    /// How it went.
    pub state: StepState,
    /// What was found: "It is an S7-1500".
    pub words: String,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// More: "24 tags in 3 reads, 1 connection".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// `detail` for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_detail: Option<Said>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
}

/// One address that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddressValue {
    /// As it was asked.
    pub address: String,
    /// Raw, before any scale.
    #[schema(value_type = Option<Scalar>)]
    pub value: Option<domain::Value>,
    /// The type the address says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_type: Option<String>,
    /// Good, uncertain or bad.
    pub quality: QualityClass,
    /// The name of the OPC UA status code.
    pub status: String,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemItem>,
    /// When.
    pub at_ms: i64,
}

/// What the test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTest {
    /// Everything works.
    pub ok: bool,
    /// Its lines, in order.
    pub steps: Vec<TestStep>,
    /// What the addresses said, in the order they were asked.
    pub values: Vec<AddressValue>,
    /// The requests these addresses take.
    pub blocks: Vec<Block>,
    /// Share of the device's budget they use at the device's period, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_percent: Option<f64>,
    /// What a scan of them will take; none when neither the line's speed nor a measurement is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan_time: Option<ScanTime>,
}

/// Addresses of a running device to read now, at most 500.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadAddresses {
    /// The addresses.
    pub addresses: Vec<String>,
}
