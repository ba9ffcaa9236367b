//! When which scan group of a line is read. Pure: time and chance come in as arguments.
//!
//! Every group has its grid of moments. The grids of one line are spread over the period, so that units that share a
//! line follow each other instead of all being due at once; lines are spread against each other, too. Who is due first is
//! read first. A unit that does not answer twice in a row is *silent*: it is only probed, its probes back off, and all probes
//! of a line together take at most a tenth of its time while other units are read on it.

use std::time::Duration;

use drivers::Backoff;
use tokio::time::Instant;

/// A probe of something dead is at most this rare on a line of its own, and waits at most this long for a gap between
/// the scans of its neighbours.
const RARELY: Duration = Duration::from_secs(10);
/// Probes of silent units take at most one part in so many of a line on which others are read.
const PROBE_SHARE: u32 = 10;
/// A unit that has not answered so often in a row is silent. Once may be a disturbance: then it is soon asked again.
const SILENT_AFTER: u32 = 2;
/// Scans of a line begin at so many moments of a period at most, those of one moment one behind the other: the computer wakes
/// up less often, and what it needs is still at hand. On a line that can do them all in a period, they wait for each
/// other less than a twentieth of it; late is more than a tenth.
const MOMENTS: f64 = 20.0;

/// The groups and units of one line.
#[derive(Debug)]
pub(super) struct Schedule {
    slots: Vec<Slot>,
    units: Vec<Unit>,
    line: Backoff,
    /// Not before this moment is the line tried again.
    line_rests_until: Instant,
    /// Not before this moment is a silent unit probed, for the sake of the others.
    probes_rest_until: Instant,
}

#[derive(Debug)]
struct Slot {
    device: usize,
    period: Duration,
    due: Instant,
    /// The first moment of its grid.
    grid: Instant,
    /// It has been read once, or tried: from then on its grid holds.
    looked: bool,
}

/// One device of the line.
#[derive(Debug)]
struct Unit {
    backoff: Backoff,
    until: Instant,
    /// It is only probed.
    silent: bool,
    /// The line or it was away, or everything has just begun: its next scan is not late, however long ago it was due.
    fresh: bool,
}

/// Scans that did not happen, by group.
pub(super) type Missed = Vec<(usize, u64)>;

impl Schedule {
    /// Groups as (device, period). All are due at once; their grids begin at `now`, `phase` (0 to 1) of a period later.
    pub(super) fn new(
        now: Instant,
        phase: f64,
        devices: usize,
        groups: impl Iterator<Item = (usize, Duration)>,
    ) -> Self {
        let unit =
            || Unit { backoff: Backoff::new(Duration::from_secs(1), RARELY), until: now, silent: false, fresh: true };
        let slot = |(device, period): (usize, Duration)| {
            let period = period.max(Duration::from_millis(1));
            let moment = (device as f64 / devices.max(1) as f64 * MOMENTS).floor() / MOMENTS;
            let share = (phase + moment).rem_euclid(1.0);
            Slot { device, period, due: now, grid: now + period.mul_f64(share), looked: false }
        };
        Self {
            slots: groups.map(slot).collect(),
            units: (0..devices).map(|_| unit()).collect(),
            line: Backoff::new(Duration::from_millis(500), RARELY),
            line_rests_until: now,
            probes_rest_until: now,
        }
    }

    /// The group to be read next and the moment for it; none when there are no groups. At `now` scans go before probes.
    pub(super) fn next(&self, now: Instant) -> Option<(usize, Instant)> {
        let scan = self.first(false);
        let probe = self.first(true);
        let (Some(scan), Some(probe)) = (scan, probe) else { return scan.or(probe) };
        let waited_long = probe.1 + RARELY <= now;
        let scan_is_first = scan.1 <= now || scan.1 <= probe.1;
        Some(if scan_is_first && !waited_long { scan } else { probe })
    }

    /// The first of the groups of units that are silent, or that are not. The longest waiting of equals.
    fn first(&self, silent: bool) -> Option<(usize, Instant)> {
        let alone = self.units.iter().all(|unit| unit.silent);
        let slots = self.slots.iter().enumerate().filter(|(_, slot)| self.units[slot.device].silent == silent);
        let moments = slots.map(|(group, slot)| {
            let rest = self.units[slot.device].until;
            let mut at = slot.due.max(self.line_rests_until).max(rest);
            if silent && !alone {
                at = at.max(self.probes_rest_until);
            }
            (at, if silent { rest } else { slot.due }, group)
        });
        moments.min().map(|(at, _, group)| (group, at))
    }

    /// `group` was away, or is read for the first time.
    pub(super) fn is_fresh(&self, group: usize) -> bool {
        let slot = &self.slots[group];
        !slot.looked || self.units[slot.device].fresh
    }

    /// How late a reading of `group` begins. Nothing is late that was away or begins for the first time.
    pub(super) fn lateness(&self, group: usize, begun: Instant) -> Duration {
        if self.is_fresh(group) { Duration::ZERO } else { begun.saturating_duration_since(self.slots[group].due) }
    }

    /// The reading of `group` has ended, well or not. Gives the moments of its grid that passed meanwhile.
    pub(super) fn ended(&mut self, group: usize, now: Instant) -> u64 {
        let slot = &mut self.slots[group];
        if slot.looked { slot.pass(now).saturating_sub(1) } else { slot.look(now) }
    }

    /// `group` was answered; call it before [`Self::ended`]. Gives what the unit's other groups have missed if it was away.
    pub(super) fn answered(&mut self, group: usize, now: Instant) -> Missed {
        let device = self.slots[group].device;
        let unit = &mut self.units[device];
        self.line.succeed();
        unit.backoff.succeed();
        unit.silent = false;
        if !std::mem::take(&mut unit.fresh) {
            return Vec::new();
        }
        self.pass_by(now, |index, slot| slot.device == device && index != group && slot.looked)
    }

    /// A unit did not answer, which took the line `cost`. Gives its wait and what its other groups have missed.
    pub(super) fn unit_failed(
        &mut self,
        group: usize,
        now: Instant,
        cost: Duration,
        random: f64,
    ) -> (Duration, Missed) {
        let device = self.slots[group].device;
        let unit = &mut self.units[device];
        let wait = unit.backoff.fail(random);
        unit.until = now + wait;
        unit.silent = unit.backoff.failures() >= SILENT_AFTER;
        unit.fresh = true;
        self.probes_rest_until = now + cost * (PROBE_SHARE - 1);
        (wait, self.pass_by(now, |index, slot| slot.device == device && index != group))
    }

    /// The line cannot be reached. With `rest` it backs off, else the next address is tried almost at once.
    pub(super) fn line_failed(&mut self, now: Instant, rest: bool, random: f64) -> (Duration, Missed) {
        let wait = if rest { self.line.fail(random) } else { Backoff::FLOOR };
        self.line_rests_until = now + wait;
        for unit in &mut self.units {
            unit.fresh = true;
        }
        (wait, self.pass_by(now, |_, _| true))
    }

    /// Lets go what is due and cannot be read.
    fn pass_by(&mut self, now: Instant, which: impl Fn(usize, &Slot) -> bool) -> Missed {
        let slots = self.slots.iter_mut().enumerate().filter(|(index, slot)| slot.due <= now && which(*index, slot));
        slots.map(|(index, slot)| (index, if slot.looked { slot.pass(now) } else { slot.look(now) + 1 })).collect()
    }
}

impl Slot {
    /// Its grid begins: the first moment of it after `now`.
    fn look(&mut self, now: Instant) -> u64 {
        self.looked = true;
        self.due = self.grid;
        self.pass(now);
        0
    }

    /// Goes on to the first moment after `now`. Gives how many it passed, the one that was due among them.
    fn pass(&mut self, now: Instant) -> u64 {
        if self.due > now {
            return 0;
        }
        let behind = now.saturating_duration_since(self.due);
        let passed = u32::try_from(behind.as_micros() / self.period.as_micros()).unwrap_or(u32::MAX - 1) + 1;
        self.due += self.period.saturating_mul(passed).min(Duration::from_hours(24 * 365));
        passed.into()
    }
}

/// Where in their period the devices of this line begin: anywhere between 0 and 1, and always the same for the same line.
pub(super) fn phase(line: &str) -> f64 {
    // FNV-1a, 32 bit: a spread is all that is asked of it
    let hash = line.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    f64::from(hash) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
