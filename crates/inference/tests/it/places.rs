//! Helpers: a contract from TOML, a model that is a function, and a deployment fed by hand. The properties that make
//! live, refilled and replayed windows the same are here, too.

use std::sync::Arc;
use std::time::Duration;

use bundle::Contract;
use domain::unit::Conversion;
use domain::{Quality, Timestamp, Value};
use inference::tensor::{Named, Tensor};
use inference::{
    Model, PlaceInput, PredictionRow, RecordedSample, Scorer, Setup, WorkerError, lines_of, predict, replay,
};
use proptest::prelude::*;

/// Gives the sum of each row as `score`.
pub(crate) struct Sum;

impl Model for Sum {
    async fn run(&mut self, inputs: &[Named], _: &[String]) -> Result<Vec<Named>, WorkerError> {
        let tensor = &inputs[0].1;
        let rows = tensor.shape()[0];
        let numbers = tensor.numbers();
        let sums: Vec<f32> = numbers.chunks(numbers.len() / rows).map(|row| row.iter().sum::<f64>() as f32).collect();
        Ok(vec![("score".to_owned(), Tensor::from_f32(vec![rows, 1], &sums).unwrap())])
    }
}

pub(crate) fn contract(toml: &str) -> Arc<Contract> {
    let head = r#"
        format = 1
        name = "test"
        version = "1.0.0"
        title = { en = "Test" }
        model = "model.onnx"
    "#;
    let tail = r#"
        [[output]]
        name = "score"
        tensor = "score"
        title = { en = "Score", de = "Wert" }
    "#;
    Arc::new(toml::from_str(&format!("{head}\n{toml}\n{tail}")).unwrap())
}

pub(crate) fn place(contract: &Contract) -> PlaceInput {
    PlaceInput {
        title: "Pump 7".into(),
        conversions: vec![Conversion::IDENTITY; contract.signals.len()],
        raised: false,
    }
}

pub(crate) fn scorer(contract: &Arc<Contract>, places: usize, begin: Option<Timestamp>) -> Scorer {
    let setup = Setup { places: vec![place(contract); places], begin, language: "en".into(), ..Setup::default() };
    Scorer::new(Arc::clone(contract), setup).unwrap()
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn sample(millis: i64, signal: usize, value: impl Into<Option<f64>>) -> RecordedSample {
    let value = value.into().and_then(Value::from_f64);
    let quality = if value.is_some() { Quality::GOOD } else { Quality::TIMEOUT };
    RecordedSample { arrival: at(millis), place: 0, signal, value, quality }
}

pub(crate) async fn predicted(scorer: &mut Scorer, samples: &[RecordedSample], watermark: i64) -> Vec<PredictionRow> {
    for one in samples {
        scorer.push(one.place, one.signal, one.arrival, one.value.as_ref(), one.quality);
    }
    drain(scorer, at(watermark)).await
}

pub(crate) async fn drain(scorer: &mut Scorer, watermark: Timestamp) -> Vec<PredictionRow> {
    let mut rows = Vec::new();
    loop {
        let jobs = scorer.due(watermark);
        if jobs.is_empty() {
            return rows;
        }
        rows.extend(predict(scorer, &mut Sum, jobs).await);
    }
}

/// A contract that uses everything that remembers: alignment, conditions with a minimum time, n of m, two places.
fn remembering(trigger: &str, align: &str) -> Arc<Contract> {
    contract(&format!(
        r#"
        [trigger]
        {trigger}
        [window]
        length = "3s"
        step = "500ms"
        align = "{align}"
        [[signal]]
        name = "a"
        title = {{ en = "A" }}
        max_gap = "2s"
        [[signal]]
        name = "b"
        title = {{ en = "B" }}
        max_gap = "4s"
        [[signal]]
        name = "state"
        title = {{ en = "State" }}
        role = "condition"
        max_gap = "3s"
        [[feature]]
        name = "a_mean"
        signal = "a"
        op = "mean"
        [[feature]]
        name = "a_rate"
        signal = "a"
        op = "rate"
        [[feature]]
        name = "b_band"
        signal = "b"
        op = "last"
        [tensor]
        input = "x"
        layout = "features"
        [[condition]]
        name = "starting"
        when = [{{ signal = "state", min = 0.0, max = 3.0 }}]
        applies = false
        title = {{ en = "Starting" }}
        [[condition]]
        name = "running"
        when = [{{ signal = "state", min = 5.0 }}]
        for = "1500ms"
        title = {{ en = "Running" }}
        [decision]
        output = "score"
        above = 5.0
        n = 2
        m = 3
        title = {{ en = "Too much" }}
        "#
    ))
}

const TRIGGERS: [&str; 4] = [
    r#"kind = "every"
    period = "1s""#,
    r#"kind = "scan"
    signal = "a""#,
    r#"kind = "edge"
    signal = "state"
    to = 7.0"#,
    r#"kind = "between"
    start = { signal = "state", is = 6.0 }
    stop = { signal = "state", is = 7.0 }"#,
];

/// Samples of three signals at two places, roughly every half second with holes, bad ones and repeats.
fn recording() -> impl Strategy<Value = Vec<RecordedSample>> {
    let one =
        (0_i64..40, 0_usize..3, 0_usize..2, prop::option::weighted(0.9, -3.0..9.0_f64), prop::bool::weighted(0.02));
    prop::collection::vec(one, 0..250).prop_map(|list| {
        let mut time = 1_000_000;
        let mut samples: Vec<RecordedSample> = Vec::new();
        for (gap, signal, place, value, hole) in list {
            time += gap * 10 + if hole { 20_000 } else { 0 };
            // states are few, or nothing would ever be equal
            let value = if signal == 2 {
                value.map(|value| if value < 2.0 { 1.0 } else { value.floor().max(5.0) })
            } else {
                value
            };
            let next = RecordedSample { place, ..sample(time, signal, value) };
            // one signal of one place has one sample at a time
            samples.retain(|known| (known.place, known.signal, known.arrival) != (place, signal, next.arrival));
            samples.push(next);
        }
        samples
    })
}

async fn all_at_once(contract: &Arc<Contract>, samples: &[RecordedSample]) -> Vec<PredictionRow> {
    let end = samples.last().map_or(0, |last| last.arrival.millis());
    predicted(&mut scorer(contract, 2, None), samples, end).await
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// What a row says, without the words.
type Essence = (Timestamp, usize, Option<f64>, Quality, bool, Option<&'static str>, bool);

fn essence(rows: &[PredictionRow]) -> Vec<Essence> {
    rows.iter()
        .map(|row| {
            let output = row.outputs[0];
            let code = row.why.as_ref().map(|why| why.code);
            (row.end, row.place, output.value, output.quality, row.applicable, code, row.decided.is_some())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn it_does_not_matter_how_pushes_and_watermarks_are_cut(
        samples in recording(), trigger in 0_usize..4, align in 0_usize..3, cuts in prop::collection::vec(0_i64..400, 0..30),
    ) {
        let contract = remembering(TRIGGERS[trigger], ["last", "linear", "mean"][align]);
        block_on(async {
            let whole = all_at_once(&contract, &samples).await;
            let mut pieces = Vec::new();
            let mut scorer = scorer(&contract, 2, None);
            let mut left = samples.as_slice();
            let mut time = 1_000_000;
            for cut in cuts {
                time += cut * 10;
                let count = left.partition_point(|sample| sample.arrival <= at(time));
                let (mut now, rest) = (left[..count].to_vec(), &left[count..]);
                // within one watermark any order of groups may come
                now.sort_by_key(|sample| (sample.signal, sample.place, sample.arrival));
                let watermark = samples.last().map_or(0, |last| last.arrival.millis()).min(time);
                pieces.extend(predicted(&mut scorer, &now, watermark).await);
                left = rest;
            }
            let end = samples.last().map_or(0, |last| last.arrival.millis());
            pieces.extend(predicted(&mut scorer, left, end).await);
            assert_eq!(essence(&pieces), essence(&whole));
        });
    }

    #[test]
    fn a_replay_gives_what_live_gave(samples in recording(), trigger in 0_usize..4) {
        let contract = remembering(TRIGGERS[trigger], "last");
        block_on(async {
            let live = all_at_once(&contract, &samples).await;
            let mut lines = Vec::new();
            let mut replayed = scorer(&contract, 2, None);
            let source = samples.iter().cloned().map(Ok::<_, std::convert::Infallible>);
            let summary = replay(&mut replayed, &mut Sum, source, |line| lines.push(line)).await.unwrap();
            let wanted: Vec<_> = live.iter().flat_map(|row| lines_of(&replayed, row.clone())).collect();
            let different = lines.iter().zip(&wanted).find(|(line, wanted)| line != wanted);
            assert!(different.is_none() && lines.len() == wanted.len(), "{different:?}");
            assert_eq!(summary.windows, live.len() as u64);
            assert_eq!(summary.samples, samples.len() as u64);
        });
    }

    #[test]
    fn after_a_restart_with_history_refilled_all_is_as_if_it_had_never_stopped(
        samples in recording(), trigger in 0_usize..4, align in 0_usize..3, stop in 0_i64..60_000,
    ) {
        let contract = remembering(TRIGGERS[trigger], ["last", "linear", "mean"][align]);
        block_on(async {
            let begin = at(1_000_000 + stop);
            let whole = all_at_once(&contract, &samples).await;
            let mut again = scorer(&contract, 2, Some(begin));
            let from = begin.minus(again.history_needed());
            let kept: Vec<_> = samples.iter().filter(|sample| sample.arrival >= from).cloned().collect();
            let end = samples.last().map_or(0, |last| last.arrival.millis());
            let rows = predicted(&mut again, &kept, end).await;
            // decisions count predictions, and those are not made again: compared without them
            let strip = |rows: &[PredictionRow]| -> Vec<_> {
                essence(rows).into_iter().map(|(a, b, c, d, e, f, _)| (a, b, c, d, e, f)).collect()
            };
            let expected: Vec<_> = whole.into_iter().filter(|row| row.end > begin).collect();
            assert_eq!(strip(&rows), strip(&expected));
        });
    }

    #[test]
    fn no_sample_makes_it_panic_or_gives_a_number_that_is_none(
        values in prop::collection::vec((0_i64..3000, prop::num::f64::ANY, any::<u32>()), 0..60),
    ) {
        let contract = remembering(TRIGGERS[0], "linear");
        let mut scorer = scorer(&contract, 1, None);
        for (time, value, code) in values {
            let value = Value::from_f64(value);
            for signal in 0..4 {
                scorer.push(0, signal, at(time), value.as_ref(), Quality::from_code(code));
            }
        }
        for job in scorer.due(at(3000)) {
            prop_assert!(job.row.iter().all(|number| number.is_finite() && number.abs() <= f64::from(f32::MAX)));
            prop_assert_eq!(job.row.is_empty(), job.quality.is_bad());
        }
    }
}

#[test]
fn history_is_a_few_windows_and_not_the_whole_past() {
    let contract = remembering(TRIGGERS[0], "last");
    assert!(scorer(&contract, 1, None).history_needed() < Duration::from_mins(1));
}
