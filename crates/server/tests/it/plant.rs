//! A plant of a few values that the test sets: the ports in their simplest form.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use domain::{Problem, Quality, TagPath, Timestamp, Value};
use server::api::common::Texts;
use server::api::deployment::{DeploymentLoad, Health as DeploymentHealth, Runtime};
use server::api::device::{
    AddressValue, Block, Budget, Device, DeviceLoad, DeviceState, DeviceStateKind, DeviceTest, ReadAddresses,
    TestDevice,
};
use server::api::health::{DoctorLine, DoctorState, Health, StreamHealth};
use server::api::history::HistoryRoom;
use server::api::import::{CheckTags, ImportFormat, ImportText, Imported, TagFinding};
use server::api::link::{Link, LinkState, LinkStateKind};
use server::api::outlet::Outlet;
use server::api::trend::Gap;
use server::ports::{self, ByteStream, DeviceNow, Export, Latest, Metric, PredictionTag, TrendColumns};

/// The newest version, and each value with the version that set it.
type Values = (u64, BTreeMap<TagPath, (u64, Latest)>);

pub(crate) struct Plant {
    clock: AtomicI64,
    values: Mutex<Values>,
}

impl Plant {
    pub(crate) fn new() -> Self {
        Self { clock: AtomicI64::new(1_763_800_000_000), values: Mutex::default() }
    }

    pub(crate) fn set(&self, tag: &str, value: Option<Value>, quality: Quality) {
        let mut values = self.values.lock().unwrap();
        values.0 += 1;
        let version = values.0;
        let tag: TagPath = tag.parse().unwrap();
        let latest = Latest {
            tag: tag.clone(),
            value,
            quality,
            word: None,
            arrival: Some(ports::Clock::now(self)),
            since: None,
        };
        values.1.insert(tag, (version, latest));
    }

    pub(crate) fn number(&self, tag: &str, value: f64) {
        self.set(tag, Value::from_f64(value), Quality::GOOD);
    }
}

impl ports::Clock for Plant {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.fetch_add(1, Ordering::Relaxed))
    }
}

impl ports::Live for Plant {
    fn latest(&self, tag: &TagPath) -> Option<Latest> {
        self.values.lock().unwrap().1.get(tag).map(|(_, latest)| latest.clone())
    }

    fn changed_since(&self, version: u64) -> (u64, Vec<Latest>) {
        let values = self.values.lock().unwrap();
        let newer = values.1.values().filter(|(changed, _)| *changed > version);
        (values.0, newer.map(|(_, latest)| latest.clone()).collect())
    }

    fn predictions(&self) -> Vec<PredictionTag> {
        vec![PredictionTag {
            tag: "line-2/pump-7/pump-bearing/score".parse().unwrap(),
            deployment: "pump-7-bearing".into(),
            place: "line-2/pump-7".parse().unwrap(),
            output: "score".into(),
            title: Texts::plain("Wear score"),
            unit: String::new(),
            range: Some((0.0, 100.0)),
        }]
    }

    fn metrics(&self) -> Vec<Metric> {
        let labels = vec![("device", "plc \"2\"".to_owned())];
        vec![Metric { name: "device_scans_late_total", help: "Scans that began late.", labels, value: 3.0 }]
    }
}

#[async_trait]
impl ports::History for Plant {
    async fn trend(
        &self,
        tags: &[TagPath],
        from: Timestamp,
        to: Timestamp,
        _buckets: u32,
    ) -> Result<Vec<TrendColumns>, Problem> {
        let one = |_| TrendColumns {
            t: vec![from.millis(), to.millis() - 1],
            min: vec![Some(1.0), None],
            max: vec![Some(3.0), None],
            mean: vec![Some(2.0), None],
            gaps: vec![Gap {
                from_ms: from.millis() + 1,
                to_ms: to.millis(),
                reason: "no answer from plc-2".into(),
                said: None,
            }],
            missing: None,
        };
        Ok(tags.iter().map(one).collect())
    }

    async fn export(&self, export: Export) -> Result<ByteStream, Problem> {
        let names: Vec<String> = export.columns.iter().map(|(name, tag)| format!("{name}={tag}")).collect();
        let parts = vec![Ok(b"arrival_us,tag,value,quality\n".to_vec()), Ok(names.join(";").into_bytes())];
        Ok(Box::pin(futures_util::stream::iter(parts)))
    }

    async fn room(&self) -> HistoryRoom {
        HistoryRoom {
            bytes: 1,
            max_bytes: 2,
            free_bytes: Some(3),
            keep_days: 90.0,
            oldest_ms: None,
            days_left: None,
            samples: 4,
        }
    }
}

#[async_trait]
impl ports::Devices for Plant {
    fn devices(&self) -> Vec<Device> {
        vec![Device {
            name: "plc-2".into(),
            url: "modbus-tcp://127.0.0.1:1502/1".into(),
            protocol: "modbus-tcp".into(),
            place: "line-2".into(),
            state: DeviceState {
                kind: DeviceStateKind::NotAnswering,
                words: "PLC 2 has not answered for 4 min 10 s. Trying again every 5 s.".into(),
                said: None,
                since_ms: Some(1),
                last_answer_ms: None,
                next_try_ms: None,
                address: "modbus-tcp://127.0.0.1:1502/1".into(),
            },
            tags: 3,
            values_per_second: 3.0,
            groups: Vec::new(),
            budget: Budget { connections: 1, in_flight: 1, requests_per_second: 50.0, used_percent: None },
            load: DeviceLoad {
                overloaded: false,
                line_percent: Some(4.0),
                device_percent: Some(4.0),
                silent_percent: None,
                on_line: 1,
                serial: false,
                hints: Vec::new(),
                keeps_ms: None,
            },
            last_error: None,
        }]
    }

    fn device(&self, name: &str) -> Option<DeviceNow> {
        let device = self.devices().into_iter().find(|device| device.name == name)?;
        let block = Block { words: "holding:0-5".into(), said: None, period_ms: 1000, brings: vec!["a".into()] };
        Some(DeviceNow { device, blocks: vec![block], errors: Vec::new() })
    }

    async fn test(&self, test: TestDevice) -> DeviceTest {
        let ok = test.device.url.starts_with("modbus-tcp://");
        DeviceTest {
            ok,
            steps: Vec::new(),
            values: Vec::new(),
            blocks: Vec::new(),
            budget_percent: None,
            scan_time: None,
        }
    }

    async fn read(&self, _device: &str, ask: ReadAddresses) -> Result<Vec<AddressValue>, Problem> {
        if ask.addresses.is_empty() {
            return Err(Problem::new("address.none", "addresses", "Name an address."));
        }
        Ok(Vec::new())
    }

    async fn import(&self, _ask: ImportText) -> Result<Imported, Problem> {
        let (devices, tags, report) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Imported { format: ImportFormat::List, devices, tags, report, more: 0 })
    }

    async fn check(&self, _ask: CheckTags) -> Result<Vec<TagFinding>, Problem> {
        Ok(Vec::new())
    }
}

impl ports::Deployments for Plant {
    fn runtimes(&self) -> Vec<Runtime> {
        vec![Runtime {
            deployment: "pump-7-bearing".into(),
            place: "line-2/pump-7".into(),
            health: DeploymentHealth::Running,
            words: "Predicting every second.".into(),
            said: None,
            since_ms: None,
            condition: Some(Texts([("en".into(), "running".into()), ("de".into(), "in Betrieb".into())].into())),
            applicable: Some(true),
            last_ms: None,
            inputs_age_ms: None,
            took_ms: None,
            first_prediction_ms: None,
            outputs: Vec::new(),
            contributions: Vec::new(),
            worker: "running".into(),
            loaded: None,
            load: DeploymentLoad::default(),
            mark: None,
        }]
    }

    fn runtime(&self, deployment: &str) -> Vec<Runtime> {
        self.runtimes().into_iter().filter(|one| one.deployment == deployment).collect()
    }
}

impl ports::Outlets for Plant {
    fn outlets(&self) -> Vec<Outlet> {
        Vec::new()
    }
}

#[async_trait]
impl ports::Backups for Plant {
    async fn prepare(&self, _passphrase: state::Secret, _history: bool) -> Result<Box<dyn ports::Backup>, Problem> {
        Ok(Box::new(Outgoing))
    }
}

struct Outgoing;

impl ports::Backup for Outgoing {
    fn send(self: Box<Self>) -> ByteStream {
        Box::pin(futures_util::stream::iter([Ok(b"age-encryption.org/v1".to_vec())]))
    }
}

#[async_trait]
impl ports::Doctor for Plant {
    fn health(&self) -> Health {
        Health {
            status: "ok".into(),
            version: "0".into(),
            role: "site".into(),
            up_s: 1.0,
            log: BTreeMap::from([("data".to_owned(), StreamHealth { synced_seq: 12 })]),
            first_prediction_s: None,
            prediction_age_s: None,
            devices_reading: 0,
            devices: 1,
            words: Vec::new(),
            hub: None,
        }
    }

    async fn look(&self) -> Vec<DoctorLine> {
        let words = "There is room for 90 days.".into();
        vec![DoctorLine { code: "disk.room".into(), state: DoctorState::Ok, words, hint: String::new(), said: None }]
    }
}

#[async_trait]
impl ports::Link for Plant {
    async fn link(&self) -> Link {
        let said = domain::said::uplink::NONE.plain();
        Link {
            hub: None,
            state: LinkState {
                kind: LinkStateKind::None,
                words: said.words(),
                hint: said.hint(),
                said: said.into(),
                since_ms: None,
            },
            edge: None,
            place: None,
            fingerprint: None,
            expires_ms: None,
            streams: Vec::new(),
            room_days: None,
            problems: Vec::new(),
        }
    }
}
