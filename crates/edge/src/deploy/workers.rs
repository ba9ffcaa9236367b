//! One model process per bundle digest, shared by the deployments of that bundle as long as none of them kills it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Problem;
use inference::{ModelSource, Worker, WorkerSpec};
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

    /// The worker of a bundle. Its process starts, and loads the model, when the first deployment asks it: a model that
    /// takes a minute to load keeps nobody waiting but itself.
    pub(crate) async fn get(&self, digest: &str, model: ModelSource) -> Result<Arc<Mutex<Worker>>, Problem> {
        let spec = self.spec.clone()?;
        let mut workers = self.by_digest.lock().await;
        let new = || Arc::new(Mutex::new(Worker::with_model(spec, model, None)));
        Ok(Arc::clone(workers.entry(digest.to_owned()).or_insert_with(new)))
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
