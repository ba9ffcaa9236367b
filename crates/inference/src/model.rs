//! The seam between the pure cores and whatever runs a model: a worker in production, a closure in tests.

use std::future::Future;

use crate::scorer::{CallResult, Job, PredictionRow, Scorer};
use crate::tensor::Named;
use crate::worker::{Worker, WorkerError};

/// Something that runs a model.
pub trait Model {
    /// One call: inputs by name, the outputs to give (empty = all).
    fn run(
        &mut self,
        inputs: &[Named],
        wanted: &[String],
    ) -> impl Future<Output = Result<Vec<Named>, WorkerError>> + Send;
}

impl Model for Worker {
    async fn run(&mut self, inputs: &[Named], wanted: &[String]) -> Result<Vec<Named>, WorkerError> {
        let deadline = self.run_deadline();
        Worker::run(self, inputs, wanted, deadline).await
    }
}

/// Runs the model for jobs that are due, in one batched call (more only for a model with a fixed batch), and makes
/// predictions and decisions of what it gave. A failure becomes bad predictions that say why.
pub async fn predict<M: Model>(scorer: &mut Scorer, model: &mut M, jobs: Vec<Job>) -> Vec<PredictionRow> {
    let mut results: Vec<CallResult> = Vec::new();
    for call in scorer.calls(&jobs) {
        let result = model.run(&call, scorer.wanted()).await;
        results.push(result.map_err(|error| (error.code(), error.to_string())));
    }
    scorer.finish(jobs, &results)
}
