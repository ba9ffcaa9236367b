//! A line of many units on simulated time.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A line that is read in no time but simulated one.
struct Sim {
    schedule: Schedule,
    now: Instant,
    start: Instant,
    /// Per group: its unit, and what a scan takes.
    groups: Vec<(usize, Duration)>,
    timeout: Duration,
    dead: Vec<bool>,
    scans: Vec<u64>,
    missed: Vec<u64>,
    worst: Vec<Duration>,
    probing: Duration,
    probes: Vec<Instant>,
    random: u32,
}

impl Sim {
    /// One group per unit, all at one period.
    fn line(units: usize, dead: usize, period: Duration, scan: Duration, timeout: Duration) -> Self {
        let start = Instant::now();
        Self {
            schedule: Schedule::new(start, 0.3, units, (0..units).map(|unit| (unit, period))),
            now: start,
            start,
            groups: (0..units).map(|unit| (unit, scan)).collect(),
            timeout,
            dead: (0..units).map(|unit| unit < dead).collect(),
            scans: vec![0; units],
            missed: vec![0; units],
            worst: vec![Duration::ZERO; units],
            probing: Duration::ZERO,
            probes: Vec::new(),
            random: 1,
        }
    }

    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.random) / f64::from(u32::MAX)
    }

    fn run(&mut self, length: Duration) {
        let end = self.now + length;
        while self.now < end {
            let (_, at) = self.schedule.next(self.now).expect("there are groups");
            self.now = self.now.max(at);
            let (group, at) = self.schedule.next(self.now).expect("there are groups");
            assert!(at <= self.now, "what is next is ready when its moment has come");
            self.turn(group);
        }
    }

    fn turn(&mut self, group: usize) {
        let (unit, scan) = self.groups[group];
        let lateness = self.schedule.lateness(group, self.now);
        if self.dead[unit] {
            self.probes.push(self.now);
            self.now += self.timeout;
            self.probing += self.timeout;
            let random = self.random();
            let (_, missed) = self.schedule.unit_failed(group, self.now, self.timeout, random);
            self.count(missed);
            self.missed[group] += 1;
        } else {
            self.now += scan;
            self.scans[group] += 1;
            self.worst[group] = self.worst[group].max(lateness);
            let missed = self.schedule.answered(group, self.now);
            self.count(missed);
        }
        self.missed[group] += self.schedule.ended(group, self.now);
    }

    fn count(&mut self, missed: Missed) {
        for (group, count) in missed {
            self.missed[group] += count;
        }
    }

    fn alive(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.groups.len()).filter(|group| !self.dead[self.groups[*group].0])
    }
}

#[test]
fn three_dead_units_of_thirty_one_cost_the_others_no_scan() {
    let scan = Duration::from_millis(55);
    // what `drivers::modbus::LineTime` says that the line keeps: once around, and a tenth for probes
    let period = (scan * 31).mul_f64(1.0 / 0.9);
    let mut sim = Sim::line(31, 3, period, scan, SECOND);
    sim.run(Duration::from_secs(30));
    sim.worst = vec![Duration::ZERO; 31];
    sim.missed = vec![0; 31];
    sim.run(Duration::from_hours(1));
    for group in sim.alive() {
        assert_eq!(sim.missed[group], 0, "group {group}");
        assert!(sim.worst[group] <= SECOND + scan * 4, "group {group} began {:?} late", sim.worst[group]);
    }
    let share = sim.probing.as_secs_f64() / (sim.now - sim.start).as_secs_f64();
    assert!(share > 0.05 && share < 0.105, "probes take {share}");
}

#[test]
fn units_of_a_quiet_line_follow_each_other_and_none_is_late() {
    let mut sim = Sim::line(20, 0, SECOND, Duration::from_millis(40), SECOND);
    // all are looked at once, as soon as possible; then each follows its grid
    sim.run(Duration::from_secs(5));
    sim.worst = vec![Duration::ZERO; 20];
    sim.scans = vec![0; 20];
    sim.run(Duration::from_mins(1));
    let worst = sim.worst.iter().max().copied().unwrap_or_default();
    assert!(worst <= Duration::from_millis(1), "spread over the period, each begins on time, not {worst:?} late");
    assert!(sim.scans.iter().all(|scans| (59..=61).contains(scans)), "{:?}", sim.scans);
}

#[test]
fn a_dead_unit_alone_on_its_line_is_probed_without_regard_for_others() {
    let mut sim = Sim::line(1, 1, SECOND, SECOND, SECOND);
    sim.run(Duration::from_mins(10));
    let widest = sim.probes.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
    assert!(widest <= RARELY + SECOND * 2, "{widest:?}");
    assert!(sim.missed[0] >= 598, "every period without an answer is a missed scan: {}", sim.missed[0]);
}

#[test]
fn one_time_out_is_a_disturbance_and_the_unit_is_asked_again_within_seconds() {
    let mut sim = Sim::line(4, 0, SECOND, Duration::from_millis(50), SECOND);
    sim.run(Duration::from_secs(10));
    let before = sim.scans[0];
    sim.dead[0] = true;
    while sim.probes.is_empty() {
        sim.run(Duration::from_millis(100));
    }
    sim.dead[0] = false;
    sim.run(Duration::from_secs(10));
    assert!(sim.scans[0] - before >= 7, "{}", sim.scans[0] - before);
}

#[test]
fn a_unit_that_comes_back_is_read_again_and_not_called_late() {
    let mut sim = Sim::line(4, 1, SECOND, Duration::from_millis(50), SECOND);
    sim.run(Duration::from_mins(5));
    sim.dead[0] = false;
    let before = sim.scans[0];
    sim.run(Duration::from_mins(1));
    assert!(sim.scans[0] - before >= 45, "{}", sim.scans[0] - before);
    assert!(sim.worst[0] <= Duration::from_millis(200), "{:?}", sim.worst[0]);
}

#[test]
fn after_an_outage_of_the_line_scans_are_missed_and_none_is_late() {
    let start = Instant::now();
    let mut schedule = Schedule::new(start, 0.0, 1, [(0, SECOND), (0, SECOND * 10)].into_iter());
    for group in [0, 1] {
        schedule.answered(group, start);
        assert_eq!(schedule.ended(group, start), 0, "the first look misses nothing");
    }
    let mut missed = [0, 0];
    for second in 1..=30 {
        let (_, passed) = schedule.line_failed(start + SECOND * second + Duration::from_millis(1), true, 0.5);
        for (group, count) in passed {
            missed[group] += count;
        }
    }
    assert_eq!(missed, [30, 3]);
    let back = start + SECOND * 36;
    let (group, at) = schedule.next(back).expect("a group");
    assert!(group == 0 && at <= back);
    assert_eq!(schedule.lateness(0, back), Duration::ZERO);
}

#[test]
fn lines_begin_at_different_moments_of_their_period() {
    let phases: Vec<f64> = (1..=50).map(|host| phase(&format!("modbus-tcp:10.0.0.{host}:502"))).collect();
    let tenth_of = |at: f64| (1..10).filter(|tenth| at >= f64::from(*tenth) / 10.0).count();
    let in_tenth = |tenth: usize| phases.iter().filter(|at| tenth_of(**at) == tenth).count();
    assert!((0..10).all(|tenth| in_tenth(tenth) <= 15), "{phases:?}");
    assert!(phases.iter().all(|at| (0.0..1.0).contains(at)));
}

proptest! {
    #[test]
    fn no_group_of_a_living_unit_ever_starves(
        periods in prop::collection::vec(1u64..40, 1..12),
        dead in 0usize..4,
        scan in 1u64..400,
        timeout in 100u64..4000,
    ) {
        let units = periods.len();
        let mut sim = Sim::line(units, dead.min(units - 1), SECOND, Duration::from_millis(scan), Duration::from_millis(timeout));
        let groups = periods.iter().enumerate().map(|(unit, tenths)| (unit, Duration::from_millis(tenths * 100)));
        sim.schedule = Schedule::new(sim.start, 0.7, units, groups);
        sim.run(Duration::from_mins(10));
        // even when far more is asked than the line can do, everybody gets a turn: the whole line once, and the probes
        let round = Duration::from_millis(scan) * u32::try_from(units).unwrap() + Duration::from_secs(4) + Duration::from_millis(timeout);
        for group in sim.alive() {
            let turns = 600.0 / round.max(sim.schedule.slots[group].period).as_secs_f64();
            prop_assert!(sim.scans[group] as f64 >= turns * 0.5, "{} of {turns}", sim.scans[group]);
        }
        let share = sim.probing.as_secs_f64() / (sim.now - sim.start).as_secs_f64();
        prop_assert!(share < 0.18, "probes take {share}");
    }
}
