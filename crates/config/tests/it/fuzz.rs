//! Whatever a file holds, reading ends with a configuration or with problems, never with a panic.

use config::{check_site, to_toml};
use proptest::prelude::*;

use crate::outside::Outside;

const VALID: &str = include_str!("plant-north.toml");

fn read(text: &str) -> Result<(), TestCaseError> {
    match check_site(text, "site.toml", &Outside) {
        Ok(config) => {
            let again = check_site(&to_toml(&config), "site.toml", &Outside);
            prop_assert_eq!(again.as_ref(), Ok(&config));
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            for problem in &problems.0 {
                prop_assert!(problem.place.starts_with("site.toml:"), "{}", problem);
                prop_assert!(!problem.hint.is_empty(), "{}", problem);
            }
        }
    }
    Ok(())
}

/// The valid file with some characters removed, some lines moved, some text put in.
fn mutated() -> impl Strategy<Value = String> {
    let cut = (
        0..VALID.len(),
        0..40_usize,
        prop::sample::select(vec!["", "\"", "]", "[", "=", "-1", "\n", "0", "nan", "{", "true", "§", "..", "\u{0}"]),
    );
    (prop::collection::vec(cut, 1..6), 0..120_usize, 0..120_usize).prop_map(|(cuts, from, to)| {
        let mut text: Vec<char> = VALID.chars().collect();
        for (at, length, with) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        let text: String = text.into_iter().collect();
        let mut lines: Vec<&str> = text.lines().collect();
        if from < lines.len() {
            let line = lines.remove(from);
            lines.insert(to.min(lines.len()), line);
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mutated_file_is_read_or_refused(text in mutated()) {
        read(&text)?;
    }

    #[test]
    fn any_text_is_refused_with_a_place(text in "(\\PC|\n|\\[|=|\"){0,200}") {
        read(&text)?;
    }

    #[test]
    fn any_bytes_are_text_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        match config::node::text_of(&bytes, "site.toml") {
            Ok(text) => read(text)?,
            Err(problems) => prop_assert!(problems.0[0].place.starts_with("site.toml:")),
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("a = {}", "[".repeat(100_000));
    assert!(check_site(&deep, "site.toml", &Outside).is_err());
    let dotted = format!("{}a = 1", "a.".repeat(20_000));
    assert!(check_site(&dotted, "site.toml", &Outside).is_err());
}
