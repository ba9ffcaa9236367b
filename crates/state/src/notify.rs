//! What changed, for those who must follow: the edge reconciles, the live feed tells its clients.

use tokio::sync::watch;

/// A counter per kind of thing; a higher number means "look again". Nobody can miss one: only the newest state counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The number of the newest entry in the record of changes.
    pub head: i64,
    /// Places, devices, tags, local variables, history settings.
    pub site: u64,
    /// Deployments, their revisions and modes.
    pub deployments: u64,
    /// Bundles.
    pub bundles: u64,
    /// Accounts and terminals.
    pub accounts: u64,
    /// Values of local variables.
    pub variables: u64,
    /// Advisories: raised, cleared, acknowledged.
    pub advisories: u64,
    /// Claims, boxes that wait, keys of edges; and which of two boxes is the right one.
    pub enrolments: u64,
}

/// Which kinds one act touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Site,
    Deployments,
    Bundles,
    Accounts,
    Variables,
    Advisories,
    Enrolments,
}

pub(crate) struct Notifier(watch::Sender<Versions>);

impl Notifier {
    pub(crate) fn new(head: i64) -> Self {
        Self(watch::Sender::new(Versions { head, ..Versions::default() }))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Versions> {
        self.0.subscribe()
    }

    pub(crate) fn now(&self) -> Versions {
        *self.0.borrow()
    }

    pub(crate) fn tell(&self, head: Option<i64>, topics: &[Topic]) {
        self.0.send_modify(|versions| {
            if let Some(head) = head {
                versions.head = versions.head.max(head);
            }
            for topic in topics {
                let counter = match topic {
                    Topic::Site => &mut versions.site,
                    Topic::Deployments => &mut versions.deployments,
                    Topic::Bundles => &mut versions.bundles,
                    Topic::Accounts => &mut versions.accounts,
                    Topic::Variables => &mut versions.variables,
                    Topic::Advisories => &mut versions.advisories,
                    Topic::Enrolments => &mut versions.enrolments,
                };
                *counter += 1;
            }
        });
    }
}
