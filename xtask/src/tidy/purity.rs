//! Crates that decide and do not do: no files, no sockets, no tasks, no clock. Time and ids come in as arguments.

use super::{Finding, Tree};

/// Pure code, and the parts of these folders that are not meant.
const PURE: [(&str, &[&str]); 5] = [
    ("crates/domain/src/", &[]),
    ("crates/access/src/", &[]),
    ("crates/config/src/", &[]),
    ("crates/link/src/", &[]),
    // these run models: in a worker process, over a golden file, over a recording
    ("crates/inference/src/", &["worker", "engine", "model", "golden", "once", "replay"]),
];
const EFFECTS: [&str; 10] = [
    "async fn",
    ".await",
    "tokio::",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
];

pub(super) fn no_effects(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        let pure = PURE.iter().any(|(folder, except)| {
            file.path.strip_prefix(folder).is_some_and(|rest| !except.iter().any(|part| rest.starts_with(part)))
        });
        if !pure || file.is_test() {
            continue;
        }
        for (number, line) in file.lines_without_tests() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            if let Some(effect) = EFFECTS.iter().find(|effect| line.contains(**effect)) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("`{effect}`: this code decides, it does nothing"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opened_in_pure_code_is_found() {
        let text = "//! A.\nuse std::fs::File;\n#[cfg(test)]\nuse std::fs;\n";
        assert_eq!(no_effects(&Tree::of(&[("crates/domain/src/tag.rs", text)])).len(), 1);
        assert!(no_effects(&Tree::of(&[("crates/store/src/lib.rs", text)])).is_empty());
        assert!(no_effects(&Tree::of(&[("crates/inference/src/worker/limits.rs", text)])).is_empty());
        assert_eq!(no_effects(&Tree::of(&[("crates/inference/src/rule.rs", text)])).len(), 1);
    }
}
