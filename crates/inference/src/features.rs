//! Features: what an operation makes of one signal's rows x₀ … xₙ₋₁ (xₙ₋₁ the newest). The formulas are those of
//! [`FeatureOp`]; where `numpy` or `scipy` has the same one, it is named here, so that training computes the same number.
//!
//! | op | formula | in Python |
//! | --- | --- | --- |
//! | `mean` | Σx / n | `numpy.mean(x)` |
//! | `std` | √(Σ(x − mean)² / n) | `numpy.std(x)` (ddof = 0) |
//! | `rms` | √(Σx² / n) | `numpy.sqrt(numpy.mean(x**2))` |
//! | `kurtosis` | m₄ / m₂², 3 for a normal distribution; 0 when flat | `scipy.stats.kurtosis(x, fisher=False)` |
//! | `crest` | max\|x\| / rms; 0 when all rows are 0 | |
//! | `lag` | xₙ₋₁₋ₛ | `x[-1 - steps]` |
//! | `diff` | xₙ₋₁ − xₙ₋₂ | `x[-1] - x[-2]` |
//! | `rate` | (xₙ₋₁ − x₀) / ((n − 1) · step) | `(x[-1] - x[0]) / ((n - 1) * step_s)` |
//! | `band` | √ΣPₖ over low ≤ fₖ ≤ high, fₖ = k / (n · step), Pₖ the one-sided power spectrum, mean removed, periodic Hann | `f, p = scipy.signal.periodogram(x, 1/step_s, "hann", detrend="constant"); sqrt(p[(f >= low) & (f <= high)].sum() / (n * step_s))` |

use std::f64::consts::TAU;
use std::sync::Arc;

use bundle::contract::FeatureOp;
use realfft::{RealFftPlanner, RealToComplex};

/// Computes features; keeps the FFT plan of one length.
#[derive(Default)]
pub struct Features {
    plan: Option<Arc<dyn RealToComplex<f64>>>,
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Features").finish_non_exhaustive()
    }
}

impl Features {
    /// One feature of `rows` at a distance of `step_s` seconds; none with fewer rows than the operation needs.
    /// Finite rows give a finite number unless it overflows.
    pub fn compute(&mut self, op: FeatureOp, rows: &[f64], step_s: f64) -> Option<f64> {
        if rows.len() < op.rows_needed() {
            return None;
        }
        let newest = *rows.last()?;
        Some(match op {
            FeatureOp::Last => newest,
            FeatureOp::Mean => mean(rows),
            FeatureOp::Std => moment(rows, 2).sqrt(),
            FeatureOp::Min => rows.iter().copied().fold(f64::INFINITY, f64::min),
            FeatureOp::Max => rows.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            FeatureOp::Rms => rms(rows),
            FeatureOp::Kurtosis => kurtosis(rows),
            FeatureOp::Crest => crest(rows),
            FeatureOp::Lag { steps } => *rows.get(rows.len().checked_sub(1 + usize::try_from(steps).ok()?)?)?,
            FeatureOp::Diff => newest - rows[rows.len() - 2],
            FeatureOp::Rate => (newest - rows[0]) / ((rows.len() - 1) as f64 * step_s),
            FeatureOp::Band { hz } => self.band(rows, step_s, hz)?,
        })
    }

    fn band(&mut self, rows: &[f64], step_s: f64, [low, high]: [f64; 2]) -> Option<f64> {
        let n = rows.len();
        let plan = match &self.plan {
            Some(plan) if plan.len() == n => Arc::clone(plan),
            _ => Arc::clone(self.plan.insert(RealFftPlanner::new().plan_fft_forward(n))),
        };
        let centre = mean(rows);
        let mut input = plan.make_input_vec();
        let mut power_of_window = 0.0;
        for (index, (slot, row)) in input.iter_mut().zip(rows).enumerate() {
            let weight = 0.5 - 0.5 * (TAU * index as f64 / n as f64).cos();
            power_of_window += weight * weight;
            *slot = (row - centre) * weight;
        }
        let mut spectrum = plan.make_output_vec();
        plan.process(&mut input, &mut spectrum).ok()?;
        let resolution = 1.0 / (n as f64 * step_s);
        // a bin that lies on an edge counts, whatever the last digit of step and edge says
        let slack = resolution * 1e-9;
        let mut sum = 0.0;
        for (index, bin) in spectrum.iter().enumerate() {
            let frequency = index as f64 * resolution;
            if frequency < low - slack || frequency > high + slack {
                continue;
            }
            let once = index == 0 || (n.is_multiple_of(2) && index == n / 2);
            sum += bin.norm_sqr() * if once { 1.0 } else { 2.0 };
        }
        Some((sum / (n as f64 * power_of_window)).sqrt())
    }
}

/// Mean of at least one row.
pub(crate) fn mean(rows: &[f64]) -> f64 {
    rows.iter().sum::<f64>() / rows.len() as f64
}

fn moment(rows: &[f64], order: i32) -> f64 {
    let centre = mean(rows);
    rows.iter().map(|row| (row - centre).powi(order)).sum::<f64>() / rows.len() as f64
}

fn rms(rows: &[f64]) -> f64 {
    (rows.iter().map(|row| row * row).sum::<f64>() / rows.len() as f64).sqrt()
}

/// Rows that differ only by rounding are flat: the quotient of two rounding errors says nothing.
fn kurtosis(rows: &[f64]) -> f64 {
    let variance = moment(rows, 2);
    let rounding = mean(rows).abs() * f64::EPSILON * 4.0;
    if variance <= rounding * rounding {
        return 0.0;
    }
    moment(rows, 4) / (variance * variance)
}

fn crest(rows: &[f64]) -> f64 {
    let rms = rms(rows);
    if rms == 0.0 {
        return 0.0;
    }
    rows.iter().fold(0.0_f64, |peak, row| peak.max(row.abs())) / rms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compute(op: FeatureOp, rows: &[f64]) -> Option<f64> {
        Features::default().compute(op, rows, 0.5)
    }

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
    }

    /// The band straight from the definition of the discrete Fourier transform.
    fn naive_band(rows: &[f64], step_s: f64, [low, high]: [f64; 2]) -> f64 {
        let n = rows.len() as f64;
        let centre = rows.iter().sum::<f64>() / n;
        let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / n).cos();
        let norm: f64 = (0..rows.len()).map(|i| hann(i) * hann(i)).sum::<f64>() * n;
        let mut sum = 0.0;
        for k in 0..rows.len() {
            // both sides of the spectrum: bin k and bin n - k have the same frequency
            let frequency = (k as f64).min(n - k as f64) / (n * step_s);
            let (mut re, mut im) = (0.0, 0.0);
            for (i, row) in rows.iter().enumerate() {
                let angle = TAU * k as f64 * i as f64 / n;
                re += (row - centre) * hann(i) * angle.cos();
                im -= (row - centre) * hann(i) * angle.sin();
            }
            if frequency >= low - 1e-9 && frequency <= high + 1e-9 {
                sum += (re * re + im * im) / norm;
            }
        }
        sum.sqrt()
    }

    #[test]
    fn fewer_rows_than_needed_give_nothing() {
        assert_eq!(compute(FeatureOp::Diff, &[1.0]), None);
        assert_eq!(compute(FeatureOp::Lag { steps: 3 }, &[1.0, 2.0, 3.0]), None);
        assert_eq!(compute(FeatureOp::Kurtosis, &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn flat_rows_have_no_spread_and_no_kurtosis() {
        let flat = [0.1; 50];
        assert_eq!(compute(FeatureOp::Kurtosis, &flat), Some(0.0));
        assert!(compute(FeatureOp::Std, &flat).unwrap() < 1e-15);
        assert_eq!(compute(FeatureOp::Crest, &[0.0; 5]), Some(0.0));
        assert!(near(compute(FeatureOp::Crest, &flat).unwrap(), 1.0));
    }

    #[test]
    fn a_sine_has_the_textbook_values() {
        let rows: Vec<f64> = (0..64).map(|i| 3.0 * (TAU * f64::from(i) / 16.0).sin()).collect();
        assert!(near(compute(FeatureOp::Rms, &rows).unwrap(), 3.0 / 2.0_f64.sqrt()));
        assert!(near(compute(FeatureOp::Crest, &rows).unwrap(), 2.0_f64.sqrt()));
        assert!(near(compute(FeatureOp::Kurtosis, &rows).unwrap(), 1.5));
        // 1/16 of the sample rate of 2 Hz; a periodic Hann window leaks into the neighbouring bins only
        let band = compute(FeatureOp::Band { hz: [0.09, 0.16] }, &rows).unwrap();
        assert!(near(band, 3.0 / 2.0_f64.sqrt()), "{band}");
        assert!(compute(FeatureOp::Band { hz: [0.5, 1.0] }, &rows).unwrap() < 1e-9);
    }

    #[test]
    fn lag_diff_and_rate_look_back_from_the_newest_row() {
        let rows = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(compute(FeatureOp::Lag { steps: 2 }, &rows), Some(2.0));
        assert_eq!(compute(FeatureOp::Diff, &rows), Some(4.0));
        assert!(near(compute(FeatureOp::Rate, &rows).unwrap(), 7.0 / 1.5));
    }

    proptest! {
        #[test]
        fn moments_equal_their_definitions(rows in prop::collection::vec(-1e3..1e3_f64, 4..60)) {
            let n = rows.len() as f64;
            let mean = rows.iter().sum::<f64>() / n;
            let mut m = [0.0; 2];
            for row in &rows {
                m[0] += (row - mean) * (row - mean) / n;
                m[1] += (row - mean) * (row - mean) * (row - mean) * (row - mean) / n;
            }
            prop_assert!(near(compute(FeatureOp::Mean, &rows).unwrap(), mean));
            prop_assert!(near(compute(FeatureOp::Std, &rows).unwrap(), m[0].sqrt()));
            prop_assert!(near(compute(FeatureOp::Rms, &rows).unwrap(), (m[0] + mean * mean).sqrt()));
            if m[0] > 1e-6 {
                prop_assert!(near(compute(FeatureOp::Kurtosis, &rows).unwrap(), m[1] / (m[0] * m[0])));
            }
            let mut sorted = rows.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert_eq!(compute(FeatureOp::Min, &rows), sorted.first().copied());
            prop_assert_eq!(compute(FeatureOp::Max, &rows), sorted.last().copied());
        }

        #[test]
        fn a_band_equals_the_transform_by_definition(
            rows in prop::collection::vec(-10.0..10.0_f64, 8..70), edges: (u8, u8),
        ) {
            let nyquist = 1.0;
            let [a, b] = [edges.0, edges.1].map(|edge| f64::from(edge) / 255.0 * nyquist);
            let hz = [a.min(b), a.max(b)];
            let computed = compute(FeatureOp::Band { hz }, &rows).unwrap();
            prop_assert!(near(computed, naive_band(&rows, 0.5, hz)), "{}", computed);
        }

        #[test]
        fn finite_rows_give_finite_features(rows in prop::collection::vec(-1e30..1e30_f64, 8..40)) {
            for op in [FeatureOp::Std, FeatureOp::Kurtosis, FeatureOp::Crest, FeatureOp::Band { hz: [0.0, 1.0] }] {
                prop_assert!(compute(op, &rows).unwrap().is_finite());
            }
        }
    }
}
