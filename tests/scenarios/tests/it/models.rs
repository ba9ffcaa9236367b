//! What `lastmile model run` gives is what onnxruntime's Python package gives: for the kinds of models that industry uses,
//! for every element type, and for a sample of ONNX's own operator tests.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Case, Ran, made, model_runs, say};
use serde_json::Value;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_mins(1);
/// As the issue asks.
const KINDS: usize = 25;
/// Operator tests in the sample, and how many of them must pass.
const NODES: usize = 300;
const NODES_PASS: usize = 297;

/// Whether a number is the expected one: `rtol` of it, and `atol`.
#[derive(Clone, Copy)]
struct Close {
    rtol: f64,
    atol: f64,
}

/// The same library computes both, so that nothing but the last digit may differ.
const SAME: Close = Close { rtol: 1e-5, atol: 1e-9 };

#[tokio::test]
async fn models_of_every_kind_give_what_onnxruntime_python_gives() -> Result<()> {
    let folder = TempDir::new()?;
    let zoo = made(folder.path(), "zoo").await?;
    let kinds = zoo.len();
    ensure!(kinds >= KINDS, "only {kinds} kinds of models");
    let types = made(folder.path(), "types").await?;
    let mut wrong = Vec::new();
    for ran in model_runs([zoo, types].concat(), LIMIT).await? {
        wrong.extend(difference(&ran, SAME).map(|what| format!("{}: {what}", ran.case.name)));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    say(&format!("models: {kinds} kinds of models and all element types as onnxruntime's Python package gives them"));
    Ok(())
}

#[tokio::test]
async fn operator_tests_of_onnx_that_python_passes_pass() -> Result<()> {
    let folder = TempDir::new()?;
    let cases = made(folder.path(), &format!("nodes={NODES}")).await?;
    ensure!(cases.len() == NODES, "only {} cases", cases.len());
    let plain = |case: &Case| case.said.get("plain") == Some(&Value::Bool(true));
    let (plain, others): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(plain);
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let not_plain = "takes or gives what is neither a tensor nor a list of tensors";
    wrong.extend(others.into_iter().map(|case| (case.name, not_plain.to_owned())));
    for ran in model_runs(plain, LIMIT).await? {
        let number = |key: &str| ran.case.said.get(key).and_then(Value::as_f64).context("no tolerance");
        let close = Close { rtol: number("rtol")?, atol: number("atol")? };
        if let Some(what) = difference(&ran, close) {
            wrong.insert(ran.case.name.clone(), what);
        }
    }
    let passed = NODES - wrong.len();
    say(&format!("models: {passed} of {NODES} operator tests of ONNX pass"));
    for (name, what) in &wrong {
        say(&format!("models: not {name}: {what}"));
    }
    ensure!(passed >= NODES_PASS, "only {passed} of {NODES} pass:\n{wrong:#?}");
    Ok(())
}

/// What is not as the manifest expects, if anything.
fn difference(ran: &Ran, close: Close) -> Option<String> {
    if !ran.status.success() {
        return Some(format!("{}: {}", ran.status, ran.stderr.trim()));
    }
    let Ok(given) = serde_json::from_str::<Value>(&ran.stdout) else { return Some(ran.stdout.clone()) };
    let expected = ran.case.said.get("outputs").and_then(Value::as_object)?;
    let different =
        expected.iter().find(|(name, expected)| !given.get(name).is_some_and(|one| same(one, expected, close)));
    different.map(|(name, expected)| {
        let given = given.get(name).map(ToString::to_string).unwrap_or_default();
        let (given, expected) = (start(&given), expected.to_string());
        format!("{name}: {given} instead of {}", start(&expected))
    })
}

fn start(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Shape and every element; a list of tensors one by one.
fn same(given: &Value, expected: &Value, close: Close) -> bool {
    if let (Some(given), Some(expected)) = (given.as_array(), expected.as_array()) {
        return given.len() == expected.len() && given.iter().zip(expected).all(|(one, other)| same(one, other, close));
    }
    let data = |of: &Value| of.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    let (all, wanted) = (data(given), data(expected));
    given.get("shape") == expected.get("shape")
        && all.len() == wanted.len()
        && all.iter().zip(&wanted).all(|(given, expected)| same_element(given, expected, close))
}

fn same_element(given: &Value, expected: &Value, close: Close) -> bool {
    match (given.as_f64(), expected.as_f64()) {
        (Some(one), Some(other)) => given == expected || (one - other).abs() <= close.rtol * other.abs() + close.atol,
        // yes and no, texts, and the texts for what is not finite
        _ => given == expected,
    }
}
