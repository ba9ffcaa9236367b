//! The edge's half: what to send next, and what an answer means.
//!
//! An [`Uplink`] is asked for the [`Next`] thing to do, does none of it, and is told how it went. It keeps nothing over a
//! restart: where to go on, the hub says. What the edge keeps are its lives ([`Life`], synced before the next request) and its
//! cursors, which only say what it may forget.
//!
//! The store behind it gives all its records as of the present life: what it holds from before a restore is stamped anew
//! ([`domain::log_record::RawRecord::put_in_epoch`]).

mod cut;
mod fork;
mod heard;
mod next;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{Id, Problem};
use serde::{Deserialize, Serialize};

pub use self::cut::{Meanings, Slice};
use self::fork::Fork;
use super::pace::{BackOff, Bucket};
use super::{
    Begin, Compare, Greeting, Hello, Life, Likeness, Line, MOST_LIVES, MOST_OWED, Mark, Owe, Refusal, Standing,
};
use crate::parcel::{Meaning, Parcel};
use crate::{PerStream, Stream};

/// How an uplink behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Records of a parcel, in bytes; one record may be more.
    pub parcel_bytes: usize,
    /// A stream that is further behind, in records, goes on live and owes the rest.
    pub owe_after: u64,
    /// How many ranges a stream may owe at once; at most [`MOST_OWED`].
    pub most_owed: usize,
    /// Bytes of backfill a second.
    pub backfill_bytes_per_s: u64,
    /// The longest wait after a first failure.
    pub retry_first: Duration,
    /// The longest wait ever: people who brought a hub back look whether its edges are. One of very many asks for quiet
    /// ([`Uplink::hold`]).
    pub retry_most: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parcel_bytes: 1 << 20,
            owe_after: 2_000,
            most_owed: MOST_OWED,
            backfill_bytes_per_s: 8 << 20,
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_mins(1),
        }
    }
}

/// Names one thing to do, so that an answer that comes late is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Send this, and tell [`Uplink::heard`] or [`Uplink::failed`].
    Send(Ticket, Request),
    /// Read this from the store, and give it to [`Uplink::fill`].
    Read(Ticket, Want),
    /// Look up what stands for the content at these numbers, and tell [`Uplink::looked_up`].
    LookUp(Ticket, Stream, Vec<u64>),
    /// The store says other things than the hub has: begin a new life ([`Life::begin`]), sync it, and tell [`Uplink::started`].
    StartLife(PerStream<u64>),
    /// Nothing until an answer comes, something new is synced, or this time is reached.
    Wait(Option<Duration>),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// See [`Hello`].
    Hello(Hello),
    /// See [`Begin`].
    Begin(Begin),
    /// See [`Compare`].
    Compare(Compare),
    /// See [`Owe`].
    Owe(Owe),
}

/// What the hub said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "said", content = "of", rename_all = "kebab-case")]
pub enum Answer {
    /// To a hello.
    Greeting(Greeting),
    /// To a begin.
    Standing(Standing),
    /// To a comparison.
    Likeness(Vec<Likeness>),
    /// To an owe, and to a parcel: durable.
    Line(Line),
    /// To anything.
    Refused(Refusal),
}

/// Records to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Of which stream.
    pub stream: Stream,
    /// From this number on.
    pub first: u64,
    /// Up to this one at most.
    pub last: u64,
    /// At most so many bytes, but at least one record.
    pub max_bytes: usize,
}

/// What is under way.
#[derive(Clone, Debug)]
enum Flight {
    Control,
    Owe(Stream),
    LookUp(Stream, Vec<u64>),
    Reading(Want),
    Parcel(Stream, BTreeSet<Meaning>),
}

#[derive(Clone, Debug)]
enum Phase {
    /// Hello is next.
    Greet,
    /// Whether the store agrees with the hub's marks; streams still to look at.
    Check(Vec<Stream>),
    /// Where the store parts from what the hub has.
    Search(Box<Fork>),
    /// A new life has to be begun.
    Start(PerStream<u64>),
    /// And told.
    Begin,
    /// Records go up.
    Run,
}

/// The edge's half of the way up.
#[derive(Clone, Debug)]
pub struct Uplink {
    settings: Settings,
    edge: Id,
    lives: Vec<Life>,
    cursors: PerStream<u64>,
    tips: PerStream<Mark>,
    turn: u64,
    phase: Phase,
    lines: PerStream<Line>,
    /// Live records, and everything that is not a parcel.
    live: Option<(Ticket, Flight)>,
    /// Owed records.
    back: Option<(Ticket, Flight)>,
    tickets: u64,
    told: PerStream<BTreeSet<Meaning>>,
    back_off: BackOff,
    bucket: Bucket,
    trouble: Option<Problem>,
    notice: Option<Problem>,
}

impl Life {
    /// The lives of a store that begins a new one: `epoch` is a new random number, `same_until` says up to where the
    /// store still agrees with its last life (its own tips, where it was restored from a backup).
    pub fn begin(lives: &[Self], epoch: u64, same_until: &PerStream<u64>) -> Vec<Self> {
        let older = lives.iter().enumerate().map(|(age, life)| Self {
            epoch: life.epoch,
            same_until: PerStream::of(|stream| {
                let before = if age == 0 { u64::MAX } else { life.same_until[stream] };
                before.min(same_until[stream])
            }),
        });
        let present = Self { epoch, same_until: PerStream::default() };
        std::iter::once(present).chain(older).take(MOST_LIVES).collect()
    }
}

impl Uplink {
    /// After a start of the program. `lives` as they are stored, the present one first; `cursors` as far as they are known.
    pub fn new(settings: Settings, edge: Id, lives: Vec<Life>, cursors: PerStream<u64>) -> Self {
        let back_off = BackOff::new(settings.retry_first, settings.retry_most);
        let bucket = Bucket::new(settings.backfill_bytes_per_s);
        Self {
            settings,
            edge,
            lives,
            cursors,
            tips: PerStream::default(),
            turn: 0,
            phase: Phase::Greet,
            lines: PerStream::default(),
            live: None,
            back: None,
            tickets: 0,
            told: PerStream::default(),
            back_off,
            bucket,
            trouble: None,
            notice: None,
        }
    }

    /// The edge may forget records up to these numbers, as far as the hub is concerned. After the hub was restored they go back.
    pub fn cursors(&self) -> PerStream<u64> {
        self.cursors
    }

    /// The turn that parcels of this connection carry.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Records go up.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Run)
    }

    /// How the streams stand at the hub, as far as it said.
    pub fn lines(&self) -> &PerStream<Line> {
        &self.lines
    }

    /// What people should know: what is wrong now, and what happened and has to be read.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.trouble.iter().chain(&self.notice)
    }

    /// A person read the notice.
    pub fn was_read(&mut self) {
        self.notice = None;
    }

    /// The hub asked for quiet until then.
    pub fn hold(&mut self, until: Duration) {
        self.back_off.hold(until);
    }

    /// A new life is synced; these are all of them.
    pub fn started(&mut self, lives: Vec<Life>) {
        self.lives = lives;
        self.greet();
    }

    fn present(&self) -> u64 {
        self.lives.first().map_or(0, |life| life.epoch)
    }

    /// Up to where the present life only repeats the one before.
    fn inherited(&self, stream: Stream) -> u64 {
        self.lives.get(1).map_or(0, |life| life.same_until[stream])
    }

    /// Begins the connection again; what is under way is of no interest any more.
    fn greet(&mut self) {
        self.phase = Phase::Greet;
        self.live = None;
        self.back = None;
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// The flight with this ticket, taken out of its lane.
    fn landed(&mut self, ticket: Ticket) -> Option<Flight> {
        let lane =
            if self.live.as_ref().is_some_and(|(of, _)| *of == ticket) { &mut self.live } else { &mut self.back };
        lane.take_if(|(of, _)| *of == ticket).map(|(_, flight)| flight)
    }
}

impl Want {
    fn of(stream: Stream, first: u64, last: u64, settings: &Settings) -> Self {
        Self { stream, first, last, max_bytes: settings.parcel_bytes }
    }
}

/// A parcel that is ready to go, for [`Uplink::heard`].
pub type Filled = (Ticket, Parcel);
