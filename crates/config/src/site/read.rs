//! From a file's tree to [`SiteConfig`]: keys, kinds of values, defaults.

use std::sync::Arc;

use domain::{Mode, PlacePath, TagPath, Value, ValueType};

use super::{
    Budget, BundleRef, Deployment, DeploymentAt, Device, Each, HistorySettings, HubSettings, Listen, Message, Missing,
    Namespace, Outlet, Picture, Place, Register, Report, Scale, Site, SiteConfig, Tag, ValidIf, Variable, WriteRule,
};
use crate::node::Kind;
use crate::reading::{Fields, Leaf, Read, Reading};
use crate::{TimeSpan, read_words};

/// Reads all of it. What cannot be read is noted in `reading` and has a stand-in in the result.
pub(crate) fn site_config(reading: &Reading<'_>) -> SiteConfig {
    let root = reading.root();
    if !root.has("site") {
        root.missing("site", "a [site] table with the site's `name`");
    }
    let config = SiteConfig {
        site: root.table("site", site).unwrap_or_else(|| SiteConfig::new("").site),
        places: root.list("place", place),
        devices: root.list("device", device),
        tags: root.list("tag", |fields| Arc::new(tag(fields))),
        variables: root.list("variable", variable),
        deployments: root.list("deployment", deployment),
        outlets: root.list("outlet", outlet),
        history: root.table("history", history).unwrap_or_default(),
        hub: root.table("hub", hub).unwrap_or_default(),
        listen: root.table("listen", |fields| Listen { http: fields.required("http", String::new()) }),
    };
    root.finish();
    config
}

fn site(fields: &Fields<'_>) -> Site {
    Site {
        name: fields.required("name", String::new()),
        time_zone: fields.or("time_zone", Site::default_time_zone()),
        language: fields.or("language", Site::default_language()),
        accept_unsigned: fields.or("accept_unsigned", false),
    }
}

fn place(fields: &Fields<'_>) -> Place {
    Place {
        path: fields.required("path", PlacePath::site()),
        name: fields.required("name", String::new()),
        level: fields.required("level", domain::Level::Cell),
        picture: fields.optional("picture"),
        key_tags: fields.or("key_tags", Vec::new()),
    }
}

fn device(fields: &Fields<'_>) -> Device {
    Device {
        name: fields.required("name", String::new()),
        url: fields.required("url", String::new()),
        also: fields.or("also", Vec::new()),
        place: fields.or("place", PlacePath::site()),
        timeout: fields.or("timeout", Device::default_timeout()),
        period: fields.or("period", Device::default_period()),
        read_holes: fields.or("read_holes", false),
        max_block: fields.or("max_block", Device::default_max_block()),
        pause: fields.or("pause", TimeSpan::default()),
        budget: fields.table("budget", budget).unwrap_or_default(),
        trust_source_clock: fields.or("trust_source_clock", false),
    }
}

fn budget(fields: &Fields<'_>) -> Budget {
    let default = Budget::default();
    Budget {
        connections: fields.or("connections", default.connections),
        in_flight: fields.or("in_flight", default.in_flight),
        requests_per_second: fields.or("requests_per_second", default.requests_per_second),
    }
}

fn tag(fields: &Fields<'_>) -> Tag {
    Tag {
        name: fields.required("name", unnamed()),
        label: fields.optional("label"),
        device: fields.required("device", String::new()),
        address: fields.required("address", String::new()),
        period: fields.optional("period"),
        unit: fields.optional("unit"),
        scale: fields.optional("scale"),
        range: fields.optional("range"),
        normal: fields.optional("normal"),
        deadband: fields.optional("deadband"),
        valid_if: fields.table("valid_if", |inner| {
            Box::new(ValidIf { tag: inner.required("tag", unnamed()), is: inner.or("is", Value::Bool(true)) })
        }),
        fail_codes: fields.or("fail_codes", Vec::new()),
        bad_words: fields.optional("bad_words").unwrap_or_default(),
        write: fields.or("write", WriteRule::Never),
        stale_after: fields.optional("stale_after"),
    }
}

fn variable(fields: &Fields<'_>) -> Variable {
    let value_type = fields.required("type", ValueType::F64);
    // a whole number is a fitting value of an f64: the type decides
    let typed = |value: Value| value_type.coerce(&value).unwrap_or(value);
    Variable {
        name: fields.required("name", unnamed()),
        label: fields.optional("label"),
        value_type,
        value: fields.optional("value").map(typed),
        options: fields.or::<Vec<Value>>("options", Vec::new()).into_iter().map(typed).collect(),
        unit: fields.optional("unit"),
        range: fields.optional("range"),
    }
}

fn deployment(fields: &Fields<'_>) -> Deployment {
    Deployment {
        name: fields.required("name", String::new()),
        place: fields.optional("place"),
        bundle: fields.required("bundle", BundleRef::Path(String::new())),
        mode: fields.or("mode", Mode::Watch),
        map: fields.optional("map").unwrap_or_default(),
        at: fields.list("at", |at| DeploymentAt {
            place: at.required("place", PlacePath::site()),
            map: at.optional("map").unwrap_or_default(),
        }),
        tune: fields.optional("tune").unwrap_or_default(),
    }
}

fn outlet(fields: &Fields<'_>) -> Outlet {
    Outlet {
        name: fields.required("name", String::new()),
        url: fields.required("url", String::new()),
        user: fields.optional("user"),
        password_file: fields.optional("password_file"),
        ca_file: fields.optional("ca_file"),
        server_name: fields.optional("server_name"),
        cert_file: fields.optional("cert_file"),
        key_file: fields.optional("key_file"),
        client_id: fields.optional("client_id"),
        qos: fields.or("qos", 0),
        retain: fields.or("retain", false),
        queue: fields.or("queue", Outlet::default_queue()),
        status_topic: fields.optional("status_topic"),
        namespace: fields.table("namespace", namespace),
        messages: fields.list("message", message),
        open_to_network: fields.or("open_to_network", false),
        registers: fields.list("register", |register| Register {
            tag: register.required("tag", unnamed()),
            address: register.required("address", String::new()),
            quality: register.optional("quality"),
            write: register.or("write", false),
        }),
    }
}

fn namespace(fields: &Fields<'_>) -> Namespace {
    let default = Namespace::default();
    Namespace {
        prefix: fields.or("prefix", default.prefix),
        tags: fields.or("tags", default.tags),
        report: fields.or("report", default.report),
        advisories: fields.or("advisories", default.advisories),
    }
}

fn message(fields: &Fields<'_>) -> Message {
    Message {
        each: fields.optional("each").unwrap_or_default(),
        on: fields.required("on", String::new()),
        topic: fields.required("topic", String::new()),
        payload: fields.required("payload", String::new()),
        missing: fields.or("missing", Missing::Null),
    }
}

fn history(fields: &Fields<'_>) -> HistorySettings {
    let default = HistorySettings::default();
    HistorySettings {
        on: fields.or("on", default.on),
        keep: fields.or("keep", default.keep),
        max_size: fields.or("max_size", default.max_size),
        memory: fields.or("memory", default.memory),
    }
}

fn hub(fields: &Fields<'_>) -> HubSettings {
    HubSettings {
        backfill_bytes_per_s: fields.or("backfill_bytes_per_s", HubSettings::default().backfill_bytes_per_s),
        backfill_hours: fields.optional("backfill_hours"),
    }
}

/// Stands for a name that could not be read.
fn unnamed() -> TagPath {
    "unnamed".parse().expect("a plain word is a path")
}

impl Read for Scale {
    const EXPECTED: &'static str = "{ factor = 0.1, offset = 0.0 } or { raw = [0, 27648], to = [0.0, 16.0] }";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        leaf.table(|fields| {
            let (line, points) = (fields.has("factor") || fields.has("offset"), fields.has("raw") || fields.has("to"));
            let linear = || Self::Linear { factor: fields.required("factor", 1.0), offset: fields.or("offset", 0.0) };
            let through =
                || Self::Points { raw: fields.required("raw", [0.0, 1.0]), to: fields.required("to", [0.0, 1.0]) };
            if line && points {
                let both = "a scale has `factor` and `offset`, or `raw` and `to`, not both";
                leaf.bad_value(both, format!("write {}", Self::EXPECTED));
                let _asked = (linear(), through());
                return linear();
            }
            if points { through() } else { linear() }
        })
    }
}

impl Read for Each {
    const EXPECTED: &'static str = "[\"line-1/pump-7\", \"line-1/pump-8\"] or \"0 to 99\"";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match leaf.node.kind {
            Kind::List(_) => leaf.items::<Value>().map(|list| Self::List(list.iter().map(Value::to_string).collect())),
            _ => String::read(leaf).map(Self::Range),
        }
    }
}

read_words!(Report, "\"change\" or \"scan\"", "change" => Report::Change, "scan" => Report::Scan);
read_words!(Missing, "\"null\" or \"skip\"", "null" => Missing::Null, "skip" => Missing::Skip);
read_words!(Picture, "\"tank\", \"pump\", \"exchanger\", \"vessel\", \"motor\", \"valve\" or \"machine\"",
    "tank" => Picture::Tank, "pump" => Picture::Pump, "exchanger" => Picture::Exchanger, "vessel" => Picture::Vessel,
    "motor" => Picture::Motor, "valve" => Picture::Valve, "machine" => Picture::Machine);
read_words!(WriteRule, "\"never\" or \"guarded\"", "never" => WriteRule::Never, "guarded" => WriteRule::Guarded);
