//! What goes wrong and when, drawn from a seed: the same seed is the same schedule for ever.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use testkit::preload::{Cut, DiskFault};

use crate::plant::{Device, Lie};

/// Nothing goes wrong before this.
const HEAD: Duration = Duration::from_secs(2);
/// Between two faults, ms.
const PAUSE: std::ops::Range<u64> = 400..1_600;
/// How long a fault stays, ms.
const STAYS: std::ops::Range<u64> = 1_000..7_000;
/// A disk that fails longer would leave nothing to check.
const DISK_STAYS: std::ops::Range<u64> = 800..3_500;
/// Between two faults of the worker: five failures in a row open its breaker for minutes, and that is tested elsewhere.
const WORKER_RESTS: Duration = Duration::from_secs(15);

/// What may happen to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// Its connections break; new ones work.
    Cut,
    /// Its connections break; new ones are closed at once.
    Refuse,
    /// Replies are held back until the end, and come then.
    Silence,
    /// Each third reply comes after so many ms, and everything behind it.
    Late(u64),
    /// A byte of each fourth reply is damaged; on lines with a checksum only.
    Garble,
}

/// What may happen to the model's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerFault {
    /// SIGKILL.
    Killed,
    /// SIGSTOP: it hangs.
    Stopped,
    /// It gets no more memory.
    Starved,
}

/// What the computer's clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The time.
    Right,
    /// An hour ahead.
    Ahead,
    /// An hour behind.
    Behind,
    /// Shortly after the epoch, as on a board without a battery.
    In1970,
}

/// What people do meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A tag of a broken device comes or goes.
    Tag,
    /// A place gets another name.
    Label,
    /// A broken device gets another period.
    Period,
    /// The model is switched off, and on again.
    Mode,
    /// A local variable is written.
    Variable,
}

/// How the edge ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// `kill -9`.
    Program,
    /// The power fails.
    Power(Cut),
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of a link.
    Link(Device, LinkFault),
    /// A device lies.
    Lie(Device, Lie),
    /// Of the model's process.
    Worker(WorkerFault),
    /// Of the wall clock.
    Clock(Clock),
    /// Of the disk.
    Disk(DiskFault),
    /// No fault, but no peace either.
    Edit(Edit),
    /// The end of the process; it is started again at once.
    Kill(Kill),
}

/// A fault with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, from the start.
    pub at: Duration,
    /// How long; zero for what only happens.
    pub lasts: Duration,
    /// What.
    pub fault: Fault,
}

/// All of a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What it was drawn from.
    pub seed: u64,
    /// The faults.
    pub events: Vec<Event>,
}

/// The kinds of a deck: each comes before any comes again.
const DECK: [Kind; 12] = [
    Kind::Link,
    Kind::Link,
    Kind::Link,
    Kind::Lie,
    Kind::Lie,
    Kind::Frame,
    Kind::Worker,
    Kind::Clock,
    Kind::Disk,
    Kind::Edit,
    Kind::Edit,
    Kind::Kill,
];

#[derive(Clone, Copy)]
enum Kind {
    Link,
    Lie,
    Frame,
    Worker,
    Clock,
    Disk,
    Edit,
    Kill,
}

impl Schedule {
    /// Draws faults for so long.
    pub fn draw(seed: u64, length: Duration) -> Self {
        let mut draw = Draw { chance: StdRng::seed_from_u64(seed), busy: [Duration::ZERO; 7], worker: Duration::ZERO };
        let (mut events, mut deck) = (Vec::new(), Vec::new());
        let mut at = HEAD;
        while at < length {
            if deck.is_empty() {
                deck = DECK.to_vec();
                deck.shuffle(&mut draw.chance);
            }
            let Some(kind) = deck.pop() else { break };
            events.extend(draw.event(kind, at));
            at += Duration::from_millis(draw.chance.random_range(PAUSE));
        }
        Self { seed, events }
    }
}

/// What is remembered while drawing.
struct Draw {
    chance: StdRng,
    /// Until when something is wrong already: with each device by its number, with the disk at 0.
    busy: [Duration; 7],
    /// When the worker was hit last.
    worker: Duration,
}

impl Draw {
    fn event(&mut self, kind: Kind, at: Duration) -> Option<Event> {
        let stays = Duration::from_millis(self.chance.random_range(STAYS));
        let (fault, lasts) = match kind {
            Kind::Link => self.link(at, stays)?,
            Kind::Lie => (Fault::Lie(self.free(at, stays, &Device::FAULTY)?, Lie(self.one_of(&Lie::ANY)?)), stays),
            Kind::Frame => {
                let tcp: Vec<Device> = Device::FAULTY.into_iter().filter(|device| *device != Device::SERIAL).collect();
                (Fault::Lie(self.free(at, stays, &tcp)?, Lie(self.one_of(&Lie::FRAMES)?)), stays)
            }
            Kind::Worker => {
                if at < self.worker + WORKER_RESTS {
                    return None;
                }
                self.worker = at;
                let how = [WorkerFault::Killed, WorkerFault::Stopped, WorkerFault::Starved];
                (Fault::Worker(self.one_of(&how)?), Duration::ZERO)
            }
            Kind::Clock => {
                let how = [Clock::Right, Clock::Ahead, Clock::Ahead, Clock::Behind, Clock::In1970];
                (Fault::Clock(self.one_of(&how)?), Duration::ZERO)
            }
            Kind::Disk => self.disk(at)?,
            Kind::Edit => {
                let how = [Edit::Tag, Edit::Label, Edit::Period, Edit::Mode, Edit::Variable, Edit::Variable];
                (Fault::Edit(self.one_of(&how)?), Duration::ZERO)
            }
            Kind::Kill => {
                let seed = self.chance.random_range(1..1_000_000);
                let how = [Kill::Program, Kill::Power(Cut::Everything), Kill::Power(Cut::Half(seed))];
                (Fault::Kill(self.one_of(&how)?), Duration::ZERO)
            }
        };
        Some(Event { at, lasts, fault })
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.choose(&mut self.chance).copied()
    }

    /// A device with which nothing is wrong at the time; none when all are broken.
    fn free(&mut self, at: Duration, stays: Duration, among: &[Device]) -> Option<Device> {
        let free: Vec<Device> = among
            .iter()
            .copied()
            .filter(|device| self.busy.get(usize::from(device.0)).is_some_and(|busy| *busy < at))
            .collect();
        let device = self.one_of(&free)?;
        // a moment of peace afterwards, so that a device is seen to recover
        *self.busy.get_mut(usize::from(device.0))? = at + stays + Duration::from_secs(1);
        Some(device)
    }

    fn link(&mut self, at: Duration, stays: Duration) -> Option<(Fault, Duration)> {
        let device = self.free(at, stays, &Device::FAULTY)?;
        let late = self.chance.random_range(300..2_000);
        let mut how =
            vec![LinkFault::Cut, LinkFault::Refuse, LinkFault::Silence, LinkFault::Late(late), LinkFault::Late(late)];
        if device == Device::SERIAL {
            how.extend([LinkFault::Garble, LinkFault::Garble]);
        }
        Some((Fault::Link(device, self.one_of(&how)?), stays))
    }

    fn disk(&mut self, at: Duration) -> Option<(Fault, Duration)> {
        let stays = Duration::from_millis(self.chance.random_range(DISK_STAYS));
        let [disk, ..] = &mut self.busy;
        if *disk > at {
            return None;
        }
        *disk = at + stays;
        let error = self.one_of(&[DiskFault::IO, DiskFault::NO_SPACE])?;
        let fault = match self.chance.random_range(0..4) {
            0 => DiskFault { write: error, torn: self.chance.random(), ..DiskFault::default() },
            1 => DiskFault { sync: DiskFault::IO, ..DiskFault::default() },
            2 => DiskFault { rename: error, write: error, ..DiskFault::default() },
            _ => DiskFault { write: error, sync: DiskFault::IO, rename: error, one_in: 3, torn: true },
        };
        Some((Fault::Disk(fault), stays))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:7.1} s  {:?}", self.at.as_secs_f64(), self.fault)?;
        if self.lasts.is_zero() { Ok(()) } else { write!(f, " for {:.1} s", self.lasts.as_secs_f64()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(Schedule::draw(7, LONG), Schedule::draw(7, LONG));
        assert_ne!(Schedule::draw(7, LONG), Schedule::draw(8, LONG));
    }

    #[test]
    fn healthy_devices_are_left_alone_and_no_device_is_broken_twice_at_a_time() {
        for seed in 0..50 {
            let mut until = [Duration::ZERO; 7];
            for event in Schedule::draw(seed, LONG).events {
                let (Fault::Link(device, _) | Fault::Lie(device, _)) = event.fault else { continue };
                assert!(Device::FAULTY.contains(&device), "{event}");
                let until = &mut until[usize::from(device.0)];
                assert!(event.at > *until, "{event}");
                *until = event.at + event.lasts;
            }
        }
    }

    #[test]
    fn every_kind_of_fault_comes_within_a_minute() {
        for seed in 0..50 {
            let events = Schedule::draw(seed, Duration::from_mins(1)).events;
            let has = |wanted: fn(&Fault) -> bool| events.iter().any(|event| wanted(&event.fault));
            assert!(has(|fault| matches!(fault, Fault::Link(..))));
            assert!(has(|fault| matches!(fault, Fault::Lie(..))));
            assert!(has(|fault| matches!(fault, Fault::Disk(_))), "{seed}");
            assert!(has(|fault| matches!(fault, Fault::Clock(_))));
            assert!(has(|fault| matches!(fault, Fault::Edit(_))));
            assert!(has(|fault| matches!(fault, Fault::Kill(_))));
        }
    }
}
