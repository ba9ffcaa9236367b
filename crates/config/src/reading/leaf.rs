//! How single values are read.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::unit::Unit;
use domain::{Level, Mode, PlacePath, TagPath, Value, ValueType};

use super::Leaf;
use crate::near;
use crate::node::Kind;
use crate::site::Hours;
use crate::{ByteSize, TimeSpan};

/// What can be read from one value of a file.
pub trait Read: Sized {
    /// What to write, as a person says it, with an example.
    const EXPECTED: &'static str;

    /// Reads the value, or notes why not.
    fn read(leaf: &Leaf<'_>) -> Option<Self>;
}

impl Read for bool {
    const EXPECTED: &'static str = "true or false";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match leaf.node.kind {
            Kind::Bool(value) => Some(value),
            _ => refuse_type::<Self>(leaf),
        }
    }
}

impl Read for String {
    const EXPECTED: &'static str = "a text in double quotes";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match &leaf.node.kind {
            Kind::Text(text) => Some(text.clone()),
            _ => refuse_type::<Self>(leaf),
        }
    }
}

impl Read for f64 {
    const EXPECTED: &'static str = "a number";
    #[expect(clippy::cast_precision_loss, reason = "settings are not larger than 2⁵³")]
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match leaf.node.kind {
            Kind::Number(number) if number.is_finite() => Some(number),
            Kind::Number(_) => {
                leaf.bad_value("NaN and infinity are not numbers that can be used here", "write a finite number");
                None
            }
            Kind::Integer(Some(number)) => Some(number as f64),
            _ => refuse_type::<Self>(leaf),
        }
    }
}

macro_rules! whole_number {
    ($type:ty, $expected:literal, $most:literal) => {
        impl Read for $type {
            const EXPECTED: &'static str = $expected;
            fn read(leaf: &Leaf<'_>) -> Option<Self> {
                let Kind::Integer(number) = leaf.node.kind else { return refuse_type::<Self>(leaf) };
                let fitting = number.and_then(|number| <$type>::try_from(number).ok());
                if fitting.is_none() {
                    leaf.bad_value("the number is out of reach", concat!("write ", $expected, " from 0 to ", $most));
                }
                fitting
            }
        }
    };
}

whole_number!(u16, "a whole number", "65535");
whole_number!(u32, "a whole number", "4294967295");

impl Read for Value {
    const EXPECTED: &'static str = "true, false, a number or a text";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        let value = match &leaf.node.kind {
            Kind::Bool(value) => Some(Self::Bool(*value)),
            Kind::Integer(number) => number.map(Self::I64),
            Kind::Number(number) => Self::from_f64(*number),
            Kind::Text(text) => domain::Text::new(text.as_str()).map(Self::Text),
            _ => return refuse_type::<Self>(leaf),
        };
        if value.is_none() {
            leaf.bad_value(
                "no tag can have this value",
                "numbers are finite and fit 64 bits, texts have at most 1024 bytes",
            );
        }
        value
    }
}

impl<const N: usize> Read for [f64; N] {
    const EXPECTED: &'static str = "two numbers: [0.0, 25.0]";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        if let Kind::List(items) = &leaf.node.kind
            && items.len() != N
        {
            leaf.bad_value(
                format!("a list of {} instead of {N} numbers", items.len()),
                "write two numbers: [0.0, 25.0]",
            );
            return None;
        }
        leaf.items::<f64>()?.try_into().ok()
    }
}

/// For keys whose stand-in is "none": required, and without a sensible value to go on with.
impl<T: Read> Read for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        T::read(leaf).map(Some)
    }
}

impl<T: Read> Read for Vec<T> {
    const EXPECTED: &'static str = "a list: [...]";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        leaf.items()
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    const EXPECTED: &'static str = "a table: { key = value, ... }";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        leaf.entries()
    }
}

macro_rules! parsed {
    ($type:ty, $expected:literal) => {
        impl Read for $type {
            const EXPECTED: &'static str = $expected;
            fn read(leaf: &Leaf<'_>) -> Option<Self> {
                parse(leaf)
            }
        }
    };
}

parsed!(TimeSpan, "a length of time in double quotes: \"250ms\", \"1s\", \"5min\", \"90d\"");
parsed!(ByteSize, "a size in double quotes: \"64MB\", \"20GB\"");
parsed!(Hours, "a stretch of the day in double quotes: \"22:00-06:00\"");
parsed!(TagPath, "the path of a tag: \"line-2/pump-7/speed\"");
parsed!(PlacePath, "the path of a place: \"line-2/pump-7\"");
parsed!(crate::site::BundleRef, "a path beside site.toml or a digest: \"bundles/x-1.0.0.tar\", \"sha256:...\"");

fn parse<T: Read + FromStr<Err = String>>(leaf: &Leaf<'_>) -> Option<T> {
    let Kind::Text(text) = &leaf.node.kind else { return refuse_type(leaf) };
    match text.parse() {
        Ok(value) => Some(value),
        Err(what) => {
            leaf.bad_value(what, format!("write {}", T::EXPECTED));
            None
        }
    }
}

impl Read for Unit {
    const EXPECTED: &'static str = "a unit in double quotes: \"mm/s\", \"Cel\", \"bar(g)\", \"1/min\"";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        let Kind::Text(text) = &leaf.node.kind else { return refuse_type(leaf) };
        Unit::parse(text).map_err(|error| leaf.bad_value(error.what, error.hint)).ok()
    }
}

/// Reads one of a few words.
pub fn one_of<T: Copy>(leaf: &Leaf<'_>, words: &[(&str, T)]) -> Option<T> {
    let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let Kind::Text(text) = &leaf.node.kind else {
        leaf.wrong_type(&format!("one of {all}"));
        return None;
    };
    let found = words.iter().find(|(word, _)| word == text).map(|(_, value)| *value);
    if found.is_none() {
        let otherwise = format!("write one of {all}");
        let near = near::nearest(text, words.iter().map(|(word, _)| *word));
        let hint = near.map_or(otherwise.clone(), |near| format!("did you mean \"{near}\"? {otherwise}"));
        leaf.bad_value(format!("\"{text}\" is none of the words known here"), hint);
    }
    found
}

/// Implements [`Read`] for an enum of words.
#[macro_export]
macro_rules! read_words {
    ($type:ty, $expected:literal, $($word:literal => $value:expr),+ $(,)?) => {
        impl $crate::reading::Read for $type {
            const EXPECTED: &'static str = $expected;
            fn read(leaf: &$crate::reading::Leaf<'_>) -> Option<Self> {
                $crate::reading::one_of(leaf, &[$(($word, $value)),+])
            }
        }
    };
}

read_words!(Level, "\"enterprise\", \"site\", \"area\", \"line\" or \"cell\"",
    "enterprise" => Level::Enterprise, "site" => Level::Site, "area" => Level::Area, "line" => Level::Line, "cell" => Level::Cell);
impl Read for Mode {
    const EXPECTED: &'static str = "\"off\", \"watch\" or \"advise\"";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match &leaf.node.kind {
            // words of the ladder that nobody should be led to by a hint
            Kind::Text(text) if text == Self::Ask.as_str() => Some(Self::Ask),
            Kind::Text(text) if text == Self::Write.as_str() => Some(Self::Write),
            _ => one_of(leaf, &[("off", Self::Off), ("watch", Self::Watch), ("advise", Self::Advise)]),
        }
    }
}

read_words!(ValueType, "\"bool\", \"i64\", \"u64\", \"f64\" or \"text\"",
    "bool" => ValueType::Bool, "i64" => ValueType::I64, "u64" => ValueType::U64, "f64" => ValueType::F64, "text" => ValueType::Text);

fn refuse_type<T: Read>(leaf: &Leaf<'_>) -> Option<T> {
    leaf.wrong_type(T::EXPECTED);
    None
}
