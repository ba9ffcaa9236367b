//! The world: what happens to edges, hub and network, and what must hold.

use std::collections::HashSet;

use domain::log_record::LogBody;
use domain::{GroupId, Id, Timestamp};
use link::Stream;
use link::parcel::GoneReason;
use link::up::Life;
use link::up::site::{Next, Request};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::edge::{Dictionary, Disk, Edge, Record, Write};
use super::hub::{Change, Store, Stored};
use super::ms;
use super::net::{Message, Net, Sender};

macro_rules! counts {
    ($($name:ident)+) => {
        /// How often things happened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $(pub $name: u64,)+
        }

        impl Counts {
            fn all(&mut self) -> Vec<&mut u64> {
                vec![$(&mut self.$name),+]
            }
        }
    };
}

counts! {
    records at_hub gone owed refused already edge_crashes hub_crashes edge_restores unnoticed_restores hub_restores clones
    two_boxes drops lives doubled
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (total, more) in self.all().into_iter().zip(other.all()) {
            *total += *more;
        }
    }

    pub fn assert_all_happened(&mut self) {
        let text = format!("{self:?}");
        assert!(self.all().into_iter().all(|count| *count > 0), "something never happened: {text}");
    }
}

pub struct World {
    rng: StdRng,
    /// Monotonic, in ms.
    now: u64,
    /// What clocks show differs from it by so much.
    clock: i64,
    edges: Vec<Edge>,
    hub: Store,
    hub_backups: Vec<Store>,
    hub_up: bool,
    net: Net,
    /// Contents that were durable at the hub once.
    durable: HashSet<u64>,
    /// Numbers that a drop record stood for once.
    told_gone: HashSet<(Id, Stream, u64)>,
    /// Contents that the hub did not have when a disk with them was copied, or came back without anybody saying so. Nobody can
    /// know that what two such disks say after that is the same, so they may come under two lives; readers see one.
    may_double: HashSet<u64>,
    /// Contents on such disks.
    twinned: HashSet<u64>,
    calm: bool,
    /// One seed is looked at: say what happens.
    aloud: bool,
    pub counts: Counts,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..=4);
        let mut world = Self {
            edges: Vec::new(),
            rng,
            now: 0,
            clock: 0,
            hub: Store::default(),
            hub_backups: Vec::new(),
            hub_up: true,
            net: Net::default(),
            durable: HashSet::new(),
            told_gone: HashSet::new(),
            may_double: HashSet::new(),
            twinned: HashSet::new(),
            calm: false,
            aloud: std::env::var_os("LASTMILE_SEED").is_some(),
            counts: Counts::default(),
        };
        for _ in 0..count {
            let id = Id::new(Timestamp::from_millis(0), &world.rng.random());
            let epoch = world.rng.random();
            world.edges.push(Edge::new(id, Disk::new(epoch)));
        }
        world
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.aloud {
            println!("{} {}", self.now, what());
        }
    }

    pub fn step(&mut self) {
        let at = self.rng.random_range(0..self.edges.len());
        match self.rng.random_range(0..1000) {
            0..450 => self.write(at),
            450..700 => self.edges[at].sync(),
            700..730 => self.release(at),
            730..750 => self.drop_some(at),
            750..780 => {
                self.edges[at].crash();
                self.counts.edge_crashes += 1;
            }
            780..810 => self.edges[at].cut_off ^= true,
            810..830 => {
                self.hub_up = !self.hub_up;
                self.counts.hub_crashes += u64::from(!self.hub_up);
            }
            830..850 => {
                let backup = self.edges[at].disk.clone();
                self.edges[at].backups.push(backup);
            }
            850..858 => self.hub_backups.push(self.hub.clone()),
            858..868 => self.restore(at, true),
            868..876 => self.restore(at, false),
            876..880 => self.restore_hub(),
            880..883 => self.copy(at),
            883..890 => self.clock += self.rng.random_range(-1_000_000_000..1_000_000_000),
            890..900 => self.decide(),
            _ => {}
        }
        self.now += if self.rng.random_bool(0.02) { 20_000 } else { self.rng.random_range(1..300) };
        self.pass();
    }

    /// Starts what is down, delivers what is due, lets every uplink do what it wants.
    fn pass(&mut self) {
        for at in 0..self.edges.len() {
            if self.edges[at].uplink.is_none() && !self.edges[at].scrapped && (self.calm || self.rng.random_bool(0.3)) {
                self.edges[at].boot();
            }
        }
        while let Some(message) = self.net.due(self.now) {
            self.deliver(message);
        }
        for at in 0..self.edges.len() {
            self.give_up(at);
            for _ in 0..8 {
                if !self.poll(at) {
                    break;
                }
            }
        }
    }

    fn write(&mut self, at: usize) {
        let edge = &mut self.edges[at];
        if edge.scrapped {
            return;
        }
        let stream = Stream::ALL[self.rng.random_range(0..4)];
        let unsynced_groups = edge.unsynced.iter().filter(|write| matches!(write, Write::Record(of, Record { body: Some(LogBody::Define(_)), .. }) if *of == stream)).count();
        let groups = u32::try_from(edge.disk.groups[stream].len() + unsynced_groups).unwrap();
        let burst = if self.rng.random_bool(0.1) { 40 } else { self.rng.random_range(1..6) };
        let time = i64::try_from(self.now).unwrap() + self.clock;
        for number in 0..burst {
            let uid = self.counts.records + 1;
            self.counts.records = uid;
            let record = if stream.of_log().is_none() {
                Record { uid, body: None }
            } else if number == 0 && (groups == 0 || self.rng.random_bool(0.1)) {
                Record::definition(uid, GroupId(groups + 1))
            } else {
                let group = self.rng.random_range(1..=groups.max(1));
                Record::scan(uid, GroupId(group), time)
            };
            edge.unsynced.push(Write::Record(stream, record));
        }
    }

    /// The edge frees what its synced cursors allow.
    fn release(&mut self, at: usize) {
        let id = self.edges[at].id;
        for (stream, number, uid) in self.edges[at].disk.release() {
            // A disk that came back may have what it had said to be gone.
            let is_told = self.durable.contains(&uid) || self.told_gone.contains(&(id, stream, number));
            assert!(is_told, "record {uid} was freed and never durable");
        }
    }

    /// The disk is full: the oldest of a stream go, sent or not.
    fn drop_some(&mut self, at: usize) {
        let stream = Stream::ALL[self.rng.random_range(0..2)];
        let count = self.rng.random_range(1..30);
        let disk = &mut self.edges[at].disk;
        let oldest: Vec<u64> = disk.records[stream].keys().take(count).copied().collect();
        for number in oldest {
            disk.records[stream].remove(&number);
            disk.dropped[stream].insert(number);
            self.counts.drops += 1;
        }
    }

    fn restore(&mut self, at: usize, noticed: bool) {
        if self.edges[at].backups.is_empty() || self.edges[at].scrapped {
            return;
        }
        self.say(|| format!("restore of {at}, noticed {noticed}"));
        let which = self.rng.random_range(0..self.edges[at].backups.len());
        let epoch = self.rng.random();
        let edge = &mut self.edges[at];
        edge.crash();
        edge.disk = edge.backups[which].clone();
        if noticed {
            edge.disk.lives = Life::begin(&edge.disk.lives, epoch, &edge.all_of_it());
            self.counts.edge_restores += 1;
        } else {
            self.counts.unnoticed_restores += 1;
            self.twin(at);
        }
    }

    fn note_doubles(&mut self) {
        self.may_double.extend(self.twinned.iter().filter(|uid| !self.hub.uids.contains_key(uid)));
    }

    fn twin(&mut self, at: usize) {
        for stream in Stream::ALL {
            let uids = self.edges[at].disk.records[stream].values().map(|record| record.uid);
            self.twinned.extend(uids);
        }
        self.note_doubles();
    }

    fn restore_hub(&mut self) {
        if self.hub_backups.is_empty() {
            return;
        }
        let which = self.rng.random_range(0..self.hub_backups.len());
        self.say(|| "hub restored".to_owned());
        self.hub = self.hub_backups[which].clone();
        self.note_doubles();
        self.counts.hub_restores += 1;
    }

    /// The disk is copied into a second box, with its key.
    fn copy(&mut self, at: usize) {
        if self.edges.len() < 6 && !self.edges[at].scrapped {
            self.twin(at);
            let copy = Edge::new(self.edges[at].id, self.edges[at].disk.clone());
            self.say(|| format!("{at} is copied to {}", self.edges.len()));
            self.edges.push(copy);
            self.counts.clones += 1;
        }
    }

    /// A person sees that two boxes speak as one, scraps one of them, and says that the other is right.
    fn decide(&mut self) {
        let ids: Vec<Id> = self
            .hub
            .accounts
            .values()
            .filter(|account| account.two_boxes.is_some())
            .map(|account| account.edge)
            .collect();
        for id in ids {
            let boxes: Vec<usize> =
                (0..self.edges.len()).filter(|at| self.edges[*at].id == id && !self.edges[*at].scrapped).collect();
            let right = boxes[self.rng.random_range(0..boxes.len())];
            for at in boxes.into_iter().filter(|at| *at != right) {
                self.edges[at].crash();
                self.edges[at].scrapped = true;
            }
            let epoch = self.edges[right].disk.epoch();
            self.hub.accounts.get_mut(&id).unwrap().decide(epoch);
        }
    }

    fn give_up(&mut self, at: usize) {
        let now = self.now;
        let random = self.rng.random();
        let edge = &mut self.edges[at];
        let late: Vec<_> = edge.waiting.iter().filter(|(_, until)| *until <= now).map(|(ticket, _)| *ticket).collect();
        edge.waiting.retain(|(_, until)| *until > now);
        for ticket in late {
            if let Some(uplink) = &mut edge.uplink {
                uplink.failed(ticket, ms(now), random);
            }
        }
    }

    /// Does one thing that an uplink wants. False when it wants none.
    fn poll(&mut self, at: usize) -> bool {
        let backfill = self.calm || self.rng.random_bool(0.5);
        let edge = &mut self.edges[at];
        let Some(uplink) = &mut edge.uplink else { return false };
        let tips = edge.disk.tips();
        let (epoch, start, id) = (edge.disk.epoch(), edge.start, edge.id);
        let sender = |ticket| Sender { place: at, start, ticket };
        match uplink.next(ms(self.now), &tips, backfill) {
            Next::Wait(_) => {
                let cursors = uplink.cursors();
                edge.unsynced.push(Write::Cursors(cursors));
                if edge.unsynced.len() > 300 {
                    edge.sync();
                }
                return false;
            }
            Next::StartLife(same_until) => {
                let lives = Life::begin(&edge.disk.lives, self.rng.random(), &same_until);
                edge.disk.lives.clone_from(&lives);
                uplink.started(lives);
                self.counts.lives += 1;
            }
            Next::LookUp(ticket, stream, points) => {
                let crcs: Vec<_> = points.iter().map(|point| edge.disk.crc(stream, *point)).collect();
                uplink.looked_up(ticket, &crcs);
            }
            Next::Read(ticket, want) => {
                let slice = edge.disk.read(&want);
                let filled = uplink.fill(ticket, &slice, &Dictionary(&edge.disk.groups[want.stream]));
                let Some((ticket, parcel)) = filled else { return true };
                for gone in &parcel.header.gone {
                    assert!(gone.reason != GoneReason::Damaged, "nothing was damaged here");
                }
                assert_eq!(parcel.header.epoch, epoch);
                let turn = uplink.turn();
                let bytes = parcel.encode(i32::from(self.rng.random_bool(0.1)));
                edge.waiting.push((ticket, self.now + 3_000));
                self.post(at, Message::Parcel(sender(ticket), id, turn, bytes));
            }
            Next::Send(ticket, request) => {
                self.counts.owed += u64::from(matches!(request, Request::Owe(_)));
                edge.waiting.push((ticket, self.now + 3_000));
                self.post(at, Message::Request(sender(ticket), id, request));
            }
        }
        true
    }

    fn post(&mut self, at: usize, message: Message) {
        if !self.edges[at].cut_off {
            self.net.send(self.now, message, &mut self.rng);
        }
    }

    fn deliver(&mut self, message: Message) {
        let (sender, change, answer, id) = match message {
            Message::Answer(sender, answer) => {
                let random = self.rng.random();
                let edge = &mut self.edges[sender.place];
                if edge.start == sender.start
                    && !edge.cut_off
                    && let Some(uplink) = &mut edge.uplink
                {
                    edge.waiting.retain(|(ticket, _)| *ticket != sender.ticket);
                    uplink.heard(sender.ticket, answer, ms(self.now), random);
                }
                return;
            }
            _ if !self.hub_up => return,
            Message::Request(sender, id, request) => {
                self.say(|| format!("{} {} {request:?}", sender.place, sender.start));
                let (change, answer) = self.hub.answer(id, &request);
                (sender, change, answer, id)
            }
            Message::Parcel(sender, id, turn, bytes) => {
                let header = link::parcel::Parcel::decode(&bytes).map(|parcel| parcel.header);
                self.say(|| format!("{} {} turn {turn} {header:?}", sender.place, sender.start));
                let (change, answer) = self.hub.take(id, turn, &bytes);
                self.counts.already += u64::from(change.account.is_none());
                (sender, change, answer, id)
            }
        };
        self.counts.refused += u64::from(matches!(answer, link::up::site::Answer::Refused(_)));
        if !self.calm && self.rng.random_bool(0.02) {
            self.hub_up = false;
            return;
        }
        self.say(|| format!("{} {} {answer:?}", sender.place, sender.start));
        self.commit(id, change);
        if !self.calm && self.rng.random_bool(0.02) {
            self.hub_up = false;
            return;
        }
        self.post(sender.place, Message::Answer(sender, answer));
    }

    /// The transaction is synced, and what must hold about it is checked.
    fn commit(&mut self, id: Id, change: Change) {
        let Some(account) = change.account else { return };
        let before = self.hub.accounts.insert(id, account.clone());
        if let Some(before) = before.as_ref() {
            self.counts.two_boxes += u64::from(before.two_boxes.is_none() && account.two_boxes.is_some());
            check_marks(before, &account);
        }
        for (key, tag) in change.told {
            let known = self.hub.told.insert(key, tag);
            assert!(known.is_none_or(|known| known == tag), "a group means two things in one life");
        }
        for (place, stored) in change.stored {
            match &stored {
                Stored::Record { uid, .. } => {
                    if let Some(twice) = self.hub.uids.insert(*uid, place) {
                        self.counts.doubled += 1;
                        assert!(
                            self.may_double.contains(uid) && twice.1 != place.1,
                            "record {uid} is at the hub twice: {twice:?} and {place:?}"
                        );
                    }
                    self.durable.insert(*uid);
                    self.counts.at_hub += 1;
                }
                Stored::Gone(_) => {
                    self.told_gone.insert((id, place.2, place.3));
                    self.counts.gone += 1;
                }
            }
            let taken = self.hub.stored.insert(place, stored);
            assert!(taken.is_none(), "{place:?} is stored twice");
        }
        self.hub.check_complete(id);
    }

    /// Nothing goes wrong any more: all that is left must arrive.
    pub fn come_to_rest(&mut self) {
        self.calm = true;
        self.net.calm = true;
        self.hub_up = true;
        for edge in &mut self.edges {
            edge.cut_off = false;
            edge.sync();
        }
        for round in 0.. {
            self.now += 500;
            self.pass();
            self.decide();
            let is_done = self.net.is_empty() && (0..self.edges.len()).all(|at| self.is_done(at));
            if is_done {
                break;
            }
            assert!(round < 3_000, "does not come to rest: {}", self.why_not());
        }
        for at in 0..self.edges.len() {
            self.check_all(at);
        }
    }

    fn is_done(&self, at: usize) -> bool {
        let edge = &self.edges[at];
        let is_up = |stream: Stream| {
            edge.uplink.as_ref().is_some_and(|uplink| {
                uplink.is_running() && uplink.lines()[stream].durable() == edge.disk.next[stream] - 1
            })
        };
        edge.scrapped || Stream::ALL.into_iter().all(is_up)
    }

    fn why_not(&self) -> String {
        let edges = self.edges.iter().enumerate().filter(|(at, _)| !self.is_done(*at));
        edges
            .map(|(at, edge)| format!("{at}: next {:?} {:?}", edge.disk.next, edge.uplink))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Every record that the edge has, and every number it ever gave, is at the hub or known to be gone.
    fn check_all(&mut self, at: usize) {
        let edge = &self.edges[at];
        if edge.scrapped {
            return;
        }
        let account = &self.hub.accounts[&edge.id];
        for stream in Stream::ALL {
            for number in 1..edge.disk.next[stream] {
                let found = self.hub.find(account, edge.disk.epoch(), stream, number);
                match (found, edge.disk.records[stream].get(&number)) {
                    (None, _) => panic!("{stream:?} {number} never came"),
                    (Some(Stored::Record { uid, .. }), Some(record)) => {
                        assert_eq!(*uid, record.uid, "{stream:?} {number}");
                    }
                    // Freed; or a drop record says so, perhaps one from before a restore.
                    (Some(Stored::Record { .. }), None) | (Some(Stored::Gone(_)), _) => {}
                }
            }
        }
    }
}

/// Marks never go back within a life, and a life that ended takes nothing more.
fn check_marks(before: &link::up::hub::Account, after: &link::up::hub::Account) {
    for life in &before.lives {
        let Some(now) = after.lives.iter().find(|now| now.epoch == life.epoch) else { continue };
        for stream in Stream::ALL {
            let (was, is) = (life.lines[stream].mark, now.lines[stream].mark);
            assert!(is.seq >= was.seq, "the mark of {stream:?} went back from {} to {}", was.seq, is.seq);
            assert!(life.closed.is_none() || is == was, "a life that ended took something");
        }
    }
    assert!(after.turn >= before.turn, "turns went back");
}
