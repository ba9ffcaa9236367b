//! Golden data: inputs with the outputs that the model gave where it was made.

use std::collections::BTreeMap;

use domain::{Problem, Problems};
use serde::{Deserialize, Serialize};

use crate::contract::{Contract, Layout};

/// One call of the model: what goes in, what must come out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoldenCase {
    /// ONNX input name → tensor.
    pub inputs: BTreeMap<String, TensorData>,
    /// ONNX output name → tensor; outputs left out are not compared.
    pub outputs: BTreeMap<String, TensorData>,
    /// Largest |difference| that counts as equal, per element.
    #[serde(default = "GoldenCase::default_tolerance")]
    pub tolerance: f64,
}

impl GoldenCase {
    fn default_tolerance() -> f64 {
        1e-4
    }
}

/// A tensor in row-major order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TensorData {
    /// Elements per dimension.
    pub shape: Vec<usize>,
    /// The elements; their number is the product of `shape`.
    pub data: Vec<f64>,
}

/// Reads golden data and checks that its tensors have the shape that the contract says; all problems at once.
///
/// `file_name` is what places call the file.
pub fn check_golden(text: &str, file_name: &str, contract: &Contract) -> Result<Vec<GoldenCase>, Problems> {
    let cases: Vec<GoldenCase> = serde_json::from_str(text).map_err(|error| {
        let place = format!("{file_name}:{}:{}", error.line(), error.column().max(1));
        let what = error.to_string();
        // serde_json ends its sentences with a place of its own
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
        Problem::new("golden.unreadable", place, format!("this is not golden data: {what}")).hint(SHAPE_HINT)
    })?;
    let mut problems = Problems::default();
    if cases.is_empty() {
        let problem = Problem::new("golden.empty", file_name, "the file holds no case");
        problems.push(problem.hint("write at least one call of the model with its outputs, or remove [golden]"));
    }
    for (index, case) in cases.iter().enumerate() {
        check_case(&mut problems, &format!("{file_name} case {}", index + 1), case, contract);
    }
    problems.into_result(cases)
}

const SHAPE_HINT: &str =
    r#"write [{ "inputs": { "x": { "shape": [1, 4], "data": [...] } }, "outputs": { ... }, "tolerance": 1e-4 }]"#;

fn check_case(problems: &mut Problems, place: &str, case: &GoldenCase, contract: &Contract) {
    let mut note = |code: &str, what: String, hint: String| problems.push(Problem::new(code, place, what).hint(hint));
    if !(case.tolerance >= 0.0 && case.tolerance.is_finite()) {
        note(
            "golden.bad-tolerance",
            format!("the tolerance is {}", case.tolerance),
            "write a small number from 0 up: 1e-4".to_owned(),
        );
    }
    let tensors =
        case.inputs.iter().map(|input| ("input", input)).chain(case.outputs.iter().map(|output| ("output", output)));
    for (kind, (name, tensor)) in tensors {
        let elements = tensor.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if elements != Some(tensor.data.len()) {
            let what = format!("{kind} `{name}` has the shape {:?} and {} elements", tensor.shape, tensor.data.len());
            note(
                "golden.wrong-count",
                what,
                "write as many elements as the product of the shape, in row-major order".to_owned(),
            );
        }
    }
    let wanted = &contract.tensor.input;
    for name in case.inputs.keys().filter(|name| *name != wanted) {
        let what = format!("the input `{name}` is none that the contract feeds");
        note("golden.unknown-input", what, format!("the contract's tensor has input = \"{wanted}\""));
    }
    match case.inputs.get(wanted) {
        None => note(
            "golden.no-input",
            format!("there is no input `{wanted}`"),
            "write the tensor that the model was given".to_owned(),
        ),
        Some(tensor) if !fits(contract, &tensor.shape) => {
            let what = format!(
                "input `{wanted}` has the shape {:?}, but the contract makes {}",
                tensor.shape,
                shape_words(contract)
            );
            note(
                "golden.wrong-shape",
                what,
                "write golden data in the layout of the contract, or correct the contract".to_owned(),
            );
        }
        Some(_) => {}
    }
    if case.outputs.is_empty() {
        note(
            "golden.no-output",
            "there is no output to compare".to_owned(),
            "write what the model gave for this input".to_owned(),
        );
    }
    let rows = case.inputs.get(wanted).and_then(|tensor| tensor.shape.first().copied());
    for output in &contract.outputs {
        let Some(tensor) = case.outputs.get(&output.tensor) else { continue };
        let columns = match tensor.shape.as_slice() {
            [first, rest @ ..] if rows == Some(*first) => rest.iter().product::<usize>(),
            _ => tensor.data.len(),
        };
        if usize::try_from(output.index).is_ok_and(|index| index >= columns) {
            let what = format!(
                "output `{}` is column {} of `{}`, which has {columns}",
                output.name, output.index, output.tensor
            );
            note("golden.no-column", what, "columns count from 0; correct the `index` of the output".to_owned());
        }
    }
}

fn fits(contract: &Contract, shape: &[usize]) -> bool {
    let rows_good = shape.first().is_some_and(|rows| *rows > 0);
    rows_good && shape.get(1..).is_some_and(|rest| rest == columns(contract).as_slice())
}

/// Everything of the input's shape but the first dimension.
fn columns(contract: &Contract) -> Vec<usize> {
    match contract.tensor.layout {
        Layout::Features => vec![contract.features.len()],
        Layout::Window => vec![contract.window.rows(), contract.inputs().count()],
    }
}

fn shape_words(contract: &Contract) -> String {
    match contract.tensor.layout {
        Layout::Features => format!("[N, {}]: {} features", contract.features.len(), contract.features.len()),
        Layout::Window => {
            let (rows, signals) = (contract.window.rows(), contract.inputs().count());
            format!("[N, {rows}, {signals}]: {rows} rows of {signals} signals")
        }
    }
}
