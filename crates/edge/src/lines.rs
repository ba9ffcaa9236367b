//! The lines that run now, and how a new configuration becomes what runs: equal plans go on, others are replaced.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use config::site::{SiteConfig, Tag};
use domain::{GroupId, Problem, SeriesId, TagPath, ValueType};
use drivers::RequestWords;
use store::{LinearScale, SeriesDef, Store};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::pipeline::device::{self, Ask, DeviceReport, Group, GroupReport, Line, LineReport};
use crate::pipeline::history::Flush;
use crate::pipeline::sample::{Sampler, value_type};
use crate::pipeline::tag_table::{Origin, TagInfo, TagTable};
use crate::plan::{self, DevicePlan, LinePlan};
use crate::tasks::Tasks;

/// People's readings waiting on one line.
const ASKS: usize = 16;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    running: RwLock<Vec<Running>>,
    /// Devices that cannot run, with the reason.
    broken: RwLock<HashMap<String, Problem>>,
}

/// One line that runs.
#[derive(Debug)]
struct Running {
    plan: LinePlan,
    tasks: Tasks,
    devices: Vec<RunningDevice>,
}

/// One device that runs.
#[derive(Clone, Debug)]
pub(crate) struct RunningDevice {
    /// As planned.
    pub plan: DevicePlan,
    /// What it is doing.
    pub report: Arc<DeviceReport>,
    /// How busy its line is; devices of one line have the same one.
    pub line: Arc<LineReport>,
    /// Its scan groups.
    pub groups: Vec<RunningGroup>,
    /// Where to ask for a reading.
    pub asks: mpsc::Sender<Ask>,
}

/// One scan group that runs.
#[derive(Clone, Debug)]
pub(crate) struct RunningGroup {
    /// Its number.
    pub id: GroupId,
    /// How often.
    pub period: Duration,
    /// Its tags, by name.
    pub tags: Vec<TagPath>,
    /// Its requests as planned at the start, in words.
    pub blocks: Arc<[RequestWords]>,
    /// What is told about it.
    pub report: Arc<GroupReport>,
}

/// What lines are built with.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// Where series and groups get their numbers.
    pub store: Arc<Store>,
    /// Where scans go.
    pub table: Arc<TagTable>,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// Has the log keep what was published so far.
    pub flush: Flush,
    /// Where the lines' tasks belong.
    pub tasks: Tasks,
}

impl Lines {
    /// Makes what runs equal to `site`. Lines whose plan is unchanged do not notice.
    pub(crate) async fn reconcile(&self, site: &SiteConfig, ground: &Ground) -> Result<(), Problem> {
        let (wanted, problems) = plan::lines(site);
        let gone: Vec<Running> = {
            let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
            let (kept, gone) = std::mem::take(&mut *running).into_iter().partition(|line| wanted.contains(&line.plan));
            *running = kept;
            gone
        };
        for line in gone {
            line.tasks.stop().await;
        }
        *self.broken.write().unwrap_or_else(PoisonError::into_inner) =
            problems.into_iter().map(|problem| (problem.place.clone(), problem)).collect();
        for plan in wanted {
            let known =
                self.running.read().unwrap_or_else(PoisonError::into_inner).iter().any(|line| line.plan == plan);
            if !known {
                let line = start(plan, ground)?;
                self.running.write().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
        Ok(())
    }

    /// Numbers of all scan groups that run.
    pub(crate) fn groups(&self) -> Vec<GroupId> {
        self.devices().iter().flat_map(|device| device.groups.iter().map(|group| group.id)).collect()
    }

    /// All devices that run.
    pub(crate) fn devices(&self) -> Vec<RunningDevice> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().flat_map(|line| line.devices.iter().cloned()).collect()
    }

    /// Why a device does not run.
    pub(crate) fn broken(&self, device: &str) -> Option<Problem> {
        self.broken.read().unwrap_or_else(PoisonError::into_inner).get(device).cloned()
    }
}

/// Plans the groups of a line, gives their series numbers and starts the task.
fn start(plan: LinePlan, ground: &Ground) -> Result<Running, Problem> {
    let (asks, receiver) = mpsc::channel(ASKS);
    let mut groups = Vec::new();
    let mut devices = Vec::new();
    let report = Arc::<LineReport>::default();
    for (index, device) in plan.devices.iter().enumerate() {
        let mut running = RunningDevice {
            plan: device.clone(),
            report: Arc::default(),
            line: Arc::clone(&report),
            groups: Vec::new(),
            asks: asks.clone(),
        };
        for group in &device.groups {
            let (group, told) = prepare(index, device, group, ground)?;
            groups.push(group);
            running.groups.push(told);
        }
        devices.push(running);
    }
    let tasks = ground.tasks.child();
    let line = Line {
        plan: plan.clone(),
        groups,
        reports: devices.iter().map(|device| Arc::clone(&device.report)).collect(),
        report,
        table: Arc::clone(&ground.table),
        clock: Arc::clone(&ground.clock),
    };
    tasks.spawn(&format!("line {}", plan.key), device::run(line, receiver, tasks.stopping().clone()));
    Ok(Running { plan, tasks, devices })
}

fn prepare(
    device_index: usize,
    device: &DevicePlan,
    group: &plan::GroupPlan,
    ground: &Ground,
) -> Result<(Group, RunningGroup), Problem> {
    let addresses: Vec<&str> = group.tags.iter().map(|tag| tag.address.as_str()).collect();
    let planned = device.url.plan(&addresses, &device.limits);
    // a wrong address reads as bad; its type does not matter then
    let raw_types =
        planned.addresses.iter().map(|address| address.as_ref().map_or(ValueType::F64, drivers::Address::value_type));
    let tags: Vec<(&Arc<Tag>, ValueType)> = group.tags.iter().zip(raw_types).collect();
    let infos = tags
        .iter()
        .map(|(tag, raw)| tag_info(tag, *raw, group.period, &ground.store))
        .collect::<Result<Vec<_>, _>>()?;
    let series: Vec<SeriesId> = infos.iter().map(|info| info.series).collect();
    let id = ground.store.define_group(&series)?;
    ground.table.declare(id, infos);
    let report = Arc::<GroupReport>::default();
    let told = RunningGroup {
        id,
        period: group.period,
        tags: group.tags.iter().map(|tag| tag.name.clone()).collect(),
        blocks: planned.group.blocks().into(),
        report: Arc::clone(&report),
    };
    let sampler = Sampler::new(&tags);
    Ok((Group { device: device_index, id, period: group.period, read: planned.group, sampler, report }, told))
}

fn tag_info(tag: &Tag, raw: ValueType, period: Duration, store: &Store) -> Result<TagInfo, Problem> {
    let value_type = value_type(raw, tag.scale.as_ref());
    let scale = tag.scale.as_ref().map(config::site::Scale::factor_offset);
    let series = store.define_series(&SeriesDef {
        tag: tag.name.clone(),
        value_type,
        unit: tag.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
        scale: scale.map(|(factor, offset)| LinearScale { factor, offset }),
    })?;
    Ok(TagInfo {
        path: tag.name.clone(),
        origin: Origin::Device,
        series,
        unit: tag.unit.clone(),
        stale_after: tag.stale_after_for(period),
        words: Some(&tag.bad_words).filter(|words| !words.is_empty()).cloned().map(Arc::new),
    })
}
