//! A value as it travels the path: never NaN, never larger than 1 KiB.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The largest integer that every JSON reader keeps exactly (2⁵³). Beyond it integers are written as strings.
const JSON_EXACT: u64 = 1 << 53;

/// One value of a tag. "No value" is not a variant: it is `Option::None` beside a bad [`crate::Quality`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A coil, a flag, a state of two.
    Bool(bool),
    /// Signed integers of any width.
    I64(i64),
    /// Unsigned integers of any width.
    U64(u64),
    /// Single and double precision numbers, never NaN or infinite.
    F64(Finite),
    /// A text of at most [`Text::MAX_BYTES`].
    Text(Text),
}

impl Value {
    /// A number, unless it is NaN or infinite: those are no value and must become bad quality.
    pub fn from_f64(number: f64) -> Option<Self> {
        Finite::new(number).map(Self::F64)
    }

    /// What kind of value this is.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Bool(_) => ValueType::Bool,
            Self::I64(_) => ValueType::I64,
            Self::U64(_) => ValueType::U64,
            Self::F64(_) => ValueType::F64,
            Self::Text(_) => ValueType::Text,
        }
    }

    /// The value as a number: booleans are 0 and 1, texts are none. Integers beyond 2⁵³ lose their last digits here.
    #[expect(clippy::cast_precision_loss, reason = "documented: a number for arithmetic, not for identity")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::I64(value) => Some(*value as f64),
            Self::U64(value) => Some(*value as f64),
            Self::F64(value) => Some(value.get()),
            Self::Text(_) => None,
        }
    }

    /// The value as yes or no: numbers are true unless zero, texts are none.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            other => other.as_f64().map(|number| number != 0.0),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::F64(value) => value.get().fmt(f),
            Self::Text(value) => value.as_str().fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I64(value) if value.unsigned_abs() > JSON_EXACT => serializer.collect_str(value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::U64(value) if *value > JSON_EXACT => serializer.collect_str(value),
            Self::U64(value) => serializer.serialize_u64(*value),
            Self::F64(value) => serializer.serialize_f64(value.get()),
            Self::Text(value) => serializer.serialize_str(value.as_str()),
        }
    }
}

/// Reads what people write: an integer becomes I64 (U64 when too large), never a float. A tag's declared
/// [`ValueType`] decides afterwards, through [`ValueType::coerce`].
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl Visitor<'_> for AnyValue {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a yes/no, a number or a text of at most 1 KiB")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value::I64(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
                Ok(i64::try_from(value).map_or(Value::U64(value), Value::I64))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
                Value::from_f64(value).ok_or_else(|| E::custom("NaN and infinity are not values"))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
                Text::new(value).map(Value::Text).ok_or_else(|| E::custom("a text has at most 1024 bytes"))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

/// The declared type of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Yes or no.
    Bool,
    /// Signed integer.
    I64,
    /// Unsigned integer.
    U64,
    /// Number.
    F64,
    /// Text of at most 1 KiB.
    Text,
}

impl ValueType {
    /// `value` as this type when that loses nothing, else none.
    pub fn coerce(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (ValueType::I64, Value::U64(number)) => i64::try_from(*number).ok().map(Value::I64),
            (ValueType::U64, Value::I64(number)) => u64::try_from(*number).ok().map(Value::U64),
            (ValueType::F64, Value::I64(_) | Value::U64(_)) => value.as_f64().and_then(Value::from_f64),
            (ValueType::Bool, Value::I64(0) | Value::U64(0)) => Some(Value::Bool(false)),
            (ValueType::Bool, Value::I64(1) | Value::U64(1)) => Some(Value::Bool(true)),
            (ValueType::U64 | ValueType::I64, Value::Text(text)) => {
                // the way back from JSON, where integers beyond 2⁵³ are strings
                let parsed = text.as_str().parse::<i64>().map(Value::I64);
                let parsed = parsed.or_else(|_| text.as_str().parse::<u64>().map(Value::U64)).ok()?;
                self.coerce(&parsed)
            }
            _ if value.value_type() == self => Some(value.clone()),
            _ => None,
        }
    }
}

/// A number that is neither NaN nor infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Finite(f64);

impl Finite {
    /// None for NaN and infinity.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A text of at most [`Text::MAX_BYTES`], cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Text(Arc<str>);

impl Text {
    /// Longer texts are no values of tags; they belong into a file.
    pub const MAX_BYTES: usize = 1024;

    /// None when longer than [`Text::MAX_BYTES`].
    pub fn new(text: impl Into<Arc<str>>) -> Option<Self> {
        let text = text.into();
        (text.len() <= Self::MAX_BYTES).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_never_values() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Value::from_f64(number), None);
        }
    }

    #[test]
    fn a_type_takes_only_what_loses_nothing() {
        assert_eq!(ValueType::U64.coerce(&Value::I64(-1)), None);
        assert_eq!(ValueType::U64.coerce(&Value::I64(7)), Some(Value::U64(7)));
        assert_eq!(ValueType::Bool.coerce(&Value::I64(2)), None);
        assert_eq!(ValueType::F64.coerce(&Value::Bool(true)), None);
    }
}
