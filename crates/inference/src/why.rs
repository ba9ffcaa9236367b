//! Why a window has no value, or one to be used with care: a code for machines, a sentence for people.

use bundle::contract::{Contract, Words};
use domain::Quality;
use serde::Serialize;

/// Why a prediction has no value or an uncertain one. Signals and outputs are indices into the contract's lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// No usable sample of this signal within its gap; with the last bad quality, if the device said one.
    NoSample(usize, Option<Quality>),
    /// A sample of this signal is uncertain.
    Unsure(usize, Quality),
    /// This signal lies outside what the model was trained for.
    OutsideTraining(usize),
    /// This signal is sampled too slowly for a frequency band that the model needs.
    TooSlow(usize),
    /// More samples of this signal came than a window can hold.
    TooMany(usize),
    /// A feature cannot be computed as a finite number (index into the contract's features).
    NoFeature(usize),
    /// This condition holds, and the model does not apply under it.
    Excluded(usize),
    /// This condition holds, but not yet long enough.
    Settling(usize),
    /// No condition of the contract holds.
    NoExperience,
    /// Whether the model applies cannot be said: no usable value of this signal.
    ConditionUnknown(usize),
    /// The cycle from start to stop has fewer rows than the model needs.
    CycleTooShort,
    /// The cycle is longer than the window; only its end was judged.
    CycleTooLong,
    /// The model gave no number for this output.
    NoNumber(usize),
    /// This output lies outside its range.
    OutputRange(usize),
    /// The model could not be run: code and sentence.
    Model(&'static str, String),
}

/// A reason in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `noun.cause`, stable.
    pub code: &'static str,
    /// One sentence in the site's language.
    pub text: String,
}

/// The words in `language`, else in English, else empty.
pub(crate) fn words<'a>(words: &'a Words, language: &str) -> &'a str {
    words.get(language).or_else(|| words.get("en")).map_or("", String::as_str)
}

impl Why {
    /// Stable name of the cause.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSample(..) => "input.missing",
            Self::Unsure(..) => "input.uncertain",
            Self::OutsideTraining(_) => "input.outside-training",
            Self::TooSlow(_) => "input.too-slow",
            Self::TooMany(_) => "input.too-many",
            Self::NoFeature(_) => "feature.no-number",
            Self::Excluded(_) => "condition.excluded",
            Self::Settling(_) => "condition.settling",
            Self::NoExperience => "condition.no-experience",
            Self::ConditionUnknown(_) => "condition.unknown",
            Self::CycleTooShort => "cycle.too-short",
            Self::CycleTooLong => "cycle.too-long",
            Self::NoNumber(_) => "output.no-number",
            Self::OutputRange(_) => "output.out-of-range",
            Self::Model(code, _) => code,
        }
    }

    /// The model does not apply: no drift, no decision, no value.
    pub fn not_applicable(&self) -> bool {
        matches!(self, Self::Excluded(_) | Self::Settling(_) | Self::NoExperience)
    }

    /// In words. English and German are built in, other languages read English.
    pub fn reason(&self, contract: &Contract, language: &str) -> Reason {
        Reason { code: self.code(), text: self.text(contract, language) }
    }

    fn text(&self, contract: &Contract, language: &str) -> String {
        if let Self::Model(_, what) = self {
            return what.clone();
        }
        let (english, german) = self.templates();
        let template = if language == "de" { german } else { english };
        let quality = self.quality().map_or("", Quality::name);
        template.replace("{name}", self.subject(contract, language)).replace("{quality}", quality)
    }

    fn quality(&self) -> Option<Quality> {
        match self {
            Self::NoSample(_, quality) => *quality,
            Self::Unsure(_, quality) => Some(*quality),
            _ => None,
        }
    }

    /// What it is about, by its title.
    fn subject<'a>(&self, contract: &'a Contract, language: &str) -> &'a str {
        match self {
            Self::NoSample(at, _)
            | Self::Unsure(at, _)
            | Self::OutsideTraining(at)
            | Self::TooSlow(at)
            | Self::TooMany(at)
            | Self::ConditionUnknown(at) => contract.signals.get(*at).map_or("", |one| words(&one.title, language)),
            Self::Excluded(at) | Self::Settling(at) => {
                contract.conditions.get(*at).map_or("", |one| words(&one.title, language))
            }
            Self::NoNumber(at) | Self::OutputRange(at) => {
                contract.outputs.get(*at).map_or("", |one| words(&one.title, language))
            }
            Self::NoFeature(at) => contract.features.get(*at).map_or("", |one| one.name.as_str()),
            Self::NoExperience | Self::CycleTooShort | Self::CycleTooLong | Self::Model(..) => "",
        }
    }

    /// The sentence in English and German.
    fn templates(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoSample(_, None) => ("{name}: no sample", "{name}: kein Messwert"),
            Self::NoSample(_, Some(_)) => {
                ("{name}: no usable sample ({quality})", "{name}: kein brauchbarer Messwert ({quality})")
            }
            Self::Unsure(..) => ("{name} is uncertain ({quality})", "{name} ist unsicher ({quality})"),
            Self::OutsideTraining(_) => (
                "{name} is outside what the model was trained for",
                "{name} liegt außerhalb dessen, wofür das Modell trainiert ist",
            ),
            Self::TooSlow(_) => (
                "{name} is sampled too slowly for the model's frequency band",
                "{name} wird für das Frequenzband des Modells zu langsam abgetastet",
            ),
            Self::TooMany(_) => {
                ("{name}: too many samples for one window", "{name}: zu viele Messwerte für ein Fenster")
            }
            Self::NoFeature(_) => ("feature {name} is not a number", "Merkmal {name} ist keine Zahl"),
            Self::Excluded(_) => ("{name}", "{name}"),
            Self::Settling(_) => ("{name}, but not for long enough yet", "{name}, aber noch nicht lange genug"),
            Self::NoExperience => ("no experience", "keine Erfahrung"),
            Self::ConditionUnknown(_) => (
                "{name} has no value, so nobody can say whether the model applies",
                "{name} hat keinen Wert; ob das Modell gilt, ist nicht zu sagen",
            ),
            Self::CycleTooShort => ("the cycle is too short for the model", "der Zyklus ist zu kurz für das Modell"),
            Self::CycleTooLong => (
                "the cycle is longer than the window, only its end was judged",
                "der Zyklus ist länger als das Fenster, nur sein Ende wurde bewertet",
            ),
            Self::NoNumber(_) => ("the model gave no number for {name}", "das Modell gab keine Zahl für {name}"),
            Self::OutputRange(_) => ("{name} is outside its range", "{name} liegt außerhalb seines Bereichs"),
            Self::Model(..) => ("", ""),
        }
    }
}
