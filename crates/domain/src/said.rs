//! Sentences for people, each under a code: said in English here, in other languages on the screens.
//!
//! Everything that a screen shows and this program says is a [`Sentence`] of the catalogue below with what stands in its holes,
//! a [`Said`]. It travels as code and arguments beside its English words (`docs/decisions/0020-words-by-code.md`).

pub mod access;
pub mod act;
pub mod backup;
pub mod change;
pub mod device;
pub mod doctor;
pub mod link;
pub mod mapping;
pub mod model;
pub mod outlet;
mod render;
pub mod uplink;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// One entry of the catalogue. `{hole}` is filled by the argument of that name; a name that ends in `_ms` is a time span in
/// milliseconds, one in `_bytes` a size: screens say both as people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// `noun.cause`, stable. Of a problem it is the problem's code.
    pub code: &'static str,
    /// What is so.
    pub words: &'static str,
    /// Why; may be empty.
    pub why: &'static str,
    /// What to do; may be empty.
    pub hint: &'static str,
}

/// Sentences as constants, and the list of them, so that none is said that nobody can translate.
macro_rules! sentences {
    ($($name:ident: $code:literal = $words:literal $(, why $why:literal)? $(, hint $hint:literal)?;)+) => {
        $(
            #[doc = concat!("`", $code, "`")]
            pub const $name: crate::said::Sentence = crate::said::Sentence {
                code: $code,
                words: $words,
                why: concat!("" $(, $why)?),
                hint: concat!("" $(, $hint)?),
            };
        )+
        /// Every sentence of this topic.
        pub(super) const ALL: &[crate::said::Sentence] = &[$($name),+];
    };
}
pub(crate) use sentences;

/// What stands in a hole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A number, written as the reader's language does.
    Number(f64),
    /// A name, an address, a value: the same in every language.
    Text(String),
    /// Another sentence.
    Said(Said),
}

/// A sentence with what stands in its holes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The code of the sentence.
    pub code: String,
    /// What stands in its holes, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
}

/// Only the conversions below make one, and none lets in what is not a number.
impl Eq for Arg {}

/// The whole catalogue, by topic.
pub fn all() -> impl Iterator<Item = &'static Sentence> {
    let topics = [
        doctor::ALL,
        device::ALL,
        mapping::ALL,
        model::ALL,
        access::ALL,
        change::ALL,
        act::ALL,
        backup::ALL,
        link::ALL,
        outlet::ALL,
        uplink::ALL,
    ];
    topics.into_iter().flatten()
}

/// The catalogue as screens look it up: `code`, `code.why` and `code.hint` with their English words.
pub fn by_code() -> BTreeMap<String, &'static str> {
    let parts = all().flat_map(|Sentence { code, words, why, hint }| {
        [((*code).to_owned(), *words), (format!("{code}.why"), *why), (format!("{code}.hint"), *hint)]
    });
    parts.filter(|(_, words)| !words.is_empty()).collect()
}

fn find(code: &str) -> Option<&'static Sentence> {
    all().find(|sentence| sentence.code == code)
}

impl Sentence {
    /// With what stands in its holes.
    pub fn say<const N: usize>(&self, args: [(&str, Arg); N]) -> Said {
        debug_assert!(
            render::holes(self).all(|hole| args.iter().any(|(name, _)| *name == hole)),
            "{}: a hole is not filled",
            self.code
        );
        Said { code: self.code.to_owned(), args: args.into_iter().map(|(name, arg)| (name.to_owned(), arg)).collect() }
    }

    /// Without holes.
    pub fn plain(&self) -> Said {
        self.say([])
    }

    /// As a problem at `place`.
    pub fn problem<const N: usize>(&self, place: impl Into<String>, args: [(&str, Arg); N]) -> Problem {
        self.say(args).problem(place)
    }
}

impl Said {
    /// Whether the catalogue has it and every hole is filled: a problem may be told in words of its own.
    pub fn is_known(&self) -> bool {
        find(&self.code).is_some_and(|sentence| render::holes(sentence).all(|hole| self.args.contains_key(hole)))
    }

    /// What is so, in English.
    pub fn words(&self) -> String {
        self.render(|sentence| sentence.words).unwrap_or_else(|| self.code.clone())
    }

    /// Why, in English; empty when the sentence says nothing about it.
    pub fn why(&self) -> String {
        self.render(|sentence| sentence.why).unwrap_or_default()
    }

    /// What to do, in English; empty when there is nothing to say.
    pub fn hint(&self) -> String {
        self.render(|sentence| sentence.hint).unwrap_or_default()
    }

    /// As a problem at `place`.
    pub fn problem(self, place: impl Into<String>) -> Problem {
        let (what, why, hint) = (self.words(), self.why(), self.hint());
        Problem { code: self.code, place: place.into(), what, why, hint, args: self.args }
    }

    fn render(&self, part: fn(&Sentence) -> &'static str) -> Option<String> {
        find(&self.code).map(|sentence| render::fill(part(sentence), &self.args))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())
    }
}

/// A problem that has a sentence of the catalogue, as one; others say only their English words.
impl From<&Problem> for Said {
    fn from(problem: &Problem) -> Self {
        Self { code: problem.code.clone(), args: problem.args.clone() }
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Arg {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Text(number.to_string()) }
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number as f64)
    }
}

/// Milliseconds: the name of the hole ends in `_ms`.
impl From<Duration> for Arg {
    fn from(span: Duration) -> Self {
        Self::Number(span.as_secs_f64() * 1e3)
    }
}

impl From<Said> for Arg {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl From<&Sentence> for Arg {
    fn from(sentence: &Sentence) -> Self {
        Self::Said(sentence.plain())
    }
}

#[cfg(test)]
mod tests;
