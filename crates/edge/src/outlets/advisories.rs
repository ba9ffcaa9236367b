//! Advisories as messages: one topic per deployment and place, said when one is raised, acknowledged or cleared, and
//! again whenever the broker has to hear everything anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Advisory, Timestamp};
use expose::mqtt::{Message, Publisher, json_text};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Where they go, and in which language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    /// What their topics begin with.
    pub root: String,
    /// Of titles.
    pub language: String,
}

/// What was said last, by topic: the payload's head (title and reason) and since when.
type Said = BTreeMap<String, (String, Timestamp)>;

/// Follows the advisories until `stop`. Only the newest state counts, so nothing queues up here.
pub(super) async fn run(
    settings: Settings,
    state: state::State,
    publisher: Publisher,
    clock: Arc<Clock>,
    stop: CancellationToken,
) {
    let (mut changed, mut resend) = (state.changed(), publisher.resend());
    let mut said = Said::new();
    let mut seen = None;
    loop {
        let version = changed.borrow_and_update().advisories;
        if seen != Some(version) {
            match state.active_advisories().await {
                Ok(active) => {
                    seen = Some(version);
                    let messages = settings.news(&mut said, &active, clock.now());
                    for message in messages {
                        publisher.publish(message);
                    }
                }
                Err(error) => tracing::warn!(%error, "the advisories could not be read"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            changed = changed.changed() => if changed.is_err() { break },
            Ok(()) = resend.changed() => {
                let time = clock.now();
                for (topic, (head, since)) in &said {
                    publisher.publish(raised(topic, head, *since, time));
                }
            }
        }
    }
}

impl Settings {
    /// What is new: advisories that were raised or whose words changed, and those that are gone.
    fn news(&self, said: &mut Said, active: &[Advisory], time: Timestamp) -> Vec<Message> {
        let now: Said = active.iter().map(|advisory| (self.topic(advisory), self.head(advisory))).collect();
        let new = now.iter().filter(|(topic, what)| said.get(*topic) != Some(*what));
        let mut messages: Vec<Message> = new.map(|(topic, (head, since))| raised(topic, head, *since, time)).collect();
        let gone = said.iter().filter(|(topic, _)| !now.contains_key(*topic));
        messages.extend(gone.map(|(topic, (head, since))| message(topic, head, "cleared", *since, time)));
        *said = now;
        messages
    }

    fn topic(&self, advisory: &Advisory) -> String {
        let levels = [self.root.as_str(), advisory.place.as_str(), "_advisory", advisory.deployment.as_str()];
        levels.into_iter().filter(|level| !level.is_empty()).collect::<Vec<_>>().join("/")
    }

    fn head(&self, advisory: &Advisory) -> (String, Timestamp) {
        let title = advisory.title.get(&self.language).or_else(|| advisory.title.get("en"));
        let title = title.map(String::as_str).unwrap_or_default();
        (format!("\"title\":{},\"reason\":{}", json_text(title), json_text(&advisory.reason)), advisory.raised)
    }
}

fn raised(topic: &str, head: &str, since: Timestamp, time: Timestamp) -> Message {
    message(topic, head, "raised", since, time)
}

fn message(topic: &str, head: &str, state: &str, since: Timestamp, time: Timestamp) -> Message {
    let (since, time) = (expose::mqtt::iso(since), expose::mqtt::iso(time));
    let payload = format!(r#"{{"state":"{state}",{head},"since":"{since}","time":"{time}"}}"#);
    Message { topic: topic.into(), payload: payload.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advisory(place: &str, reason: &str) -> Advisory {
        Advisory {
            id: domain::Id::new(Timestamp::MIN, &[0; 10]),
            deployment: "pump".to_owned(),
            place: place.parse().unwrap(),
            version: "1".to_owned(),
            raised: Timestamp::from_millis(1000),
            cleared: None,
            acknowledged: None,
            title: [("en".to_owned(), "Bearing \"worn\"".to_owned())].into(),
            response: BTreeMap::new(),
            reason: reason.to_owned(),
            because: Vec::new(),
        }
    }

    #[test]
    fn an_advisory_is_said_when_it_is_raised_and_when_it_is_gone() {
        let settings = Settings { root: "acme/north".to_owned(), language: "de".to_owned() };
        let mut said = Said::new();
        let mut news = |active: &[Advisory], second: i64| {
            let news = settings.news(&mut said, active, Timestamp::from_millis(second * 1000));
            news.into_iter()
                .map(|one| (one.topic.to_string(), String::from_utf8(one.payload).unwrap()))
                .collect::<Vec<_>>()
        };
        let raised = news(&[advisory("line-2", "rms 7")], 2);
        assert_eq!(raised[0].0, "acme/north/line-2/_advisory/pump");
        let expected = concat!(
            r#"{"state":"raised","title":"Bearing \"worn\"","reason":"rms 7","#,
            r#""since":"1970-01-01T00:00:01Z","time":"1970-01-01T00:00:02Z"}"#
        );
        assert_eq!(raised[0].1, expected);
        assert!(news(&[advisory("line-2", "rms 7")], 3).is_empty(), "what was said is not said again");
        let cleared = news(&[], 4);
        assert!(cleared[0].1.starts_with(r#"{"state":"cleared","title""#), "{cleared:?}");
        assert!(news(&[], 5).is_empty());
    }
}
