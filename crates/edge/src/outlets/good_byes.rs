//! Brokers that are left: each good-bye is said beside, so that a deaf one holds up nobody but those who connect after it.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// See the module.
#[derive(Debug)]
pub(super) struct GoodByes {
    tasks: Tasks,
    /// One per good-bye, cancelled when it is said. Each ends by itself within seconds, so there are never many.
    under_way: Mutex<Vec<CancellationToken>>,
}

impl GoodByes {
    /// `tasks` are of them alone.
    pub(super) fn new(tasks: Tasks) -> Self {
        Self { tasks, under_way: Mutex::default() }
    }

    /// Lets one be said beside. It has to end by itself.
    pub(super) fn say(&self, outlet: &str, good_bye: impl Future<Output = ()> + Send + 'static) {
        let said = CancellationToken::new();
        let ends = said.clone().drop_guard();
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|said| !said.is_cancelled());
        under_way.push(said);
        drop(under_way);
        self.tasks.spawn(&format!("good-bye of outlet {outlet}"), async move {
            good_bye.await;
            drop(ends);
        });
    }

    /// Ends when all are said that have begun by now. Who connects then, perhaps under the same name, is not taken for the
    /// one who leaves.
    pub(super) fn said(&self) -> impl Future<Output = ()> + Send + 'static {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move {
            for said in under_way {
                said.cancelled().await;
            }
        }
    }

    /// Waits until all are said.
    pub(super) async fn stop(&self) {
        self.tasks.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_deaf_broker_holds_up_only_those_who_connect_after_it() {
        let good_byes = GoodByes::new(Tasks::default());
        let before = good_byes.said();
        let (hear, heard) = oneshot::channel::<()>();
        good_byes.say("deaf", async move {
            let _answer = heard.await;
        });
        before.await;
        let mut after = Box::pin(good_byes.said());
        assert!(tokio::time::timeout(Duration::ZERO, &mut after).await.is_err());
        hear.send(()).unwrap();
        after.await;
        good_byes.stop().await;
    }
}
