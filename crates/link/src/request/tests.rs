//! A request counts once, from its sender, as it was.

use std::time::Duration;

use domain::Timestamp;

use super::{HubTime, Replays, Stamp, Target};
use crate::key::PrivateKey;

const TARGET: Target<'_> = Target { method: "POST", path: "/api/v1/link/parcels?turn=3" };

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[7; 32])
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_millis(s * 1000)
}

#[test]
fn another_body_path_time_or_key_is_refused() {
    let stamp = Stamp::new(&key(), TARGET, b"body", at(5), [1; 16]);
    assert_eq!(stamp.check(&key().public(), TARGET, b"body"), Ok(()));
    assert_eq!(stamp.check(&key().public(), TARGET, b"bode").unwrap_err().code, "request.other-body");
    let signature = "request.signature";
    let elsewhere = Target { path: "/api/v1/link/parcels?turn=4", ..TARGET };
    assert_eq!(stamp.check(&key().public(), elsewhere, b"body").unwrap_err().code, signature);
    let later = Stamp { time: at(6), ..stamp.clone() };
    assert_eq!(later.check(&key().public(), TARGET, b"body").unwrap_err().code, signature);
    let other = PrivateKey::from_seed(&[8; 32]).public();
    assert_eq!(stamp.check(&other, TARGET, b"body").unwrap_err().code, signature);
}

#[test]
fn a_request_is_heard_once_in_its_window_and_never_after() {
    let mut replays = Replays::new(at(0), 100);
    let stamp = Stamp::new(&key(), TARGET, b"", at(1000), [1; 16]);
    assert_eq!(replays.admit(&stamp, at(1000)), Ok(()));
    for now in [700, 1000, 1001, 1300] {
        assert_eq!(replays.admit(&stamp, at(now)).unwrap_err().code, "request.replayed", "{now}");
    }
    assert_eq!(replays.admit(&stamp, at(1301)).unwrap_err().code, "request.wrong-time");
}

#[test]
fn after_a_start_of_the_hub_nothing_from_before_is_heard_again() {
    let stamp = Stamp::new(&key(), TARGET, b"", at(1000), [1; 16]);
    let mut replays = Replays::new(at(1001), 100);
    assert_eq!(replays.admit(&stamp, at(1002)).unwrap_err().code, "request.wrong-time");
}

#[test]
fn an_edge_in_1970_is_told_the_time_and_then_heard() {
    let (mut hub_time, mut replays) = (HubTime::default(), Replays::new(at(0), 100));
    let (edge_clock, hub_clock) = (at(60), at(1_800_000_000));
    let first = Stamp::new(&key(), TARGET, b"", hub_time.at(edge_clock), [1; 16]);
    assert_eq!(replays.admit(&first, hub_clock).unwrap_err().code, "request.wrong-time");
    hub_time.heard(hub_clock, edge_clock);
    let again = Stamp::new(&key(), TARGET, b"", hub_time.at(edge_clock.plus(Duration::from_secs(2))), [2; 16]);
    assert_eq!(replays.admit(&again, hub_clock.plus(Duration::from_secs(2))), Ok(()));
}

#[test]
fn what_is_remembered_is_bounded_and_forgotten_in_time() {
    let mut replays = Replays::new(at(0), 2);
    let stamp = |s: i64, nonce: u8| Stamp::new(&key(), TARGET, b"", at(s), [nonce; 16]);
    assert_eq!(replays.admit(&stamp(1000, 1), at(1000)), Ok(()));
    assert_eq!(replays.admit(&stamp(1000, 2), at(1000)), Ok(()));
    assert_eq!(replays.admit(&stamp(1000, 3), at(1000)).unwrap_err().code, "request.too-many");
    assert_eq!(replays.admit(&stamp(1400, 3), at(1400)), Ok(()));
}
