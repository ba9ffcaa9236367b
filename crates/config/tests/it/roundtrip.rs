//! What is exported reads back to the same model, and differences tell exactly what changed.

use std::sync::Arc;

use std::collections::BTreeMap;
use std::time::Duration;

use config::site::{
    Budget, Deployment, DeploymentAt, Device, Each, Message, Missing, Namespace, Outlet, Place, Register, Report,
    Scale, SiteConfig, Tag, ValidIf, Variable, WriteRule,
};
use config::{ByteSize, TimeSpan, check_model, check_site, check_site_json, differences, to_toml};
use domain::unit::Unit;
use domain::{Level, Mode, Value, ValueType};
use proptest::option;
use proptest::prelude::*;

use crate::outside::Outside;

fn plant_north() -> SiteConfig {
    check_site(include_str!("plant-north.toml"), "site.toml", &Outside).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_file_with_every_key_is_accepted_and_comes_out_in_a_stable_form() {
    let config = plant_north();
    assert!(check_model(&config, &Outside).is_empty());
    insta::assert_snapshot!(to_toml(&config));
}

#[test]
fn differences_are_said_in_plain_words() {
    let old = plant_north();
    let mut new = old.clone();
    let first = Arc::make_mut(&mut new.tags[0]);
    first.range = Some([0.0, 36.0]);
    first.unit = Unit::parse("m/s").ok();
    let third = Arc::make_mut(&mut new.tags[2]);
    third.range = Some([0.0, 10.0]);
    third.scale = Some(Scale::Linear { factor: 0.5, offset: -1.0 });
    let moved = Tag::clone(&new.tags.remove(1));
    new.tags.push(Arc::new(Tag { name: "line-2/pump-8/flow".parse().unwrap(), ..moved }));
    new.devices[0].timeout = TimeSpan::from_millis(1500);
    new.devices[0].budget.in_flight = 2;
    new.deployments[0].mode = Mode::Watch;
    new.deployments[0].tune.insert("advice_from".to_owned(), 1.25);
    new.deployments[1].at[1].map.insert("speed".to_owned(), "line-2/recipe".parse().unwrap());
    new.deployments[1].at.remove(0);
    new.outlets[0].queue = ByteSize::from_bytes(1_000_000);
    new.outlets[1].registers[0].write = true;
    new.history.keep = TimeSpan::from_secs(3600);
    new.hub.backfill_hours = None;
    new.listen = None;
    new.places.swap(1, 2);
    insta::assert_snapshot!(differences(&old, &new).join("\n"));
}

fn text() -> impl Strategy<Value = String> {
    "[A-Za-zäß\"\\\\ '#=\\[\\]\n\t°]{1,12}".prop_map(|text| format!("x{text}"))
}

fn span() -> impl Strategy<Value = TimeSpan> {
    (1..10_000_000_u64).prop_map(|micros| Duration::from_micros(micros).into())
}

fn pair() -> impl Strategy<Value = [f64; 2]> {
    (-1e6..1e6_f64, 0.001..1e6_f64).prop_map(|(low, width)| [low, low + width])
}

fn unit() -> impl Strategy<Value = Unit> {
    let units = vec!["mm/s", "Cel", "bar(g)", "Nm3/h", "1/min", "%", "mol%", "{pcs}"];
    prop::sample::select(units).prop_map(|text| Unit::parse(text).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-1_000_000_i64..1_000_000).prop_map(Value::I64),
        (-1e9..1e9_f64).prop_map(|number| Value::from_f64(number).unwrap()),
        text().prop_map(|text| Value::Text(domain::Text::new(text).unwrap())),
    ]
}

fn device(index: usize) -> impl Strategy<Value = Device> {
    (span(), span(), 1..500_u16, any::<(bool, bool)>(), (1..4_u16, 1..4_u16, 0.1..100_f64), 0..3_usize).prop_map(
        move |(timeout, period, max_block, (read_holes, trust_source_clock), (connections, in_flight, rate), also)| {
            Device {
                name: format!("plc-{index}"),
                url: format!("modbus-tcp://10.0.0.{index}:502/1"),
                also: (0..also).map(|other| format!("modbus-tcp://10.1.{index}.{other}:502/1")).collect(),
                place: "line-2".parse().unwrap(),
                timeout,
                period,
                read_holes,
                max_block,
                pause: TimeSpan::default(),
                budget: Budget { connections, in_flight, requests_per_second: rate },
                trust_source_clock,
            }
        },
    )
}

fn scale() -> impl Strategy<Value = Scale> {
    prop_oneof![
        (0.001..1e3_f64, -1e3..1e3_f64).prop_map(|(factor, offset)| Scale::Linear { factor, offset }),
        (pair(), pair()).prop_map(|(raw, to)| Scale::Points { raw, to }),
    ]
}

fn tag(index: usize) -> impl Strategy<Value = Tag> {
    let first = (option::of(text()), option::of(unit()), option::of(scale()), option::of(pair()), option::of(value()));
    let second = (prop::collection::vec(-1e5..1e5_f64, 0..3), option::of(text()), any::<bool>(), option::of(span()));
    (first, second).prop_map(move |((label, unit, scale, range, valid), (fail_codes, word, guarded, period))| Tag {
        name: format!("line-2/tag-{index}").parse().unwrap(),
        label,
        device: "plc-0".to_owned(),
        address: format!("holding:{index}:float32"),
        period,
        unit,
        scale,
        range,
        normal: None,
        deadband: None,
        valid_if: valid.map(|is| Box::new(ValidIf { tag: "line-2/free".parse().unwrap(), is })),
        fail_codes,
        bad_words: word.map(|word| ("stale".to_owned(), word)).into_iter().collect(),
        write: if guarded { WriteRule::Guarded } else { WriteRule::Never },
        stale_after: period.map(|period| TimeSpan::from(period.get() * 3)),
    })
}

fn variable(index: usize) -> impl Strategy<Value = Variable> {
    (option::of(text()), option::of(value()), option::of(unit())).prop_map(move |(label, value, unit)| Variable {
        name: format!("line-2/variable-{index}").parse().unwrap(),
        label,
        value_type: value.as_ref().map_or(ValueType::U64, Value::value_type),
        options: value.iter().cloned().collect(),
        value,
        unit,
        range: None,
    })
}

fn deployment(index: usize) -> impl Strategy<Value = Deployment> {
    (any::<bool>(), option::of(-10.0..10_f64)).prop_map(move |(several, tune)| {
        let map: BTreeMap<_, _> = [("a signal".to_owned(), "line-2/free".parse().unwrap())].into();
        let place: domain::PlacePath = "line-2".parse().unwrap();
        Deployment {
            name: format!("model-{index}"),
            place: (!several).then(|| place.clone()),
            bundle: format!("bundles/{index}.tar").parse().unwrap(),
            mode: Mode::Advise,
            at: if several { vec![DeploymentAt { place, map: map.clone() }] } else { Vec::new() },
            map: if several { BTreeMap::new() } else { map },
            tune: tune.map(|tune| ("limit".to_owned(), tune)).into_iter().collect(),
        }
    })
}

fn message() -> impl Strategy<Value = Message> {
    (any::<(bool, bool)>(), 0..9_u32).prop_map(|((skip, several), last)| {
        let each = if several {
            Each::List(vec!["a".to_owned(), "1".to_owned()])
        } else {
            Each::Range(format!("0 to {last}"))
        };
        Message {
            each: [("n".to_owned(), each)].into(),
            on: "line-2/free".to_owned(),
            topic: "t/{n}".to_owned(),
            payload: r#"{"n":"{n}","v":{line-2/free},"q":{line-2/free:quality}}"#.to_owned(),
            missing: if skip { Missing::Skip } else { Missing::Null },
        }
    })
}

fn outlet(index: usize) -> impl Strategy<Value = Outlet> {
    let settings = (any::<(bool, bool, bool)>(), 0..2_u16, 10_000..100_000_000_u64);
    (settings, option::of(text()), prop::collection::vec(message(), 0..3)).prop_map(
        move |((switches, qos, queue), client_id, messages)| {
            let (tls, retain, modbus) = switches;
            let name = format!("outlet-{index}");
            let bare = serde_json::json!({"name": name, "url": format!("modbus-tcp://127.0.0.1:{}/1", 1502 + index)});
            let bare: Outlet = serde_json::from_value(bare).unwrap();
            if modbus {
                let tag = "line-2/free".parse().unwrap();
                let quality = retain.then(|| "input:0".to_owned());
                let register = Register { tag, address: "coil:0".to_owned(), quality, write: false };
                return Outlet { open_to_network: tls, registers: vec![register], ..bare };
            }
            let file = |name: &str| tls.then(|| name.to_owned());
            let report = if retain { Report::Scan } else { Report::Change };
            let tags = vec!["line-2".parse().unwrap()];
            Outlet {
                url: format!("{}://broker-{index}", if tls { "mqtts" } else { "mqtt" }),
                user: client_id.clone(),
                password_file: client_id.clone(),
                ca_file: file("ca.pem"),
                server_name: file("broker"),
                cert_file: file("edge.pem"),
                key_file: file("edge.key"),
                namespace: retain.then(|| Namespace { prefix: "acme".to_owned(), tags, report, advisories: tls }),
                queue: ByteSize::from_bytes(queue),
                client_id,
                qos,
                retain,
                messages,
                ..bare
            }
        },
    )
}

fn site() -> impl Strategy<Value = SiteConfig> {
    let lists = (
        (1..4_usize).prop_flat_map(|count| (0..count).map(device).collect::<Vec<_>>()),
        (0..6_usize).prop_flat_map(|count| (0..count).map(tag).collect::<Vec<_>>()),
        (0..3_usize).prop_flat_map(|count| (0..count).map(variable).collect::<Vec<_>>()),
        (0..3_usize).prop_flat_map(|count| (0..count).map(deployment).collect::<Vec<_>>()),
        (0..3_usize).prop_flat_map(|count| (0..count).map(outlet).collect::<Vec<_>>()),
    );
    (text(), lists, 50_000_000..u64::from(u32::MAX)).prop_map(
        |(name, (devices, tags, variables, deployments, outlets), size)| {
            let mut config = SiteConfig::new(name);
            config.places = vec![Place {
                path: "line-2".parse().unwrap(),
                name: "Line 2".to_owned(),
                level: Level::Line,
                picture: None,
                key_tags: Vec::new(),
            }];
            let free = Tag { name: "line-2/free".parse().unwrap(), ..bare_tag() };
            config.history.max_size = ByteSize::from_bytes(size);
            config.history.on = size.is_multiple_of(2);
            config.hub.backfill_bytes_per_s = ByteSize::from_bytes(size);
            config.hub.backfill_hours = size.is_multiple_of(3).then(|| "22:30-06:00".parse().unwrap());
            SiteConfig {
                devices,
                tags: std::iter::once(free).chain(tags).map(Arc::new).collect(),
                variables,
                deployments,
                outlets,
                ..config
            }
        },
    )
}

fn bare_tag() -> Tag {
    let json = serde_json::json!({"name": "bare", "device": "plc-0", "address": "coil:0"});
    serde_json::from_value(json).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_exported_reads_back_equal(config in site()) {
        let file = to_toml(&config);
        let read = check_site(&file, "site.toml", &Outside);
        prop_assert_eq!(read.as_ref(), Ok(&config), "{}", file);
    }

    #[test]
    fn the_model_survives_the_wire(config in site()) {
        let json = serde_json::to_value(&config).unwrap();
        prop_assert_eq!(&serde_json::from_value::<SiteConfig>(json.clone()).unwrap(), &config);
        prop_assert_eq!(check_site_json(&json, &Outside), Ok(config));
    }

    #[test]
    fn there_are_differences_exactly_when_models_differ(old in site(), new in site()) {
        prop_assert_eq!(differences(&old, &new).is_empty(), old == new);
        prop_assert_eq!(differences(&old, &old), Vec::<String>::new());
    }
}
