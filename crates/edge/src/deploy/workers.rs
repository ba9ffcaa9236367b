//! One model process per bundle digest, shared by the deployments of that bundle.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Problem;
use inference::{Loaded, ModelSource, Worker, WorkerSpec};
use tokio::sync::Mutex;

/// See the module.
#[derive(Debug)]
pub(crate) struct Workers {
    spec: Result<WorkerSpec, Problem>,
    by_digest: Mutex<HashMap<String, Arc<Mutex<Worker>>>>,
}

impl Workers {
    /// With the program and library to use, or why there is none.
    pub(crate) fn new(spec: Result<WorkerSpec, Problem>) -> Self {
        Self { spec, by_digest: Mutex::default() }
    }

    /// The process of a bundle with its model loaded; started when nobody has needed it yet.
    pub(crate) async fn get(
        &self,
        digest: &str,
        model: ModelSource,
        deployment: &str,
    ) -> Result<(Arc<Mutex<Worker>>, Loaded), Problem> {
        let spec = self.spec.clone()?;
        let mut workers = self.by_digest.lock().await;
        let worker =
            Arc::clone(workers.entry(digest.to_owned()).or_insert_with(|| Arc::new(Mutex::new(Worker::new(spec)))));
        drop(workers);
        let mut guard = worker.lock().await;
        let loaded = match guard.loaded().cloned() {
            Some(loaded) => loaded,
            None => guard.load(model, None).await.map_err(|error| error.problem(deployment))?,
        };
        drop(guard);
        Ok((worker, loaded))
    }

    /// Ends the processes that no deployment holds any more.
    pub(crate) async fn forget_unused(&self) {
        let mut workers = self.by_digest.lock().await;
        let unused: Vec<String> = workers
            .iter()
            .filter(|(_, worker)| Arc::strong_count(worker) == 1)
            .map(|(digest, _)| digest.clone())
            .collect();
        for digest in unused {
            if let Some(worker) = workers.remove(&digest) {
                worker.lock().await.stop().await;
            }
        }
    }

    /// Ends all processes.
    pub(crate) async fn stop(&self) {
        for (_, worker) in self.by_digest.lock().await.drain() {
            worker.lock().await.stop().await;
        }
    }
}
