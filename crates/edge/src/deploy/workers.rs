//! One model process per bundle digest, shared by the deployments of that bundle as long as none of them kills it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use domain::Problem;
use inference::{ModelSource, Worker, WorkerSpec};
use tokio::sync::Mutex;

/// See the module.
#[derive(Debug)]
pub(crate) struct Workers {
    spec: Result<WorkerSpec, Problem>,
    by_digest: Mutex<HashMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    worker: Arc<Mutex<Worker>>,
    /// The deployments that hold it.
    holders: Weak<()>,
}

/// A worker as one deployment holds it.
#[derive(Debug)]
pub(crate) struct HeldWorker {
    worker: Arc<Mutex<Worker>>,
    /// One for each deployment, and nobody else has it.
    holder: Arc<()>,
}

impl HeldWorker {
    /// Itself, to be locked.
    pub(crate) fn worker(&self) -> Arc<Mutex<Worker>> {
        Arc::clone(&self.worker)
    }

    /// Whether another deployment holds it, too.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.holder) > 1
    }

    /// Leaves it to the others, and holds one of its own from now on.
    pub(crate) fn part(&mut self, own: Worker) {
        *self = Self { worker: Arc::new(Mutex::new(own)), holder: Arc::default() };
    }
}

impl Workers {
    /// With the program and library to use, or why there is none.
    pub(crate) fn new(spec: Result<WorkerSpec, Problem>) -> Self {
        Self { spec, by_digest: Mutex::default() }
    }

    /// The worker of a bundle. Its process starts, and loads the model, when the first deployment asks it: a model that
    /// takes a minute to load keeps nobody waiting but itself.
    pub(crate) async fn get(&self, digest: &str, model: ModelSource) -> Result<HeldWorker, Problem> {
        let spec = self.spec.clone()?;
        let mut workers = self.by_digest.lock().await;
        let new = || Kept { worker: Arc::new(Mutex::new(Worker::with_model(spec, model, None))), holders: Weak::new() };
        let kept = workers.entry(digest.to_owned()).or_insert_with(new);
        let holder = kept.holders.upgrade().unwrap_or_default();
        kept.holders = Arc::downgrade(&holder);
        Ok(HeldWorker { worker: Arc::clone(&kept.worker), holder })
    }

    /// Ends the processes that no deployment holds any more.
    pub(crate) async fn forget_unused(&self) {
        let mut workers = self.by_digest.lock().await;
        let unused: Vec<String> = workers
            .iter()
            .filter(|(_, kept)| kept.holders.strong_count() == 0)
            .map(|(digest, _)| digest.clone())
            .collect();
        for digest in unused {
            if let Some(kept) = workers.remove(&digest) {
                kept.worker.lock().await.stop().await;
            }
        }
    }

    /// Ends all processes.
    pub(crate) async fn stop(&self) {
        for (_, kept) in self.by_digest.lock().await.drain() {
            kept.worker.lock().await.stop().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_is_shared_while_two_deployments_hold_it_whoever_else_looks_at_it() {
        let workers = Workers::new(Ok(WorkerSpec::this_program("/no/library".into())));
        let get = || workers.get("sha256:1", ModelSource::Bytes(Vec::new().into()));
        let mut one = get().await.unwrap();
        let looks = one.worker();
        assert!(!one.is_shared());
        let other = get().await.unwrap();
        assert!(one.is_shared() && other.is_shared());
        let own = looks.lock().await.part();
        one.part(own);
        assert!(!one.is_shared() && !other.is_shared());
        assert!(!Arc::ptr_eq(&one.worker(), &other.worker()));
        workers.forget_unused().await;
        assert!(Arc::ptr_eq(&looks, &get().await.unwrap().worker()), "the other still holds it");
        drop(other);
        workers.forget_unused().await;
        assert!(!Arc::ptr_eq(&looks, &get().await.unwrap().worker()));
    }
}
