//! The doors through which the routes see a running edge (or, later, a hub). `edge` implements them; tests bring simple ones.
//!
//! Nothing here changes anything: acts go to `state` directly.

use std::pin::Pin;

use async_trait::async_trait;
use domain::{Id, PlacePath, Problem, Quality, TagPath, Timestamp, Value};
use futures_util::Stream;
use state::Secret;

use crate::api;
use crate::api::common::Texts;
use crate::api::deployment::Runtime;
use crate::api::device::{AddressValue, Block, Device, DeviceError, DeviceTest, ReadAddresses, TestDevice};
use crate::api::edge::RecordsOf;
use crate::api::health::{DoctorLine, Health};
use crate::api::history::{ExportFormat, ExportLayout, HistoryRoom};
use crate::api::import::{CheckTags, ImportText, Imported, TagFinding};
use crate::api::outlet::Outlet;
use crate::api::trend::Gap;

/// The clock of the edge: wall time that never goes back within a run.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The latest value of one tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    /// The tag.
    pub tag: TagPath,
    /// None with a bad quality.
    pub value: Option<Value>,
    /// How far to trust it; stale is said here ([`Quality::STALE`]).
    pub quality: Quality,
    /// The plant's word for this quality.
    pub word: Option<String>,
    /// When it reached the edge; none when nothing has come yet.
    pub arrival: Option<Timestamp>,
    /// Since when the quality has been what it is, when known.
    pub since: Option<Timestamp>,
}

/// The output of a model as a tag: what the tag list needs to know beyond the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionTag {
    /// `line-2/pump-7/pump-bearing/score`.
    pub tag: TagPath,
    /// The deployment it belongs to.
    pub deployment: String,
    /// Its place.
    pub place: PlacePath,
    /// The output's name in the contract.
    pub output: String,
    /// Title per language.
    pub title: Texts,
    /// Unit.
    pub unit: String,
    /// Declared limits.
    pub range: Option<(f64, f64)>,
}

/// One counter or gauge of the path for `/metrics`. `name` without prefix, in the glossary's nouns: `device_scans_late_total`.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name; ends in `_total` when it only grows.
    pub name: &'static str,
    /// What it counts, one sentence.
    pub help: &'static str,
    /// Labels, `device` → `plc-2`.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// Latest values: the tag table of the path.
pub trait Live: Send + Sync {
    /// The latest value of one tag, local variables and predictions too. None: no such tag.
    fn latest(&self, tag: &TagPath) -> Option<Latest>;
    /// Every tag whose latest value changed after `version`, and the version to ask with next. Version 0 gives all.
    /// This is how the live feed stays bounded: a slow client gets fewer, newer values.
    fn changed_since(&self, version: u64) -> (u64, Vec<Latest>);
    /// Output tags of the running deployments.
    fn predictions(&self) -> Vec<PredictionTag>;
    /// Counters and gauges of the whole path.
    fn metrics(&self) -> Vec<Metric>;
}

/// One series of a trend, down-sampled. All columns have the same length; points inside a gap are left out or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrendColumns {
    /// Times in ms, ascending.
    pub t: Vec<i64>,
    /// Smallest in the bucket.
    pub min: Vec<Option<f64>>,
    /// Largest in the bucket.
    pub max: Vec<Option<f64>>,
    /// Mean of the bucket.
    pub mean: Vec<Option<f64>>,
    /// Stretches without usable values, with their reason in words.
    pub gaps: Vec<Gap>,
    /// Why there is nothing, when there is nothing.
    pub missing: Option<String>,
}

/// What to take out of history.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// Column name (the tag, or a signal of a model) and tag.
    pub columns: Vec<(String, TagPath)>,
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// Text or Parquet.
    pub format: ExportFormat,
    /// Long or wide.
    pub layout: ExportLayout,
}

/// A file that is made while it is sent.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Vec<u8>, std::io::Error>> + Send>>;

/// What was.
#[async_trait]
pub trait History: Send + Sync {
    /// One entry per tag, in the order asked; a tag without history is not an error but says why it is `missing`.
    async fn trend(
        &self,
        tags: &[TagPath],
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<Vec<TrendColumns>, Problem>;
    /// Starts an export. An error before the first byte is a Problem; afterwards the stream breaks off.
    async fn export(&self, export: Export) -> Result<ByteStream, Problem>;
    /// How much is kept and how long it lasts.
    async fn room(&self) -> HistoryRoom;
}

/// The running part of one device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceNow {
    /// As the list shows it.
    pub device: Device,
    /// Its requests.
    pub blocks: Vec<Block>,
    /// What went wrong lately, the newest first, at most 50.
    pub errors: Vec<DeviceError>,
}

/// Devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// All of them, in the order of the configuration.
    fn devices(&self) -> Vec<Device>;
    /// One with its requests and errors. None: no such device runs.
    fn device(&self, name: &str) -> Option<DeviceNow>;
    /// Tries a device that is being typed: reachable → who is it → how fast → values. Reads only, keeps nothing, ends
    /// within ten seconds. What fails is told in the steps, not as an error.
    async fn test(&self, test: TestDevice) -> DeviceTest;
    /// Reads addresses of a running device now, within its budget.
    async fn read(&self, device: &str, addresses: ReadAddresses) -> Result<Vec<AddressValue>, Problem>;
    /// Reads a text of another system as tags. Asks no device, keeps nothing.
    async fn import(&self, ask: ImportText) -> Result<Imported, Problem>;
    /// Says what is wrong or odd about tags that would be saved. Asks no device, keeps nothing.
    async fn check(&self, ask: CheckTags) -> Result<Vec<TagFinding>, Problem>;
}

/// Ways by which tags leave.
pub trait Outlets: Send + Sync {
    /// All of them, in the order of the configuration.
    fn outlets(&self) -> Vec<Outlet>;
}

/// The way to the hub.
#[async_trait]
pub trait Link: Send + Sync {
    /// How it stands now.
    async fn link(&self) -> api::link::Link;
}

/// Deployments as they run.
pub trait Deployments: Send + Sync {
    /// One per deployment and place.
    fn runtimes(&self) -> Vec<Runtime>;
    /// Of one deployment, in the order of its places.
    fn runtime(&self, deployment: &str) -> Vec<Runtime>;
}

/// A backup that is ready to go out.
pub trait Backup: Send {
    /// One encrypted file, made while it is sent. When something fails on the way the stream breaks off.
    fn send(self: Box<Self>) -> ByteStream;
}

/// Everything this edge knows, as one encrypted file.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Holds everything as it is now, with or without history. One at a time.
    async fn prepare(&self, passphrase: Secret, history: bool) -> Result<Box<dyn Backup>, Problem>;
}

/// How the box itself is.
#[async_trait]
pub trait Doctor: Send + Sync {
    /// For machines, at once.
    fn health(&self) -> Health;
    /// For people; may take a second or two.
    async fn look(&self) -> Vec<DoctorLine>;
}

/// When an edge was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The last time since the hub started.
    pub last: Option<Timestamp>,
    /// It spoke within the last minutes, or waits for something to do.
    pub connected: bool,
}

/// A trend of a tag of an edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeTrend {
    /// Its unit.
    pub unit: String,
    /// Its columns.
    pub columns: TrendColumns,
}

/// What was, of a hub's edges.
#[async_trait]
pub trait EdgeHistory: Send + Sync {
    /// A tag in so many buckets. One without history is not an error but says why it is `missing`.
    async fn trend(
        &self,
        edge: Id,
        tag: &TagPath,
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<EdgeTrend, Problem>;
    /// The newest sample that came; none when none did.
    async fn latest(&self, edge: Id, tag: &TagPath) -> Result<Option<Latest>, Problem>;
    /// Counters and gauges of its compactor.
    fn metrics(&self) -> Vec<Metric>;
}

/// A hub's edges as they speak with it.
#[async_trait]
pub trait Edges: Send + Sync {
    /// When this edge was heard.
    fn heard(&self, edge: Id) -> Heard;
    /// There is something for this edge: it is told at once when it listens.
    fn nudge(&self, edge: Id);
    /// What is stored of a stream, as JSON lines. An error before the first byte is a Problem; afterwards the stream breaks off.
    async fn records(&self, edge: Id, ask: RecordsOf) -> Result<ByteStream, Problem>;
    /// How the hub is.
    async fn health(&self) -> Health;
    /// Counters and gauges of the intake.
    async fn metrics(&self) -> Vec<Metric>;
}
