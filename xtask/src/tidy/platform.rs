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

/// Where such code may be, and why.
const ALLOWED: [(&str, &str); 2] = [
    ("crates/inference/src/worker", "limits on the worker process are the operating system's"),
    ("xtask/", "the development machine is Linux"),
];

pub(super) fn portable(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        if file.is_test() || ALLOWED.iter().any(|(place, _)| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in file.lines_without_tests() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            if let Some(what) = SPECIFIC.iter().find(|what| line.contains(**what)) {
                let what = format!("`{what}` holds on some machines only; it belongs into inference/worker");
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
    }
}
