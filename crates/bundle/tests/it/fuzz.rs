//! Whatever a contract or a packed file holds, reading ends with a bundle or with problems, never with a panic.

use std::sync::OnceLock;

use bundle::{check_contract, check_golden, check_model, open_bytes, pack};
use domain::Problems;
use proptest::prelude::*;

use crate::{folder, valid};

const VALID: &str = include_str!("valid/contract.toml");
const GOLDEN: &str = include_str!("valid/golden.json");

fn tar() -> &'static [u8] {
    static TAR: OnceLock<Vec<u8>> = OnceLock::new();
    TAR.get_or_init(|| pack(&folder("valid")).unwrap().tar)
}

fn in_words(problems: &Problems) -> Result<(), TestCaseError> {
    prop_assert!(!problems.is_empty());
    for problem in &problems.0 {
        prop_assert!(!problem.place.is_empty() && !problem.what.is_empty() && !problem.hint.is_empty(), "{}", problem);
    }
    Ok(())
}

/// Some cuts, some insertions, one line moved.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let put = [
        "",
        "\"",
        "]",
        "[",
        "=",
        "-1",
        "\n",
        "0",
        "1e999",
        "nan",
        "{",
        "true",
        "§",
        "[]",
        "\u{0}",
        "99999999999999999999",
    ];
    let cut = (0..text.len(), 0..30_usize, prop::sample::select(put.to_vec()));
    (prop::collection::vec(cut, 1..6), 0..150_usize, 0..150_usize).prop_map(|(cuts, from, to)| {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, length, with) in cuts {
            let at = at.min(letters.len());
            let end = (at + length).min(letters.len());
            letters.splice(at..end, with.chars());
        }
        let text: String = letters.into_iter().collect();
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
    fn a_mutated_contract_is_read_or_refused(text in mutated(VALID)) {
        match check_contract(&text, "contract.toml") {
            Ok(contract) => {
                prop_assert!(check_model(&contract).is_empty());
                let json = serde_json::to_value(&contract).unwrap();
                prop_assert_eq!(serde_json::from_value::<bundle::Contract>(json).unwrap(), contract);
            }
            Err(problems) => in_words(&problems)?,
        }
    }

    #[test]
    fn mutated_golden_data_is_read_or_refused(text in mutated(GOLDEN)) {
        if let Err(problems) = check_golden(&text, "golden.json", &valid()) {
            in_words(&problems)?;
        }
    }

    #[test]
    fn any_bytes_are_a_bundle_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        in_words(&open_bytes(&bytes, "b.tar").expect_err("noise was opened"))?;
    }

    #[test]
    fn a_flipped_byte_never_gives_another_bundle(at in 0..20_000_usize, with in 1..=255_u8) {
        let mut bytes = tar().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= with;
        match open_bytes(&bytes, "b.tar") {
            // padding and fields of the tar that nobody reads
            Ok(opened) => prop_assert_eq!(opened, open_bytes(tar(), "b.tar").unwrap()),
            Err(problems) => in_words(&problems)?,
        }
    }
}
