//! `lastmile model run`: one inference through the worker, whatever the model does.

use std::time::Duration;

use domain::{Problem, Problems};
use inference::WorkerSpec;

use super::Ended;
use crate::args::ModelCommand;
use crate::out::{Exit, Out};

/// The command ends within 15 s; starting and stopping the process and printing are part of it.
const DEADLINE: Duration = Duration::from_secs(12);

pub(super) async fn run(command: ModelCommand, out: Out) -> Ended {
    let ModelCommand::Run { file, inputs } = command;
    let place = inputs.display().to_string();
    let unreadable = |what: String| Problems::from(Problem::new("input.unreadable", place.clone(), what));
    let text = std::fs::read_to_string(&inputs).map_err(|error| unreadable(error.to_string()))?;
    let inputs = serde_json::from_str(&text).map_err(|error| unreadable(format!("this is not JSON: {error}")))?;
    let spec = WorkerSpec::this_program(inference::library_path()?);
    let ran = inference::run_once(spec, &file, &inputs, DEADLINE).await?;
    out.json(&ran.outputs);
    for output in &ran.left_out {
        tracing::warn!(output, "an output that is no tensor was left out");
    }
    Ok(Exit::Ok)
}
