//! From what a series did lately to how it is packed: which whole numbers stand for its values, and in how many bits.
//!
//! Plants deliver analog inputs as counts of a converter under some scale, and often without telling the scale: as numbers of
//! single or double precision. The step between neighbours is found again from the numbers themselves, and checked to the
//! last bit before it is used. What has no step is packed by the bits in which its numbers differ.

use domain::log_record::{Field, MAX_BITS, Steps};
use domain::{LinearScale, Value};

/// So many of the values that were looked at must be told exactly, else other steps are looked for.
const ENOUGH: f64 = 0.95;
/// Fewer different numbers say nothing about a step.
const DIFFERENT: usize = 2;
/// Fewer numbers say nothing about what only grows.
const GROWS: usize = 4;
/// A scan before the next packing is made at the latest, as a multiple of those looked at; for what only grows.
const AHEAD: i64 = 2;
/// Half of the last bit of a number, relative to it.
const HALF_BIT_SINGLE: f64 = 5.960_464_477_539_063e-8;
const HALF_BIT_DOUBLE: f64 = 1.110_223_024_625_156_5e-16;
/// Counts that spans are usually told over: converters of 12 to 16 bits, Siemens' 27,648, and decimals.
const CONVERTERS: [f64; 10] =
    [4095.0, 4096.0, 27_648.0, 32_767.0, 32_768.0, 65_535.0, 65_536.0, 16_383.0, 10_000.0, 1.0];
/// A step is at least so many times the error of the numbers: else their bits tell them as well.
const LEAST_STEP: f64 = 64.0;
/// Offsets of scales are looked for among the whole numbers up to here: 4 mA, -50 °C, -200 °C.
const OFFSETS: i32 = 300;

/// The field for values like these, oldest first. `scale` is the series' own, `before` how it was packed until now.
pub(crate) fn field(values: &[&Value], scale: Option<LinearScale>, before: Option<&Field>) -> Field {
    let steps = steps(values, scale, before.map(|field| field.steps));
    let numbers: Vec<i64> = values.iter().filter_map(|value| steps.number(value)).collect();
    range(&numbers).map_or(Field { steps: Steps::None, base: 0, bits: 0 }, |(base, bits)| Field { steps, base, bits })
}

/// Where numbers like these will be for a while: the smallest, and in how many bits. None when that is too many.
fn range(numbers: &[i64]) -> Option<(i64, u8)> {
    let (first, last) = (*numbers.first()?, *numbers.last()?);
    let (min, max) = (*numbers.iter().min()?, *numbers.iter().max()?);
    let spread = max.checked_sub(min)?;
    let grows = spread > 0 && numbers.windows(2).all(|pair| pair[0] <= pair[1]);
    let (base, width) = if spread == 0 {
        (min, 0)
    } else if grows && numbers.len() >= GROWS {
        (last, last.checked_sub(first)?.checked_mul(AHEAD)?)
    } else if spread == 1 {
        (min, 1) // yes and no, open and closed
    } else {
        let room = spread / 2 + 1;
        (min.saturating_sub(room), spread.checked_add(2 * room)?)
    };
    let bits = u8::try_from(64 - width.leading_zeros()).ok()?;
    (bits <= MAX_BITS).then_some((base, bits))
}

fn steps(values: &[&Value], scale: Option<LinearScale>, before: Option<Steps>) -> Steps {
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| if let Value::F64(number) = value { Some(number.get()) } else { None })
        .collect();
    let fits = |steps: &Steps| {
        let told = values.iter().filter(|value| steps.number(value).is_some()).count();
        told > 0 && told as f64 >= values.len() as f64 * ENOUGH
    };
    let simple = [Steps::Bool, Steps::I64, Steps::U64];
    if numbers.is_empty() {
        return simple.into_iter().find(fits).unwrap_or(Steps::None);
    }
    let decimals = [1.0, 10.0, 100.0, 1_000.0, 10_000.0].map(Steps::Over);
    let tenths = [0.1, 0.01].map(|factor| Steps::Linear(LinearScale { factor, offset: 0.0 }));
    // what was packed by its bits is looked at again: more numbers tell more about a step
    let before = before.filter(|steps| matches!(steps, Steps::Linear(_) | Steps::Single(_)));
    let known = before.into_iter().chain(scale.map(Steps::Linear)).chain(decimals).chain(tenths).find(fits);
    known
        .or_else(|| learned(&numbers).filter(fits))
        .or_else(|| [Steps::SingleBits, Steps::DoubleBits].into_iter().find(fits))
        .unwrap_or(Steps::None)
}

/// A step that all these numbers are multiples of, after an offset.
fn learned(numbers: &[f64]) -> Option<Steps> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    if sorted.len() < DIFFERENT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let single = sorted.iter().all(|number| f64::from(*number as f32).to_bits() == number.to_bits());
    let half_bit = if single { HALF_BIT_SINGLE } else { HALF_BIT_DOUBLE };
    let largest = sorted.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    let error = largest * half_bit * 2.0;
    let step = common_step(&sorted, error)?;
    let make = |scale| if single { Steps::Single(scale) } else { Steps::Linear(scale) };
    let fits = |steps: &Steps| {
        let told = sorted
            .iter()
            .filter(|number| Value::from_f64(**number).is_some_and(|value| steps.number(&value).is_some()));
        told.count() as f64 >= sorted.len() as f64 * ENOUGH
    };
    // a factor of the kind that people set is more likely the true one than any other
    for is_usual in [true, false] {
        for offset in std::iter::once(0).chain((1..=OFFSETS).flat_map(|offset| [offset, -offset])).map(f64::from) {
            let factor = factor(&sorted, step, offset, half_bit).filter(|(_, usual)| *usual == is_usual);
            let Some((factor, _)) = factor else { continue };
            let found = neighbours(factor).map(|factor| make(LinearScale { factor, offset })).find(fits);
            if found.is_some() {
                return found;
            }
        }
    }
    // singles have so few bits that a fitted offset does as well as the true one
    single.then(|| fitted(&sorted, step)).map(make).filter(fits)
}

/// A factor and those next to it.
fn neighbours(factor: f64) -> impl Iterator<Item = f64> {
    let bits = factor.to_bits();
    [0_i64, 1, -1, 2, -2].into_iter().map(move |by| f64::from_bits(bits.wrapping_add_signed(by)))
}

/// The greatest step that leads from each of these ascending numbers to the next, known with this error. Euclid's way.
fn common_step(sorted: &[f64], error: f64) -> Option<f64> {
    let least = error * 16.0;
    let mut step = 0.0;
    for pair in sorted.windows(2) {
        let (mut a, mut b) = (step, pair[1] - pair[0]);
        while b > least {
            (a, b) = (b, (a - (a / b).round() * b).abs());
        }
        step = a;
        if step <= least {
            return None;
        }
    }
    // Noise has small common steps by chance; telling it by them would gain little.
    if step < error * LEAST_STEP {
        return None;
    }
    // steps from the lowest to the highest tell it best
    let span = sorted.last()? - sorted.first()?;
    Some(span / (span / step).round())
}

/// The factor with which every number is a whole multiple after this offset, as far as half a bit of each allows, and whether
/// it is a usual one.
fn factor(sorted: &[f64], step: f64, offset: f64, half_bit: f64) -> Option<(f64, bool)> {
    let far = sorted
        .iter()
        .map(|number| number - offset)
        .fold(0.0, |far: f64, number| if number.abs() > far.abs() { number } else { far });
    let steps = far / step;
    // the step is not known well enough to count so many of them, or this is not the offset
    if steps == 0.0 || steps.abs() > 1e9 || (steps - steps.round()).abs() > 0.3 {
        return None;
    }
    let mut factor = far / steps.round();
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for number in sorted {
        let above = number - offset;
        let count = (above / factor).round();
        if count == 0.0 {
            continue;
        }
        let error = (number.abs() + above.abs()) * half_bit;
        let (a, b) = ((above - error) / count, (above + error) / count);
        (low, high) = (low.max(a.min(b)), high.min(a.max(b)));
        if low > high * (1.0 + f64::EPSILON) && low > high + factor.abs() * half_bit * 4.0 {
            return None;
        }
        factor = f64::midpoint(low, high);
    }
    let usual = usual(low, high);
    Some((usual.unwrap_or(factor), usual.is_some()))
}

/// A factor between these of the kind that people set: a span of few digits over the counts of a converter.
fn usual(low: f64, high: f64) -> Option<f64> {
    CONVERTERS.into_iter().find_map(|counts| {
        let span = low * counts;
        let digits = 10_f64.powf(4.0 - span.abs().log10().floor());
        let near = ((span * digits).round() / digits) / counts;
        (low.is_finite() && high.is_finite() && (low..=high).contains(&near)).then_some(near)
    })
}

/// Factor and offset of the straight line through the lowest and the highest number.
fn fitted(sorted: &[f64], step: f64) -> LinearScale {
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    let count = ((last - first) / step).round();
    LinearScale { factor: (last - first) / count, offset: first }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(number: f64) -> Value {
        Value::from_f64(number).unwrap()
    }

    #[expect(clippy::cast_possible_truncation, reason = "as a device would")]
    fn single(number: f64) -> f64 {
        f64::from(number as f32)
    }

    fn field_of(numbers: impl Iterator<Item = f64>) -> Field {
        let values: Vec<Value> = numbers.map(value).collect();
        field(&values.iter().collect::<Vec<_>>(), None, None)
    }

    fn told(field: &Field, number: f64) -> bool {
        field.steps.number(&value(number)).is_some()
    }

    /// A noisy signal of a 12-bit converter, around 2,000.
    fn counts() -> impl Iterator<Item = f64> + Clone {
        (0..64_u32).map(|n| f64::from(2_000 + n / 8 + n.wrapping_mul(2_654_435_761) % 5))
    }

    #[test]
    fn the_scale_of_a_converter_is_found_again_in_doubles() {
        for span in [100.0, 16.0, 250.0, 6.0, 1500.0] {
            let factor = span / 4095.0;
            let field = field_of(counts().map(|n| n * factor));
            assert!(field.bits <= 6, "{field:?}");
            assert!((0..4096).all(|n| told(&field, f64::from(n) * factor)), "{span}: {field:?}");
        }
    }

    #[test]
    fn the_scale_of_a_converter_is_found_again_in_singles() {
        for span in [100.0, 16.0, 250.0, 6.0, 1500.0] {
            let factor = span / 4095.0;
            let field = field_of(counts().map(|n| single(n * factor)));
            assert!(field.bits <= 6, "{field:?}");
            let all = (0..4096).filter(|n| told(&field, single(f64::from(*n) * factor))).count();
            assert!(all >= 4090, "{span}: {all} of 4096, {field:?}");
        }
    }

    #[test]
    fn an_offset_is_found_too() {
        for (factor, offset) in [(16.0 / 27_648.0, 4.0), (250.0 / 27_648.0, -50.0)] {
            let doubles = field_of(counts().map(|n| n * factor + offset));
            assert!(matches!(doubles.steps, Steps::Linear(_)) && doubles.bits <= 6, "{doubles:?}");
            let singles = field_of(counts().map(|n| single(n * factor + offset)));
            assert!(matches!(singles.steps, Steps::Single(_)) && singles.bits <= 6, "{singles:?}");
        }
    }

    #[test]
    fn noise_in_every_bit_of_singles_takes_the_bits_that_differ() {
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        let numbers: Vec<f64> = (0..64).map(|_| single(50.0 + noise() * 0.5)).collect();
        let field = field_of(numbers.iter().copied());
        assert_eq!(field.steps, Steps::SingleBits);
        assert!(field.bits <= 19, "{field:?}");
    }

    #[test]
    fn what_stands_still_takes_no_bits_and_what_grows_has_room_ahead() {
        assert_eq!(field_of([42.5; 64].into_iter()).bits, 0);
        let counter: Vec<Value> = (0..64).map(|n| Value::I64(1_000_000 + n * 3 / 2)).collect();
        let field = field(&counter.iter().collect::<Vec<_>>(), None, None);
        assert_eq!((field.base, field.bits), (1_000_094, 8));
    }

    proptest! {
        #[test]
        fn whatever_is_learned_is_exact(
            numbers in proptest::collection::vec(prop_oneof![
                any::<f64>().prop_filter("numbers", |number| number.is_finite()),
                any::<f32>().prop_filter("numbers", |number| number.is_finite()).prop_map(f64::from),
                (any::<i16>(), 1..5000_u32).prop_map(|(n, by)| f64::from(n) / f64::from(by)),
            ], 0..70),
            factor in 1e-6..1e3_f64,
            offset in -100..100_i32,
            scaled in any::<bool>(),
        ) {
            let numbers: Vec<f64> =
                numbers.iter().map(|n| if scaled { (n % 5000.0).round() * factor + f64::from(offset) } else { *n }).collect();
            let field = field_of(numbers.iter().copied());
            for number in numbers {
                if let Some(n) = field.steps.number(&value(number)) {
                    let back = field.steps.value(n).and_then(|value| value.as_f64());
                    prop_assert_eq!(back.map(f64::to_bits), Some(number.to_bits()));
                }
            }
        }
    }
}
