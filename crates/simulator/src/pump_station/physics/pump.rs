//! Pump 7: speed, flow, what the bearing does to vibration and temperature, and what the motor draws.

use super::noise::{Noise, Wander, lag};

/// A centrifugal pump with an electric motor on a frequency converter.
#[derive(Clone, Debug)]
pub(crate) struct Pump {
    speed: f64,
    /// Wear of the drive-end bearing: 0 new, 1 done for.
    wear: f64,
    /// Added roughness of the rotor.
    age: f64,
    /// 0 none, 1 fully developed.
    cavitation: f64,
    flow: f64,
    bearing_temperature: f64,
    rotor: Wander,
    hydraulics: Wander,
}

/// What the pump moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fluid {
    /// Relative to water.
    pub(crate) density: f64,
    /// Relative to the base product.
    pub(crate) viscosity: f64,
}

impl Pump {
    /// 1/min, and the flow it gives with the base product, m³/h.
    pub(crate) const RATED_SPEED: f64 = 1480.0;
    const RATED_FLOW: f64 = 42.0;
    const SPEED_LAG_S: f64 = 6.0;
    /// Seconds from a new bearing to one that is done for, once the fault is on.
    const WEAR_S: f64 = 25.0;
    const CAVITATION_S: f64 = 12.0;
    /// Ordinary ageing: the rotor runs a tenth rougher after half a year.
    const AGEING_PER_S: f64 = 0.1 / (182.0 * 86_400.0);

    /// Running at its rated speed, warm.
    pub(crate) fn new(noise: &mut Noise) -> Self {
        Self {
            speed: Self::RATED_SPEED,
            wear: 0.0,
            age: 0.0,
            cavitation: 0.0,
            flow: Self::RATED_FLOW,
            bearing_temperature: 55.0,
            rotor: Wander::new(8.0, noise),
            hydraulics: Wander::new(4.0, noise),
        }
    }

    /// Runs towards `speed_wanted` (1/min). The two flags are the faults.
    pub(crate) fn step(
        &mut self,
        dt_s: f64,
        speed_wanted: f64,
        fluid: Fluid,
        wearing: bool,
        cavitating: bool,
        noise: &mut Noise,
    ) {
        self.speed = lag(self.speed, speed_wanted, Self::SPEED_LAG_S, dt_s);
        if self.speed < 1.0 {
            self.speed = 0.0;
        }
        let turning = self.speed > 100.0;
        if !wearing {
            // as if the bearing had been changed
            self.wear = (self.wear - dt_s / 5.0).max(0.0);
        } else if turning {
            self.wear = (self.wear + dt_s / Self::WEAR_S).min(1.0);
        }
        if turning {
            self.age += Self::AGEING_PER_S * dt_s;
        }
        let towards = if cavitating && turning { 1.0 } else { -2.0 };
        self.cavitation = (self.cavitation + towards * dt_s / Self::CAVITATION_S).clamp(0.0, 1.0);
        self.rotor.step(dt_s, noise);
        let hydraulics = self.hydraulics.step(dt_s, noise);
        let ratio = self.speed / Self::RATED_SPEED;
        let target = Self::RATED_FLOW * ratio * (1.0 - 0.08 * (fluid.viscosity - 1.0)) * (1.0 - 0.18 * self.cavitation);
        let ripple = 1.0 + (0.006 + 0.05 * self.cavitation) * hydraulics;
        self.flow = lag(self.flow, target * ripple, 1.5, dt_s);
        let friction = 30.0 * ratio * fluid.viscosity.sqrt() + 28.0 * self.wear * ratio;
        self.bearing_temperature = lag(self.bearing_temperature, 25.0 + friction, 120.0, dt_s);
    }

    /// 1/min.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// Whether it turns.
    pub(crate) fn running(&self) -> bool {
        self.speed > 100.0
    }

    /// m³/h.
    pub(crate) fn flow(&self) -> f64 {
        self.flow
    }

    /// Degrees Celsius.
    pub(crate) fn bearing_temperature(&self) -> f64 {
        self.bearing_temperature
    }

    /// mm/s RMS at the drive end: rotor, product, bearing, cavitation, and the passage through a resonance at
    /// two thirds of the rated speed, which every start-up crosses.
    pub(crate) fn vibration_de(&self, fluid: Fluid, noise: &mut Noise) -> f64 {
        let ratio = self.speed / Self::RATED_SPEED;
        let resonance = 2.2 * (-((ratio - 0.66) / 0.08).powi(2)).exp();
        let rotor = 2.7 * ratio.powi(2) * (fluid.density * fluid.viscosity.sqrt()).powf(0.8);
        let base = (rotor + resonance) * (1.0 + self.age + 0.05 * self.rotor.value());
        // a worn bearing knocks: the level rises and single readings stand out
        let knock = if noise.uniform() < 0.15 * self.wear { 1.6 * noise.uniform() } else { 0.0 };
        let bearing = ratio * self.wear * (4.2 + 0.45 * noise.normal() + knock);
        let cavitation = ratio * self.cavitation * (2.4 + 0.9 * noise.normal());
        (base + bearing + cavitation + 0.07 * noise.normal()).max(0.02)
    }

    /// mm/s RMS at the other end: the same rotor, little of the drive-end bearing.
    pub(crate) fn vibration_nde(&self, fluid: Fluid, noise: &mut Noise) -> f64 {
        let ratio = self.speed / Self::RATED_SPEED;
        let resonance = 1.4 * (-((ratio - 0.66) / 0.08).powi(2)).exp();
        let rotor = 1.9 * ratio.powi(2) * (fluid.density * fluid.viscosity.sqrt()).powf(0.8);
        let base = (rotor + resonance) * (1.0 + self.age + 0.05 * self.rotor.value());
        let bearing = ratio * self.wear * (0.9 + 0.15 * noise.normal());
        let cavitation = ratio * self.cavitation * (2.0 + 0.8 * noise.normal());
        (base + bearing + cavitation + 0.06 * noise.normal()).max(0.02)
    }

    /// A: no-load current, load, and friction in a worn bearing.
    pub(crate) fn motor_current(&self, fluid: Fluid, noise: &mut Noise) -> f64 {
        if self.speed < 10.0 {
            return 0.0;
        }
        let ratio = self.speed / Self::RATED_SPEED;
        let load = 11.0 * ratio.powi(2) * fluid.density * (self.flow / Self::RATED_FLOW).max(0.1);
        let current = 6.5 + load + 1.1 * self.wear * ratio;
        current * (1.0 + 0.01 * self.hydraulics.value() + (0.004 + 0.03 * self.cavitation) * noise.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Fluid = Fluid { density: 1.0, viscosity: 1.0 };

    fn mean_vibration(pump: &mut Pump, seconds: u32, wearing: bool, noise: &mut Noise) -> f64 {
        let sum: f64 = (0..seconds)
            .map(|_| {
                pump.step(1.0, Pump::RATED_SPEED, BASE, wearing, false, noise);
                pump.vibration_de(BASE, noise)
            })
            .sum();
        sum / f64::from(seconds)
    }

    #[test]
    fn a_worn_bearing_is_clear_within_half_a_minute_and_a_new_one_is_quiet() {
        let mut noise = Noise::new(3);
        let mut pump = Pump::new(&mut noise);
        let healthy = mean_vibration(&mut pump, 300, false, &mut noise);
        assert!((2.4..3.2).contains(&healthy), "{healthy}");
        mean_vibration(&mut pump, 25, true, &mut noise);
        let worn = mean_vibration(&mut pump, 10, true, &mut noise);
        assert!(worn > 2.0 * healthy, "{worn} after wear, {healthy} before");
        mean_vibration(&mut pump, 30, false, &mut noise);
        let changed = mean_vibration(&mut pump, 300, false, &mut noise);
        assert!((changed - healthy).abs() < 0.3, "{changed} with a new bearing");
    }

    #[test]
    fn a_pump_that_stands_still_gives_nothing() {
        let mut noise = Noise::new(3);
        let mut pump = Pump::new(&mut noise);
        for _ in 0..120 {
            pump.step(1.0, 0.0, BASE, false, false, &mut noise);
        }
        assert!(!pump.running());
        assert!(pump.flow() < 0.5);
        assert!(pump.vibration_de(BASE, &mut noise) < 0.5);
        assert!(pump.motor_current(BASE, &mut noise) < f64::EPSILON);
    }
}
