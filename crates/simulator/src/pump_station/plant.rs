//! The plant as a whole: schedule, control, physics, sensors. One `step` after the other, one `measure` when asked.

use super::faults::{Fault, Faults};
use super::physics::exchanger::Exchanger;
use super::physics::noise::Noise;
use super::physics::pump::{Fluid, Pump};
use super::physics::tank::{FeedTank, ProductTank};

/// What happens by itself.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Seconds between two restarts of the pump.
    pub restart_every_s: f64,
    /// Seconds between two changes of the product.
    pub product_every_s: f64,
}

impl Default for Schedule {
    /// A restart each half hour, the other product after each 75 minutes.
    fn default() -> Self {
        Self { restart_every_s: 1800.0, product_every_s: 4500.0 }
    }
}

/// What the instruments show, in engineering units and before any register rounds it.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is a signal of the register map, where its meaning and unit stand")]
pub struct Measured {
    pub feed_level: f64,
    pub feed_temperature: f64,
    pub feed_outflow: f64,
    pub vibration_de: f64,
    pub vibration_nde: f64,
    /// None when the wire is broken.
    pub bearing_temperature: Option<f64>,
    pub speed: f64,
    pub motor_current: f64,
    pub running: bool,
    pub sensor_ok: bool,
    pub state: u16,
    pub product: u16,
    pub recipe: &'static str,
    pub outlet_temperature: f64,
    pub pressure_drop: f64,
    pub product_flow: f64,
    pub product_level: f64,
    pub product_temperature: f64,
    pub product_pressure: f64,
    pub emptying: bool,
}

/// The line, running.
#[derive(Clone, Debug)]
pub struct Plant {
    schedule: Schedule,
    noise: Noise,
    time_s: f64,
    faults: Faults,
    speed_wanted: f64,
    /// Standing still until then.
    stopped_until_s: f64,
    next_restart_s: f64,
    /// In start-up until then.
    starting_until_s: f64,
    pump: Pump,
    feed: FeedTank,
    exchanger: Exchanger,
    product: ProductTank,
    held_vibration: Option<f64>,
    drift: f64,
}

impl Plant {
    /// How long one step of the physics may be; longer ones are cut.
    const LONGEST_STEP_S: f64 = 0.5;
    const STOP_S: f64 = 20.0;
    const START_UP_S: f64 = 30.0;
    /// Speeds that the converter takes, 1/min.
    pub const SPEED_LIMITS: (f64, f64) = (600.0, 1800.0);

    /// Warm and running; the same seed gives the same plant.
    pub fn new(seed: u64, schedule: Schedule) -> Self {
        let mut noise = Noise::new(seed);
        Self {
            schedule,
            time_s: 0.0,
            faults: Faults::default(),
            speed_wanted: Pump::RATED_SPEED,
            stopped_until_s: 0.0,
            // not on a round time, where demonstrations like to begin
            next_restart_s: 0.55 * schedule.restart_every_s,
            starting_until_s: 0.0,
            pump: Pump::new(&mut noise),
            feed: FeedTank::new(&mut noise),
            exchanger: Exchanger::new(&mut noise),
            product: ProductTank::new(&mut noise),
            held_vibration: None,
            drift: 0.0,
            noise,
        }
    }

    /// Seconds since it began.
    pub fn time_s(&self) -> f64 {
        self.time_s
    }

    /// Switches a fault. A restart begins at once and switches itself off.
    pub fn set_fault(&mut self, fault: Fault, on: bool) {
        if fault == Fault::Restart {
            if on {
                self.next_restart_s = self.time_s;
            }
            return;
        }
        self.faults.set(fault, on);
    }

    /// Which faults are on; a restart counts while the pump stands still for it.
    pub fn faults(&self) -> Faults {
        let mut faults = self.faults;
        faults.set(Fault::Restart, self.time_s < self.stopped_until_s);
        faults
    }

    /// The set-point of the speed controller, 1/min, within [`Plant::SPEED_LIMITS`].
    pub fn set_speed(&mut self, speed: f64) {
        self.speed_wanted = speed.clamp(Self::SPEED_LIMITS.0, Self::SPEED_LIMITS.1);
    }

    /// The set-point in force, 1/min.
    pub fn speed_wanted(&self) -> f64 {
        self.speed_wanted
    }

    /// Time passes.
    pub fn step(&mut self, dt_s: f64) {
        let mut left = dt_s.max(0.0);
        while left > 1e-9 {
            let dt = left.min(Self::LONGEST_STEP_S);
            self.step_once(dt);
            left -= dt;
        }
    }

    fn step_once(&mut self, dt: f64) {
        self.time_s += dt;
        if self.time_s >= self.next_restart_s {
            self.stopped_until_s = self.time_s + Self::STOP_S;
            self.starting_until_s = self.stopped_until_s + Self::START_UP_S;
            self.next_restart_s = self.time_s + self.schedule.restart_every_s;
        }
        let speed = if self.time_s < self.stopped_until_s { 0.0 } else { self.speed_wanted };
        let fluid = self.fluid();
        let wearing = self.faults.is_on(Fault::BearingWear);
        let cavitating = self.faults.is_on(Fault::Cavitation);
        let outlet_wanted = if self.rich() { 72.0 } else { 65.0 };
        let noise = &mut self.noise;
        self.pump.step(dt, speed, fluid, wearing, cavitating, noise);
        self.feed.step(dt, self.pump.flow(), noise);
        self.exchanger.step(dt, self.pump.flow(), self.feed.temperature(), outlet_wanted, noise);
        let (flow, temperature) = (self.exchanger.product_flow(), self.exchanger.outlet_temperature());
        self.product.step(dt, flow, temperature, noise);
        self.drift = if self.faults.is_on(Fault::SensorDrift) { (self.drift + 0.2 * dt).min(40.0) } else { 0.0 };
    }

    /// Which of the two products; the switch makes it the other one.
    fn rich(&self) -> bool {
        let scheduled = (self.time_s / self.schedule.product_every_s).rem_euclid(2.0) >= 1.0;
        scheduled != self.faults.is_on(Fault::ProductChange)
    }

    fn fluid(&self) -> Fluid {
        if self.rich() { Fluid { density: 1.08, viscosity: 1.6 } } else { Fluid { density: 1.0, viscosity: 1.0 } }
    }

    fn state(&self) -> u16 {
        if self.time_s < self.stopped_until_s {
            0
        } else if self.time_s < self.starting_until_s {
            1
        } else {
            2
        }
    }

    /// Reads all instruments once. Each reading has its own noise, and the sensor faults act here.
    pub fn measure(&mut self) -> Measured {
        let fluid = self.fluid();
        let (state, rich) = (self.state(), self.rich());
        let broken = self.faults.is_on(Fault::SensorBreak);
        let noise = &mut self.noise;
        let real = self.pump.vibration_de(fluid, noise);
        let stuck = *self.held_vibration.get_or_insert(real);
        if !self.faults.is_on(Fault::SensorStuck) {
            self.held_vibration = None;
        }
        let vibration = if self.faults.is_on(Fault::SensorStuck) { stuck } else { real };
        let bearing = self.pump.bearing_temperature() + self.drift + 0.15 * noise.normal();
        Measured {
            feed_level: self.feed.level() + 0.05 * noise.normal(),
            feed_temperature: self.feed.temperature() + 0.05 * noise.normal(),
            feed_outflow: (self.pump.flow() * (1.0 + 0.003 * noise.normal())).max(0.0),
            vibration_de: if broken { 0.0 } else { vibration },
            vibration_nde: self.pump.vibration_nde(fluid, noise),
            bearing_temperature: (!broken).then_some(bearing),
            speed: (self.pump.speed() + 0.8 * noise.normal()).max(0.0),
            motor_current: self.pump.motor_current(fluid, noise),
            running: self.pump.running(),
            sensor_ok: !broken,
            state,
            product: if rich { 2 } else { 1 },
            recipe: if rich { "rich" } else { "base" },
            outlet_temperature: self.exchanger.outlet_temperature() + 0.08 * noise.normal(),
            pressure_drop: (self.exchanger.pressure_drop(fluid.viscosity) + 0.002 * noise.normal()).max(0.0),
            product_flow: (self.exchanger.product_flow() * (1.0 + 0.004 * noise.normal())).max(0.0),
            product_level: self.product.level() + 0.05 * noise.normal(),
            product_temperature: self.product.temperature() + 0.05 * noise.normal(),
            product_pressure: (self.product.pressure() + 0.001 * noise.normal()).max(0.0),
            emptying: self.product.emptying(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(plant: &mut Plant, seconds: u32, what: impl Fn(&Measured) -> f64) -> Vec<f64> {
        (0..seconds)
            .map(|_| {
                plant.step(1.0);
                what(&plant.measure())
            })
            .collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
    }

    #[test]
    fn the_same_seed_gives_the_same_plant_and_another_seed_another() {
        let run = |seed| readings(&mut Plant::new(seed, Schedule::default()), 300, |m| m.vibration_de);
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }

    #[test]
    fn a_restart_goes_through_stopped_and_start_up_to_running() {
        let mut plant = Plant::new(1, Schedule::default());
        plant.set_fault(Fault::Restart, true);
        let states = readings(&mut plant, 60, |m| f64::from(m.state));
        assert_eq!((states[5], states[30], states[58]), (0.0, 1.0, 2.0));
        assert!(!plant.faults().is_on(Fault::Restart), "it switches itself off");
    }

    #[test]
    fn the_other_product_has_another_normal() {
        let mut plant = Plant::new(1, Schedule::default());
        let base = mean(&readings(&mut plant, 300, |m| m.vibration_de));
        plant.set_fault(Fault::ProductChange, true);
        let rich = mean(&readings(&mut plant, 300, |m| m.vibration_de));
        assert!(rich > base + 0.4, "{base} and {rich}");
        assert_eq!(plant.measure().recipe, "rich");
    }

    #[test]
    fn sensor_faults_change_what_is_seen_and_not_the_machine() {
        let mut plant = Plant::new(1, Schedule::default());
        plant.set_fault(Fault::SensorStuck, true);
        let stuck = readings(&mut plant, 30, |m| m.vibration_de);
        assert!(stuck.windows(2).all(|pair| (pair[0] - pair[1]).abs() < f64::EPSILON));
        plant.set_fault(Fault::SensorStuck, false);
        plant.set_fault(Fault::SensorBreak, true);
        plant.step(1.0);
        let broken = plant.measure();
        assert!(!broken.sensor_ok && broken.bearing_temperature.is_none());
        assert!(broken.vibration_nde > 1.0, "the machine runs on");
        plant.set_fault(Fault::SensorBreak, false);
        plant.set_fault(Fault::SensorDrift, true);
        let drifting = readings(&mut plant, 100, |m| m.bearing_temperature.unwrap_or_default());
        assert!(drifting[99] > drifting[0] + 15.0);
    }

    #[test]
    fn the_speed_set_point_stays_within_its_limits() {
        let mut plant = Plant::new(1, Schedule::default());
        plant.set_speed(99_999.0);
        assert!((plant.speed_wanted() - 1800.0).abs() < f64::EPSILON);
        plant.set_speed(1000.0);
        let speeds = readings(&mut plant, 60, |m| m.speed);
        assert!((speeds[59] - 1000.0).abs() < 10.0);
    }
}
