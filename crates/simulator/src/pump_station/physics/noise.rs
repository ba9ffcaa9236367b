//! Randomness that repeats itself: white noise and slow wandering, from one seed.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A seeded source of noise.
#[derive(Clone, Debug)]
pub(crate) struct Noise(SmallRng);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// Uniform in 0..1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Normal with mean 0 and deviation 1 (Box and Muller, one of the two).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A value that wanders around 0 with deviation 1 and forgets within `memory_s` seconds (Ornstein and Uhlenbeck,
/// stepped exactly, so its statistics do not depend on the step).
#[derive(Clone, Debug)]
pub(crate) struct Wander {
    memory_s: f64,
    value: f64,
}

impl Wander {
    pub(crate) fn new(memory_s: f64, noise: &mut Noise) -> Self {
        Self { memory_s, value: noise.normal() }
    }

    pub(crate) fn step(&mut self, dt_s: f64, noise: &mut Noise) -> f64 {
        let keep = (-dt_s / self.memory_s).exp();
        self.value = keep * self.value + (1.0 - keep * keep).sqrt() * noise.normal();
        self.value
    }

    pub(crate) fn value(&self) -> f64 {
        self.value
    }
}

/// `value` moved towards `target` as a lag of first order does within `dt_s`.
pub(crate) fn lag(value: f64, target: f64, lag_s: f64, dt_s: f64) -> f64 {
    target + (value - target) * (-dt_s / lag_s).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wandering_looks_the_same_at_any_step() {
        for dt in [0.1, 1.0, 10.0] {
            let mut noise = Noise::new(7);
            let mut wander = Wander::new(5.0, &mut noise);
            let values: Vec<f64> = (0..20_000).map(|_| wander.step(dt, &mut noise)).collect();
            let mean = values.iter().sum::<f64>() / 20_000.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!(mean.abs() < 0.25 && (variance - 1.0).abs() < 0.25, "step {dt}: mean {mean}, variance {variance}");
        }
    }
}
