//! From a code on the phone to an edge, and back.

use domain::{Id, Timestamp};
use proptest::prelude::*;

use super::{Application, ClaimCode, Enrolments, Heard, fingerprint};
use crate::key::PrivateKey;

fn at(s: i64) -> Timestamp {
    Timestamp::from_millis(s * 1000)
}

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_seed(&[number; 32])
}

fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn application(number: u8, code: Option<ClaimCode>) -> Application {
    Application { key: key(number).public(), code, name: "box".to_owned() }
}

#[test]
fn a_box_becomes_an_edge_by_code_and_person() {
    let mut hub = Enrolments::default();
    let code = hub.claim("leipzig/line-2", "eva", at(100), at(0), 12_345).unwrap();
    assert_eq!(hub.apply(&application(1, Some(code)), at(1)), Ok(Heard::Waits));
    assert_eq!(hub.apply(&application(1, Some(code)), at(2)), Ok(Heard::Waits), "asking again changes nothing");
    assert_eq!(hub.apply(&application(2, Some(code)), at(3)).unwrap_err().code, "claim.wrong", "a code works once");
    assert!(hub.speaker(&key(1).public().id(), at(3)).is_err());
    let enrolled = hub.approve(&key(1).public().id(), "eva", id(9), at(1000)).unwrap();
    assert_eq!((enrolled.edge, enrolled.place.as_str()), (id(9), "leipzig/line-2"));
    assert_eq!(hub.apply(&application(1, None), at(4)), Ok(Heard::Is(id(9))));
    assert_eq!(hub.speaker(&key(1).public().id(), at(4)).unwrap().edge, id(9));
}

#[test]
fn a_key_whose_time_is_over_comes_back_as_the_same_edge_with_a_person() {
    let mut hub = Enrolments::default();
    let code = hub.claim("a", "eva", at(100), at(0), 1).unwrap();
    hub.apply(&application(1, Some(code)), at(1)).unwrap();
    let id_of = key(1).public().id();
    hub.approve(&id_of, "eva", id(9), at(10)).unwrap();
    assert_eq!(hub.speaker(&id_of, at(10)).unwrap_err().code, "edge.expired");
    assert_eq!(hub.apply(&application(1, None), at(11)), Ok(Heard::Waits));
    assert_eq!(hub.approve(&id_of, "tom", id(8), at(99)).unwrap().edge, id(9));
    assert!(hub.speaker(&id_of, at(12)).is_ok());
}

#[test]
fn a_revoked_key_is_never_heard_again() {
    let mut hub = Enrolments::default();
    let code = hub.claim("a", "eva", at(100), at(0), 1).unwrap();
    hub.apply(&application(1, Some(code)), at(1)).unwrap();
    let id_of = key(1).public().id();
    hub.approve(&id_of, "eva", id(9), at(10)).unwrap();
    hub.revoke(&id_of).unwrap();
    assert_eq!(hub.speaker(&id_of, at(2)).unwrap_err().code, "edge.revoked");
    let code = hub.claim("a", "eva", at(100), at(0), 2).unwrap();
    assert_eq!(hub.apply(&application(1, Some(code)), at(20)).unwrap_err().code, "edge.revoked");
}

#[test]
fn codes_run_out_and_cannot_be_guessed() {
    let mut hub = Enrolments::default();
    let code = hub.claim("a", "eva", at(100), at(0), 77).unwrap();
    assert_eq!(hub.apply(&application(1, Some(code)), at(100)).unwrap_err().code, "claim.wrong");
    let code = hub.claim("a", "eva", at(9000), at(100), 78).unwrap();
    for guess in 0..19 {
        let wrong = ClaimCode::from_random(guess);
        assert_eq!(hub.apply(&application(1, Some(wrong)), at(101)).unwrap_err().code, "claim.wrong");
    }
    assert_eq!(hub.apply(&application(1, Some(code)), at(102)).unwrap_err().code, "claim.guessed");
    assert_eq!(hub.apply(&application(1, Some(code)), at(800)), Ok(Heard::Waits));
}

#[test]
fn an_application_is_signed_by_the_key_that_it_brings() {
    let sealed = application(1, None).seal(&key(1));
    assert_eq!(Application::open(&sealed), Ok(application(1, None)));
    assert_eq!(Application::open(&application(1, None).seal(&key(2))).unwrap_err().code, "message.unsigned");
    assert_eq!(fingerprint(&key(1).public()).len(), 19);
}

proptest! {
    #[test]
    fn a_code_is_read_as_people_type_it(random: u64) {
        let code = ClaimCode::from_random(random);
        let shown = code.to_string();
        prop_assert_eq!(shown.len(), 9);
        let typed = shown.replace('-', " ").to_lowercase().replace('0', "o").replace('1', "l");
        prop_assert_eq!(typed.parse(), Ok(code));
    }
}
