//! Local variables as scans: their values stand in SQL, and once a second the path sees them like any other tag, so
//! that conditions, windows and history need no special case.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::site::{SiteConfig, Variable};
use domain::{GroupId, Problem, Quality, Scan, TagPath, Value};
use state::{State, StateError};
use store::{SeriesDef, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::lines::Ground;
use crate::pipeline::tag_table::{Origin, TagInfo, TagTable};

/// How often variables are seen by the path.
const PERIOD: Duration = Duration::from_secs(1);

/// The variables of a site with their values now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variables {
    /// The group of all of them; none when there are none.
    group: Option<GroupId>,
    values: Vec<(Option<Value>, Quality)>,
}

impl Variables {
    /// The group of all variables.
    pub(crate) fn group(&self) -> Option<GroupId> {
        self.group
    }

    /// Declares the variables of a site and takes their values from SQL, else from the configuration.
    pub(crate) async fn load(site: &SiteConfig, state: &State, ground: &Ground) -> Result<Self, Problem> {
        if site.variables.is_empty() {
            return Ok(Self::default());
        }
        let infos =
            site.variables.iter().map(|variable| info(variable, &ground.store)).collect::<Result<Vec<_>, _>>()?;
        let series: Vec<_> = infos.iter().map(|info| info.series).collect();
        let group = ground.store.define_group(&series)?;
        ground.table.declare(group, infos);
        let failed = |error: StateError| Problem::new("variable.unreadable", "local variables", error.to_string());
        let set: HashMap<TagPath, Value> =
            state.variables().await.map_err(failed)?.into_iter().map(|set| (set.name, set.value)).collect();
        let values = site.variables.iter().map(|variable| match (set.get(&variable.name), &variable.value) {
            (Some(value), _) => (variable.value_type.coerce(value), Quality::GOOD),
            (None, Some(value)) => (variable.value_type.coerce(value), Quality::INITIAL),
            (None, None) => (None, Quality::WAITING),
        });
        let values =
            values.map(
                |(value, quality)| {
                    if value.is_none() { (None, quality.worst(Quality::WAITING)) } else { (value, quality) }
                },
            );
        Ok(Self { group: Some(group), values: values.collect() })
    }

    fn publish(&self, table: &TagTable, clock: &Clock) {
        let Some(group) = self.group else { return };
        let (values, qualities) = self.values.iter().cloned().unzip();
        table.publish_now(clock, |arrival| Scan { group, arrival, source: None, values, qualities });
    }
}

/// Publishes the variables once a second and whenever they change.
pub(crate) async fn run(
    table: Arc<TagTable>,
    clock: Arc<Clock>,
    mut variables: watch::Receiver<Arc<Variables>>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => {}
            changed = variables.changed() => if changed.is_err() { break },
        }
        variables.borrow_and_update().publish(&table, &clock);
        table.sweep(clock.now());
    }
}

fn info(variable: &Variable, store: &Store) -> Result<TagInfo, Problem> {
    let def = SeriesDef {
        tag: variable.name.clone(),
        value_type: variable.value_type,
        unit: variable.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
        scale: None,
    };
    Ok(TagInfo {
        path: variable.name.clone(),
        origin: Origin::Variable,
        series: store.define_series(&def)?,
        unit: variable.unit.clone(),
        stale_after: Duration::from_secs(5),
        words: None,
    })
}
