//! Habits of every Rust file: it says on top what it is, and no test is switched off without a reason.

use super::{Finding, Tree};

pub(super) fn habits(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        let first = file.lines().find(|(_, line)| !line.trim().is_empty() && !line.starts_with("#!["));
        if !first.is_some_and(|(_, line)| line.starts_with("//!")) {
            findings.push(Finding::new(&file.path, 1, "starts without `//!`: say what it is and what it is not"));
        }
        for (number, line) in file.lines() {
            let line = line.trim();
            if line == "#[ignore]" {
                findings.push(Finding::new(&file.path, number, "an ignored test needs a reason: `#[ignore = \"…\"]`"));
            }
            if line.starts_with("//") && (line.contains("TODO") || line.contains("FIXME")) && !line.contains('#') {
                findings.push(Finding::new(&file.path, number, "a note for later names its issue number"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        habits(&Tree::of(&[("crates/a/src/lib.rs", text)])).len()
    }

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(found("\n#![cfg(test)]\n//! Samples.\n"), 0);
        assert_eq!(found("use std::fmt;\n//! Samples.\n"), 1);
        assert_eq!(found(""), 1);
    }

    #[test]
    fn an_ignored_test_has_a_reason() {
        assert_eq!(found("//! A.\n    #[ignore]\n"), 1);
        assert_eq!(found("//! A.\n    #[ignore = \"needs a real drive\"]\n"), 0);
    }
}
