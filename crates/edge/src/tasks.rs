//! The one place where tasks start: named, counted, stopped together.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// A group of tasks that stop together. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    /// This group's and those of the groups it belongs to.
    trackers: Vec<TaskTracker>,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts a task under a name that shows in every line it logs.
    pub(crate) fn spawn<F>(&self, name: &str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let counted: Vec<_> = self.trackers.iter().map(TaskTracker::token).collect();
        let task = async move {
            task.await;
            drop(counted);
        };
        tokio::spawn(task.instrument(tracing::info_span!("task", name)));
    }

    /// A group that stops with this one, and can be stopped before it.
    #[must_use]
    pub(crate) fn child(&self) -> Self {
        let trackers = self.trackers.iter().cloned().chain([TaskTracker::new()]).collect();
        Self { trackers, stop: self.stop.child_token() }
    }

    /// What tasks wait on to know that they should end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Asks all to end, and waits until they have.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        if let Some(own) = self.trackers.last() {
            own.close();
            own.wait().await;
        }
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self { trackers: vec![TaskTracker::new()], stop: CancellationToken::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_a_group_waits_for_the_groups_in_it() {
        let all = Tasks::default();
        let some = all.child();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let stop = some.stopping().clone();
        some.spawn("last word", async move {
            stop.cancelled().await;
            sender.send("said").await.unwrap();
        });
        all.stop().await;
        assert_eq!(receiver.try_recv(), Ok("said"));
    }

    #[tokio::test]
    async fn stopping_an_inner_group_leaves_the_others_running() {
        let all = Tasks::default();
        all.child().stop().await;
        assert!(!all.stopping().is_cancelled());
    }
}
