//! Models through the worker give what onnxruntime's Python package gives, and hostile ones end in words.

use std::time::{Duration, SystemTime};

use bundle::GoldenCase;
use inference::{ModelSource, Worker, golden, run_once};
use serde_json::Value as Json;

use crate::peers;

const DEADLINE: Duration = Duration::from_mins(1);

fn is_close(given: &Json, expected: &Json) -> bool {
    match (given.as_f64(), expected.as_f64()) {
        (Some(given), Some(expected)) => (given - expected).abs() <= 1e-5 * expected.abs().max(1e-3),
        _ => given == expected,
    }
}

#[tokio::test]
async fn models_of_every_kind_and_type_give_what_onnxruntime_python_gives() {
    let mut wrong = Vec::new();
    for case in peers::equal() {
        let ran = match run_once(peers::spec(), &case.model, &case.inputs, DEADLINE).await {
            Ok(ran) => ran,
            Err(problem) => {
                wrong.push(format!("{}: {problem}", case.name));
                continue;
            }
        };
        for (name, expected) in case.outputs.as_object().unwrap() {
            let given = &ran.outputs[name];
            let (given_data, expected_data) = (given["data"].as_array(), expected["data"].as_array().unwrap());
            let equal = given["shape"] == expected["shape"]
                && given_data.is_some_and(|data| data.iter().zip(expected_data).all(|(a, b)| is_close(a, b)));
            if !equal {
                wrong.push(format!("{} {name}: {given} instead of {expected}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(peers::equal().len() >= 25);
}

async fn refused(name: &str) -> domain::Problem {
    let case = peers::hostile(name);
    run_once(peers::spec(), &case.model, &case.inputs, DEADLINE).await.unwrap_err()
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this is about wall time, whatever the runtime thinks")]
async fn an_endless_loop_is_stopped_at_its_deadline() {
    let case = peers::hostile("endless_loop");
    let start = SystemTime::now();
    let problem = run_once(peers::spec(), &case.model, &case.inputs, Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(problem.code, "model.too-slow");
    assert!(start.elapsed().unwrap() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_huge_allocation_is_an_answer_and_not_a_crash() {
    let problem = refused("huge").await;
    assert_eq!(problem.code, "model.too-much-memory", "{problem}");
    assert!(problem.what.contains("2048 MiB"), "{problem}");
}

#[tokio::test]
async fn a_model_that_reaches_for_other_files_is_refused() {
    for name in ["external_parent", "external_absolute", "external_symlink", "external_beside"] {
        let problem = refused(name).await;
        assert_eq!(problem.code, "model.refused");
        assert!(problem.what.contains("external data"), "{problem}");
    }
}

#[tokio::test]
async fn what_the_engine_does_not_know_or_cannot_do_is_said() {
    assert_eq!(refused("unknown_operator").await.code, "model.refused");
    assert_eq!(refused("gather_out_of_range").await.code, "model.failed");
    let too_large = refused("huge_answer").await;
    assert!(too_large.what.starts_with("the model failed: what it gave is too large"), "{too_large}");
    let case = peers::hostile("if_20_deep");
    run_once(peers::spec(), &case.model, &case.inputs, DEADLINE).await.unwrap();
}

#[tokio::test]
async fn more_values_than_anybody_reads_are_not_printed() {
    let case = peers::hostile("huge_answer");
    let inputs = serde_json::json!({"x": {"shape": [1, 1], "data": [0.1]}});
    let problem = run_once(peers::spec(), &case.model, &inputs, DEADLINE).await.unwrap_err();
    assert_eq!(problem.code, "output.too-large", "{problem}");
}

#[tokio::test]
async fn a_zipmap_is_left_out_and_named() {
    let case = peers::hostile("zipmap");
    let ran = run_once(peers::spec(), &case.model, &case.inputs, DEADLINE).await.unwrap();
    assert_eq!(ran.outputs["output_label"]["shape"], serde_json::json!([3]));
    assert!(ran.left_out[0].starts_with("output_probability"), "{:?}", ran.left_out);
}

#[tokio::test]
async fn inputs_that_do_not_fit_are_named() {
    let case = peers::ordinary("mlp");
    let run = async |inputs: Json| run_once(peers::spec(), &case.model, &inputs, DEADLINE).await.unwrap_err().what;
    assert_eq!(run(serde_json::json!({})).await, "input `x` (f32[?, 6]) is missing");
    let wrong = serde_json::json!({"x": {"shape": [1, 5], "data": [1, 2, 3, 4, 5]}});
    assert_eq!(run(wrong).await, "input `x` is f32[?, 6], not of shape [1, 5]");
    let wrong = serde_json::json!({"z": {"shape": [1], "data": [1]}});
    assert_eq!(run(wrong).await, "the model has no input `z`, it has x f32[?, 6]");
}

#[tokio::test]
async fn what_is_no_model_at_all_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    std::fs::write(&file, "<html>not found</html>").unwrap();
    let problem = run_once(peers::spec(), &file, &serde_json::json!({}), DEADLINE).await.unwrap_err();
    assert_eq!(problem.what, "the model is refused: it is not an ONNX file");
    let missing = folder.path().join("missing.onnx");
    let problem = run_once(peers::spec(), &missing, &serde_json::json!({}), DEADLINE).await.unwrap_err();
    assert_eq!(problem.code, "model.unreadable");
}

#[tokio::test]
async fn golden_data_is_reproduced_and_every_difference_is_found() {
    let case = peers::ordinary("pca_logreg");
    let (inputs, outputs) = (case.inputs.clone(), case.outputs.clone());
    let written = serde_json::json!({"inputs": inputs, "outputs": outputs, "tolerance": 1e-5});
    let good: GoldenCase = serde_json::from_value(written).unwrap();
    let mut worker = Worker::new(peers::spec());
    let loaded = worker.load(ModelSource::File(case.model.clone()), None).await.unwrap();
    let results = golden(&mut worker, &loaded, std::slice::from_ref(&good)).await.unwrap();
    assert_eq!(results.len(), good.outputs.len());

    let mut off = good.clone();
    off.outputs.get_mut("probabilities").unwrap().data[3] += 0.01;
    let mut other_shape = good.clone();
    other_shape.outputs.get_mut("label").unwrap().shape = vec![7, 1];
    let mut other_input = good;
    other_input.inputs.get_mut("X").unwrap().shape = vec![6, 7];
    let problems = golden(&mut worker, &loaded, &[off, other_shape, other_input]).await.unwrap_err();
    let found: Vec<_> = problems.0.iter().map(|one| (one.place.as_str(), one.code.as_str())).collect();
    let different = "golden.different";
    let expected = [("golden case 1", different), ("golden case 2", different), ("golden case 3", "model.wrong-input")];
    assert_eq!(found, expected);
}
