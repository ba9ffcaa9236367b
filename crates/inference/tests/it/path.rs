//! From samples to predictions and decisions, case by case.

use std::collections::BTreeMap;
use std::sync::Arc;

use bundle::Contract;
use domain::unit::Conversion;
use domain::{Decision, Quality, Value};
use inference::{RecordedSample, Scorer, Setup};

use crate::places::{Sum, at, contract, drain, place, predicted, sample, scorer};

const SIMPLE: &str = r#"
    [trigger]
    kind = "every"
    period = "1s"
    [window]
    length = "2s"
    step = "1s"
    [[signal]]
    name = "a"
    title = { en = "Vibration", de = "Schwingung" }
    unit = "mm/s"
    range = [0.0, 10.0]
    max_gap = "1500ms"
    [tensor]
    input = "x"
    layout = "window"
"#;

fn simple(more: &str) -> Arc<Contract> {
    contract(&format!("{SIMPLE}\n{more}"))
}

/// A sample each second from 1 s on.
fn seconds(values: &[f64]) -> Vec<RecordedSample> {
    values.iter().zip(1..).map(|(value, second)| sample(second * 1000, 0, *value)).collect()
}

fn value_of(row: &inference::PredictionRow) -> Option<f64> {
    row.outputs[0].value
}

#[tokio::test]
async fn a_window_holds_what_arrived_up_to_its_end_and_says_why_it_is_not_full() {
    let rows = predicted(&mut scorer(&simple(""), 1, None), &seconds(&[1.0, 2.0, 4.0]), 3000).await;
    let ends: Vec<_> = rows.iter().map(|row| (row.end.millis(), value_of(row))).collect();
    assert_eq!(ends, [(1000, None), (2000, Some(3.0)), (3000, Some(6.0))]);
    assert_eq!(rows[0].outputs[0].quality, Quality::NO_DATA);
    assert_eq!(rows[0].why.as_ref().unwrap().text, "Vibration: no sample");
    assert!(rows[0].applicable);
}

#[tokio::test]
async fn bad_and_uncertain_inputs_carry_over() {
    let mut samples = seconds(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    samples[2].quality = Quality::STALE;
    for at in [4, 5] {
        samples[at].value = None;
        samples[at].quality = Quality::SENSOR_FAILURE;
    }
    let rows = predicted(&mut scorer(&simple(""), 1, None), &samples, 6000).await;
    let seen: Vec<_> = rows.iter().map(|row| (value_of(row), row.outputs[0].quality)).collect();
    assert_eq!(seen[1], (Some(3.0), Quality::GOOD));
    assert_eq!(seen[2], (Some(5.0), Quality::SUB_NORMAL), "an uncertain sample");
    assert_eq!(seen[4], (Some(8.0), Quality::SUB_NORMAL), "a value held over a bad sample");
    assert_eq!(seen[5], (None, Quality::NO_DATA), "held for longer than the gap");
    assert_eq!(rows[5].why.as_ref().unwrap().text, "Vibration: no usable sample (BadSensorFailure)");
}

#[tokio::test]
async fn outside_the_training_range_is_used_with_care() {
    let rows = predicted(&mut scorer(&simple(""), 1, None), &seconds(&[1.0, 12.0]), 2000).await;
    assert_eq!((value_of(&rows[1]), rows[1].outputs[0].quality), (Some(13.0), Quality::SUB_NORMAL));
    assert_eq!(rows[1].why.as_ref().unwrap().code, "input.outside-training");
}

#[tokio::test]
async fn a_tag_in_another_unit_is_converted() {
    let contract = simple("");
    let mut input = place(&contract);
    input.conversions[0] = Conversion { factor: 1000.0, offset: 0.5 };
    let mut scorer = Scorer::new(Arc::clone(&contract), Setup { places: vec![input], ..Setup::default() }).unwrap();
    let rows = predicted(&mut scorer, &seconds(&[0.001, 0.002]), 2000).await;
    assert_eq!(value_of(&rows[1]), Some(4.0));
}

#[tokio::test]
async fn a_hole_in_the_recording_is_not_a_million_empty_predictions() {
    let mut samples = seconds(&[1.0, 2.0]);
    samples.push(sample(1_000_000_000, 0, 3.0));
    let rows = predicted(&mut scorer(&simple(""), 1, None), &samples, 1_000_000_000).await;
    assert!(rows.len() < 12, "{}", rows.len());
    assert_eq!(rows.last().unwrap().end, at(1_000_000_000));
}

#[tokio::test]
async fn every_window_is_given_even_when_thousands_are_due_at_once() {
    let values: Vec<f64> = (0..5000).map(|second| f64::from(second % 7)).collect();
    let mut scorer = scorer(&simple(""), 1, None);
    for one in seconds(&values) {
        scorer.push(0, 0, one.arrival, one.value.as_ref(), one.quality);
    }
    assert!(scorer.due(at(5_000_000)).len() < 5000);
    let rest = drain(&mut scorer, at(5_000_000)).await;
    assert_eq!(rest.last().unwrap().end, at(5_000_000));
}

#[tokio::test]
async fn places_are_predicted_in_one_call_and_only_those_that_have_a_row() {
    let contract = simple("");
    let mut scorer = scorer(&contract, 3, None);
    for place in [0, 2] {
        for one in seconds(&[1.0, 2.0]) {
            scorer.push(place, 0, one.arrival, one.value.as_ref(), one.quality);
        }
    }
    scorer.push(1, 0, at(1500), None, Quality::TIMEOUT);
    let jobs: Vec<_> = scorer.due(at(2000)).into_iter().filter(|job| job.end == at(2000)).collect();
    let calls = scorer.calls(&jobs);
    assert_eq!((jobs.len(), calls.len()), (3, 1));
    assert_eq!(calls[0][0].1.shape(), [2, 2, 1]);
    let rows = inference::predict(&mut scorer, &mut Sum, jobs).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.place, value_of(row))).collect();
    assert_eq!(seen, [(0, Some(3.0)), (1, None), (2, Some(3.0))]);
}

#[tokio::test]
async fn a_model_that_fails_gives_bad_predictions_that_say_why() {
    let mut scorer = scorer(&simple(""), 1, None);
    for one in seconds(&[1.0, 2.0]) {
        scorer.push(0, 0, one.arrival, one.value.as_ref(), one.quality);
    }
    let jobs = scorer.due(at(2000));
    let rows = scorer.finish(jobs, &[Err(("model.too-slow", "the model was too slow".to_owned()))]);
    assert_eq!((value_of(&rows[1]), rows[1].outputs[0].quality), (None, Quality::BAD));
    assert_eq!(rows[1].why.as_ref().unwrap().code, "model.too-slow");
}

const STATES: &str = r#"
    [[signal]]
    name = "speed"
    title = { en = "Speed" }
    role = "condition"
    [[signal]]
    name = "product"
    title = { en = "Product" }
    type = "text"
    role = "condition"
    max_gap = "1h"
    [[condition]]
    name = "cleaning"
    when = [{ signal = "product", is = "water" }]
    applies = false
    title = { en = "Cleaning", de = "Reinigung" }
    [[condition]]
    name = "running"
    when = [{ signal = "speed", min = 1000.0 }, { signal = "product", any_of = ["base", "rich"] }]
    for = "2s"
    title = { en = "Running" }
"#;

#[tokio::test]
async fn the_first_condition_that_matches_decides_whether_the_model_applies() {
    let contract = simple(STATES);
    let mut scorer = scorer(&contract, 1, None);
    let mut samples = seconds(&[1.0; 12]);
    for second in 1..=12 {
        samples.push(sample(second * 1000, 1, if second < 3 { 0.0 } else { 1500.0 }));
    }
    for (second, product) in [(1, "base"), (8, "water"), (10, "syrup")] {
        let value = domain::value::Text::new(product).map(Value::Text);
        samples.push(RecordedSample { value, ..sample(second * 1000, 2, 0.0) });
    }
    let rows = predicted(&mut scorer, &samples, 12_000).await;
    let said: Vec<String> = rows
        .iter()
        .skip(1)
        .map(|row| row.why.as_ref().map_or_else(|| "applies".to_owned(), |why| why.text.clone()))
        .collect();
    let expected = [
        "no experience",
        "Running, but not for long enough yet",
        "Running, but not for long enough yet",
        "applies",
        "applies",
        "applies",
        "Cleaning",
        "Cleaning",
        "no experience",
        "no experience",
        "no experience",
    ];
    assert_eq!(said, expected);
    assert_eq!(rows[1].outputs[0].quality, Quality::NOT_APPLICABLE);
    assert!(!rows[1].applicable && rows[4].applicable);
}

#[tokio::test]
async fn without_the_state_nobody_can_say_whether_the_model_applies() {
    let rows = predicted(&mut scorer(&simple(STATES), 1, None), &seconds(&[1.0, 2.0]), 2000).await;
    assert_eq!(rows[1].outputs[0].quality, Quality::NO_DATA);
    assert_eq!(rows[1].why.as_ref().unwrap().code, "condition.unknown");
}

fn triggered(trigger: &str) -> Arc<Contract> {
    contract(&format!(
        r#"
        [trigger]
        {trigger}
        [window]
        length = "5s"
        step = "1s"
        [[signal]]
        name = "a"
        title = {{ en = "A" }}
        max_gap = "5s"
        [[signal]]
        name = "done"
        title = {{ en = "Done" }}
        type = "bool"
        role = "trigger"
        [[signal]]
        name = "serial"
        title = {{ en = "Serial" }}
        type = "text"
        role = "key"
        max_gap = "1min"
        [[feature]]
        name = "mean"
        signal = "a"
        op = "mean"
        [tensor]
        input = "x"
        layout = "features"
        "#
    ))
}

fn flag(millis: i64, on: bool) -> RecordedSample {
    sample(millis, 1, f64::from(u8::from(on)))
}

#[tokio::test]
async fn an_edge_ends_a_window_with_the_key_and_only_when_the_signal_becomes_it() {
    let contract = triggered("kind = \"edge\"\nsignal = \"done\"\nto = true\nkey = \"serial\"");
    let mut samples: Vec<_> = (0..20).map(|second| sample(second * 1000, 0, 2.0)).collect();
    samples.extend([flag(500, true), flag(6000, true), flag(8000, false), flag(9200, true), flag(9400, true)]);
    let serial = |millis, text: &str| {
        let value = domain::value::Text::new(text).map(Value::Text);
        RecordedSample { value, ..sample(millis, 2, 0.0) }
    };
    samples.extend([serial(1000, "A-1"), serial(9200, "A-2")]);
    let rows = predicted(&mut scorer(&contract, 1, None), &samples, 19_000).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].end, value_of(&rows[0])), (at(9200), Some(2.0)));
    assert_eq!(rows[0].key.as_ref().unwrap().to_string(), "A-2");
}

#[tokio::test]
async fn a_cycle_is_judged_from_its_start_to_its_stop() {
    let trigger =
        "kind = \"between\"\nstart = { signal = \"done\", is = false }\nstop = { signal = \"done\", is = true }";
    let contract = triggered(trigger);
    let mut samples: Vec<_> = (0..30).map(|second| sample(second * 1000, 0, second as f64)).collect();
    samples.extend([flag(500, true), flag(4000, false), flag(6000, true), flag(9000, false), flag(19_000, true)]);
    // the flag is read each second, else nobody knows what it was before
    let mut on = true;
    for second in 1..30 {
        on = match second {
            4 | 9 => false,
            6 | 19 => true,
            _ => on,
        };
        samples.push(flag(second * 1000, on));
    }
    let rows = predicted(&mut scorer(&contract, 1, None), &samples, 29_000).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.end.millis(), value_of(row))).collect();
    // rows 4, 5, 6; then the last five of a longer cycle
    assert_eq!(seen, [(6000, Some(5.0)), (19_000, Some(17.0))]);
    assert_eq!(rows[1].outputs[0].quality, Quality::SUB_NORMAL);
    assert_eq!(rows[1].why.as_ref().unwrap().code, "cycle.too-long");
}

#[tokio::test]
async fn a_frequency_that_the_plant_does_not_sample_gives_no_prediction() {
    let contract = contract(
        r#"
        [trigger]
        kind = "every"
        period = "1s"
        [window]
        length = "2s"
        step = "100ms"
        [[signal]]
        name = "a"
        title = { en = "A" }
        [[feature]]
        name = "band"
        signal = "a"
        op = "band"
        hz = [1.0, 4.0]
        [tensor]
        input = "x"
        layout = "features"
        "#,
    );
    let every = |millis: i64| {
        (0..).map(move |n| sample(n * millis, 0, (n % 5) as f64)).take_while(|one| one.arrival <= at(4000))
    };
    let fast: Vec<_> = every(100).collect();
    assert!(value_of(predicted(&mut scorer(&contract, 1, None), &fast, 4000).await.last().unwrap()).is_some());
    let slow: Vec<_> = every(500).collect();
    let rows = predicted(&mut scorer(&contract, 1, None), &slow, 4000).await;
    assert_eq!(rows.last().unwrap().why.as_ref().unwrap().code, "input.too-slow");
}

const RULE: &str = r#"
    [[baseline]]
    signal = "a"
    low = 1.0
    high = 3.0
    [[tunable]]
    name = "advice_from"
    value = 10.0
    min = 1.0
    max = 50.0
    title = { en = "Advice from" }
    [decision]
    output = "score"
    above = "advice_from"
    n = 2
    m = 3
    title = { en = "{place}: bearing wear likely", de = "{place}: Lagerverschleiß wahrscheinlich" }
    response = { en = ["Grease it."] }
"#;

/// Scores are the sum of two rows of the same value, so twice the value.
async fn decisions(contract: &Arc<Contract>, scorer: &mut Scorer, values: &[f64]) -> Vec<(i64, Decision)> {
    assert!(contract.rule.is_some());
    let doubled: Vec<f64> = values.iter().flat_map(|value| [*value, *value]).collect();
    let rows = predicted(scorer, &seconds(&doubled), i64::try_from(doubled.len()).unwrap() * 1000).await;
    let even = rows.into_iter().filter_map(|row| Some((row.end.millis() / 1000, row.decided?.decision)));
    even.collect()
}

#[tokio::test]
async fn an_advisory_needs_n_of_m_and_clears_below_its_hysteresis() {
    let contract = simple(RULE);
    // scores by second: 2 2 | 7 12 | 11 10 | 9.75 9.5 | 6 2.5: above 10 at 4 and 5, at or below 9 from 9 on
    let list = decisions(&contract, &mut scorer(&contract, 1, None), &[1.0, 6.0, 5.0, 4.75, 1.25]).await;
    let times: Vec<_> =
        list.iter().map(|(second, decision)| (*second, matches!(decision, Decision::Raise { .. }))).collect();
    assert_eq!(times, [(5, true), (10, false)]);
}

#[tokio::test]
async fn a_decision_says_why_in_the_languages_of_the_site() {
    let contract = simple(RULE);
    let setup = Setup { places: vec![place(&contract)], language: "de".into(), ..Setup::default() };
    let mut scorer = Scorer::new(Arc::clone(&contract), setup).unwrap();
    let rows = predicted(&mut scorer, &seconds(&[6.0, 6.0, 6.0]), 3000).await;
    let decided = rows.last().unwrap().decided.clone().unwrap();
    assert_eq!(decided.title["de"], "Pump 7: Lagerverschleiß wahrscheinlich");
    assert_eq!(decided.reason["en"], "Score 12 is above 10: Vibration 6 mm/s (normally 1 – 3)");
    assert_eq!(decided.response["en"], ["Grease it."]);
    let Decision::Raise { reason, because, time } = decided.decision else { panic!("not raised") };
    assert_eq!(reason, "Wert 12 liegt über 10: Schwingung 6 mm/s (normal 1 – 3)");
    assert_eq!((time, because[0].signal.as_str(), because[0].deviation), (at(3000), "a", Some(4.0)));
}

#[tokio::test]
async fn the_plant_tunes_the_limit_and_a_raised_advisory_survives_a_restart() {
    let contract = simple(RULE);
    let tune = BTreeMap::from([("advice_from".to_owned(), 5.0)]);
    let mut input = place(&contract);
    input.raised = true;
    let setup = Setup { places: vec![input], tune, language: "en".into(), ..Setup::default() };
    let mut scorer = Scorer::new(Arc::clone(&contract), setup).unwrap();
    let list = decisions(&contract, &mut scorer, &[4.0, 2.6, 2.0]).await;
    let times: Vec<_> =
        list.iter().map(|(second, decision)| (*second, matches!(decision, Decision::Clear { .. }))).collect();
    // 8 is above 5 but already raised; 5.2 is no longer counted but not yet below 4.5; 4.6 neither; 4 and then the end
    assert_eq!(times, []);
    let rows = predicted(&mut scorer, &[sample(7000, 0, 2.0)], 7000).await;
    assert!(matches!(rows.last().unwrap().decided.as_ref().unwrap().decision, Decision::Clear { .. }));
}

#[tokio::test]
async fn the_model_must_have_the_inputs_and_outputs_of_the_contract() {
    use inference::tensor::Dtype;
    use inference::{Loaded, Port};
    let port = |name: &str, kind: &str, dtype, shape: &[i64]| Port {
        name: name.into(),
        kind: kind.into(),
        dtype,
        list_of: None,
        shape: shape.to_vec(),
    };
    let mut scorer = scorer(&simple(""), 1, None);
    let good = Loaded {
        digest: String::new(),
        runtime: String::new(),
        inputs: vec![port("x", "f32[?, 2, 1]", Some(Dtype::F32), &[-1, 2, 1])],
        outputs: vec![port("score", "f32[?, 1]", Some(Dtype::F32), &[-1, 1])],
    };
    scorer.fit(&good).unwrap();
    let bad = Loaded {
        inputs: vec![port("x", "f64[?, 3]", Some(Dtype::F64), &[-1, 3]), port("y", "f32[]", Some(Dtype::F32), &[])],
        outputs: vec![port("probability", "a sequence", None, &[])],
        ..good
    };
    let problems = scorer.fit(&bad).unwrap_err();
    let codes: Vec<_> = problems.0.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["model.input-type", "model.input-shape", "model.extra-input", "model.no-such-output"]);
}

#[tokio::test]
async fn a_model_with_a_fixed_batch_is_called_row_by_row() {
    use inference::tensor::Dtype;
    use inference::{Loaded, Port};
    let contract = simple("");
    let mut scorer = scorer(&contract, 2, None);
    let port = |name: &str, shape: Vec<i64>| Port {
        name: name.into(),
        kind: String::new(),
        dtype: Some(Dtype::F32),
        list_of: None,
        shape,
    };
    let (inputs, outputs) = (vec![port("x", vec![1, 2, 1])], vec![port("score", vec![1, 1])]);
    scorer.fit(&Loaded { digest: String::new(), runtime: String::new(), inputs, outputs }).unwrap();
    for place in 0..2 {
        for one in seconds(&[1.0, 2.0]) {
            scorer.push(place, 0, one.arrival, one.value.as_ref(), one.quality);
        }
    }
    let jobs = scorer.due(at(2000));
    let calls = scorer.calls(&jobs);
    assert_eq!(calls.iter().map(|call| call[0].1.shape().to_vec()).collect::<Vec<_>>(), [[1, 2, 1], [1, 2, 1]]);
    let rows = inference::predict(&mut scorer, &mut Sum, jobs).await;
    assert_eq!(rows.iter().filter_map(value_of).collect::<Vec<_>>(), [3.0, 3.0]);
}
