//! What an answer means.

use std::time::Duration;

use domain::said::link as said;

use super::{Answer, Flight, Fork, Greeting, Line, Mark, Phase, Refusal, Standing, Ticket, Uplink};
use crate::{PerStream, Stream};

impl Uplink {
    /// The hub answered. `random` is any 64 random bits, for the wait after a refusal.
    pub fn heard(&mut self, ticket: Ticket, answer: Answer, now: Duration, random: u64) {
        let Some(flight) = self.landed(ticket) else { return };
        match (answer, flight) {
            (Answer::Refused(refusal), flight) => self.refused(&refusal, &flight, now, random),
            (Answer::Greeting(greeting), Flight::Control) => self.greeted(greeting, now),
            (Answer::Standing(standing), Flight::Control) => {
                self.turn = standing.turn;
                self.welcomed(standing);
            }
            (Answer::Likeness(likeness), Flight::Control) => {
                if let Phase::Search(fork) = &mut self.phase {
                    fork.compared(&likeness);
                }
            }
            (Answer::Line(line), Flight::Owe(stream)) => self.adopt(stream, line),
            (Answer::Line(line), Flight::Parcel(stream, told)) => {
                self.back_off.succeeded();
                self.trouble = None;
                self.told[stream].extend(told);
                self.adopt(stream, line);
            }
            // An answer to something else: as good as none.
            _ => {
                self.back_off.failed(now, random);
                self.greet();
            }
        }
    }

    /// No answer came, or the store could not be read. Whether a parcel was taken is unknown, so the hub is asked.
    pub fn failed(&mut self, ticket: Ticket, now: Duration, random: u64) {
        if self.landed(ticket).is_some() {
            self.back_off.failed(now, random);
            self.greet();
        }
    }

    /// What stands for the content at the points that were to be looked up; none where the store no longer has a record.
    pub fn looked_up(&mut self, ticket: Ticket, crcs: &[Option<u32>]) {
        let Some(Flight::LookUp(stream, points)) = self.landed(ticket) else { return };
        let held = points.iter().zip(crcs).filter_map(|(seq, crc)| Some(Mark { seq: *seq, crc: (*crc)? }));
        match &mut self.phase {
            Phase::Check(_) => {
                let mark = self.lines[stream].mark;
                // One that is no longer here says nothing; then older ones have to.
                if held.into_iter().all(|held| held.seq != mark.seq || held.crc != mark.crc) {
                    self.search(false);
                }
            }
            Phase::Search(fork) => fork.looked_up(stream, held.collect()),
            _ => {}
        }
    }

    fn greeted(&mut self, greeting: Greeting, now: Duration) {
        match greeting {
            Greeting::Closed { turn } => {
                self.turn = turn;
                self.greet();
            }
            Greeting::TwoBoxes { turn } => {
                self.turn = turn;
                self.trouble = Some(said::EDGE_TWO_BOXES.problem(self.place(), []));
                self.back_off.hold(now + self.settings.retry_most);
                self.greet();
            }
            Greeting::Welcome(standing) => self.welcomed(*standing),
        }
    }

    fn welcomed(&mut self, standing: Standing) {
        self.turn = standing.turn;
        self.told = PerStream::default();
        if standing.epoch != Some(self.present()) {
            self.phase = Phase::Begin;
            return;
        }
        let begin_anew = standing.begin_anew;
        self.lines = standing.lines;
        let is_short = Stream::ALL.into_iter().any(|stream| self.tips[stream].seq < self.lines[stream].mark.seq);
        if begin_anew || is_short {
            self.search(true);
        } else {
            self.check();
        }
    }

    /// Whether the store has the same as the hub at each mark.
    fn check(&mut self) {
        let is_known = |stream: &Stream| self.lines[*stream].mark.crc != 0;
        self.phase = Phase::Check(Stream::ALL.into_iter().filter(is_known).collect());
        for stream in Stream::ALL {
            if self.lines[stream].durable() < self.cursors[stream] {
                self.notice = Some(said::HUB_WENT_BACK.problem(self.place(), []));
            }
        }
    }

    /// `certain` says that the store is another one than the hub knew.
    fn search(&mut self, certain: bool) {
        self.phase = Phase::Search(Box::new(Fork::between(certain, &self.cursors, &self.tips, &self.lines)));
    }

    /// Store and hub agree: what is durable may be forgotten from now on.
    pub(super) fn go(&mut self) {
        for stream in Stream::ALL {
            self.cursors[stream] = self.lines[stream].durable();
        }
        self.phase = Phase::Run;
    }

    fn adopt(&mut self, stream: Stream, line: Line) {
        if line.step > self.lines[stream].step {
            self.cursors[stream] = line.durable();
            self.lines[stream] = line;
        }
    }

    fn refused(&mut self, refusal: &Refusal, flight: &Flight, now: Duration, random: u64) {
        self.trouble = Some(refusal.problem(&self.place()));
        self.back_off.failed(now, random);
        match (refusal, flight) {
            (Refusal::Meaning { stream, .. }, Flight::Parcel(..)) => self.told[*stream].clear(),
            (Refusal::TooManyOwed { .. } | Refusal::MayNotOwe { .. }, Flight::Owe(stream)) => {
                self.settings.most_owed = self.settings.most_owed.min(self.lines[*stream].owed.len());
            }
            _ => self.greet(),
        }
    }

    pub(super) fn place(&self) -> String {
        format!("edge {}", self.edge)
    }
}
