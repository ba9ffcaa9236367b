//! Does what the state machine of the edge's half asks for ([`link::up::site::Uplink`]): reads, packs, sends, waits. Live records and
//! those that are made up for go in two requests at once; nothing of the path ever waits for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::site::SiteConfig;
use domain::{Problem, Timestamp};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use link::parcel::Parcel;
use link::up::site::{Answer, Next, Request, Settings, Ticket, Uplink, Want};
use link::up::{Life, Mark};
use link::{PerStream, Stream, wire};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Ground;
use super::call::{Call, Caller, Unheard};
use super::membership::{Enrolled, Membership};
use super::records::{Read, Records, tips};
use super::seen::Doing;

/// How hard parcels are packed: the level of zstd that no line waits for.
const LEVEL: i32 = 3;
/// Nothing waits for longer without looking around: hours of the day begin and end.
const LOOK_AROUND: Duration = Duration::from_secs(30);
/// When the store had nothing although it should, or the disk failed.
const BREATH: Duration = Duration::from_millis(500);
/// Cursors are noted at most so often: they only say what may be forgotten.
const NOTE_CURSORS: Duration = Duration::from_secs(10);
/// What the hub says to a box that it does not hear; the box asks again to be enrolled.
const UNKNOWN_BOX: [&str; 3] = ["edge.stranger", "edge.revoked", "edge.expired"];

/// Why the uplink ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// It was told to.
    Stopped,
    /// The hub does not hear this box.
    Unknown(Problem),
    /// The pace was changed.
    OtherPace,
}

/// What came of something that was under way.
enum Landed {
    Answer(Ticket, Result<Answer, Unheard>),
    Read(Ticket, Result<Read, Problem>),
    LookedUp(Ticket, Result<Vec<Option<u32>>, Problem>),
    Tips(Result<PerStream<Mark>, Problem>),
}

type Flight = BoxFuture<'static, Landed>;

enum Step {
    Fly(Flight),
    Life(PerStream<u64>),
    Wait(Instant),
}

/// See the module.
pub(super) struct Driver<'a> {
    ground: &'a Ground,
    records: Records,
    caller: Arc<Caller>,
    membership: &'a mut Membership,
    uplink: Uplink,
    /// None before the first look: a hello with less than there is would say that records were lost.
    tips: Option<PerStream<Mark>>,
    pace: u64,
    begun: Instant,
    /// Nothing is begun before.
    breath: Instant,
    noted: Instant,
}

impl<'a> Driver<'a> {
    pub(super) fn new(ground: &'a Ground, caller: Arc<Caller>, membership: &'a mut Membership, as_: &Enrolled) -> Self {
        let records = Records { store: Arc::clone(&ground.store), state: ground.state.clone() };
        let pace = ground.site.borrow().hub.backfill_bytes_per_s.get();
        let settings = Settings { backfill_bytes_per_s: pace, ..Settings::default() };
        let uplink = Uplink::new(settings, as_.edge, membership.lives.clone(), membership.cursors);
        let now = Instant::now();
        Self { ground, records, caller, membership, uplink, tips: None, pace, begun: now, breath: now, noted: now }
    }

    /// Until `stop`, or until the hub does not hear this box any more.
    pub(super) async fn run(mut self, stop: &CancellationToken) -> Ended {
        let (mut synced, mut changed) = (self.ground.synced.clone(), self.ground.state.changed());
        let mut site = self.ground.site.clone();
        let mut flights = FuturesUnordered::new();
        // one look at a time; what comes meanwhile is seen by the next
        let (mut looking, mut news) = (false, true);
        let ended = loop {
            if news && !looking {
                (looking, news) = (true, false);
                flights.push(self.look());
            }
            let wait = match self.next() {
                Step::Fly(flight) => {
                    flights.push(flight);
                    continue;
                }
                Step::Life(same_until) => {
                    self.start_life(&same_until).await;
                    continue;
                }
                Step::Wait(until) => until,
            };
            self.show();
            self.note_cursors(NOTE_CURSORS).await;
            tokio::select! {
                biased;
                () = stop.cancelled() => break Ended::Stopped,
                Some(landed) = flights.next(), if !flights.is_empty() => {
                    looking &= !matches!(landed, Landed::Tips(_));
                    match self.landed(landed) {
                        Ok(next) => flights.extend(next),
                        Err(problem) => break Ended::Unknown(problem),
                    }
                }
                Ok(()) = synced.changed() => news = true,
                Ok(()) = changed.changed() => news = true,
                Ok(()) = site.changed() => {
                    if site.borrow_and_update().hub.backfill_bytes_per_s.get() != self.pace {
                        break Ended::OtherPace;
                    }
                }
                () = tokio::time::sleep_until(wait) => {}
            }
        };
        self.note_cursors(Duration::ZERO).await;
        ended
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn next(&mut self) -> Step {
        let now = Instant::now();
        let Some(tips) = self.tips else { return Step::Wait(now + LOOK_AROUND) };
        if self.breath > now {
            return Step::Wait(self.breath);
        }
        let backfill = is_time_to_make_up(&self.ground.site.borrow(), self.ground.clock.now());
        match self.uplink.next(self.now(), &tips, backfill) {
            Next::Send(ticket, request) => Step::Fly(self.send(ticket, &request)),
            Next::Read(ticket, want) => Step::Fly(self.read(ticket, want)),
            Next::LookUp(ticket, stream, points) => Step::Fly(self.look_up(ticket, stream, points)),
            Next::StartLife(same_until) => Step::Life(same_until),
            Next::Wait(until) => {
                let until = until.map_or(now + LOOK_AROUND, |until| self.begun + until);
                Step::Wait(until.min(now + LOOK_AROUND))
            }
        }
    }

    /// What has to be done next because of it, if anything; an error when the hub does not hear this box.
    fn landed(&mut self, landed: Landed) -> Result<Option<Flight>, Problem> {
        let at = self.ground.clock.now();
        match landed {
            Landed::Tips(Ok(tips)) => self.tips = Some(tips),
            Landed::Tips(Err(problem)) => self.troubled(problem, at),
            Landed::Answer(ticket, Ok(answer)) => {
                self.ground.seen.heard(at);
                self.uplink.heard(ticket, answer, self.now(), rand::random());
            }
            Landed::Answer(ticket, Err(Unheard { problem, quiet })) => {
                let now = self.now();
                self.uplink.failed(ticket, now, rand::random());
                if let Some(quiet) = quiet {
                    self.uplink.hold(now + quiet);
                }
                let is_unknown = UNKNOWN_BOX.contains(&problem.code.as_str());
                self.ground.seen.trouble(problem.clone(), at);
                if is_unknown {
                    return Err(problem);
                }
            }
            Landed::Read(ticket, Ok((slice, known))) => match self.uplink.fill(ticket, &slice, &known) {
                Some((ticket, parcel)) => return Ok(Some(self.parcel(ticket, parcel))),
                None => self.breath = Instant::now() + BREATH,
            },
            Landed::LookedUp(ticket, Ok(crcs)) => self.uplink.looked_up(ticket, &crcs),
            Landed::Read(ticket, Err(problem)) | Landed::LookedUp(ticket, Err(problem)) => {
                self.uplink.failed(ticket, self.now(), rand::random());
                self.troubled(problem, at);
            }
        }
        Ok(None)
    }

    /// Something here does not work.
    fn troubled(&mut self, problem: Problem, at: Timestamp) {
        self.ground.seen.trouble(problem, at);
        self.breath = Instant::now() + BREATH;
    }

    fn look(&self) -> Flight {
        let records = self.records.clone();
        Box::pin(async move { Landed::Tips(tips(&records).await) })
    }

    fn read(&self, ticket: Ticket, want: Want) -> Flight {
        let (records, epoch) = (self.records.clone(), self.epoch());
        let kept_until = self.membership.released[want.stream];
        Box::pin(async move { Landed::Read(ticket, records.read(want, epoch, kept_until).await) })
    }

    fn look_up(&self, ticket: Ticket, stream: Stream, points: Vec<u64>) -> Flight {
        let records = self.records.clone();
        Box::pin(async move { Landed::LookedUp(ticket, records.crcs(stream, points).await) })
    }

    fn send(&self, ticket: Ticket, request: &Request) -> Flight {
        let caller = Arc::clone(&self.caller);
        let body = serde_json::to_vec(request).expect("requests are plain structs, which are always JSON");
        Box::pin(async move {
            let answer = post(&caller, wire::REQUESTS, "application/json", body.into()).await;
            Landed::Answer(ticket, answer)
        })
    }

    fn parcel(&self, ticket: Ticket, parcel: Parcel) -> Flight {
        let (caller, seen) = (Arc::clone(&self.caller), Arc::clone(&self.ground.seen));
        let path = format!("{}?turn={}", wire::PARCELS, self.uplink.turn());
        Box::pin(async move {
            let packed = tokio::task::spawn_blocking(move || Bytes::from(parcel.encode(LEVEL))).await;
            let answer = match packed {
                Ok(bytes) => {
                    seen.sent(bytes.len());
                    post(&caller, &path, wire::PARCEL_TYPE, bytes).await
                }
                Err(error) => Err(caller.nonsense(&error.to_string()).into()),
            };
            Landed::Answer(ticket, answer)
        })
    }

    fn epoch(&self) -> u64 {
        self.membership.lives.first().map_or(0, |life| life.epoch)
    }

    /// The store says other things than the hub has: a new life, on the disk before the hub hears of it.
    async fn start_life(&mut self, same_until: &PerStream<u64>) {
        let lives = Life::begin(&self.membership.lives, rand::random(), same_until);
        let next = Membership { lives: lives.clone(), ..self.membership.clone() };
        match self.ground.save(&next).await {
            Ok(()) => {
                *self.membership = next;
                self.uplink.started(lives);
            }
            Err(problem) => self.troubled(problem, self.ground.clock.now()),
        }
    }

    /// Notes what the hub has, so that the log may let it go; at most every so often.
    async fn note_cursors(&mut self, at_most_every: Duration) {
        let cursors = self.uplink.cursors();
        if cursors == self.membership.cursors || self.noted.elapsed() < at_most_every {
            return;
        }
        self.noted = Instant::now();
        let released = PerStream::of(|stream| self.membership.released[stream].max(cursors[stream]));
        let next = Membership { cursors, released, ..self.membership.clone() };
        // first noted, then forgotten: what is gone later has its reason
        let noted = match self.ground.save(&next).await {
            Ok(()) => {
                *self.membership = next;
                self.ground.hold_log(Some(cursors)).await
            }
            Err(problem) => Err(problem),
        };
        if let Err(problem) = noted {
            self.ground.seen.trouble(problem, self.ground.clock.now());
        }
    }

    fn show(&self) {
        let at = self.ground.clock.now();
        self.ground.seen.doing(if self.uplink.is_running() { Doing::Running } else { Doing::Connecting }, at);
        self.ground.seen.set(|now| {
            now.tips = self.tips.unwrap_or_default();
            now.lines.clone_from(self.uplink.lines());
            now.notices = self.uplink.problems().cloned().collect();
        });
    }
}

/// One request of the conversation.
async fn post(caller: &Caller, path: &str, media_type: &str, body: Bytes) -> Result<Answer, Unheard> {
    let call = Call { method: "POST", path, media_type, body, signed: true, patience: Duration::ZERO };
    let body = caller.call(&call).await?;
    serde_json::from_slice(&body).map_err(|error| caller.nonsense(&error.to_string()).into())
}

/// Whether owed records may go up at this time, by the site's own clock and zone.
fn is_time_to_make_up(site: &SiteConfig, now: Timestamp) -> bool {
    let Some(hours) = site.hub.backfill_hours else { return true };
    let Ok(now) = jiff::Timestamp::from_microsecond(now.micros()) else { return true };
    let zone = jiff::tz::TimeZone::get(&site.site.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let now = now.to_zoned(zone);
    let minute = u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
    hours.has(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_for_making_up_are_those_of_the_site() {
        let mut site = SiteConfig::new("north");
        let at = |text: &str| Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert!(is_time_to_make_up(&site, at("2026-07-01T12:00:00Z")));
        site.hub.backfill_hours = "22:00-06:00".parse().ok();
        site.site.time_zone = "Europe/Berlin".to_owned();
        assert!(is_time_to_make_up(&site, at("2026-07-01T20:00:00Z")), "summer: 22:00 there");
        assert!(!is_time_to_make_up(&site, at("2026-01-01T20:30:00Z")), "winter: 21:30 there");
        assert!(!is_time_to_make_up(&site, at("2026-07-01T04:00:00Z")), "06:00 there");
    }
}
