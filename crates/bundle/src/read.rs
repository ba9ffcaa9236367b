//! From the tree of contract.toml to [`Contract`]: keys, kinds of values, defaults.

use config::node::Kind;
use config::reading::{Fields, Leaf, Read, Reading};
use config::{TimeSpan, read_words};
use domain::Value;

use crate::contract::{
    Align, Baseline, Condition, Contract, Dtype, Event, Feature, FeatureOp, Golden, Layout, Limit, Output, Role, Rule,
    RuleKind, Signal, SignalType, Tensor, Test, Trigger, TriggerKind, Tunable, Window, Words,
};

/// Reads all of it. What cannot be read is noted in `reading` and has a stand-in in the result.
pub(crate) fn contract(reading: &Reading<'_>) -> Contract {
    let root = reading.root();
    let contract = Contract {
        format: root.required("format", 1),
        name: root.required("name", String::new()),
        version: root.required("version", String::new()),
        title: title(&root),
        about: root.optional("about").map(|PerLanguage(words)| words).unwrap_or_default(),
        model: root.required("model", String::new()),
        trigger: required_table(&root, "trigger", "a [trigger] table with its `kind`", trigger)
            .unwrap_or_else(every_second),
        window: required_table(&root, "window", "a [window] table with `length` and `step`", window)
            .unwrap_or_else(one_second),
        signals: root.list("signal", signal),
        features: root.list("feature", feature),
        tensor: required_table(&root, "tensor", "a [tensor] table with `input` and `layout`", tensor)
            .unwrap_or_else(no_tensor),
        outputs: root.list("output", output),
        conditions: root.list("condition", condition),
        baselines: root.list("baseline", baseline),
        tunables: root.list("tunable", tunable),
        rule: root.table("decision", rule),
        golden: root.table("golden", |fields| Golden { file: fields.required("file", String::new()) }),
    };
    root.finish();
    contract
}

fn required_table<T>(root: &Fields<'_>, key: &'static str, expected: &str, read: fn(&Fields<'_>) -> T) -> Option<T> {
    if !root.has(key) {
        root.missing(key, expected);
    }
    root.table(key, read)
}

/// A text per language.
#[derive(Default)]
struct PerLanguage(Words);

impl Read for PerLanguage {
    const EXPECTED: &'static str = "a text per language: { en = \"...\", de = \"...\" }";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        if let Kind::Text(_) = &leaf.node.kind {
            leaf.wrong_type(Self::EXPECTED);
            return None;
        }
        leaf.entries().map(Self)
    }
}

fn title(fields: &Fields<'_>) -> Words {
    fields.required("title", PerLanguage::default()).0
}

fn every_second() -> Trigger {
    Trigger { start: TriggerKind::Every { period: TimeSpan::from_secs(1) }, key: None }
}

fn one_second() -> Window {
    Window { length: TimeSpan::from_secs(1), step: TimeSpan::from_secs(1), align: Align::Last }
}

fn no_tensor() -> Tensor {
    Tensor { input: String::new(), layout: Layout::Features, dtype: Dtype::F32 }
}

#[derive(Clone, Copy)]
enum TriggerWord {
    Every,
    Scan,
    Edge,
    Between,
}

read_words!(TriggerWord, "\"every\", \"scan\", \"edge\" or \"between\"",
    "every" => Self::Every, "scan" => Self::Scan, "edge" => Self::Edge, "between" => Self::Between);

fn trigger(fields: &Fields<'_>) -> Trigger {
    let start = match fields.required("kind", None::<TriggerWord>) {
        Some(TriggerWord::Every) => TriggerKind::Every { period: fields.required("period", TimeSpan::from_secs(1)) },
        Some(TriggerWord::Scan) => TriggerKind::Scan { signal: fields.required("signal", String::new()) },
        Some(TriggerWord::Edge) => TriggerKind::Edge {
            signal: fields.required("signal", String::new()),
            to: fields.or("to", Value::Bool(true)),
        },
        Some(TriggerWord::Between) => {
            TriggerKind::Between { start: required_event(fields, "start"), stop: required_event(fields, "stop") }
        }
        None => {
            // nobody knows which of these belong to it
            fields.ask(&["period", "signal", "to", "start", "stop"]);
            every_second().start
        }
    };
    Trigger { start, key: fields.optional("key") }
}

fn required_event(fields: &Fields<'_>, key: &'static str) -> Event {
    if !fields.has(key) {
        fields.missing(key, "{ signal = \"...\", is = true }");
    }
    let read = |event: &Fields<'_>| Event {
        signal: event.required("signal", String::new()),
        is: event.or("is", Value::Bool(true)),
    };
    fields.table(key, read).unwrap_or_else(|| Event { signal: String::new(), is: Value::Bool(true) })
}

fn window(fields: &Fields<'_>) -> Window {
    Window {
        length: fields.required("length", TimeSpan::from_secs(1)),
        step: fields.required("step", TimeSpan::from_secs(1)),
        align: fields.or("align", Align::Last),
    }
}

fn signal(fields: &Fields<'_>) -> Signal {
    Signal {
        name: fields.required("name", String::new()),
        title: title(fields),
        unit: fields.optional("unit"),
        signal_type: fields.or("type", SignalType::Number),
        role: fields.or("role", Role::Input),
        range: fields.optional("range"),
        rate: fields.optional("rate"),
        max_gap: fields.optional("max_gap"),
    }
}

fn feature(fields: &Fields<'_>) -> Feature {
    let name = fields.required("name", String::new());
    let signal = fields.required("signal", String::new());
    let op = match fields.required("op", None::<FeatureOp>) {
        Some(FeatureOp::Lag { .. }) => FeatureOp::Lag { steps: fields.required("steps", 1) },
        Some(FeatureOp::Band { .. }) => FeatureOp::Band { hz: fields.required("hz", [0.0, f64::NAN]) },
        Some(other) => other,
        None => {
            fields.ask(&["steps", "hz"]);
            FeatureOp::Last
        }
    };
    Feature { name, signal, op }
}

fn tensor(fields: &Fields<'_>) -> Tensor {
    Tensor {
        input: fields.required("input", String::new()),
        layout: fields.required("layout", Layout::Features),
        dtype: fields.or("dtype", Dtype::F32),
    }
}

fn output(fields: &Fields<'_>) -> Output {
    Output {
        name: fields.required("name", String::new()),
        tensor: fields.required("tensor", String::new()),
        index: fields.or("index", 0),
        unit: fields.optional("unit"),
        range: fields.optional("range"),
        title: title(fields),
    }
}

fn condition(fields: &Fields<'_>) -> Condition {
    if !fields.has("when") {
        fields.missing("when", "a list of tests: [{ signal = \"speed\", min = 1000.0 }]");
    }
    Condition {
        name: fields.required("name", String::new()),
        when: fields.list("when", |test| Test {
            signal: test.required("signal", String::new()),
            is: test.optional("is"),
            min: test.optional("min"),
            max: test.optional("max"),
            any_of: test.or("any_of", Vec::new()),
        }),
        held_for: fields.optional("for"),
        applies: fields.or("applies", true),
        title: title(fields),
    }
}

fn baseline(fields: &Fields<'_>) -> Baseline {
    Baseline {
        condition: fields.optional("condition"),
        signal: fields.required("signal", String::new()),
        low: fields.required("low", 0.0),
        high: fields.required("high", 1.0),
        quantiles: fields.or("quantiles", Vec::new()),
    }
}

fn tunable(fields: &Fields<'_>) -> Tunable {
    Tunable {
        name: fields.required("name", String::new()),
        value: fields.required("value", 0.0),
        min: fields.required("min", f64::NEG_INFINITY),
        max: fields.required("max", f64::INFINITY),
        title: title(fields),
    }
}

fn rule(fields: &Fields<'_>) -> Rule {
    Rule {
        kind: fields.or("kind", RuleKind::Advisory),
        output: fields.required("output", String::new()),
        above: fields.optional("above"),
        below: fields.optional("below"),
        clear_below: fields.or("clear_below", Rule::default_clear()),
        n: fields.or("n", 1),
        m: fields.or("m", 1),
        title: title(fields),
        reason: fields.optional("reason").map(|PerLanguage(words)| words).unwrap_or_default(),
        response: fields.optional("response").unwrap_or_default(),
    }
}

read_words!(Align, "\"last\", \"linear\" or \"mean\"", "last" => Self::Last, "linear" => Self::Linear, "mean" => Self::Mean);
read_words!(SignalType, "\"number\", \"bool\" or \"text\"",
    "number" => Self::Number, "bool" => Self::Bool, "text" => Self::Text);
read_words!(Role, "\"input\", \"condition\", \"key\" or \"trigger\"",
    "input" => Self::Input, "condition" => Self::Condition, "key" => Self::Key, "trigger" => Self::Trigger);
read_words!(Layout, "\"features\" or \"window\"", "features" => Self::Features, "window" => Self::Window);
read_words!(Dtype, "\"f32\" or \"f64\"", "f32" => Self::F32, "f64" => Self::F64);
read_words!(RuleKind, "\"advisory\"", "advisory" => Self::Advisory);
read_words!(FeatureOp, "an operation: \"last\", \"mean\", \"std\", \"rms\" ...",
    "last" => Self::Last, "mean" => Self::Mean, "std" => Self::Std, "min" => Self::Min, "max" => Self::Max,
    "rms" => Self::Rms, "kurtosis" => Self::Kurtosis, "crest" => Self::Crest, "lag" => Self::Lag { steps: 1 },
    "diff" => Self::Diff, "rate" => Self::Rate, "band" => Self::Band { hz: [0.0, 0.0] });

impl Read for Limit {
    const EXPECTED: &'static str = "a number, or the name of a tunable in double quotes";
    fn read(leaf: &Leaf<'_>) -> Option<Self> {
        match &leaf.node.kind {
            Kind::Text(name) => Some(Self::Tunable(name.clone())),
            Kind::Integer(_) | Kind::Number(_) => f64::read(leaf).map(Self::Number),
            _ => {
                leaf.wrong_type(Self::EXPECTED);
                None
            }
        }
    }
}
