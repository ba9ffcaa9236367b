//! Why a worker gave no answer: in words for people, as a code for machines.

use std::time::Duration;

use domain::Problem;

/// Why there is no answer, in words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WorkerError {
    /// The worker could not be started.
    #[error("the worker process cannot be started: {0}")]
    Start(String),
    /// The engine's library is missing or of the wrong kind.
    #[error("{0}")]
    Library(String),
    /// The engine or we refused the model.
    #[error("the model is refused: {0}")]
    Refused(String),
    /// What was loaded is not what was to be loaded.
    #[error("the file holds another model ({found}) than expected ({expected})")]
    Digest {
        /// What was to be loaded.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The inputs do not fit the model.
    #[error("{0}")]
    Input(String),
    /// The model failed on these inputs.
    #[error("the model failed: {0}")]
    Failed(String),
    /// No answer within the deadline; the worker was killed.
    #[error("the model was too slow: no answer within {} s, so it was stopped", .0.as_secs_f64())]
    TooSlow(Duration),
    /// It asked for more memory than its limit.
    #[error("the model needs more memory than the {} MiB it may use: {what}", .limit >> 20)]
    Memory {
        /// The limit on its address space in bytes.
        limit: u64,
        /// What the engine said.
        what: String,
    },
    /// The process died.
    #[error("the model's process crashed ({how}){}{stderr}", if stderr.is_empty() { "" } else { ": " })]
    Crashed {
        /// By which signal, or with which exit code.
        how: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It failed before and waits for its next attempt.
    #[error("{}: {last}; next attempt in {} s", failed_times(*.failures), .wait.as_secs() + 1)]
    Resting {
        /// Failures in a row.
        failures: u32,
        /// Until the next attempt.
        wait: Duration,
        /// The last failure in words.
        last: String,
    },
    /// It answered what we do not understand.
    #[error("the worker does not speak our protocol: {0}")]
    Protocol(String),
    /// No model was loaded yet.
    #[error("no model is loaded")]
    NothingLoaded,
}

fn failed_times(failures: u32) -> String {
    if failures == 1 {
        "the model rests after a failure".to_owned()
    } else {
        format!("the model rests after {failures} failures, the last")
    }
}

impl WorkerError {
    /// Stable name of the cause.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start(_) => "worker.not-started",
            Self::Library(_) => "runtime.unusable",
            Self::Refused(_) => "model.refused",
            Self::Digest { .. } => "model.other-digest",
            Self::Input(_) => "model.wrong-input",
            Self::Failed(_) => "model.failed",
            Self::TooSlow(_) => "model.too-slow",
            Self::Memory { .. } => "model.too-much-memory",
            Self::Crashed { .. } => "model.crashed",
            Self::Resting { .. } => "model.resting",
            Self::Protocol(_) => "worker.protocol",
            Self::NothingLoaded => "model.not-loaded",
        }
    }

    /// Whether it cost the process its life: whoever shares the worker with others should do so no longer.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::TooSlow(_) | Self::Crashed { .. } | Self::Protocol(_))
    }

    /// For people, with the place it concerns (a file, a deployment).
    pub fn problem(&self, place: &str) -> Problem {
        let (why, hint) = match self {
            Self::Start(_) => ("a model runs in a process of its own", "`lastmile doctor` says what the machine lacks"),
            Self::Library(_) => (
                "ONNX Runtime runs the models",
                "the Python package onnxruntime holds a libonnxruntime.so in its folder `capi`",
            ),
            Self::Refused(_) => (
                "what cannot be read whole is not run at all",
                "export the model again and try it with `lastmile model run`",
            ),
            Self::Digest { .. } => ("a model is known by its digest", "add the bundle again"),
            Self::Input(_) => (
                "a model gets what it declares and nothing else",
                "compare names, types and shapes with the model's inputs",
            ),
            Self::Failed(_) => (
                "it is sound as a file, but cannot be computed with these inputs",
                "look for an index or a shape in the model that these inputs do not fit",
            ),
            Self::TooSlow(_) => (
                "a model that does not answer in time is no use, and must not keep others waiting",
                "make the model smaller, or look for a loop that does not end",
            ),
            Self::Memory { .. } => (
                "the memory of a model is limited so that everything else keeps its own",
                "look for a shape that is far too large",
            ),
            Self::Crashed { .. } => (
                "only the model's own process ended; nothing else noticed",
                "export the model again and try it with `lastmile model run`",
            ),
            Self::Resting { .. } => (
                "a model that fails is given time before it is tried again",
                "roll back to the revision before, or wait for the next attempt",
            ),
            Self::Protocol(_) => ("worker and edge are the same program", "install lastmile again"),
            Self::NothingLoaded => ("", "load a model first"),
        };
        Problem::new(self.code(), place, self.to_string()).why(why).hint(hint)
    }
}
