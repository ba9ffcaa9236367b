//! Golden data: proof that a model behaves here as it did where it was made.

use bundle::{GoldenCase, TensorData};
use domain::{Problem, Problems};
use serde::Serialize;

use crate::model::Model;
use crate::tensor::{Named, Tensor};
use crate::worker::Loaded;

/// How far one output of one case was from what it must be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoldenResult {
    /// Number of the case, from 0.
    pub case: usize,
    /// ONNX output name.
    pub output: String,
    /// Largest difference of an element.
    pub worst: f64,
    /// Largest that counts as equal.
    pub tolerance: f64,
}

/// Runs all cases and compares. Err with everything that is not as it must be.
pub async fn golden<M: Model>(
    model: &mut M,
    loaded: &Loaded,
    cases: &[GoldenCase],
) -> Result<Vec<GoldenResult>, Problems> {
    let mut problems = Problems::default();
    let mut results = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let place = format!("golden case {}", number + 1);
        let inputs = match inputs_of(case, loaded, &place) {
            Ok(inputs) => inputs,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let wanted: Vec<String> = case.outputs.keys().cloned().collect();
        let outputs = match model.run(&inputs, &wanted).await {
            Ok(outputs) => outputs,
            Err(error) => {
                problems.push(error.problem(&place));
                continue;
            }
        };
        for (name, expected) in &case.outputs {
            let given = outputs.iter().find(|(output, _)| output == name).map(|(_, tensor)| tensor);
            match given.ok_or_else(|| "it is missing".to_owned()).and_then(|given| difference(given, expected)) {
                Ok(worst) => {
                    if worst.is_nan() || worst > case.tolerance {
                        let what = format!("output `{name}` is off by {worst:e}, allowed are {:e}", case.tolerance);
                        let hint = "export the model and its golden data together, with the same versions";
                        problems.push(Problem::new("golden.different", &place, what).hint(hint));
                    }
                    results.push(GoldenResult { case: number, output: name.clone(), worst, tolerance: case.tolerance });
                }
                Err(what) => {
                    problems.push(Problem::new("golden.different", &place, format!("output `{name}`: {what}")));
                }
            }
        }
    }
    problems.into_result(results)
}

fn inputs_of(case: &GoldenCase, loaded: &Loaded, place: &str) -> Result<Vec<Named>, Problem> {
    let tensor = |(name, data): (&String, &TensorData)| {
        let wrong = |what: String| Problem::new("golden.input", place, format!("input `{name}`: {what}"));
        let port = loaded.inputs.iter().find(|port| port.name == *name);
        let dtype = port.and_then(|port| port.dtype).ok_or_else(|| wrong("the model has no such input".to_owned()))?;
        Ok((name.clone(), Tensor::from_numbers(dtype, &data.shape, &data.data).map_err(wrong)?))
    };
    case.inputs.iter().map(tensor).collect()
}

/// The largest difference of an element; shapes must be equal.
fn difference(given: &Tensor, expected: &TensorData) -> Result<f64, String> {
    if given.shape() != expected.shape {
        return Err(format!("its shape is {:?}, not {:?}", given.shape(), expected.shape));
    }
    let pairs = given.numbers().into_iter().zip(&expected.data);
    // a NaN that was not expected must not vanish in a maximum
    Ok(pairs
        .map(|(given, expected)| (given - expected).abs())
        .fold(0.0, |worst: f64, one| if one.is_nan() || one > worst { one } else { worst }))
}
