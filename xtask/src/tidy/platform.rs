//! Code that holds for one system or one processor stays in the few places that were made for it.

use super::{Finding, SourceFile, Tree};

/// Words of one system, and what shows that the file knows about the others, too.
const SYSTEM: [&str; 15] = [
    "cfg(unix)",
    "cfg(windows)",
    "std::os::",
    "target_os",
    "target_family",
    "rustix::",
    "libc::",
    "nix::",
    "windows_sys::",
    "signal::unix",
    "\"/proc/",
    "\"/sys/",
    "\"/dev/",
    "\"/etc/",
    "\"/tmp",
];
const OTHER_SYSTEM: [&str; 2] = ["cfg(windows)", "cfg(not(unix))"];

/// Words of one processor; the other side is code for any.
const PROCESSOR: [&str; 7] =
    ["target_arch", "target_feature", "target_pointer_width", "core::arch", "std::arch", "asm!(", "is_x86_feature"];
const OTHER_PROCESSOR: [&str; 2] = ["cfg(not(target_arch", "cfg(not(target_feature"];

/// Crates that stand for one system have a place in the manifest that says so.
const SYSTEM_CRATES: [&str; 3] = ["libc", "rustix", "nix"];

/// Where such code may be without its other side, and why.
const ALLOWED: [(&str, &str); 7] = [
    ("crates/inference/src/worker", "limits on the worker process are the operating system's"),
    ("crates/edge/src/acting.rs", "memory in use; zero where the system does not tell"),
    ("crates/state/src/session.rs", "a file for its owner alone; elsewhere the folder's rights hold"),
    ("crates/lastmile/src/commands/mod.rs", "SIGTERM of a service manager; Ctrl-C is heard everywhere"),
    (
        "crates/testkit/src/preload",
        "LD_PRELOAD is how Linux lets a test break a disk; the tests of other systems do without",
    ),
    ("xtask/", "the development machine is Linux"),
    ("bench/peers/", "run on the development machine"),
];

pub(super) fn portable(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        if file.is_test() || allowed(&file.path) {
            continue;
        }
        for (words, others) in [(&SYSTEM[..], &OTHER_SYSTEM[..]), (&PROCESSOR[..], &OTHER_PROCESSOR[..])] {
            if others.iter().any(|other| file.text.contains(other)) {
                continue;
            }
            for (number, line) in file.lines_without_tests() {
                let found = words.iter().find(|word| line.contains(**word));
                if let Some(word) = found.filter(|_| !line.trim_start().starts_with("//")) {
                    let what = format!("`{word}` holds on some machines only, and its other side is missing");
                    findings.push(Finding::new(&file.path, number, what));
                }
            }
        }
    }
    findings
        .extend(tree.with_ending(&["Cargo.toml"]).filter(|file| file.path.starts_with("crates/")).flat_map(manifest));
    findings
}

fn allowed(path: &str) -> bool {
    ALLOWED.iter().any(|(place, _)| path.starts_with(place))
}

/// A crate of one system belongs under `[target.'cfg(…)'.dependencies]`, except where the whole crate is allowed.
fn manifest(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut section = "";
    for (number, line) in file.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if section == "[dependencies]" && SYSTEM_CRATES.contains(&name) {
            let what = format!("`{name}` is for one system: put it under `[target.'cfg(unix)'.dependencies]`");
            findings.push(Finding::new(&file.path, number, what));
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
    #[test]
    fn code_for_one_processor_needs_code_for_any_beside_it() {
        let text =
            "//! A.\n#[cfg(target_feature = \"avx2\")]\nuse core::arch::x86_64::*;\n#[cfg(windows)]\nfn other() {}\n";
        let found = portable(&Tree::of(&[("crates/edge/src/run.rs", text)]));
        assert_eq!(found.len(), 2, "knowing about Windows does not excuse it");
        let both = format!("{text}#[cfg(not(target_feature = \"avx2\"))]\nfn plain() {{}}\n");
        assert!(portable(&Tree::of(&[("crates/edge/src/run.rs", &both)])).is_empty());
    }

    #[test]
    fn paths_of_one_system_and_crates_for_it_are_found() {
        let text = "//! A.\nconst PORT: &str = \"/dev/ttyS0\";\nconst URL: &str = \"modbus-rtu:///dev/ttyS0\";\n";
        assert_eq!(portable(&Tree::of(&[("crates/edge/src/run.rs", text)])).len(), 1);
        let manifest = "[package]\nname = \"a\"\n[dependencies]\nlibc.workspace = true\n";
        assert_eq!(portable(&Tree::of(&[("crates/a/Cargo.toml", manifest)])).len(), 1);
        let fenced = manifest.replace("[dependencies]", "[target.'cfg(unix)'.dependencies]");
        assert!(portable(&Tree::of(&[("crates/a/Cargo.toml", &fenced)])).is_empty());
    }
}
