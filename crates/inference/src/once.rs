//! One inference of one file through a worker of its own: `lastmile model run`. Ends in time whatever the model does.

use std::path::Path;
use std::time::Duration;

use domain::Problem;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::tensor::{Named, Tensor};
use crate::worker::{Loaded, ModelSource, Worker, WorkerSpec};

/// Values that are printed at most: text of a million takes a second on a slow machine, and nobody reads more.
const MOST_VALUES: usize = 1 << 20;

/// What one inference gave.
#[derive(Clone, Debug, PartialEq)]
pub struct RanOnce {
    /// `{"name": {"shape": […], "data": […]}}` of every output that is a tensor, a list of such for a list of tensors.
    pub outputs: Json,
    /// Outputs that are no tensors (a classifier's `ZipMap`), and so are not in `outputs`.
    pub left_out: Vec<String>,
    /// What was loaded.
    pub loaded: Loaded,
}

/// Loads `file` and runs it once on `inputs` (`{"name": {"shape": […], "data": […]}}`); both together take at most
/// `deadline`, and a little for starting the process.
pub async fn run_once(
    mut spec: WorkerSpec,
    file: &Path,
    inputs: &Json,
    deadline: Duration,
) -> Result<RanOnce, Problem> {
    let place = file.display().to_string();
    let unreadable =
        |error: std::io::Error| Problem::new("model.unreadable", &place, format!("the file cannot be read: {error}"));
    let path = std::path::absolute(file).map_err(unreadable)?;
    std::fs::metadata(&path).map_err(unreadable)?;
    let end = Instant::now() + deadline;
    spec.load_deadline = deadline;
    let mut worker = Worker::new(spec);
    let loaded = worker.load(ModelSource::File(path), None).await.map_err(|error| error.problem(&place))?;
    let inputs = inputs_from(inputs, &loaded, &place)?;
    let left = end.saturating_duration_since(Instant::now());
    let outputs = worker.run(&inputs, &[], left).await.map_err(|error| error.problem(&place))?;
    worker.stop().await;
    let values: usize = outputs.iter().map(|(_, tensor)| tensor.len()).sum();
    if values > MOST_VALUES {
        let what = format!("the model gave {values} values, and at most {MOST_VALUES} are printed");
        return Err(Problem::new("output.too-large", place, what).hint("run it on fewer rows"));
    }
    let outputs: Map<String, Json> = outputs.into_iter().map(|(name, tensor)| (name, tensor.to_json())).collect();
    let not_tensors = loaded.outputs.iter().filter(|port| !port.is_carried());
    let left_out = not_tensors.map(|port| format!("{} ({})", port.name, port.kind)).collect();
    Ok(RanOnce { outputs: Json::Object(outputs), left_out, loaded })
}

fn inputs_from(json: &Json, loaded: &Loaded, place: &str) -> Result<Vec<Named>, Problem> {
    let shape = "write {\"name\": {\"shape\": [1, 4], \"data\": [0.1, 0.2, 0.3, 0.4]}}";
    let problem = |what: String| Problem::new("input.wrong", place, what).hint(shape);
    let object = json.as_object().ok_or_else(|| problem("the inputs are not a JSON object".to_owned()))?;
    let kinds: Vec<String> = loaded.inputs.iter().map(|port| format!("{} {}", port.name, port.kind)).collect();
    let one = |(name, json): (&String, &Json)| {
        let port = loaded.inputs.iter().find(|port| port.name == *name);
        let port =
            port.ok_or_else(|| problem(format!("the model has no input `{name}`, it has {}", kinds.join("; "))))?;
        let tensor = match (port.dtype, port.list_of) {
            (Some(dtype), _) => Tensor::from_json(json, dtype),
            (None, Some(dtype)) => Tensor::list_from_json(json, dtype),
            (None, None) => Err(format!("it is {}, no tensor", port.kind)),
        };
        let tensor = tensor.map_err(|what| problem(format!("input `{name}`: {what}")))?;
        Ok((name.clone(), tensor))
    };
    object.iter().map(one).collect()
}
