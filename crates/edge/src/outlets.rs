//! The outlets that run now, and how a new configuration becomes what runs: a connection whose settings are the same
//! stays, whatever its messages have become.

mod advisories;
mod broker;
mod good_byes;
mod registers;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use config::site::{Outlet, OutletUrl, SiteConfig};
use domain::Problem;
use expose::modbus::Traffic;
use expose::mqtt::{Connection, Counts};
use server::ports::Metric;

use crate::lines::Ground;
use crate::ports::live::{counter, gauge};
use crate::tasks::Tasks;

use broker::Broker;
use good_byes::GoodByes;
pub(crate) use registers::Listening;
use registers::RegisterServer;

const CONNECTED: &str = "1 while it is connected, or while it listens.";

/// See the module.
#[derive(Debug)]
pub(crate) struct Outlets {
    /// Where relative paths of files begin.
    data: PathBuf,
    /// Keeps them running while what they publish stops.
    tasks: Tasks,
    good_byes: GoodByes,
    running: RwLock<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    outlet: Outlet,
    state: Result<Way, Problem>,
}

/// The registry of ways out.
#[derive(Debug)]
enum Way {
    /// To a broker.
    Broker(Box<Broker>),
    /// From our registers.
    Registers(RegisterServer),
}

/// What is to run.
enum Plan {
    Broker(Box<broker::Plan>),
    Registers(registers::Plan),
}

/// An outlet as it is now.
#[derive(Clone, Debug)]
pub(crate) struct OutletNow {
    /// As configured.
    pub outlet: Outlet,
    /// Why it cannot run, if it cannot.
    pub broken: Option<Problem>,
    /// Whether it listens; none for a broker.
    pub listening: Option<Listening>,
    /// What masters asked of it.
    pub traffic: Traffic,
    /// Its connection to a broker.
    pub connection: Connection,
    /// Its messages.
    pub counts: Counts,
    /// Messages that were not sent because a tag had no good value.
    pub skipped: u64,
    /// Tags with a topic of their own.
    pub tags: usize,
    /// Messages of one's own form.
    pub messages: usize,
}

impl Outlets {
    /// None yet. `tasks` must outlive what they publish.
    pub(crate) fn new(data: PathBuf, tasks: Tasks) -> Self {
        let good_byes = GoodByes::new(tasks.child());
        Self { data, tasks, good_byes, running: RwLock::default() }
    }

    /// Makes what runs equal to `site`. Those that say good-bye do it beside.
    pub(crate) async fn reconcile(&self, site: &SiteConfig, ground: &Ground, state: &state::State) {
        let known: HashSet<&str> = site.outlets.iter().map(|outlet| outlet.name.as_str()).collect();
        while let Some(gone) = self.take(|running| !known.contains(running.outlet.name.as_str())) {
            self.end(gone).await;
        }
        // one after the other to the end of the list, which leaves them in the order of the configuration
        for outlet in &site.outlets {
            let old = self.take(|running| running.outlet.name == outlet.name).and_then(|running| running.state.ok());
            let running = self.run(outlet, old, site, ground, state).await;
            if let Err(problem) = &running {
                tracing::error!(%problem, "an outlet cannot run");
            }
            let running = Running { outlet: outlet.clone(), state: running };
            self.running.write().unwrap_or_else(PoisonError::into_inner).push(running);
        }
    }

    fn take(&self, wanted: impl Fn(&Running) -> bool) -> Option<Running> {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        let at = running.iter().position(wanted)?;
        Some(running.remove(at))
    }

    async fn end(&self, running: Running) {
        match running.state {
            Ok(Way::Broker(broker)) => self.good_byes.say(&running.outlet.name, broker.stop()),
            // its port is free when this returns: the next one may listen there
            Ok(Way::Registers(server)) => server.stop().await,
            Err(_) => {}
        }
    }

    /// Makes one run as configured, out of what ran under its name before.
    async fn run(
        &self,
        outlet: &Outlet,
        old: Option<Way>,
        site: &SiteConfig,
        ground: &Ground,
        state: &state::State,
    ) -> Result<Way, Problem> {
        let Self { tasks, good_byes, .. } = self;
        let plan = match outlet.parsed_url() {
            Ok(OutletUrl::ModbusTcp { .. }) => registers::plan(outlet, ground).map(Plan::Registers),
            _ => broker::plan(outlet, site, &self.data, ground, state).map(|plan| Plan::Broker(Box::new(plan))),
        };
        match (plan, old) {
            (Ok(Plan::Broker(plan)), Some(Way::Broker(old))) => {
                Ok(Way::Broker(Box::new(Broker::adopt(Some(*old), *plan, tasks, good_byes, ground, state).await)))
            }
            (Ok(Plan::Registers(plan)), Some(Way::Registers(old))) => {
                Ok(Way::Registers(RegisterServer::adopt(Some(old), plan, tasks, ground, state).await))
            }
            (plan, old) => {
                if let Some(old) = old {
                    self.end(Running { outlet: outlet.clone(), state: Ok(old) }).await;
                }
                Ok(match plan? {
                    Plan::Broker(plan) => {
                        Way::Broker(Box::new(Broker::adopt(None, *plan, tasks, good_byes, ground, state).await))
                    }
                    Plan::Registers(plan) => {
                        Way::Registers(RegisterServer::adopt(None, plan, tasks, ground, state).await)
                    }
                })
            }
        }
    }

    /// Sends what waits, says good-bye, and ends all.
    pub(crate) async fn stop(&self) {
        while let Some(running) = self.take(|_| true) {
            self.end(running).await;
        }
        self.good_byes.stop().await;
    }

    /// All of them, in the order of the configuration.
    pub(crate) fn now(&self) -> Vec<OutletNow> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().map(Running::now).collect()
    }

    /// Counters of all of them.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for now in self.now() {
            let mut add = |mut metric: Metric| {
                metric.labels.push(("outlet", now.outlet.name.clone()));
                metrics.push(metric);
            };
            if let Some(listening) = &now.listening {
                let up = f64::from(u8::from(listening.since.is_some()));
                add(gauge("outlet_connected", CONNECTED, up));
                let traffic = now.traffic;
                add(counter("outlet_requests_answered_total", "Requests answered with values.", traffic.answered));
                add(counter("outlet_requests_refused_total", "Requests refused.", traffic.refused));
                add(counter("outlet_writes_total", "Local variables written.", traffic.written));
                continue;
            }
            let counts = now.counts;
            add(gauge("outlet_connected", CONNECTED, f64::from(u8::from(now.connection.since.is_some()))));
            add(counter("outlet_connects_total", "Times it was connected.", now.connection.connects));
            add(counter("outlet_messages_offered_total", "Messages that were to be sent.", counts.offered));
            add(counter("outlet_messages_sent_total", "Messages that went to the broker.", counts.sent));
            add(counter("outlet_messages_dropped_total", "Messages that the broker was too slow for.", counts.dropped));
            let skipped = "Messages that were not made because a tag had no good value.";
            add(counter("outlet_messages_skipped_total", skipped, now.skipped));
            add(gauge("outlet_messages_waiting", "Messages that are not sent yet.", counts.waiting as f64));
        }
        metrics
    }
}

impl Running {
    fn now(&self) -> OutletNow {
        let mut now = OutletNow {
            outlet: self.outlet.clone(),
            broken: None,
            listening: None,
            traffic: Traffic::default(),
            connection: Connection::default(),
            counts: Counts::default(),
            skipped: 0,
            tags: 0,
            messages: 0,
        };
        match &self.state {
            Ok(Way::Broker(broker)) => broker.tell(&mut now),
            Ok(Way::Registers(server)) => server.tell(&mut now),
            Err(problem) => now.broken = Some(problem.clone()),
        }
        now
    }
}
