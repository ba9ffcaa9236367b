//! Tags: settings, predictions and local variables as one list, each with its latest reading.

use std::collections::HashMap;

use access::Action;
use bundle::mapping;
use config::site::WriteRule;
use domain::{PlacePath, Quality, TagPath};

use crate::api::common::{Reading, Texts};
use crate::api::tag::{Tag, TagKind};
use crate::ports::{Latest, PredictionTag};
use crate::shape::{Scene, class};

/// A latest value as screens take it.
pub(crate) fn reading(latest: Latest) -> Reading {
    Reading {
        tag: latest.tag.to_string(),
        quality: class(latest.quality),
        status: latest.quality.name().to_owned(),
        stale: latest.quality == Quality::STALE,
        value: latest.value,
        word: latest.word,
        at_ms: latest.arrival.map(domain::Timestamp::millis),
        since_ms: latest.since.map(domain::Timestamp::millis),
    }
}

fn no_reading(tag: &TagPath) -> Reading {
    let quality = Quality::WAITING;
    Reading {
        tag: tag.to_string(),
        value: None,
        quality: class(quality),
        status: quality.name().to_owned(),
        stale: false,
        word: None,
        at_ms: None,
        since_ms: None,
    }
}

/// Everything that is a tag, found by name.
pub(crate) struct Tags<'a> {
    scene: &'a Scene,
    facts: mapping::Tags,
    predictions: HashMap<TagPath, PredictionTag>,
}

impl<'a> Tags<'a> {
    pub(crate) fn of(scene: &'a Scene) -> Self {
        let predictions = scene.server.site.live.predictions().into_iter();
        Self {
            scene,
            facts: state::tags_of(&scene.site.config, scene.server.site.state.addresses()),
            predictions: predictions.map(|one| (one.tag.clone(), one)).collect(),
        }
    }

    /// As a mapping sees them: what is read or set, no predictions.
    pub(crate) fn facts(&self) -> &mapping::Tags {
        &self.facts
    }

    /// Those that the person asking may see, in the order of the configuration, then predictions by name.
    pub(crate) fn all(&self) -> Vec<Tag> {
        let config = &self.scene.site.config;
        let mut predictions: Vec<&PredictionTag> = self.predictions.values().collect();
        predictions.sort_by(|a, b| a.tag.cmp(&b.tag));
        let devices = config.tags.iter().map(|tag| self.device_tag(tag));
        let variables = config.variables.iter().map(|variable| self.variable(variable));
        let predictions = predictions.into_iter().map(|one| self.prediction(one));
        devices.chain(variables).chain(predictions).filter(|tag| self.scene.who.sees(&tag.place)).collect()
    }

    pub(crate) fn get(&self, name: &TagPath) -> Option<Tag> {
        let config = &self.scene.site.config;
        let device = config.tags.iter().find(|tag| tag.name == *name).map(|tag| self.device_tag(tag));
        let variable = || config.variables.iter().find(|one| one.name == *name).map(|one| self.variable(one));
        let prediction = || self.predictions.get(name).map(|one| self.prediction(one));
        device.or_else(variable).or_else(prediction)
    }

    /// The value now, or that none has come yet.
    pub(crate) fn latest(&self, name: &TagPath) -> Reading {
        let latest = self.scene.server.site.live.latest(name);
        latest.map_or_else(|| no_reading(name), reading)
    }

    fn device_tag(&self, tag: &config::site::Tag) -> Tag {
        let config = &self.scene.site.config;
        let value_type = self.facts.get(&tag.name).and_then(|facts| facts.value_type);
        Tag {
            device: Some(tag.device.clone()),
            address: Some(tag.address.clone()),
            value_type: value_type.map(type_name),
            unit: tag.unit.as_ref().map(domain::unit::Unit::display).unwrap_or_default(),
            range: tag.range.map(pair),
            normal: tag.normal.map(pair),
            period_ms: Some(millis(config.period(tag))),
            stale_after_ms: Some(millis(config.stale_after(tag))),
            write: match tag.write {
                WriteRule::Never => "never",
                WriteRule::Guarded => "guarded",
            }
            .to_owned(),
            ..self.bare(&tag.name, tag.label.as_deref(), TagKind::Device)
        }
    }

    fn variable(&self, variable: &config::site::Variable) -> Tag {
        let place = place(&variable.name);
        Tag {
            value_type: Some(type_name(variable.value_type)),
            unit: variable.unit.as_ref().map(domain::unit::Unit::display).unwrap_or_default(),
            range: variable.range.map(pair),
            options: variable.options.iter().map(ToString::to_string).collect(),
            permission: Some(self.scene.permission(Action::SetVariable, &place)),
            ..self.bare(&variable.name, variable.label.as_deref(), TagKind::Variable)
        }
    }

    fn prediction(&self, prediction: &PredictionTag) -> Tag {
        Tag {
            label: prediction.title.clone(),
            place: prediction.place.to_string(),
            deployment: Some(prediction.deployment.clone()),
            value_type: Some(type_name(domain::ValueType::F64)),
            unit: prediction.unit.clone(),
            range: prediction.range,
            ..self.bare(&prediction.tag, None, TagKind::Prediction)
        }
    }

    fn bare(&self, name: &TagPath, label: Option<&str>, kind: TagKind) -> Tag {
        Tag {
            name: name.to_string(),
            label: Texts::plain(label.unwrap_or_else(|| name.name())),
            place: name.place().to_owned(),
            kind,
            device: None,
            deployment: None,
            address: None,
            value_type: None,
            unit: String::new(),
            range: None,
            normal: None,
            period_ms: None,
            stale_after_ms: None,
            write: "never".to_owned(),
            options: Vec::new(),
            latest: self.latest(name),
            permission: None,
        }
    }
}

fn place(name: &TagPath) -> PlacePath {
    name.place().parse().unwrap_or_default()
}

fn pair([low, high]: [f64; 2]) -> (f64, f64) {
    (low, high)
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `f64`, as files write it.
pub(crate) fn type_name(value_type: domain::ValueType) -> String {
    serde_json::to_value(value_type).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
