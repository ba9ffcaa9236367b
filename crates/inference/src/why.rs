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
        let signal = |index: &usize| match contract.signals.get(*index) {
            Some(signal) => words(&signal.title, language).to_owned(),
            None => String::new(),
        };
        let condition =
            |index: &usize| contract.conditions.get(*index).map_or("", |one| words(&one.title, language)).to_owned();
        let output =
            |index: &usize| contract.outputs.get(*index).map_or("", |one| words(&one.title, language)).to_owned();
        let feature = |index: &usize| contract.features.get(*index).map_or("", |one| &one.name).to_owned();
        let german = language == "de";
        let say = |en: String, de: String| if german { de } else { en };
        match self {
            Self::NoSample(at, None) => {
                let name = signal(at);
                say(format!("{name}: no sample"), format!("{name}: kein Messwert"))
            }
            Self::NoSample(at, Some(quality)) => {
                let name = signal(at);
                say(
                    format!("{name}: no usable sample ({quality})"),
                    format!("{name}: kein brauchbarer Messwert ({quality})"),
                )
            }
            Self::Unsure(at, quality) => {
                let name = signal(at);
                say(format!("{name} is uncertain ({quality})"), format!("{name} ist unsicher ({quality})"))
            }
            Self::OutsideTraining(at) => {
                let name = signal(at);
                say(
                    format!("{name} is outside what the model was trained for"),
                    format!("{name} liegt außerhalb dessen, wofür das Modell trainiert ist"),
                )
            }
            Self::TooSlow(at) => {
                let name = signal(at);
                say(
                    format!("{name} is sampled too slowly for the model's frequency band"),
                    format!("{name} wird zu langsam abgetastet für das Frequenzband des Modells"),
                )
            }
            Self::TooMany(at) => {
                let name = signal(at);
                say(
                    format!("{name}: too many samples for one window"),
                    format!("{name}: zu viele Messwerte für ein Fenster"),
                )
            }
            Self::NoFeature(at) => {
                let name = feature(at);
                say(format!("feature {name} is not a number"), format!("Merkmal {name} ist keine Zahl"))
            }
            Self::Excluded(at) => condition(at),
            Self::Settling(at) => {
                let name = condition(at);
                say(format!("{name}, but not for long enough yet"), format!("{name}, aber noch nicht lange genug"))
            }
            Self::NoExperience => say("no experience".to_owned(), "keine Erfahrung".to_owned()),
            Self::ConditionUnknown(at) => {
                let name = signal(at);
                say(
                    format!("{name} has no value, so nobody can say whether the model applies"),
                    format!("{name} hat keinen Wert; ob das Modell gilt, ist nicht zu sagen"),
                )
            }
            Self::CycleTooShort => say(
                "the cycle is too short for the model".to_owned(),
                "der Zyklus ist zu kurz für das Modell".to_owned(),
            ),
            Self::CycleTooLong => say(
                "the cycle is longer than the window, only its end was judged".to_owned(),
                "der Zyklus ist länger als das Fenster, nur sein Ende wurde bewertet".to_owned(),
            ),
            Self::NoNumber(at) => {
                let name = output(at);
                say(format!("the model gave no number for {name}"), format!("das Modell gab keine Zahl für {name}"))
            }
            Self::OutputRange(at) => {
                let name = output(at);
                say(format!("{name} is outside its range"), format!("{name} liegt außerhalb seines Bereichs"))
            }
            Self::Model(_, what) => what.clone(),
        }
    }
}
