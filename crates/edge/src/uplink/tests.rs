//! What is typed and kept about a hub, and how the lives of a store follow each other.

use domain::{Id, Timestamp};
use link::key::PrivateKey;
use store::StoreOptions;

use super::*;

fn typed(hub: Option<&str>, claim: Option<&str>) -> Joining {
    Joining { hub: hub.map(str::to_owned), claim: claim.map(str::to_owned), ca: None }
}

fn code(data: &Path, joining: &Joining) -> String {
    take_over(data, joining).unwrap_err().code
}

#[test]
fn what_was_typed_once_holds_at_the_next_starts_until_it_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = Joining::default();
    assert_eq!(take_over(dir.path(), &nothing), Ok(None));
    let joined = take_over(dir.path(), &typed(Some("https://hub.north/"), Some("k7qf 2m9x"))).unwrap().unwrap();
    assert_eq!((joined.hub.as_str(), joined.code), ("https://hub.north", "K7QF-2M9X".parse().ok()));
    assert_eq!(take_over(dir.path(), &nothing), Ok(Some(joined.clone())));
    let moved = take_over(dir.path(), &typed(Some("https://hub.south"), None)).unwrap().unwrap();
    assert_eq!(moved, Membership { hub: "https://hub.south".to_owned(), ..joined });
    assert_eq!(take_over(dir.path(), &typed(Some("none"), None)), Ok(None));
    assert_eq!(take_over(dir.path(), &nothing), Ok(None));
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(code(dir.path(), &typed(None, Some("K7QF-2M9X"))), "hub.no-url");
    let joined = take_over(dir.path(), &typed(Some("https://hub.north"), None)).unwrap();
    assert_eq!(code(dir.path(), &typed(Some("http://hub.north"), None)), "hub.url");
    assert_eq!(code(dir.path(), &typed(None, Some("K7QF"))), "hub.claim");
    let ca = dir.path().join("ca.pem");
    for content in [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] {
        if let Some(content) = content {
            std::fs::write(&ca, content).unwrap();
        }
        assert_eq!(code(dir.path(), &Joining { ca: Some(ca.clone()), ..Joining::default() }), "hub.ca");
    }
    assert_eq!(take_over(dir.path(), &Joining::default()), Ok(joined));
}

#[tokio::test]
async fn a_damaged_membership_stops_nobody_and_can_be_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(membership::FILE);
    std::fs::write(&file, "{").unwrap();
    let joined = join(dir.path(), Joining::default()).await.unwrap();
    assert!(matches!(joined, Joined::Unknown(problem) if problem.code == "edge.membership-damaged"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
    assert!(matches!(join(dir.path(), typed(Some("none"), None)).await, Ok(Joined::Nowhere)));
    assert!(!file.exists());
}

/// An edge in this folder, whose store is in a folder of this name below it.
async fn ground(data: &Path, store: &str, epoch: u64) -> Ground {
    let clock = Arc::new(Clock::start());
    let options = state::Options {
        folder: data.to_path_buf(),
        database: None,
        ids: Arc::new(state::RandomIds),
        addresses: Arc::new(server::Addresses),
    };
    let state = State::open(options, clock.now()).await.unwrap();
    let options = StoreOptions { ballast: 0, ..StoreOptions::new(data.join(store), epoch) };
    let (store, _) = Store::open(options, clock.now()).unwrap();
    let site = watch::channel(Arc::new(SiteConfig::new("north"))).1;
    let synced = watch::channel(Synced::default()).1;
    let (store, seen) = (Arc::new(store), Arc::default());
    Ground { data: data.to_path_buf(), store, state, clock, site, synced, seen }
}

#[tokio::test]
async fn the_first_life_is_the_stores_and_a_store_that_began_anew_begins_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut membership = Membership { hub: "https://hub.north".to_owned(), ..Membership::default() };
    let first = ground(dir.path(), "first", 11).await;
    first.begin_life(&mut membership).await.unwrap();
    assert_eq!(membership.lives, [Life { epoch: 11, same_until: PerStream::default() }]);
    membership.cursors = PerStream::of(|_| 50);
    first.begin_life(&mut membership).await.unwrap();
    assert_eq!(membership.lives.len(), 1, "the same store goes on in its life");
    first.state.close().await;
    drop(first);

    let second = ground(dir.path(), "second", 12).await;
    let tip = u64::try_from(second.state.stream_tip(state::StreamName::Change).await.unwrap()).unwrap();
    second.begin_life(&mut membership).await.unwrap();
    let kept = PerStream { change: tip, ..PerStream::default() };
    assert_eq!(membership.lives[1], Life { epoch: 11, same_until: kept });
    assert_ne!(membership.lives[0].epoch, 11);
    assert_eq!(membership.cursors, PerStream { data: 0, prediction: 0, alarm: 50, change: 50 });
    assert_eq!(Membership::load(dir.path()), Ok(Some(membership)), "on the disk before the hub hears of it");
}

#[tokio::test]
async fn a_box_that_becomes_another_edge_has_nothing_at_the_hub() {
    let dir = tempfile::tempdir().unwrap();
    let ground = ground(dir.path(), "store", 11).await;
    let enrolled = |number| Enrolled {
        edge: Id::new(Timestamp::from_millis(5), &[number; 10]),
        place: "north/line-2".to_owned(),
        hub: PrivateKey::from_seed(&[1; 32]).public(),
        expires: Timestamp::from_millis(9),
    };
    let mut membership = Membership { code: "K7QF-2M9X".parse().ok(), ..Membership::default() };
    ground.enrolled(&mut membership, &enrolled(1)).await.unwrap();
    assert_eq!(membership.code, None, "it works once");
    membership.cursors = PerStream::of(|_| 50);
    ground.enrolled(&mut membership, &enrolled(1)).await.unwrap();
    assert_eq!(membership.cursors, PerStream::of(|_| 50), "approved again");
    ground.enrolled(&mut membership, &enrolled(2)).await.unwrap();
    assert_eq!(membership.cursors, PerStream::default());
}

#[tokio::test]
async fn what_the_hub_does_not_have_is_held_in_the_log_until_there_is_no_hub() {
    let dir = tempfile::tempdir().unwrap();
    let ground = ground(dir.path(), "store", 11).await;
    let cursor = || domain::Stream::ALL.map(|stream| ground.store.cursor(CURSOR, stream));
    ground.hold_log(Some(PerStream { data: 7, prediction: 8, ..PerStream::default() })).await.unwrap();
    assert_eq!(cursor(), [Some(7), Some(8)]);
    ground.hold_log(None).await.unwrap();
    assert_eq!(cursor(), [None, None]);
}
