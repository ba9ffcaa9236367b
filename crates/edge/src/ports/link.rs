//! How the uplink stands, for people and programs.

use std::sync::Arc;

use async_trait::async_trait;
use config::site::SiteConfig;
use domain::said::uplink as said;
use domain::{Said, Timestamp};
use link::Stream;
use server::api::health::{DoctorLine, DoctorState};
use server::api::link::{Link, LinkRange, LinkState, LinkStateKind, LinkStream};
use server::ports;
use store::Store;
use tokio::sync::watch;

use crate::uplink::seen::{Doing, Now, Seen};

/// See the module.
pub(crate) struct LinkPort {
    /// What the uplink tells.
    pub seen: Arc<Seen>,
    /// How long there is room.
    pub store: Arc<Store>,
    /// How much is kept.
    pub site: watch::Receiver<Arc<SiteConfig>>,
}

#[async_trait]
impl ports::Link for LinkPort {
    async fn link(&self) -> Link {
        let now = self.seen.now();
        let room_days = if now.hub.is_some() { self.room().await } else { None };
        shown(&now, room_days)
    }
}

impl LinkPort {
    /// What waits for the hub is kept as long as history is.
    async fn room(&self) -> Option<u32> {
        let settings = self.site.borrow().history;
        let policy = store::Retention { keep: settings.keep.get(), max_bytes: settings.max_size.get() / 2 };
        let store = Arc::clone(&self.store);
        let stats = tokio::task::spawn_blocking(move || store.stats(&policy)).await.ok()?.ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole days, as many as history is kept"
        )]
        stats.days_left.map(|days| days.clamp(0.0, 36_500.0) as u32)
    }
}

fn shown(now: &Now, room_days: Option<u32>) -> Link {
    let (kind, said) = state(now);
    let streams = Stream::ALL.into_iter().map(|stream| LinkStream {
        stream: stream.name().to_owned(),
        tip: now.tips[stream].seq,
        at_hub: now.lines[stream].mark.seq,
        waiting: now.waiting(stream),
        owed: now.lines[stream].owed.iter().map(|owed| LinkRange { first: owed.first, last: owed.last }).collect(),
    });
    let fingerprint = if let Doing::Waiting(fingerprint) = &now.doing { Some(fingerprint.clone()) } else { None };
    Link {
        hub: now.hub.clone(),
        state: LinkState {
            kind,
            words: said.words(),
            hint: now.trouble.as_ref().map_or_else(|| said.hint(), |problem| problem.hint.clone()),
            said: said.into(),
            since_ms: now.since.map(Timestamp::millis),
        },
        edge: now.edge.as_ref().map(|(edge, _)| edge.to_string()),
        place: now.edge.as_ref().map(|(_, place)| place.clone()),
        fingerprint,
        expires_ms: now.expires.map(Timestamp::millis),
        streams: if now.hub.is_some() { streams.collect() } else { Vec::new() },
        room_days,
        problems: now.trouble.iter().chain(&now.notices).map(|problem| problem.clone().into()).collect(),
    }
}

/// The state in one sentence. What is wrong goes before what is being done.
fn state(now: &Now) -> (LinkStateKind, Said) {
    if let Some(problem) = &now.trouble {
        let why = Said::from(problem);
        let why = if why.is_known() { why.into() } else { problem.what.as_str().into() };
        return (LinkStateKind::Away, said::AWAY.say([("why", why)]));
    }
    if now.hub.is_none() {
        return (LinkStateKind::None, said::NONE.plain());
    }
    let waiting: u64 = Stream::ALL.into_iter().map(|stream| now.waiting(stream)).sum();
    match &now.doing {
        Doing::NeedsCode => (LinkStateKind::Waiting, said::NO_CODE.plain()),
        Doing::Waiting(fingerprint) => {
            (LinkStateKind::Waiting, said::WAITS.say([("fingerprint", fingerprint.as_str().into())]))
        }
        Doing::Nothing | Doing::Asking => (LinkStateKind::Connecting, said::ASKING.plain()),
        Doing::Connecting => (LinkStateKind::Connecting, said::CONNECTING.plain()),
        // a second's worth of records is always under way
        Doing::Running if waiting > FEW => (LinkStateKind::Connected, said::BEHIND.say([("records", waiting.into())])),
        Doing::Running => (LinkStateKind::Connected, said::CONNECTED.plain()),
    }
}

/// So many records are under way without anybody being behind.
const FEW: u64 = 1_000;

/// What the doctor says of it; nothing without a hub.
pub(super) fn finding(now: &Now) -> Vec<DoctorLine> {
    let (kind, said) = state(now);
    let state = match kind {
        LinkStateKind::None => return Vec::new(),
        LinkStateKind::Connected | LinkStateKind::Connecting => DoctorState::Ok,
        LinkStateKind::Waiting | LinkStateKind::Away => DoctorState::Look,
    };
    let mut line = crate::doctor::line("hub.link", state, said);
    if let Some(problem) = &now.trouble {
        line.hint.clone_from(&problem.hint);
    }
    let notices = now.notices.iter().map(super::doctor::wrong);
    std::iter::once(line).chain(notices).collect()
}

#[cfg(test)]
mod tests {
    use domain::{Problem, Timestamp};
    use link::up::{Line, Mark, Owed};

    use super::*;

    #[test]
    fn without_a_hub_nothing_is_shown_but_that() {
        let link = shown(&Now::default(), None);
        assert_eq!((link.state.kind, link.streams.len(), link.problems.len()), (LinkStateKind::None, 0, 0));
        assert_eq!(finding(&Now::default()), []);
    }

    #[test]
    fn what_is_wrong_goes_before_what_is_being_done() {
        let problem = said::HUB_NAME.problem("hub", [("host", "hub.north".into()), ("why", "no such name".into())]);
        let trouble = Some(problem);
        let now = Now {
            hub: Some("https://hub.north".into()),
            doing: Doing::Running,
            since: Some(Timestamp::from_millis(7)),
            trouble,
            ..Now::default()
        };
        let link = shown(&now, Some(3));
        assert_eq!((link.state.kind, link.state.since_ms, link.room_days), (LinkStateKind::Away, Some(7), Some(3)));
        assert_eq!(link.state.words, "Nothing reaches the hub: The name hub.north can't be resolved: no such name.");
        assert!(!link.state.hint.is_empty());
        assert_eq!(finding(&now)[0].state, DoctorState::Look);
        let own = Now { trouble: Some(Problem::new("hub.new", "hub", "Newer words.")), ..now };
        assert_eq!(shown(&own, None).state.words, "Nothing reaches the hub: Newer words.");
    }

    #[test]
    fn what_waits_is_counted_with_what_is_owed() {
        let mut now = Now { hub: Some("https://hub".into()), doing: Doing::Running, ..Now::default() };
        now.tips.data = Mark { seq: 5_000, crc: 1 };
        let owed = vec![Owed { first: 11, last: 2_010, prev_crc: 0, crc: None }];
        now.lines.data = Line { mark: Mark { seq: 4_990, crc: 1 }, owed, step: 9 };
        let link = shown(&now, None);
        assert_eq!((link.streams[0].waiting, link.streams[0].owed[0]), (2_010, LinkRange { first: 11, last: 2_010 }));
        assert_eq!(link.state.words, "Connected; 2010 records are on their way to the hub.");
    }
}
