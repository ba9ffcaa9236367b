//! Reading a tree into types, noting every problem instead of stopping at the first.
//!
//! What is required and missing is replaced by a stand-in, so that everything else of the file is still checked; a later
//! finding at a path that already has a problem is dropped. Shared with the contract of bundles.

mod leaf;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::{Problem, Problems};

pub use leaf::{Read, one_of};

use crate::near;
use crate::node::{Document, Entry, Kind, Node};

/// One step of a path through a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        Problems(self.0.into_iter().map(|finding| finding.problem).collect())
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
    lenient: Cell<bool>,
}

impl<'a> Reading<'a> {
    /// Begins to read a document; `noun` stands for the whole file in the codes of problems.
    pub fn new(document: &'a Document, noun: &'static str) -> Self {
        let lenient = Cell::new(!document.syntax.is_empty());
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
        let names_broken = |list: &str| {
            let name = |finding: &Finding| {
                let name = matches!(finding.at.last_key(), Some("name" | "path"));
                finding.at.first_key() == Some(list) && (name || finding.at.0.len() <= 2)
            };
            read.iter().any(name)
        };
        let known = |finding: &Finding| read.iter().any(|first| finding.at.0.starts_with(&first.at.0));
        let later: Vec<Finding> = checks
            .0
            .into_iter()
            .filter(|finding| !broken_syntax && !known(finding) && !finding.looked_for.is_some_and(names_broken))
            .collect();
        let document = self.document;
        let mut placed: Vec<(usize, Problem)> = syntax_problems(document, self.noun);
        let broken_lines: Vec<_> = placed.iter().filter_map(|(byte, _)| Some(document.line_column(*byte)?.0)).collect();
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
        Problems(placed.into_iter().map(|(_, problem)| problem).collect())
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

/// A table being read: what was asked for is known, what is left is not.
pub struct Fields<'a> {
    reading: &'a Reading<'a>,
    entries: &'a [Entry],
    at: At,
    thing: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    fn new(reading: &'a Reading<'a>, node: &'a Node, at: At, thing: String) -> Self {
        let entries: &[Entry] = match &node.kind {
            Kind::Table(entries) => entries,
            _ => &[],
        };
        Self { reading, entries, at, thing, asked: RefCell::default() }
    }

    /// Its path.
    pub fn at(&self) -> &At {
        &self.at
    }

    fn entry(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (entry.node.kind != Kind::Nothing).then_some(&entry.node)
    }

    /// Whether a key is there, without reading it.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Knows these keys without reading them.
    pub fn ask(&self, keys: &[&'static str]) {
        self.asked.borrow_mut().extend_from_slice(keys);
    }

    /// A key that may be left out; none also when it cannot be read, which is noted.
    pub fn optional<T: Read>(&self, key: &'static str) -> Option<T> {
        let node = self.entry(key)?;
        T::read(&Leaf { reading: self.reading, node, at: self.at.key(key), thing: &self.thing, key })
    }

    /// A key that may be left out, with its default.
    pub fn or<T: Read>(&self, key: &'static str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// A key that must be there; `stand_in` is for the rest of the checks only.
    pub fn required<T: Read>(&self, key: &'static str, stand_in: T) -> T {
        if self.entry(key).is_none() {
            self.missing(key, T::EXPECTED);
            return stand_in;
        }
        self.optional(key).unwrap_or(stand_in)
    }

    /// Notes that a key is missing.
    pub fn missing(&self, key: &str, expected: &str) {
        if !self.reading.lenient.get() {
            let what = format!("{} has no `{key}`", self.thing);
            let note = self.reading.note(self.at.key(key), &self.thing, "missing-key", what);
            note.hint(format!("add `{key} = ...`: {expected}"));
        }
    }

    /// A table under a key, read by `read`; none when it is left out.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Fields<'_>) -> T) -> Option<T> {
        let node = self.entry(key)?;
        let leaf = Leaf { reading: self.reading, node, at: self.at.key(key), thing: &self.thing, key };
        leaf.table(read)
    }

    /// A list of tables (`[[key]]`), each read by `read`. Items that are no tables are noted and read as empty, so that
    /// positions in the list stay.
    pub fn list<T>(&self, key: &'static str, read: impl Fn(&Fields<'_>) -> T) -> Vec<T> {
        let Some(node) = self.entry(key) else { return Vec::new() };
        let Kind::List(items) = &node.kind else {
            let leaf = Leaf { reading: self.reading, node, at: self.at.key(key), thing: &self.thing, key };
            leaf.wrong_type(&format!("a list of tables, written as [[{key}]] blocks"));
            return Vec::new();
        };
        let item = |(index, node): (usize, &'a Node)| {
            let at = self.at.key(key).index(index);
            let thing = self.item_name(key, index, node);
            if !matches!(node.kind, Kind::Table(_)) {
                Leaf { reading: self.reading, node, at: at.clone(), thing: &thing, key }.wrong_type("a table");
            }
            let fields = Fields::new(self.reading, node, at, thing);
            let read = read(&fields);
            fields.finish();
            read
        };
        items.iter().enumerate().map(item).collect()
    }

    /// `tag line-2/x`, or `the 3rd [[tag]]`; below another thing its name goes along.
    fn item_name(&self, key: &str, index: usize, node: &Node) -> String {
        let own = match ["path", "name", "place"].iter().find_map(|key| node.text(key)) {
            Some(name) if !name.is_empty() => format!("{key} {name}"),
            _ => format!("{key} number {}", index + 1),
        };
        if self.at.0.is_empty() { own } else { format!("{own} of {}", self.thing) }
    }

    /// Notes a problem with a key's value.
    pub fn refuse(&self, key: &str, cause: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.reading.note(self.at.key(key), &self.thing, cause, what.into()).hint(hint);
    }

    /// Notes keys that nobody asked for. Called once all known keys were asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())) {
            let in_file = self.at.0.is_empty() && !self.reading.is_json();
            let what = if in_file {
                format!("there is no table or key `{}`", entry.key)
            } else {
                format!("{} has no key `{}`", self.thing, entry.key)
            };
            let all = || format!("keys: {}", distinct(&asked).join(", "));
            let hint = near::nearest(&entry.key, asked.iter().copied());
            let hint = hint.map_or_else(all, |near| format!("did you mean `{near}`?"));
            self.reading.note(self.at.key(&entry.key), &self.thing, "unknown-key", what).on_key().hint(hint);
        }
    }
}

fn distinct(names: &[&'static str]) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(name) {
            seen.push(*name);
        }
    }
    seen
}

/// One value being read.
pub struct Leaf<'a> {
    reading: &'a Reading<'a>,
    /// The value.
    pub node: &'a Node,
    at: At,
    thing: &'a str,
    key: &'a str,
}

impl<'a> Leaf<'a> {
    /// Notes that the value is of another kind than `expected`.
    pub fn wrong_type(&self, expected: &str) {
        let what = format!("`{}` of {} is {}", self.key, self.thing, self.node.words());
        self.reading.note(self.at.clone(), self.thing, "wrong-type", what).hint(format!("write {expected}"));
    }

    /// Notes that the value is of the right kind but cannot be.
    pub fn bad_value(&self, what: impl Into<String>, hint: impl Into<String>) {
        let what = format!("`{}` of {}: {}", self.key, self.thing, what.into());
        self.reading.note(self.at.clone(), self.thing, "bad-value", what).hint(hint);
    }

    fn below(&self, node: &'a Node, step: Step) -> Self {
        let mut at = self.at.clone();
        at.0.push(step);
        Self { reading: self.reading, node, at, thing: self.thing, key: self.key }
    }

    /// Reads a table.
    pub fn table<T>(&self, read: impl FnOnce(&Fields<'_>) -> T) -> Option<T> {
        if !matches!(self.node.kind, Kind::Table(_)) {
            self.wrong_type("a table");
            return None;
        }
        let at_root = self.reading.noun == self.thing;
        let thing = if at_root { self.key.to_owned() } else { format!("`{}` of {}", self.key, self.thing) };
        let fields = Fields::new(self.reading, self.node, self.at.clone(), thing);
        let read = read(&fields);
        fields.finish();
        Some(read)
    }

    /// Reads each item of a list; none when it is no list. Items that cannot be read are noted and left out.
    pub fn items<T: Read>(&self) -> Option<Vec<T>> {
        let Kind::List(items) = &self.node.kind else {
            self.wrong_type(&format!("a list: [{}, ...]", T::EXPECTED));
            return None;
        };
        let read = |(index, node)| T::read(&self.below(node, Step::Index(index)));
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    /// Reads each value of a table; none when it is no table. Values that cannot be read are noted and left out.
    pub fn entries<T: Read>(&self) -> Option<BTreeMap<String, T>> {
        let Kind::Table(entries) = &self.node.kind else {
            self.wrong_type(&format!("a table: {{ key = {}, ... }}", T::EXPECTED));
            return None;
        };
        let read = |entry: &'a Entry| {
            let leaf = self.below(&entry.node, Step::Key(entry.key.clone()));
            Some((entry.key.clone(), T::read(&Leaf { key: &entry.key, ..leaf })?))
        };
        Some(entries.iter().filter_map(read).collect())
    }
}
