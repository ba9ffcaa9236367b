//! What many shapes share: values with their quality, texts per language, what a person may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A text per language; `en` is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Texts(pub BTreeMap<String, String>);

impl Texts {
    /// A text that is the same in every language: a name, a unit.
    pub fn plain(text: impl Into<String>) -> Self {
        Self([("en".to_owned(), text.into())].into())
    }
}

impl From<BTreeMap<String, String>> for Texts {
    fn from(texts: BTreeMap<String, String>) -> Self {
        Self(texts)
    }
}

/// One value. Integers beyond 2⁵³ are strings. No value is `null` beside a bad quality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text, or an integer beyond 2⁵³.
    Text(String),
}

/// How far a value may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QualityClass {
    /// Use it.
    Good,
    /// A value, but something is off.
    Uncertain,
    /// No usable value.
    Bad,
}

/// A value with all that a screen shows beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// The tag.
    pub tag: String,
    /// The value, none with a bad quality.
    #[schema(value_type = Option<Scalar>)]
    pub value: Option<domain::Value>,
    /// Good, uncertain or bad.
    pub quality: QualityClass,
    /// The name of the OPC UA status code.
    pub status: String,
    /// Old by its own limit: show it hollow, in italics, with its age.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// The plant's word for this quality, when it has one ("wire broken").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// When it reached this edge. None: nothing has come yet.
    pub at_ms: Option<i64>,
    /// Since when the quality is what it is, when known ("bad since 13:47").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

/// A sentence of the catalogue with what stands in its holes: screens say it in the reader's language. The English words stand
/// beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// The code of the sentence.
    pub code: String,
    /// What stands in its holes, by name: numbers, texts, other sentences. A name that ends in `_ms` is a time span, one in
    /// `_bytes` a size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Object>)]
    pub args: BTreeMap<String, domain::Arg>,
}

impl From<domain::Said> for Said {
    fn from(said: domain::Said) -> Self {
        let domain::Said { code, args } = said;
        Self { code, args }
    }
}

/// Whether the person asking may do something here, and if not, why and who could. Screens hold no rule of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Permission {
    /// The action: `configure`, `switch-off`, `set-mode`, `acknowledge`, …
    pub action: String,
    /// Whether they may.
    pub allowed: bool,
    /// The whole sentence when they may not: "You can't switch this model off: …".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// The sentence for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// The people (and terminals) who could.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who_could: Vec<String>,
}

/// The NAMUR NE 107 mark of something that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Ne107 {
    /// Failure.
    F,
    /// Function check: being worked on.
    C,
    /// Out of specification.
    S,
    /// Maintenance required.
    M,
}

/// A mark with its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// Its letter and shape.
    pub letter: Ne107,
    /// One sentence.
    pub words: String,
}

/// What an act left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// The number of its entry in the record of changes; several acts in one give the last.
    pub change: i64,
    /// What happened, one sentence.
    pub words: String,
}

/// Why: what a person gives as reason. Switching off and acknowledging need none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Because {
    /// The reason in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Lists are narrowed to a place and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AtPlace {
    /// The place, `line-2/pump-7`. Nothing means the whole site.
    #[serde(default)]
    pub place: Option<String>,
}
