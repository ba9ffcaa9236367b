//! Reading a tree into types, noting every problem instead of stopping at the first.
//!
//! What is required and missing is replaced by a stand-in, so that everything else of the file is still checked; a later
//! finding at a path that already has a problem is dropped. Shared with the contract of bundles.

mod fields;
mod leaf;

use std::cell::RefCell;
use std::collections::HashSet;

use domain::{Problem, Problems};

pub use fields::{Fields, Leaf};
pub use leaf::{Read, one_of};

use crate::node::{Document, Kind};

/// One step of a path through a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a key of a table.
    Key(String),
    /// Into an item of a list.
    Index(usize),
}

/// Where in the model something is: `tag`, 3, `valid_if`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Vec<Step>);

impl At {
    /// The whole file.
    pub fn root() -> Self {
        Self::default()
    }

    /// An item of a list at the root: `At::item("tag", 3)`.
    pub fn item(list: &str, index: usize) -> Self {
        Self::root().key(list).index(index)
    }

    /// One key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// One item further.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// The last key on the way.
    fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    fn first_key(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// A problem with its path; `place` of the problem is filled in when the path is looked up in the file.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where.
    pub at: At,
    /// At the key itself, not at its value.
    pub on_key: bool,
    /// The list whose names it looked for in vain: `device`.
    pub looked_for: Option<&'static str>,
    /// What is wrong. Its `place` names the thing (`tag line-2/x`), for files without lines.
    pub problem: Problem,
}

/// Findings of the checks that follow reading.
#[derive(Clone, Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Notes a problem of `thing` (`tag line-2/x`) at a path.
    pub fn note(&mut self, at: At, thing: &str, code: &str, what: impl Into<String>) -> &mut Finding {
        self.0.push(Finding { at, on_key: false, looked_for: None, problem: Problem::new(code, thing, what) });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// As problems, with the things' names for places.
    pub fn into_problems(self) -> Problems {
        Problems(self.0.into_iter().map(|finding| short(finding.problem)).collect())
    }
}

impl Finding {
    /// Adds why.
    pub fn why(&mut self, why: impl Into<String>) -> &mut Self {
        self.problem.why = why.into();
        self
    }

    /// Adds what to do.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.problem.hint = hint.into();
        self
    }

    /// Says that a name of this list was not found; dropped when names of that list could not be read.
    pub fn looked_for(&mut self, list: &'static str) -> &mut Self {
        self.looked_for = Some(list);
        self
    }
}

/// One reading of one file.
pub struct Reading<'a> {
    document: &'a Document,
    /// What the whole file is called in codes: `site`, `contract`.
    noun: &'static str,
    findings: RefCell<Vec<Finding>>,
    /// Missing keys are not noted while the file's syntax is broken: they may stand in the broken part.
    lenient: bool,
}

impl<'a> Reading<'a> {
    /// Begins to read a document; `noun` stands for the whole file in the codes of problems.
    pub fn new(document: &'a Document, noun: &'static str) -> Self {
        let lenient = !document.syntax.is_empty();
        Self { document, noun, findings: RefCell::default(), lenient }
    }

    /// The root table.
    pub fn root(&'a self) -> Fields<'a> {
        Fields::new(self, &self.document.root, At::root(), self.noun.to_owned())
    }

    /// Ends the reading: problems of syntax, of reading and of the checks after it, in file order.
    pub fn finish(self, checks: Findings) -> Problems {
        let read = self.findings.into_inner();
        let broken_syntax = !self.document.syntax.is_empty();
        let paths: HashSet<&[Step]> = read.iter().map(|finding| finding.at.0.as_slice()).collect();
        let known =
            |at: &At| (1..=at.0.len()).any(|length| at.0.get(..length).is_some_and(|path| paths.contains(path)));
        let is_name = |at: &At| matches!(at.last_key(), Some("name" | "path")) || at.0.len() <= 2;
        let broken_names: HashSet<&str> =
            read.iter().filter(|finding| is_name(&finding.at)).filter_map(|finding| finding.at.first_key()).collect();
        let later: Vec<Finding> = checks
            .0
            .into_iter()
            .filter(|finding| !broken_syntax && !known(&finding.at))
            .filter(|finding| !finding.looked_for.is_some_and(|list| broken_names.contains(list)))
            .collect();
        let document = self.document;
        let mut placed: Vec<(usize, Problem)> = syntax_problems(document, self.noun);
        let broken_lines: HashSet<_> =
            placed.iter().filter_map(|(byte, _)| Some(document.line_column(*byte)?.0)).collect();
        for mut finding in read.into_iter().chain(later) {
            let byte = locate(document, &finding);
            if let Some((line, _)) = document.line_column(byte) {
                if broken_lines.contains(&line) {
                    continue;
                }
                finding.problem.place = document.place(byte).unwrap_or_default();
            }
            placed.push((byte, finding.problem));
        }
        placed.sort_by_key(|(byte, _)| *byte);
        Problems(placed.into_iter().map(|(_, problem)| short(problem)).collect())
    }

    fn is_json(&self) -> bool {
        self.document.line_column(0).is_none()
    }

    fn note(&self, at: At, thing: &str, cause: &str, what: String) -> NoteRef<'_> {
        let code = format!("{}.{cause}", at.first_key().filter(|_| at.0.len() > 1).unwrap_or(self.noun));
        let problem = Problem::new(code, thing, what);
        let mut findings = self.findings.borrow_mut();
        findings.push(Finding { at, on_key: false, looked_for: None, problem });
        NoteRef { reading: self, index: findings.len() - 1 }
    }
}

/// A finding just noted, to say more about it.
struct NoteRef<'a> {
    reading: &'a Reading<'a>,
    index: usize,
}

impl NoteRef<'_> {
    fn hint(&self, hint: impl Into<String>) -> &Self {
        if let Some(finding) = self.reading.findings.borrow_mut().get_mut(self.index) {
            finding.problem.hint = hint.into();
        }
        self
    }

    fn on_key(&self) -> &Self {
        if let Some(finding) = self.reading.findings.borrow_mut().get_mut(self.index) {
            finding.on_key = true;
        }
        self
    }
}

/// A sentence stays a sentence when a missing quote has made half the file a value.
fn short(mut problem: Problem) -> Problem {
    const MAX_CHARS: usize = 300;
    for text in [&mut problem.place, &mut problem.what, &mut problem.hint] {
        if text.chars().any(char::is_control) || text.len() > MAX_CHARS {
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            let end = if text.chars().count() > MAX_CHARS { " …" } else { "" };
            *text = plain.take(MAX_CHARS).chain(end.chars()).collect();
        }
    }
    problem
}

fn syntax_problems(document: &Document, noun: &str) -> Vec<(usize, Problem)> {
    let problem = |(byte, message): &(usize, String)| {
        let place = document.place(*byte).unwrap_or_default();
        let problem = Problem::new(format!("{noun}.syntax"), place, format!("this is not TOML: {message}"));
        let hint = if message.starts_with("duplicate key") {
            "keep one of the two; a list of things is written as [[thing]] blocks"
        } else if message.contains("quoted") {
            "put texts, times and sizes in double quotes"
        } else if message.contains("string") {
            "a text begins and ends with a double quote on one line; write \\\\ for a backslash"
        } else {
            "each line is `key = value`, `[table]` or `[[list]]`; what follows is checked once this is mended"
        };
        (*byte, problem.hint(hint))
    };
    document.syntax.iter().map(problem).collect()
}

/// The byte a finding stands at: as far down its path as the file goes.
fn locate(document: &Document, finding: &Finding) -> usize {
    let mut node = &document.root;
    let mut byte = node.span.start;
    let last = finding.at.0.len().saturating_sub(1);
    for (depth, step) in finding.at.0.iter().enumerate() {
        let found = match (step, &node.kind) {
            (Step::Key(key), _) => node.get(key).map(|entry| {
                let on_key = finding.on_key && depth == last;
                (&entry.node, if on_key { entry.span.start } else { entry.node.span.start })
            }),
            (Step::Index(index), Kind::List(items)) => items.get(*index).map(|item| (item, item.span.start)),
            (Step::Index(_), _) => None,
        };
        let Some((next, start)) = found else { break };
        (node, byte) = (next, start);
    }
    byte
}
