//! The two tanks: a feed tank held at its level, and a product tank that fills and is emptied.

use super::noise::{Noise, Wander, lag};

/// The feed tank: a level controller refills what the pump takes.
#[derive(Clone, Debug)]
pub(crate) struct FeedTank {
    level: f64,
    weather: Wander,
    refill: Wander,
    temperature: f64,
    clock_s: f64,
}

impl FeedTank {
    const VOLUME_M3: f64 = 20.0;
    const LEVEL_WANTED: f64 = 62.0;

    pub(crate) fn new(noise: &mut Noise) -> Self {
        Self {
            level: Self::LEVEL_WANTED,
            weather: Wander::new(1800.0, noise),
            refill: Wander::new(120.0, noise),
            temperature: 21.0,
            clock_s: 0.0,
        }
    }

    /// `outflow` in m³/h.
    pub(crate) fn step(&mut self, dt_s: f64, outflow: f64, noise: &mut Noise) {
        const DAY_S: f64 = 86_400.0;
        self.clock_s += dt_s;
        let wish = 3.0 * (Self::LEVEL_WANTED - self.level) + outflow * (1.0 + 0.06 * self.refill.step(dt_s, noise));
        let inflow = wish.clamp(0.0, 70.0);
        self.level += (inflow - outflow) / 3600.0 * dt_s / Self::VOLUME_M3 * 100.0;
        self.level = self.level.clamp(0.0, 100.0);
        let day = (std::f64::consts::TAU * self.clock_s / DAY_S).sin();
        let target = 21.0 + 2.0 * day + 0.4 * self.weather.step(dt_s, noise);
        self.temperature = lag(self.temperature, target, 900.0, dt_s);
    }

    /// In percent.
    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// In degrees Celsius.
    pub(crate) fn temperature(&self) -> f64 {
        self.temperature
    }
}

/// The product tank under its nitrogen blanket: filled by the line, emptied into tank cars between two levels.
#[derive(Clone, Debug)]
pub(crate) struct ProductTank {
    level: f64,
    emptying: bool,
    temperature: f64,
    blanket: Wander,
}

impl ProductTank {
    const VOLUME_M3: f64 = 30.0;
    const EMPTY_FROM: f64 = 78.0;
    const EMPTY_TO: f64 = 42.0;
    const OUTFLOW: f64 = 75.0;

    pub(crate) fn new(noise: &mut Noise) -> Self {
        Self { level: 58.0, emptying: false, temperature: 61.0, blanket: Wander::new(60.0, noise) }
    }

    /// `inflow` in m³/h, `inflow_temperature` in degrees Celsius.
    pub(crate) fn step(&mut self, dt_s: f64, inflow: f64, inflow_temperature: f64, noise: &mut Noise) {
        if self.level >= Self::EMPTY_FROM {
            self.emptying = true;
        } else if self.level <= Self::EMPTY_TO {
            self.emptying = false;
        }
        let outflow = if self.emptying { Self::OUTFLOW } else { 0.0 };
        self.level += (inflow - outflow) / 3600.0 * dt_s / Self::VOLUME_M3 * 100.0;
        self.level = self.level.clamp(0.0, 100.0);
        let target = if inflow > 1.0 { inflow_temperature - 3.0 } else { 40.0 };
        self.temperature = lag(self.temperature, target, 600.0, dt_s);
        self.blanket.step(dt_s, noise);
    }

    /// In percent.
    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// Whether the outlet is open.
    pub(crate) fn emptying(&self) -> bool {
        self.emptying
    }

    /// In degrees Celsius.
    pub(crate) fn temperature(&self) -> f64 {
        self.temperature
    }

    /// In bar, gauge: the blanket is pressed together as the tank fills.
    pub(crate) fn pressure(&self) -> f64 {
        0.30 + 0.0012 * (self.level - 50.0) + 0.004 * self.blanket.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_tank_goes_up_and_down_between_its_levels() {
        let mut noise = Noise::new(1);
        let mut tank = ProductTank::new(&mut noise);
        let levels: Vec<f64> = (0..7200)
            .map(|_| {
                tank.step(1.0, 42.0, 65.0, &mut noise);
                tank.level()
            })
            .collect();
        let lowest = levels.iter().copied().fold(f64::MAX, f64::min);
        let highest = levels.iter().copied().fold(f64::MIN, f64::max);
        assert!(lowest > 41.0 && lowest < 43.0, "{lowest}");
        assert!(highest > 77.0 && highest < 79.0, "{highest}");
    }

    #[test]
    fn the_feed_tank_keeps_its_level() {
        let mut noise = Noise::new(1);
        let mut tank = FeedTank::new(&mut noise);
        for _ in 0..36_000 {
            tank.step(1.0, 42.0, &mut noise);
            assert!((50.0..75.0).contains(&tank.level()), "{}", tank.level());
        }
    }
}
