//! `cargo xtask tidy`: the house rules that a machine can check. docs/ARCHITECTURE.md says why each is there.
//!
//! Every rule is a function from the files of the repository to findings, so each has tests on small strings.

mod acts;
mod device_writes;
mod docs;
mod floors;
mod glossary;
mod limits;
mod platform;
mod purity;
mod source;
mod words;

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

use crate::paths;
use crate::shell::{output, say};

/// Larger files are data, not text that a person keeps.
const READ_AT_MOST: u64 = 1024 * 1024;
const TEXT: [&str; 10] = ["rs", "ts", "tsx", "mjs", "md", "toml", "py", "css", "json", "yml"];

/// What is in git, or about to be.
#[derive(Default)]
pub(crate) struct Tree {
    /// Every path, relative to the root.
    paths: Vec<String>,
    /// Those that hold text.
    files: Vec<SourceFile>,
}

pub(crate) struct SourceFile {
    path: String,
    text: String,
}

/// One place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
    /// A warning does not fail the check.
    warning: bool,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), warning: false }
    }

    fn warning(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { warning: true, ..Self::new(path, line, what) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.warning { "warning: " } else { "" };
        write!(f, "{}:{}: {word}{}", self.path, self.line, self.what)
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: [(&str, Rule); 15] = [
    ("file size", limits::file_lines),
    ("TypeScript function size", limits::function_lines),
    ("crate floors", floors::dependencies_point_down),
    ("one list of versions", floors::versions_in_one_place),
    ("code map", floors::code_map),
    ("paths in documents", docs::paths_exist),
    ("decisions", docs::decisions),
    ("changelog fragments", docs::changelog),
    ("glossary", glossary::nouns),
    ("module docs and ignored tests", source::habits),
    ("platforms", platform::portable),
    ("purity", purity::no_effects),
    ("device writes", device_writes::two_places),
    ("one way to change anything", acts::through_act),
    ("words by code", words::by_code),
];

/// Prints every finding. True when none of them fails the check.
pub(crate) fn command() -> Result<bool> {
    let tree = Tree::read()?;
    let mut failures = 0;
    let mut warnings = 0;
    for (name, rule) in RULES {
        for finding in rule(&tree) {
            say(&format!("{finding}  [{name}]"));
            if finding.warning {
                warnings += 1;
            } else {
                failures += 1;
            }
        }
    }
    say(&format!("tidy: {} files, {failures} findings, {warnings} warnings", tree.paths.len()));
    Ok(failures == 0)
}

impl Tree {
    /// What git knows, and what it would know after `git add`.
    fn read() -> Result<Self> {
        let mut git = std::process::Command::new("git");
        git.current_dir(paths::root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
        let listed = output(&mut git).context("tidy reads the list of files from git")?;
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let full = paths::root().join(path);
            let Ok(about) = fs::metadata(&full) else {
                continue; // deleted, and not yet told to git
            };
            tree.paths.push(path.to_owned());
            let extension = full.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if !TEXT.contains(&extension) || about.len() > READ_AT_MOST {
                continue;
            }
            let text = fs::read_to_string(&full).with_context(|| format!("cannot read {path}"))?;
            tree.files.push(SourceFile { path: path.to_owned(), text });
        }
        Ok(tree)
    }

    /// Is this a file, or a folder with files in it?
    fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.paths
            .iter()
            .any(|known| known == path || known.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    fn with_ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(|file| endings.iter().any(|ending| file.path.ends_with(ending)))
    }

    /// A tree for tests, from pairs of path and text.
    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        Self {
            paths: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
            files: files
                .iter()
                .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
                .collect(),
        }
    }
}

impl SourceFile {
    /// The lines with their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn is(&self, ending: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == ending)
    }

    /// The lines before the tests at the end of a Rust file.
    fn lines_without_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().take_while(|(_, line)| *line != "#[cfg(test)]")
    }

    /// Is the whole file there for tests only?
    fn is_test(&self) -> bool {
        let path = &self.path;
        path.contains("/tests/")
            || path.starts_with("tests/")
            || path.contains("/e2e/")
            || path.contains("/examples/")
            || path.ends_with("/tests.rs")
            || path.contains(".test.")
            || path.starts_with("crates/testkit/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_a_file_in_it_does() {
        let tree = Tree::of(&[("crates/edge/src/run.rs", "")]);
        assert!(tree.has("crates/edge"));
        assert!(tree.has("crates/edge/"));
        assert!(!tree.has("crates/ed"));
    }

    #[test]
    fn the_house_is_in_order_as_it_is_in_git() {
        // the rules must at least run over the real tree without falling over
        let tree = Tree::read().unwrap();
        assert!(tree.file("Cargo.toml").is_some());
        for (_, rule) in RULES {
            let _ = rule(&tree);
        }
    }
}
