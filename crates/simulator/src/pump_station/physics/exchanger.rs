//! The heat exchanger: brings the product to its temperature and slowly fouls.

use super::noise::{Noise, Wander, lag};

/// A plate exchanger with a temperature controller on the hot side.
#[derive(Clone, Debug)]
pub(crate) struct Exchanger {
    outlet_temperature: f64,
    product_flow: f64,
    fouling: f64,
    steam: Wander,
}

impl Exchanger {
    /// A full year of fouling adds this share to the pressure drop.
    const FOULING_PER_S: f64 = 0.6 / (365.0 * 86_400.0);

    pub(crate) fn new(noise: &mut Noise) -> Self {
        Self { outlet_temperature: 65.0, product_flow: 42.0, fouling: 0.05, steam: Wander::new(45.0, noise) }
    }

    /// `flow` in m³/h comes in with `temperature` and shall leave with `wanted`, in degrees Celsius.
    pub(crate) fn step(&mut self, dt_s: f64, flow: f64, temperature: f64, wanted: f64, noise: &mut Noise) {
        self.product_flow = lag(self.product_flow, flow, 3.0, dt_s);
        self.fouling += Self::FOULING_PER_S * dt_s;
        let steam = self.steam.step(dt_s, noise);
        // without flow it cools down; with little flow the controller overshoots a little
        let target = if self.product_flow > 2.0 {
            wanted + 0.8 * steam + 0.05 * (temperature - 21.0) + 3.0 * (1.0 - (self.product_flow / 42.0).min(1.0))
        } else {
            45.0
        };
        self.outlet_temperature = lag(self.outlet_temperature, target, 25.0, dt_s);
    }

    /// In degrees Celsius.
    pub(crate) fn outlet_temperature(&self) -> f64 {
        self.outlet_temperature
    }

    /// In m³/h.
    pub(crate) fn product_flow(&self) -> f64 {
        self.product_flow
    }

    /// In bar, for a product of this relative viscosity.
    pub(crate) fn pressure_drop(&self, viscosity: f64) -> f64 {
        0.42 * (self.product_flow / 42.0).powi(2) * viscosity.sqrt() * (1.0 + self.fouling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pressure_drop_follows_the_square_of_the_flow() {
        let mut noise = Noise::new(1);
        let mut exchanger = Exchanger::new(&mut noise);
        let full = exchanger.pressure_drop(1.0);
        for _ in 0..60 {
            exchanger.step(1.0, 21.0, 21.0, 65.0, &mut noise);
        }
        assert!((exchanger.pressure_drop(1.0) / full - 0.25).abs() < 0.01);
    }
}
