//! Golden data: inputs with the outputs that the model gave where it was made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
