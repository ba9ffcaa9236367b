//! Raw readings of one scan group → values with quality. Knows no device and no clock.
//!
//! Order of judgement: what the driver says, fail codes, `valid_if`, scale, range, dead band. Inside the dead band the
//! last reported value is repeated, so that history, windows and screens all see the same numbers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config::site::{Scale, Tag};
use domain::{Quality, TagPath, Value, ValueType};
use drivers::Reading;

/// The rules of one scan group's tags, with what the dead bands have to remember.
#[derive(Debug)]
pub(crate) struct Sampler {
    rules: Vec<Rule>,
    /// Of the tags in this group that a `valid_if` looks at.
    positions: HashMap<TagPath, usize>,
}

#[derive(Debug)]
struct Rule {
    tag: Arc<Tag>,
    value_type: ValueType,
    scale: Option<(f64, f64)>,
    reported: Option<f64>,
}

/// The type of a tag's values: a scaled number is a number, everything else is what the device holds.
pub(crate) fn value_type(raw: ValueType, scale: Option<&Scale>) -> ValueType {
    match (raw, scale) {
        (ValueType::I64 | ValueType::U64 | ValueType::F64, Some(_)) => ValueType::F64,
        (raw, _) => raw,
    }
}

impl Sampler {
    /// For the tags of one group, in scan order, with the raw type of each address.
    pub(crate) fn new(tags: &[(&Arc<Tag>, ValueType)]) -> Self {
        let rules = tags.iter().map(|(tag, raw)| Rule::new(tag, *raw)).collect();
        // asked for by `valid_if` alone, and most groups have none
        let asked: HashSet<&TagPath> =
            tags.iter().filter_map(|(tag, _)| tag.valid_if.as_ref()).map(|valid_if| &valid_if.tag).collect();
        let numbered = tags.iter().enumerate().map(|(index, (tag, _))| (&tag.name, index));
        let positions =
            numbered.filter(|(name, _)| asked.contains(name)).map(|(name, at)| (name.clone(), at)).collect();
        Self { rules, positions }
    }

    /// Judges one scan. `elsewhere` is the latest of a tag outside this group, for `valid_if`.
    pub(crate) fn judge(
        &mut self,
        readings: &[Reading],
        elsewhere: impl Fn(&TagPath) -> Option<Value>,
    ) -> (Vec<Option<Value>>, Vec<Quality>) {
        let valid: Vec<bool> = (0..self.rules.len()).map(|index| self.is_valid(index, readings, &elsewhere)).collect();
        let judged = self.rules.iter_mut().zip(readings).zip(valid).map(|((rule, reading), valid)| {
            let (value, quality) = rule.judge(reading, valid);
            (value, quality)
        });
        judged.unzip()
    }

    fn is_valid(&self, index: usize, readings: &[Reading], elsewhere: &impl Fn(&TagPath) -> Option<Value>) -> bool {
        let Some(condition) = self.rules.get(index).and_then(|rule| rule.tag.valid_if.as_ref()) else { return true };
        let value = match self.positions.get(&condition.tag) {
            Some(position) => readings.get(*position).and_then(|reading| reading.value.clone()),
            None => elsewhere(&condition.tag),
        };
        value.is_some_and(|value| same(&value, &condition.is))
    }
}

/// Whether a device's value is what a person wrote: 1 and true are the same flag.
fn same(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Text(_), _) | (_, Value::Text(_)) => value == wanted,
        _ => value.as_f64() == wanted.as_f64(),
    }
}

impl Rule {
    fn new(tag: &Arc<Tag>, raw: ValueType) -> Self {
        Self {
            tag: Arc::clone(tag),
            value_type: value_type(raw, tag.scale.as_ref()),
            scale: tag.scale.as_ref().map(Scale::factor_offset),
            reported: None,
        }
    }

    fn judge(&mut self, reading: &Reading, valid: bool) -> (Option<Value>, Quality) {
        let Some(raw) = &reading.value else { return (None, bad(reading.quality)) };
        if reading.quality.is_bad() {
            return (None, reading.quality);
        }
        if !valid || raw.as_f64().is_some_and(|number| self.tag.fail_codes.contains(&number)) {
            return (None, Quality::SENSOR_FAILURE);
        }
        match self.scaled(raw) {
            Some(value) => {
                let quality = reading.quality.worst(self.range_quality(&value));
                (Some(self.through_deadband(value)), quality)
            }
            None => (None, Quality::NOT_A_VALUE),
        }
    }

    fn scaled(&self, raw: &Value) -> Option<Value> {
        let value = match (self.scale, raw.as_f64()) {
            (Some((factor, offset)), Some(number)) => Value::from_f64(number * factor + offset)?,
            _ => raw.clone(),
        };
        self.value_type.coerce(&value)
    }

    fn range_quality(&self, value: &Value) -> Quality {
        match (self.tag.range, value.as_f64()) {
            (Some([low, high]), Some(number)) if number < low || number > high => Quality::OUT_OF_RANGE,
            _ => Quality::GOOD,
        }
    }

    fn through_deadband(&mut self, value: Value) -> Value {
        let (Some(deadband), Value::F64(number)) = (self.tag.deadband, &value) else { return value };
        let number = number.get();
        match self.reported {
            Some(reported) if (number - reported).abs() < deadband => Value::from_f64(reported).unwrap_or(value),
            _ => {
                self.reported = Some(number);
                value
            }
        }
    }
}

/// A reading without a value is bad, whatever its driver says.
fn bad(quality: Quality) -> Quality {
    if quality.is_bad() { quality } else { Quality::BAD }
}

#[cfg(test)]
mod tests {
    use config::site::SiteConfig;

    use super::*;

    fn sampler(extra: &str, raw: &[ValueType]) -> Sampler {
        let text = format!(
            "[site]\nname = \"t\"\n[[device]]\nname = \"d\"\nurl = \"modbus-tcp://127.0.0.1:1/1\"\n{}",
            extra.replace("TAG", "[[tag]]\ndevice = \"d\"")
        );
        let site: SiteConfig = toml::from_str(&text).unwrap();
        let tags: Vec<_> = site.tags.iter().zip(raw.iter().copied()).collect();
        Sampler::new(&tags)
    }

    fn reading(value: Value) -> Reading {
        Reading { value: Some(value), quality: Quality::GOOD, source: None }
    }

    #[test]
    fn a_fail_code_is_a_failed_sensor_and_not_a_number() {
        let mut sampler = sampler("TAG\nname='a'\naddress='holding:0'\nfail_codes=[32767]\n", &[ValueType::I64]);
        let (values, qualities) = sampler.judge(&[reading(Value::I64(32767))], |_| None);
        assert_eq!((values[0].clone(), qualities[0]), (None, Quality::SENSOR_FAILURE));
    }

    #[test]
    fn outside_its_range_a_value_is_uncertain_but_kept() {
        let mut sampler =
            sampler("TAG\nname='a'\naddress='holding:0'\nrange=[0.0, 25.0]\nscale={factor=0.1}\n", &[ValueType::I64]);
        let (values, qualities) = sampler.judge(&[reading(Value::I64(260))], |_| None);
        assert_eq!((values[0].clone(), qualities[0]), (Value::from_f64(26.0), Quality::OUT_OF_RANGE));
    }

    #[test]
    fn a_value_counts_only_while_its_sensor_says_so() {
        let text =
            "TAG\nname='a'\naddress='holding:0'\nvalid_if={tag='ok', is=true}\nTAG\nname='ok'\naddress='coil:0'\n";
        let mut sampler = sampler(text, &[ValueType::I64, ValueType::Bool]);
        let (values, _) = sampler.judge(&[reading(Value::I64(1)), reading(Value::Bool(true))], |_| None);
        assert_eq!(values[0], Some(Value::I64(1)));
        let (values, qualities) = sampler.judge(&[reading(Value::I64(1)), reading(Value::Bool(false))], |_| None);
        assert_eq!((values[0].clone(), qualities[0]), (None, Quality::SENSOR_FAILURE));
    }

    #[test]
    fn inside_the_dead_band_the_last_reported_value_is_repeated() {
        let mut sampler = sampler("TAG\nname='a'\naddress='holding:0'\ndeadband=1.0\n", &[ValueType::F64]);
        let mut report = |number: f64| {
            let (values, _) = sampler.judge(&[reading(Value::from_f64(number).unwrap())], |_| None);
            values[0].as_ref().map(ToString::to_string).unwrap()
        };
        assert_eq!([report(10.0), report(10.9), report(11.1), report(10.2)], ["10", "10", "11.1", "11.1"]);
    }
}
