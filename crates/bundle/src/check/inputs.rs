//! What goes in: trigger, window, signals, features, tensor.

use config::reading::At;

use super::{Check, no_time, type_words};
use crate::contract::{Feature, FeatureOp, Layout, Role, Signal, SignalType, TriggerKind};

/// More rows than this are no window but a history.
const MAX_ROWS: usize = 100_000;

pub(super) fn check(check: &mut Check<'_>) {
    let contract = check.contract;
    check.names("signal", contract.signals.iter().map(|signal| &signal.name));
    check.names("feature", contract.features.iter().map(|feature| &feature.name));
    check_trigger(check);
    check_window(check);
    for (index, signal) in contract.signals.iter().enumerate() {
        check_signal(check, index, signal);
    }
    check_tensor(check);
    for (index, feature) in contract.features.iter().enumerate() {
        check_feature(check, index, feature);
    }
}

fn check_trigger(check: &mut Check<'_>) {
    let contract = check.contract;
    let (at, thing) = (At::root().key("trigger"), "the trigger");
    match &contract.trigger.start {
        TriggerKind::Every { period } => {
            no_time(check, at.key("period"), thing, "trigger.no-period", "period", *period);
        }
        TriggerKind::Scan { signal } => {
            check.signal(at.key("signal"), thing, "trigger.unknown-signal", signal);
        }
        TriggerKind::Edge { signal, to } => {
            if let Some(signal) = check.signal(at.key("signal"), thing, "trigger.unknown-signal", signal) {
                check.value(at.key("to"), thing, "trigger.never", signal, to);
            }
        }
        TriggerKind::Between { start, stop } => {
            for (key, event) in [("start", start), ("stop", stop)] {
                let at = at.key(key);
                if let Some(signal) = check.signal(at.key("signal"), thing, "trigger.unknown-signal", &event.signal) {
                    check.value(at.key("is"), thing, "trigger.never", signal, &event.is);
                }
            }
            if start == stop {
                let what = "the trigger starts and stops with the same event: its windows would be empty";
                check.note(at.key("stop"), thing, "trigger.never", what, "name what ends the window");
            }
        }
    }
    if let Some(key) = &contract.trigger.key {
        check.signal(at.key("key"), thing, "trigger.unknown-signal", key);
    }
}

fn check_window(check: &mut Check<'_>) {
    let window = check.contract.window;
    let (at, thing) = (At::root().key("window"), "the window");
    let no_length = no_time(check, at.key("length"), thing, "window.no-length", "length", window.length);
    if no_time(check, at.key("step"), thing, "window.no-step", "step", window.step) || no_length {
        return;
    }
    let (length, step) = (window.length.get().as_micros(), window.step.get().as_micros());
    if step > length {
        let what = format!("the window is {} long, and its step is {}: not one row fits", window.length, window.step);
        check.note(
            at.key("step"),
            thing,
            "window.step-too-long",
            what,
            "write a step that fits into `length` several times",
        );
    } else if !length.is_multiple_of(step) {
        let what = format!("{} is not a whole number of steps of {}", window.length, window.step);
        check.note(at.key("length"), thing, "window.not-whole", what, "write a `length` that is a multiple of `step`");
    } else if window.rows() > MAX_ROWS {
        let what = format!("a window of {} rows is more than {MAX_ROWS}", window.rows());
        check.note(at.key("step"), thing, "window.too-many-rows", what, "write a longer `step` or a shorter `length`");
    }
}

fn check_signal(check: &mut Check<'_>, index: usize, signal: &Signal) {
    let contract = check.contract;
    let (at, thing) = (At::item("signal", index), format!("signal {}", signal.name));
    check.words(&at.key("title"), &thing, "signal", &signal.title);
    if let Some(range) = signal.range {
        check.pair(at.key("range"), &thing, "signal.empty-range", "range", range);
    }
    let number = signal.signal_type == SignalType::Number;
    for (key, given) in [("unit", signal.unit.is_some()), ("range", signal.range.is_some())] {
        if given && !number {
            let what = format!("{thing} is {} and has a `{key}`", type_words(signal.signal_type));
            check.note(
                at.key(key),
                &thing,
                "signal.not-a-number",
                what,
                format!("remove `{key}`, or write type = \"number\""),
            );
        }
    }
    if signal.role == Role::Input && signal.signal_type == SignalType::Text {
        let what = format!("{thing} is a text and goes into the tensor");
        let hint = "write role = \"condition\" or \"key\"; a tensor holds numbers only";
        check.note(at.key("type"), &thing, "signal.text-input", what, hint);
    }
    let no_rate =
        signal.rate.is_some_and(|rate| no_time(check, at.key("rate"), &thing, "signal.no-rate", "rate", rate));
    let Some(max_gap) = signal.max_gap else { return };
    if no_time(check, at.key("max_gap"), &thing, "signal.no-gap", "max_gap", max_gap) || no_rate {
        return;
    }
    if max_gap.get() < contract.rate(signal) {
        let rate = config::TimeSpan::from(contract.rate(signal));
        let what = format!("{thing} comes every {rate}, but after {max_gap} without it nothing is predicted");
        let hint =
            "write a `max_gap` of at least three times the rate: between two samples there would always be a gap";
        check.note(at.key("max_gap"), &thing, "signal.gap-below-rate", what, hint);
    }
}

fn check_tensor(check: &mut Check<'_>) {
    let contract = check.contract;
    let at = At::root().key("tensor");
    if contract.tensor.input.is_empty() {
        check.note(
            at.key("input"),
            "tensor",
            "tensor.no-input",
            "the tensor's ONNX input has no name",
            "write the name of the model's input: input = \"x\"",
        );
    }
    match contract.tensor.layout {
        Layout::Features if contract.features.is_empty() => {
            let what = "the tensor is made of features, and there are none";
            check.note(
                at.key("layout"),
                "tensor",
                "tensor.no-features",
                what,
                "add [[feature]] blocks, or write layout = \"window\"",
            );
        }
        Layout::Window if !contract.features.is_empty() => {
            let what = "the tensor is made of whole windows, and there are features that nobody would use";
            check.note(
                At::item("feature", 0),
                "feature",
                "tensor.unused-features",
                what,
                "remove them, or write layout = \"features\"",
            );
        }
        Layout::Window if contract.inputs().next().is_none() => {
            let what = "the tensor is made of the input signals, and there are none";
            check.note(at.key("layout"), "tensor", "tensor.no-inputs", what, "add a [[signal]] of role input");
        }
        _ => {}
    }
}

fn check_feature(check: &mut Check<'_>, index: usize, feature: &Feature) {
    let (at, thing) = (At::item("feature", index), format!("feature {}", feature.name));
    let contract = check.contract;
    let Some(signal) = check.signal(at.key("signal"), &thing, "feature.unknown-signal", &feature.signal) else {
        return;
    };
    if signal.role != Role::Input {
        let what = format!("{thing} is made of the signal `{}`, whose role is not input", signal.name);
        check.note(
            at.key("signal"),
            &thing,
            "feature.not-an-input",
            what,
            "write role = \"input\" at the signal: it may serve conditions as well",
        );
    }
    let rows = contract.window.rows();
    match feature.op {
        FeatureOp::Lag { steps: 0 } => {
            check.note(
                at.key("steps"),
                &thing,
                "feature.no-lag",
                format!("{thing} looks zero steps back"),
                "write op = \"last\", or steps = 1 and more",
            );
        }
        FeatureOp::Lag { steps } if feature.op.rows_needed() > rows => {
            let what = format!("{thing} looks {steps} steps back, and the window has {rows} rows");
            let hint = format!("write at most steps = {}, or a longer window", rows.saturating_sub(1));
            check.note(at.key("steps"), &thing, "feature.lag-beyond-window", what, hint);
        }
        op if op.rows_needed() > rows => {
            let what = format!("{thing} needs {} rows, and the window has {rows}", op.rows_needed());
            check.note(
                at.key("op"),
                &thing,
                "feature.window-too-short",
                what,
                "write a longer `length` or a shorter `step` of the window",
            );
        }
        FeatureOp::Band { hz } => check_band(check, &at, &thing, signal, hz),
        _ => {}
    }
}

/// Nyquist: what changes faster than half the rate of sampling cannot be seen, only mistaken for something slower.
fn check_band(check: &mut Check<'_>, at: &At, thing: &str, signal: &Signal, [low, high]: [f64; 2]) {
    let contract = check.contract;
    let at = at.key("hz");
    if !(0.0 <= low && low < high && high.is_finite()) {
        let what = format!("{thing} looks at frequencies from {low} to {high} Hz: there is nothing between");
        check.note(at, thing, "feature.empty-band", what, "write the lower edge first: hz = [10.0, 50.0]");
        return;
    }
    let step = contract.window.step.get().as_secs_f64();
    let slowest = contract.rate(signal).as_secs_f64().max(step);
    let nyquist = 0.5 / slowest;
    if high > nyquist * (1.0 + 1e-9) {
        let what = format!(
            "{thing} looks up to {high} Hz, above half the rate of `{}` in the window, {nyquist} Hz",
            signal.name
        );
        let note = check.note(
            at,
            thing,
            "feature.band-above-half-rate",
            what,
            format!("write an upper edge of at most {nyquist}, or sample faster"),
        );
        note.why("a frequency above half the sampling rate cannot be seen, only mistaken for a lower one");
        return;
    }
    // lines of the spectrum are 1 / length apart
    let resolution = 1.0 / (contract.window.rows() as f64 * step);
    let lines = (high / resolution + 1e-9).floor() - (low / resolution - 1e-9).ceil().max(0.0);
    if lines < 0.0 {
        let what = format!(
            "{thing} looks between {low} and {high} Hz, where a window of {} has no line",
            contract.window.length
        );
        let hint = format!("widen the band to more than {resolution} Hz, or make the window longer");
        check.note(at, thing, "feature.band-too-narrow", what, hint);
    }
}
