//! A site's configuration as a file that a person can review: stable order, no defaults, reads back to the same model.

use domain::unit::Unit;
use serde::Serialize;

use super::{
    Budget, Deployment, Device, HistorySettings, HubSettings, Message, Missing, Namespace, Outlet, Place, Report,
    SiteConfig, Tag, Variable, WriteRule,
};
use crate::TimeSpan;

/// The site as site.toml. [`crate::check_site`] of the result gives an equal model.
pub fn to_toml(config: &SiteConfig) -> String {
    let mut file = Writer::default();
    file.table("[site]");
    file.line("name", &config.site.name);
    file.line("time_zone", &config.site.time_zone);
    file.line("language", &config.site.language);
    file.line("accept_unsigned", &config.site.accept_unsigned);
    for place in &config.places {
        write_place(&mut file, place);
    }
    for device in &config.devices {
        write_device(&mut file, device);
    }
    for tag in &config.tags {
        write_tag(&mut file, tag);
    }
    for variable in &config.variables {
        write_variable(&mut file, variable);
    }
    for deployment in &config.deployments {
        write_deployment(&mut file, deployment);
    }
    for outlet in &config.outlets {
        write_outlet(&mut file, outlet);
    }
    if config.history != HistorySettings::default() {
        file.table("[history]");
        file.line("on", &config.history.on);
        file.line("keep", &config.history.keep);
        file.line("max_size", &config.history.max_size);
        file.line("memory", &config.history.memory);
    }
    if config.hub != HubSettings::default() {
        file.table("[hub]");
        file.line("backfill_bytes_per_s", &config.hub.backfill_bytes_per_s);
        if let Some(hours) = &config.hub.backfill_hours {
            file.line("backfill_hours", hours);
        }
    }
    if let Some(listen) = &config.listen {
        file.table("[listen]");
        file.line("http", &listen.http);
    }
    file.text
}

/// Only these devices and tags, to be put into a site.toml.
pub fn part_to_toml(devices: &[Device], tags: &[Tag]) -> String {
    let mut file = Writer::default();
    for device in devices {
        write_device(&mut file, device);
    }
    for tag in tags {
        write_tag(&mut file, tag);
    }
    file.text
}

fn write_place(file: &mut Writer, place: &Place) {
    file.table("[[place]]");
    file.line("path", &place.path);
    file.line("name", &place.name);
    file.line("level", &place.level);
    file.maybe("picture", place.picture.as_ref());
    file.unless_empty("key_tags", &place.key_tags);
}

fn write_device(file: &mut Writer, device: &Device) {
    file.table("[[device]]");
    file.line("name", &device.name);
    file.line("url", &device.url);
    file.unless_empty("also", &device.also);
    file.maybe("place", Some(&device.place).filter(|place| !place.as_str().is_empty()));
    file.unless("timeout", &device.timeout, &Device::default_timeout());
    file.unless("period", &device.period, &Device::default_period());
    file.unless("read_holes", &device.read_holes, &false);
    file.unless("max_block", &device.max_block, &Device::default_max_block());
    file.unless("pause", &device.pause, &TimeSpan::default());
    file.unless("budget", &device.budget, &Budget::default());
    file.unless("trust_source_clock", &device.trust_source_clock, &false);
}

fn write_tag(file: &mut Writer, tag: &Tag) {
    file.table("[[tag]]");
    file.line("name", &tag.name);
    file.maybe("label", tag.label.as_ref());
    file.line("device", &tag.device);
    file.line("address", &tag.address);
    file.maybe("period", tag.period.as_ref());
    file.maybe("unit", tag.unit.as_ref().map(unit_words).as_ref());
    file.maybe("scale", tag.scale.as_ref());
    file.maybe("range", tag.range.as_ref());
    file.maybe("normal", tag.normal.as_ref());
    file.maybe("deadband", tag.deadband.as_ref());
    file.maybe("valid_if", tag.valid_if.as_deref());
    file.unless_empty("fail_codes", &tag.fail_codes);
    file.maybe("bad_words", Some(&tag.bad_words).filter(|words| !words.is_empty()));
    file.unless("write", &tag.write, &WriteRule::Never);
    file.maybe("stale_after", tag.stale_after.as_ref());
}

fn write_variable(file: &mut Writer, variable: &Variable) {
    file.table("[[variable]]");
    file.line("name", &variable.name);
    file.maybe("label", variable.label.as_ref());
    file.line("type", &variable.value_type);
    file.maybe("value", variable.value.as_ref());
    file.unless_empty("options", &variable.options);
    file.maybe("unit", variable.unit.as_ref().map(unit_words).as_ref());
    file.maybe("range", variable.range.as_ref());
}

fn write_deployment(file: &mut Writer, deployment: &Deployment) {
    file.table("[[deployment]]");
    file.line("name", &deployment.name);
    file.maybe("place", deployment.place.as_ref());
    file.line("bundle", &deployment.bundle);
    file.line("mode", &deployment.mode);
    file.maybe("map", Some(&deployment.map).filter(|map| !map.is_empty()));
    file.maybe("tune", Some(&deployment.tune).filter(|tune| !tune.is_empty()));
    for at in &deployment.at {
        file.table("[[deployment.at]]");
        file.line("place", &at.place);
        file.line("map", &at.map);
    }
}

fn write_outlet(file: &mut Writer, outlet: &Outlet) {
    file.table("[[outlet]]");
    file.line("name", &outlet.name);
    file.line("url", &outlet.url);
    file.maybe("user", outlet.user.as_ref());
    file.maybe("password_file", outlet.password_file.as_ref());
    file.maybe("ca_file", outlet.ca_file.as_ref());
    file.maybe("server_name", outlet.server_name.as_ref());
    file.maybe("cert_file", outlet.cert_file.as_ref());
    file.maybe("key_file", outlet.key_file.as_ref());
    file.maybe("client_id", outlet.client_id.as_ref());
    file.unless("qos", &outlet.qos, &0);
    file.unless("retain", &outlet.retain, &false);
    file.unless("queue", &outlet.queue, &Outlet::default_queue());
    file.maybe("status_topic", outlet.status_topic.as_ref());
    file.unless("open_to_network", &outlet.open_to_network, &false);
    if let Some(namespace) = &outlet.namespace {
        write_namespace(file, namespace);
    }
    for message in &outlet.messages {
        write_message(file, message);
    }
    for register in &outlet.registers {
        file.table("[[outlet.register]]");
        file.line("tag", &register.tag);
        file.line("address", &register.address);
        file.maybe("quality", register.quality.as_ref());
        file.unless("write", &register.write, &false);
    }
}

fn write_namespace(file: &mut Writer, namespace: &Namespace) {
    file.table("[outlet.namespace]");
    file.unless("prefix", &namespace.prefix, &String::new());
    file.unless_empty("tags", &namespace.tags);
    file.unless("report", &namespace.report, &Report::Change);
    file.unless("advisories", &namespace.advisories, &true);
}

fn write_message(file: &mut Writer, message: &Message) {
    file.table("[[outlet.message]]");
    file.maybe("each", Some(&message.each).filter(|each| !each.is_empty()));
    file.line("on", &message.on);
    file.line("topic", &message.topic);
    file.line("payload", &message.payload);
    file.unless("missing", &message.missing, &Missing::Null);
}

/// As screens show it, where that reads back as the same unit; else the code.
fn unit_words(unit: &Unit) -> String {
    let shown = unit.display();
    if Unit::parse(&shown).as_ref() == Ok(unit) { shown } else { unit.code().to_owned() }
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn table(&mut self, header: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(header);
        self.text.push('\n');
    }

    fn line<T: Serialize>(&mut self, key: &str, value: &T) {
        // what TOML cannot say (none inside of a list) our model does not have
        if let Ok(value) = toml::Value::try_from(value) {
            self.text.extend([key, " = ", &value.to_string(), "\n"]);
        }
    }

    fn maybe<T: Serialize>(&mut self, key: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.line(key, value);
        }
    }

    fn unless<T: Serialize + PartialEq>(&mut self, key: &str, value: &T, default: &T) {
        self.maybe(key, Some(value).filter(|value| *value != default));
    }

    fn unless_empty<T: Serialize>(&mut self, key: &str, list: &Vec<T>) {
        self.maybe(key, Some(list).filter(|list| !list.is_empty()));
    }
}
