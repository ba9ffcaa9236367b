//! One outlet to a broker: from its configuration and the tags that are there to what runs.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use config::site::message::{Piece, Single};
use config::site::{Outlet, OutletUrl, Report, SiteConfig, topic_level};
use domain::{GroupId, Problem, TagPath};
use expose::mqtt::{NamedTag, Namespace, Publisher, Settings, Spot, Templates, TlsFiles};

use super::{GoodByes, OutletNow, advisories};
use crate::lines::Ground;
use crate::pipeline::expose::{self as stage, Stage};
use crate::pipeline::tag_table::{Origin, TagInfo, TagTable};
use crate::tasks::Tasks;

/// What is to run.
pub(super) struct Plan {
    settings: Settings,
    namespace: Namespace,
    templates: Templates,
    advisories: Option<advisories::Settings>,
    /// Equal marks are equal messages of equal tags.
    mark: u64,
}

/// A broker that is published to.
#[derive(Debug)]
pub(super) struct Broker {
    settings: Settings,
    publisher: Publisher,
    /// The connection.
    session: Tasks,
    /// What makes messages.
    stage: Tasks,
    mark: u64,
    skipped: Arc<AtomicU64>,
    tags: usize,
    messages: usize,
}

/// See the module.
pub(super) fn plan(
    outlet: &Outlet,
    site: &SiteConfig,
    data: &Path,
    ground: &Ground,
    state: &state::State,
) -> Result<Plan, Problem> {
    let namespace = outlet.published_namespace();
    let prefix = namespace.as_ref().map(|namespace| namespace.prefix.clone()).filter(|prefix| !prefix.is_empty());
    let root = prefix.into_iter().chain([topic_level(&site.site.name)]).collect::<Vec<_>>().join("/");
    let settings = settings(outlet, &root, data, state.node())?;
    let groups = ground.table.groups();
    let named = named_tags(namespace.as_ref(), &root, &groups);
    let every_scan = namespace.as_ref().is_some_and(|namespace| namespace.report == Report::Scan);
    let (singles, spots) = messages(outlet, &groups)?;
    let advisories = namespace
        .filter(|namespace| namespace.advisories)
        .map(|_| advisories::Settings { root, language: site.site.language.clone() });
    let mut hasher = DefaultHasher::new();
    (&named, every_scan, &singles, &advisories).hash(&mut hasher);
    // in the order in which the messages name them: the map has none
    let tags = singles.iter().flat_map(|single| [&single.on].into_iter().chain(tags_of(single)));
    tags.for_each(|tag| spots.get(tag).hash(&mut hasher));
    Ok(Plan {
        settings,
        namespace: Namespace::new(every_scan, named),
        templates: Templates::new(&singles, &|tag| spots.get(tag).copied()),
        advisories,
        mark: hasher.finish(),
    })
}

fn settings(outlet: &Outlet, root: &str, data: &Path, node: &str) -> Result<Settings, Problem> {
    let bad = |what: String| Problem::new("outlet.bad-url", &outlet.name, what);
    let OutletUrl::Mqtt { host, port, tls } = outlet.parsed_url().map_err(bad)? else {
        return Err(bad("it is no broker".to_owned()));
    };
    let path = |file: &String| -> PathBuf { data.join(file) };
    let tls = match (&outlet.ca_file, tls) {
        (Some(ca), true) => Some(TlsFiles {
            ca: path(ca),
            server_name: outlet.server_name.clone(),
            own: outlet.cert_file.as_ref().zip(outlet.key_file.as_ref()).map(|(cert, key)| (path(cert), path(key))),
        }),
        (None, true) => return Err(bad("nobody vouches for the broker".to_owned())),
        (_, false) => None,
    };
    // the end of an id is random, its beginning is a time that two edges may share
    let edge: String = node.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    Ok(Settings {
        name: outlet.name.clone(),
        host,
        port,
        tls,
        client_id: outlet.client_id.clone().unwrap_or_else(|| format!("lastmile-{edge}-{}", outlet.name)),
        user: outlet.user.clone(),
        password_file: outlet.password_file.as_ref().map(path),
        acknowledged: outlet.qos == 1,
        retain: outlet.retain,
        queue_bytes: usize::try_from(outlet.queue.get()).unwrap_or(usize::MAX),
        status_topic: outlet.status_topic.clone().unwrap_or_else(|| format!("{root}/_status/{}", outlet.name)),
    })
}

/// Per group, in the order of their numbers: the tags with a topic of their own.
fn named_tags(
    namespace: Option<&config::site::Namespace>,
    root: &str,
    groups: &[(GroupId, Vec<Arc<TagInfo>>)],
) -> Vec<(GroupId, Vec<Option<NamedTag>>)> {
    let Some(namespace) = namespace else { return Vec::new() };
    let named = |info: &Arc<TagInfo>| {
        namespace.has(info.path.as_str()).then(|| NamedTag {
            topic: format!("{root}/{}", info.path),
            unit: info.unit.as_ref().map(ToString::to_string),
            stale_after: info.stale_after,
        })
    };
    let mut all: Vec<_> = groups.iter().map(|(group, infos)| (*group, infos.iter().map(named).collect())).collect();
    all.sort_by_key(|(group, _)| *group);
    all
}

type Spots = HashMap<TagPath, Spot>;

/// The messages, and where their tags are now.
fn messages(outlet: &Outlet, groups: &[(GroupId, Vec<Arc<TagInfo>>)]) -> Result<(Vec<Single>, Spots), Problem> {
    let mut singles = Vec::new();
    for message in &outlet.messages {
        let wrong = |wrong: config::site::message::Wrong| {
            Problem::new("outlet.bad-message", &outlet.name, wrong.what).hint(wrong.hint)
        };
        singles.extend(message.singles().map_err(wrong)?);
    }
    if singles.is_empty() {
        return Ok((singles, Spots::new()));
    }
    let spots = groups.iter().flat_map(|(group, infos)| {
        infos.iter().enumerate().map(|(position, info)| {
            let holds = info.origin == Origin::Variable;
            (info.path.clone(), Spot { group: *group, position, holds })
        })
    });
    Ok((singles, spots.collect()))
}

fn tags_of(single: &Single) -> impl Iterator<Item = &TagPath> {
    single.pieces.iter().filter_map(|piece| match piece {
        Piece::Tag(tag, _) => Some(tag),
        Piece::Text(_) => None,
    })
}

impl Broker {
    /// Makes an old one be as planned; what is the same goes on.
    pub(super) async fn adopt(
        old: Option<Self>,
        plan: Plan,
        tasks: &Tasks,
        good_byes: &GoodByes,
        ground: &Ground,
        state: &state::State,
    ) -> Self {
        match old {
            Some(old) if old.settings == plan.settings && old.mark == plan.mark => old,
            Some(old) if old.settings == plan.settings => {
                old.stage.stop().await;
                Self::start(plan, old.publisher, old.session, tasks, ground, state)
            }
            old => {
                if let Some(old) = old {
                    good_byes.say(&plan.settings.name, old.stop());
                }
                let (publisher, session) = Publisher::new(plan.settings.clone());
                let connection = tasks.child();
                let name = format!("broker of outlet {}", plan.settings.name);
                let (said, stop) = (good_byes.said(), connection.stopping().clone());
                connection.spawn(&name, async move {
                    said.await;
                    session.run(stop).await;
                });
                Self::start(plan, publisher, connection, tasks, ground, state)
            }
        }
    }

    fn start(
        plan: Plan,
        publisher: Publisher,
        session: Tasks,
        tasks: &Tasks,
        ground: &Ground,
        state: &state::State,
    ) -> Self {
        let Plan { settings, namespace, templates, advisories, mark } = plan;
        let (tags, messages, skipped) = (namespace.len(), templates.len(), Arc::<AtomicU64>::default());
        let makes = Stage {
            namespace,
            templates,
            publisher: publisher.clone(),
            clock: Arc::clone(&ground.clock),
            skipped: Arc::clone(&skipped),
        };
        let name = format!("outlet {}", settings.name);
        let tasks = tasks.child();
        let scans = follow(&ground.table, &name, &makes);
        tasks.spawn(&name, stage::run(makes, scans, tasks.stopping().clone()));
        if let Some(advisories) = advisories {
            let run = advisories::run(
                advisories,
                state.clone(),
                publisher.clone(),
                Arc::clone(&ground.clock),
                tasks.stopping().clone(),
            );
            tasks.spawn(&format!("advisories of {name}"), run);
        }
        Self { settings, publisher, session, stage: tasks, mark, skipped, tags, messages }
    }

    /// Lets the stage hand on what it has, and the connection send it.
    pub(super) async fn stop(self) {
        self.stage.stop().await;
        self.session.stop().await;
    }

    pub(super) fn tell(&self, now: &mut OutletNow) {
        now.connection = self.publisher.connection();
        now.counts = self.publisher.counts();
        now.skipped = self.skipped.load(Ordering::Relaxed);
        (now.tags, now.messages) = (self.tags, self.messages);
    }
}

fn follow(table: &TagTable, name: &str, makes: &Stage) -> tokio::sync::mpsc::Receiver<Arc<domain::Scan>> {
    table.follow(name, Some(makes.groups()), stage::QUEUE)
}
