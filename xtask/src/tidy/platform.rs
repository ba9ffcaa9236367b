//! Code that holds for one system or one processor stays in the few places that were made for it.

use super::{Finding, Tree};

const SPECIFIC: [&str; 9] = [
    "cfg(unix)",
    "cfg(windows)",
    "std::os::unix",
    "std::os::linux",
    "target_arch",
    "target_os",
    "rustix::",
    "libc::",
    "\"/proc/",
];

/// Says that a file knows about the other systems, too.
const OTHER_SIDE: [&str; 2] = ["cfg(windows)", "cfg(not(unix))"];

/// Where such code may be without its other side, and why.
const ALLOWED: [(&str, &str); 6] = [
    ("crates/inference/src/worker", "limits on the worker process are the operating system's"),
    ("crates/edge/src/acting.rs", "memory in use; zero where the system does not tell"),
    ("crates/state/src/session.rs", "a file for its owner alone; elsewhere the folder's rights hold"),
    ("crates/lastmile/src/commands/mod.rs", "SIGTERM of a service manager; Ctrl-C is heard everywhere"),
    (
        "crates/testkit/src/preload",
        "LD_PRELOAD is how Linux lets a test break a disk; the tests of other systems do without",
    ),
    ("xtask/", "the development machine is Linux"),
];

pub(super) fn portable(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        let both_sides = OTHER_SIDE.iter().any(|other| file.text.contains(other));
        if file.is_test() || both_sides || ALLOWED.iter().any(|(place, _)| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in file.lines_without_tests() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            if let Some(what) = SPECIFIC.iter().find(|what| line.contains(**what)) {
                let what = format!("`{what}` holds on some machines only, and its other side is missing");
                findings.push(Finding::new(&file.path, number, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_only_code_is_found_outside_its_places() {
        let text = "//! A.\n// std::os::unix is fine in a comment\nuse std::os::unix::fs::PermissionsExt;\n";
        assert_eq!(portable(&Tree::of(&[("crates/edge/src/run.rs", text)])).len(), 1);
        assert!(portable(&Tree::of(&[("crates/inference/src/worker/limits.rs", text)])).is_empty());
        assert!(portable(&Tree::of(&[("crates/edge/tests/it/main.rs", text)])).is_empty());
        let both = format!("{text}#[cfg(windows)]\nuse std::os::windows::fs::MetadataExt;\n");
        assert!(portable(&Tree::of(&[("crates/edge/src/run.rs", &both)])).is_empty());
    }
}
