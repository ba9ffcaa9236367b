//! What to do next: live records first, owed ranges beside them within their pace and hours.

use std::time::Duration;

use domain::said::link as said;

use super::{Begin, Flight, Hello, Mark, Next, Owe, Phase, Request, Ticket, Uplink, Want};
use crate::{PerStream, Stream};

impl Uplink {
    /// What to do at `now` (monotonic). `tips` are the newest synced records; `backfill` says whether this hour is one in which
    /// owed ranges may go up. To be asked until it says wait.
    pub fn next(&mut self, now: Duration, tips: &PerStream<Mark>, backfill: bool) -> Next {
        self.tips = *tips;
        if let Some(until) = self.back_off.wait(now) {
            return Next::Wait(Some(until));
        }
        if self.live.is_none() {
            if let Some(next) = self.control() {
                return next;
            }
            if let Some(next) = self.live_records() {
                return next;
            }
        }
        if matches!(self.phase, Phase::Run) && self.back.is_none() && backfill {
            return self.owed_records(now).unwrap_or_else(Next::Wait);
        }
        Next::Wait(None)
    }

    /// Before records go up.
    fn control(&mut self) -> Option<Next> {
        if let Phase::Check(streams) = &mut self.phase {
            match streams.pop() {
                Some(stream) => {
                    let points = vec![self.lines[stream].mark.seq];
                    return Some(self.look_up(stream, points));
                }
                None => self.go(),
            }
        }
        if let Phase::Search(fork) = &self.phase {
            let wanted = fork.wanted();
            match wanted {
                Some((stream, points)) => match points {
                    super::fork::Points::LookUp(points) => return Some(self.look_up(stream, points)),
                    super::fork::Points::Compare(points) => {
                        let epoch = self.present();
                        let compare = super::Compare { epoch, stream, points };
                        return Some(self.send(Request::Compare(compare), Flight::Control));
                    }
                },
                None if !fork.is_certain() => self.go(),
                None => {
                    let found = fork.found();
                    self.notice = Some(said::EDGE_RESTORED.problem(self.place(), []));
                    self.phase = Phase::Start(PerStream::of(|stream| self.same_until(stream, found[stream])));
                }
            }
        }
        match &self.phase {
            Phase::Greet => {
                let hello = Hello { edge: self.edge, seen: self.turn, lives: self.lives.clone(), tips: self.tips };
                Some(self.send(Request::Hello(hello), Flight::Control))
            }
            Phase::Start(same_until) => Some(Next::StartLife(*same_until)),
            Phase::Begin => {
                let begin = Begin { turn: self.turn, lives: self.lives.clone() };
                Some(self.send(Request::Begin(begin), Flight::Control))
            }
            Phase::Check(_) | Phase::Search(_) | Phase::Run => None,
        }
    }

    /// Where the hub has nothing that differs, what the store says of itself holds further.
    fn same_until(&self, stream: Stream, found: u64) -> u64 {
        let compared = self.tips[stream].seq.min(self.lines[stream].mark.seq);
        let inherited = self.inherited(stream).min(self.tips[stream].seq);
        if found < compared { found } else { found.max(inherited) }
    }

    fn live_records(&mut self) -> Option<Next> {
        if !matches!(self.phase, Phase::Run) {
            return None;
        }
        for stream in Stream::BY_URGENCY {
            let (tip, line) = (self.tips[stream], &self.lines[stream]);
            if tip.seq <= line.mark.seq {
                continue;
            }
            let first = line.mark.seq + 1;
            let behind = tip.seq - line.mark.seq;
            if stream.may_owe() && behind > self.settings.owe_after && line.owed.len() < self.settings.most_owed {
                let owe = Owe { turn: self.turn, epoch: self.present(), stream, first, last: tip.seq, crc: tip.crc };
                return Some(self.send(Request::Owe(owe), Flight::Owe(stream)));
            }
            let want = Want::of(stream, first, tip.seq, &self.settings);
            let ticket = self.ticket();
            self.live = Some((ticket, Flight::Reading(want)));
            return Some(Next::Read(ticket, want));
        }
        None
    }

    fn owed_records(&mut self, now: Duration) -> Result<Next, Option<Duration>> {
        let owed = Stream::BY_URGENCY
            .into_iter()
            .find_map(|stream| self.lines[stream].owed.first().map(|owed| (stream, owed.first, owed.last)));
        let Some((stream, first, last)) = owed else { return Err(None) };
        if let Some(until) = self.bucket.wait(now) {
            return Err(Some(until));
        }
        let want = Want::of(stream, first, last, &self.settings);
        let ticket = self.ticket();
        self.back = Some((ticket, Flight::Reading(want)));
        Ok(Next::Read(ticket, want))
    }

    fn look_up(&mut self, stream: Stream, points: Vec<u64>) -> Next {
        let ticket = self.ticket();
        self.live = Some((ticket, Flight::LookUp(stream, points.clone())));
        Next::LookUp(ticket, stream, points)
    }

    fn send(&mut self, request: Request, flight: Flight) -> Next {
        let ticket: Ticket = self.ticket();
        self.live = Some((ticket, flight));
        Next::Send(ticket, request)
    }
}
