//! One Modbus server: its tags as registers, and writes of masters as acts.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::Actor;
use async_trait::async_trait;
use config::site::{Outlet, OutletUrl};
use domain::{GroupId, Problem, TagPath, Timestamp, Value};
use drivers::Backoff;
use drivers::modbus::Address;
use expose::modbus::{Framing, Identity, ModbusServer, Refusal, Registers, TagRegister, TagRegisters, Writer};
use state::Act;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::OutletNow;
use crate::clock::Clock;
use crate::lines::Ground;
use crate::pipeline::expose::{self as stage, ShowStage};
use crate::pipeline::tag_table::{TagInfo, TagTable};
use crate::tasks::Tasks;

/// An act that takes longer is refused; the master asks again.
const ACT: Duration = Duration::from_secs(2);
/// Each write is an entry in the record: more in one second are refused as "busy".
const WRITES_A_SECOND: u32 = 10;

/// What is to run.
pub(super) struct Plan {
    name: String,
    listen: SocketAddr,
    unit: u8,
    tags: Vec<TagRegister>,
    names: Vec<TagPath>,
    /// Per group: position in the scan, and the number of the tag.
    routes: HashMap<GroupId, Vec<(usize, usize)>>,
    mark: u64,
}

/// A server that runs.
#[derive(Debug)]
pub(super) struct RegisterServer {
    mark: u64,
    tasks: Tasks,
    registers: Shared,
    listening: Arc<Mutex<Listening>>,
    tags: usize,
}

/// The registers, without their contents in debug output.
#[derive(Clone)]
struct Shared(Arc<TagRegisters>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TagRegisters")
    }
}

/// Whether it listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listening {
    /// Since when.
    pub since: Option<tokio::time::Instant>,
    /// Why it does not.
    pub problem: Option<Problem>,
}

/// See the module.
pub(super) fn plan(outlet: &Outlet, ground: &Ground) -> Result<Plan, Problem> {
    let bad = |what: String| Problem::new("outlet.bad-url", &outlet.name, what);
    let OutletUrl::ModbusTcp { listen, unit } = outlet.parsed_url().map_err(bad)? else {
        return Err(bad("it is no Modbus server".to_owned()));
    };
    if !listen.ip().is_loopback() && !outlet.open_to_network {
        return Err(bad(format!("{listen} is open to the network, and that was not asked for")));
    }
    let mut tags = Vec::new();
    for register in &outlet.registers {
        let address: Address = register.address.parse()?;
        let quality = register.quality.as_ref().map(|at| at.parse()).transpose()?;
        tags.push(TagRegister { address, quality, writable: register.write });
    }
    let names: Vec<TagPath> = outlet.registers.iter().map(|register| register.tag.clone()).collect();
    let routes = routes(&names, &ground.table.groups());
    let mut hasher = DefaultHasher::new();
    (&outlet.url, outlet.open_to_network).hash(&mut hasher);
    for register in &outlet.registers {
        (&register.tag, &register.address, &register.quality, register.write).hash(&mut hasher);
    }
    let mut ordered: Vec<_> = routes.iter().collect();
    ordered.sort();
    ordered.hash(&mut hasher);
    Ok(Plan { name: outlet.name.clone(), listen, unit, tags, names, routes, mark: hasher.finish() })
}

fn routes(names: &[TagPath], groups: &[(GroupId, Vec<Arc<TagInfo>>)]) -> HashMap<GroupId, Vec<(usize, usize)>> {
    let mut numbers: HashMap<&TagPath, Vec<usize>> = HashMap::new();
    for (number, name) in names.iter().enumerate() {
        numbers.entry(name).or_default().push(number);
    }
    let mut routes: HashMap<GroupId, Vec<(usize, usize)>> = HashMap::new();
    for (group, infos) in groups {
        for (position, info) in infos.iter().enumerate() {
            for number in numbers.get(&info.path).into_iter().flatten() {
                routes.entry(*group).or_default().push((position, *number));
            }
        }
    }
    routes
}

impl RegisterServer {
    /// Makes an old one be as planned; one that is the same goes on.
    pub(super) async fn adopt(
        old: Option<Self>,
        plan: Plan,
        tasks: &Tasks,
        ground: &Ground,
        state: &state::State,
    ) -> Self {
        if let Some(old) = old {
            if old.mark == plan.mark {
                return old;
            }
            old.stop().await;
        }
        let (tasks, count) = (tasks.child(), plan.tags.len());
        let writer = Acts {
            actor: Actor::Outlet { name: plan.name.clone() },
            state: state.clone(),
            table: Arc::clone(&ground.table),
            clock: Arc::clone(&ground.clock),
            names: plan.names.clone(),
            lately: Mutex::default(),
        };
        let identity = Identity {
            vendor: "lastmile".to_owned(),
            product: "lastmile edge".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let registers = Arc::new(TagRegisters::new(plan.unit, plan.tags, Arc::new(writer), identity));
        let groups: HashSet<GroupId> = plan.routes.keys().copied().collect();
        let name = format!("outlet {}", plan.name);
        let scans = ground.table.follow(&name, Some(groups), stage::QUEUE);
        let shows = ShowStage {
            registers: Arc::clone(&registers),
            routes: plan.routes,
            names: plan.names,
            table: Arc::clone(&ground.table),
            clock: Arc::clone(&ground.clock),
        };
        tasks.spawn(&name, stage::show(shows, scans, tasks.stopping().clone()));
        let listening = Arc::new(Mutex::new(Listening::default()));
        let answering =
            serve(plan.name, plan.listen, Arc::clone(&registers), Arc::clone(&listening), tasks.stopping().clone());
        tasks.spawn(&format!("server of {name}"), answering);
        Self { mark: plan.mark, tasks, registers: Shared(registers), listening, tags: count }
    }

    pub(super) async fn stop(self) {
        self.tasks.stop().await;
    }

    pub(super) fn tell(&self, now: &mut OutletNow) {
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).clone();
        now.listening = Some(listening);
        now.traffic = self.registers.0.traffic();
        now.tags = self.tags;
    }
}

/// Listens until `stop`; a port that somebody else has is tried again.
async fn serve(
    name: String,
    listen: SocketAddr,
    registers: Arc<TagRegisters>,
    listening: Arc<Mutex<Listening>>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::default();
    let tell = |now: Listening| *listening.lock().unwrap_or_else(PoisonError::into_inner) = now;
    loop {
        let registers = Arc::clone(&registers) as Arc<dyn Registers>;
        match ModbusServer::start(listen, Framing::Tcp, registers).await {
            Ok(server) => {
                tracing::info!(outlet = name, %listen, "The Modbus server answers");
                tell(Listening { since: Some(tokio::time::Instant::now()), problem: None });
                stop.cancelled().await;
                server.shutdown().await;
                return tell(Listening::default());
            }
            Err(error) => {
                let hint = "another program may have this port; ports below 1024 need a permission";
                let problem = Problem::new("outlet.cannot-listen", &name, format!("it cannot listen on {listen}"))
                    .why(error.to_string())
                    .hint(hint);
                tracing::warn!(%problem, "A Modbus server does not answer");
                tell(Listening { since: None, problem: Some(problem) });
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(backoff.fail(rand::random())) => {}
        }
    }
}

/// Turns a master's write into the act of setting a local variable.
struct Acts {
    actor: Actor,
    state: state::State,
    table: Arc<TagTable>,
    clock: Arc<Clock>,
    names: Vec<TagPath>,
    /// The second of the last write, and how many came in it.
    lately: Mutex<(Timestamp, u32)>,
}

#[async_trait]
impl Writer for Acts {
    async fn set(&self, tag: usize, value: Value) -> Result<(), Refusal> {
        let name = self.names.get(tag).cloned().ok_or(Refusal::Address)?;
        // masters like to write the same again and again: that changes nothing and is no entry
        let (_, latest) = self.table.get(&name).ok_or(Refusal::Failure)?;
        let before = latest.filter(|latest| latest.quality.is_good()).and_then(|latest| latest.value);
        if before.is_some_and(|before| before.value_type().coerce(&value) == Some(before)) {
            return Ok(());
        }
        let now = self.clock.now();
        if !self.has_room(now) {
            return Err(Refusal::Busy);
        }
        let act = Act::SetVariable { name: name.clone(), value };
        match timeout(ACT, self.state.act(&self.actor, act, None, now)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                tracing::info!(tag = %name, problems = %error.problems(), "A write over Modbus was refused");
                Err(Refusal::Value)
            }
            Err(_) => Err(Refusal::Failure),
        }
    }
}

impl Acts {
    fn has_room(&self, now: Timestamp) -> bool {
        let second = now.floor_to(Duration::from_secs(1));
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.0 != second {
            *lately = (second, 0);
        }
        lately.1 += 1;
        lately.1 <= WRITES_A_SECOND
    }
}
