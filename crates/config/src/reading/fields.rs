//! Tables and values being read, each with its path and with the name of the thing it belongs to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{At, Read, Reading, Step};
use crate::near;
use crate::node::{Entry, Kind, Node};

/// A table being read: what was asked for is known, what is left is not.
pub struct Fields<'a> {
    reading: &'a Reading<'a>,
    entries: &'a [Entry],
    at: At,
    thing: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, node: &'a Node, at: At, thing: String) -> Self {
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
        if !self.reading.lenient {
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
