//! The stream `alarm`: the path raises and clears, people acknowledge.

use domain::AdvisoryState;
use state::{Act, AdvisoryFilter};

use crate::bench::{advisory, both};

#[test]
fn an_advisory_is_raised_once_cleared_once_and_counted_in_its_own_sequence() {
    both(|bench| async move {
        let raised = advisory(&bench, "line-2/pump-7");
        assert_eq!(bench.state.raise_advisory(&raised).await.unwrap(), 1);
        assert_eq!(bench.state.raise_advisory(&raised).await.unwrap(), 1);
        assert_eq!(bench.state.active_advisories().await.unwrap(), std::slice::from_ref(&raised));
        assert_eq!(bench.state.clear_advisory(raised.id, bench.now(), "Back to normal.").await.unwrap(), 2);
        assert_eq!(bench.state.clear_advisory(raised.id, bench.now(), "Again.").await.unwrap(), 2);
        assert_eq!(bench.state.alarm_seq().await.unwrap(), 2);
        assert!(bench.state.active_advisories().await.unwrap().is_empty());
        assert_eq!(bench.state.advisories_since(raised.raised).await.unwrap(), 1);
        assert!(bench.kinds().await.is_empty(), "the path does not act");
    });
}

#[test]
fn lists_are_narrowed_to_a_place_and_start_with_what_nobody_has_seen() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let places = ["line-2/pump-7", "line-2/pump-8", "line-20"];
        let mut ids = Vec::new();
        for place in places {
            let raised = advisory(&bench, place);
            bench.state.raise_advisory(&raised).await.unwrap();
            ids.push(raised.id);
        }
        bench.act(&owner, Act::Acknowledge { advisory: ids[1] }).await.unwrap();
        let list = async |place: &str, all| {
            let filter = AdvisoryFilter { place: place.parse().unwrap(), all, limit: 10 };
            let found = bench.state.advisories(&filter).await.unwrap();
            found.into_iter().map(|one| one.place.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(list("line-2", false).await, ["line-2/pump-7", "line-2/pump-8"]);
        assert_eq!(list("", false).await, ["line-20", "line-2/pump-7", "line-2/pump-8"]);
        bench.state.clear_advisory(ids[1], bench.now(), "Gone.").await.unwrap();
        assert_eq!(list("line-2", false).await, ["line-2/pump-7"]);
        assert_eq!(list("line-2", true).await, ["line-2/pump-7", "line-2/pump-8"]);
        let done = bench.state.advisory(ids[1]).await.unwrap().unwrap();
        assert_eq!(done.state(), AdvisoryState::Done);
    });
}

#[test]
fn the_sequence_and_active_advisories_survive_a_restart() {
    both(|bench| async move {
        let raised = advisory(&bench, "line-2/pump-7");
        bench.state.raise_advisory(&raised).await.unwrap();
        let bench = bench.reopen().await;
        assert_eq!(bench.state.active_advisories().await.unwrap(), [raised]);
        let another = advisory(&bench, "line-2/pump-8");
        assert_eq!(bench.state.raise_advisory(&another).await.unwrap(), 2);
    });
}
