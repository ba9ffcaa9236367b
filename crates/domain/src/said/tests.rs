//! The catalogue of sentences: every one is well-formed, and is filled as people say it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;

#[test]
fn every_code_is_there_once_and_is_a_noun_with_its_cause() {
    let mut seen = BTreeSet::new();
    for sentence in all() {
        assert!(seen.insert(sentence.code), "{} is there twice", sentence.code);
        let (noun, cause) = sentence.code.split_once('.').expect(sentence.code);
        let kebab = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        };
        assert!(kebab(noun) && kebab(cause), "{}", sentence.code);
        assert!(!sentence.words.is_empty(), "{} says nothing", sentence.code);
    }
}

#[test]
fn holes_are_named_like_arguments() {
    for sentence in all() {
        for hole in render::holes(sentence) {
            assert!(hole.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}: {hole}", sentence.code);
        }
    }
}

#[test]
fn a_sentence_is_filled_with_names_numbers_spans_and_other_sentences() {
    let said = device::TIMED_OUT.say([
        ("unit", 3_u64.into()),
        ("endpoint", "10.0.0.1:502".into()),
        ("after_ms", Duration::from_secs(1).into()),
    ]);
    assert_eq!(said.words(), "unit 3 at 10.0.0.1:502 gave no answer within 1 s");
    let reason = access::HAS_TO.say([("role", (&access::OWNER).into())]);
    let nested = access::REFUSED.say([("action", (&access::DEPLOY).into()), ("reason", reason.into())]);
    assert_eq!(nested.words(), "You can't deploy this: an owner has to.");
}

#[test]
fn spans_and_sizes_are_said_as_people_say_them() {
    let tried = |ms: f64| device::NEXT_TRY.say([("wait_ms", ms.into())]).words();
    let said: Vec<String> =
        [200.0, 2_500.0, 60_000.0, 250_000.0, 7_500_000.0, 259_200_000.0].into_iter().map(tried).collect();
    let wanted = ["200 ms", "2.5 s", "1 min", "4 min 10 s", "2 h 5 min", "3 days"]
        .map(|span| format!("Trying again, at most {span} apart."));
    assert_eq!(said, wanted);
    assert_eq!(doctor::ROOM.say([("free_bytes", 61_400_000_000_u64.into())]).words(), "61 GB are free for history.");
}

#[test]
fn what_travels_is_the_code_and_what_stands_in_the_holes() {
    let said = access::NOBODY_THERE.say([("action", (&access::SEE).into())]);
    let json = serde_json::to_value(&said).expect("a sentence is JSON");
    assert_eq!(json, serde_json::json!({"code": "session.missing", "args": {"action": {"code": "may.see"}}}));
    assert_eq!(serde_json::from_value::<Said>(json).expect("and back"), said);
}

#[test]
fn a_code_that_is_not_in_the_catalogue_is_shown_as_it_is() {
    assert_eq!(Said { code: "from.tomorrow".to_owned(), args: BTreeMap::new() }.words(), "from.tomorrow");
}
