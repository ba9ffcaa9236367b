//! Documents that stay true: paths exist, decisions are numbered without gaps, changelog fragments have a kind.

use super::{Finding, Tree};

/// First parts of paths that we take for paths of this repository.
const TOP_LEVEL: [&str; 10] =
    [".ci", ".cargo", "bench", "changelog.d", "crates", "docs", "examples", "tests", "web", "xtask"];
/// Made by a set-up, never in git.
const MADE: [&str; 2] = ["web/node_modules", "web/dist"];
const CHANGE_KINDS: [&str; 5] = ["added", "changed", "fixed", "security", "breaking"];

/// Paths in backticks, in documents and in comments of Rust files, and links in documents.
pub(super) fn paths_exist(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".md", ".rs"]) {
        let is_document = file.is("md");
        for (number, line) in file.lines() {
            if !is_document && !line.trim_start().starts_with("//") {
                continue;
            }
            let mut missing = |path: &str| {
                findings.push(Finding::new(&file.path, number, format!("`{path}` does not exist")));
            };
            for word in in_backticks(line) {
                if let Some(path) = as_path(word)
                    && !exists(tree, path)
                    && !exists(tree, &in_same_crate(&file.path, path))
                {
                    missing(path);
                }
            }
            for target in links(line).filter(|_| is_document) {
                let path = beside(&file.path, target);
                if !exists(tree, &path) {
                    missing(target);
                }
            }
        }
    }
    findings
}

fn exists(tree: &Tree, path: &str) -> bool {
    tree.has(path) || MADE.iter().any(|made| path.starts_with(made))
}

/// A path that a crate's comment gives from the crate's own root.
fn in_same_crate(file: &str, path: &str) -> String {
    let root: Vec<&str> = file.split('/').take(2).collect();
    format!("{}/{path}", root.join("/"))
}

fn in_backticks(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The word as a path of this repository, if it looks like one. Line numbers are cut off, patterns are no paths.
fn as_path(word: &str) -> Option<&str> {
    let (top, _) = word.split_once('/')?;
    if !TOP_LEVEL.contains(&top) || word.contains(['<', '*', '{', '…', ' ', '(']) {
        return None;
    }
    let path = word.split_once(':').map_or(word, |(path, _)| path);
    // a name with capitals only stands for any name
    let placeholder = path.split(['/', '.']).any(|part| !part.is_empty() && is_placeholder(part));
    (!placeholder).then_some(path)
}

fn is_placeholder(part: &str) -> bool {
    ["NAME", "NNNN", "SCRIPT", "CRATE"].contains(&part)
}

/// Targets of Markdown links within this repository.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let (target, _) = rest.split_once(')')?;
        let target = target.split_once('#').map_or(target, |(path, _)| path);
        let inside = !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:");
        inside.then_some(target)
    })
}

/// `target` as written in `document`, from the root.
fn beside(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// `docs/decisions/0001-…` onwards, each number once, none left out, each with its date and status.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut next = 1;
    let mut files: Vec<_> =
        tree.files.iter().filter(|file| file.path.starts_with("docs/decisions/") && file.is("md")).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        let name = file.path.trim_start_matches("docs/decisions/");
        let number = name.split_once('-').and_then(|(number, _)| number.parse::<u32>().ok());
        match number {
            Some(number) if number == next => {}
            Some(number) => {
                findings.push(Finding::new(&file.path, 1, format!("number {number:04} where {next:04} should be")));
            }
            None => findings.push(Finding::new(&file.path, 1, "a decision is named NNNN-title.md")),
        }
        next = number.unwrap_or(next) + 1;
        for needed in ["Date: ", "Status: ", "## Context", "## Choice", "## Rejected", "## Consequences"] {
            if !file.text.lines().any(|line| line.starts_with(needed)) {
                findings.push(Finding::new(&file.path, 1, format!("lacks a line that starts with `{needed}`")));
            }
        }
    }
    findings
}

/// `changelog.d/NAME.added.md`
pub(super) fn changelog(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in &tree.paths {
        let Some(name) = path.strip_prefix("changelog.d/") else { continue };
        if name == "README.md" {
            continue;
        }
        let parts: Vec<&str> = name.split('.').collect();
        let good = matches!(parts.as_slice(), [slug, kind, "md"] if !slug.is_empty() && CHANGE_KINDS.contains(kind));
        if !good {
            let what = format!("a fragment is named NAME.KIND.md, KIND one of {}", CHANGE_KINDS.join(", "));
            findings.push(Finding::new(path, 1, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(document: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/A.md", document), ("crates/edge/src/run.rs", ""), ("docs/how-to/b.md", "")]);
        paths_exist(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_path_that_is_gone_is_found_and_the_others_are_not() {
        assert_eq!(missing("see `crates/edge/src/gone.rs`"), ["`crates/edge/src/gone.rs` does not exist"]);
        for fine in [
            "see `crates/edge/src/run.rs`, `crates/edge/`, `crates/edge/src/run.rs:12`",
            "`site.toml`, `crates/<name>/src`, `crates/*/Cargo.toml`, `tests/peers/NAME.py`, `web/dist`",
            "`cargo xtask demo` and `http://localhost/crates/x`",
            "[there](how-to/b.md#part) and [out](https://example.org) and [up](../crates/edge/src/run.rs)",
        ] {
            assert!(missing(fine).is_empty(), "{fine}: {:?}", missing(fine));
        }
        assert_eq!(missing("[there](how-to/c.md)").len(), 1);
    }

    #[test]
    fn comments_in_code_are_read_and_code_is_not() {
        let text = "//! See `docs/GONE.md`.\nlet path = \"`docs/ALSO_GONE.md`\";\n";
        assert_eq!(paths_exist(&Tree::of(&[("crates/a/src/lib.rs", text)])).len(), 1);
    }

    #[test]
    fn decisions_have_no_gaps_and_no_twins() {
        let whole = "Date: x\nStatus: x\n## Context\n## Choice\n## Rejected\n## Consequences\n";
        let found = |names: &[&str]| {
            let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, whole)).collect();
            decisions(&Tree::of(&files)).len()
        };
        assert_eq!(found(&["docs/decisions/0001-a.md", "docs/decisions/0002-b.md"]), 0);
        assert_eq!(found(&["docs/decisions/0001-a.md", "docs/decisions/0003-b.md"]), 1);
        assert_eq!(found(&["docs/decisions/0001-a.md", "docs/decisions/0001-b.md"]), 1);
    }

    #[test]
    fn a_fragment_says_its_kind() {
        assert!(changelog(&Tree::of(&[("changelog.d/modbus.added.md", "")])).is_empty());
        assert_eq!(changelog(&Tree::of(&[("changelog.d/modbus.md", "")])).len(), 1);
    }
}
