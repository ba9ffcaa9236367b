//! Verifying: from the bytes alone, in order, without a database and without a network.

use std::fmt;
use std::io::BufRead;

use domain::Problem;
use serde::{Deserialize, Serialize};

use super::entry::{BEGINNING, Digest, Entry, VERSION, digest_of};

/// What a whole, sound chain says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// Whose record.
    pub node: String,
    /// How many entries.
    pub entries: i64,
    /// Digest of the newest, hex.
    pub head: String,
}

/// The first place where a chain is not sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// The number that was expected there.
    pub number: i64,
    /// One sentence.
    pub words: String,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for ChainFault {}

/// A chain as far as it was followed.
pub(crate) struct Chain {
    node: Option<String>,
    next: i64,
    head: Digest,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self { node: None, next: 1, head: BEGINNING }
    }

    /// Takes the next entry's bytes.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<Entry, ChainFault> {
        let number = self.next;
        let fault = |words: String| ChainFault { number, words };
        let entry: Entry = serde_json::from_slice(bytes)
            .map_err(|error| fault(format!("Entry {number} can't be read: {error}. It was altered.")))?;
        if entry.v != VERSION {
            return Err(fault(format!("Entry {number} has layout {}, this program reads {VERSION}.", entry.v)));
        }
        if entry.number != number {
            let words =
                format!("Entry {} stands where entry {number} should be: one is missing or moved.", entry.number);
            return Err(fault(words));
        }
        if entry.prev != hex::encode(self.head) {
            let before = number - 1;
            let words = if before == 0 {
                "Entry 1 does not begin the record: what was before it is missing.".to_owned()
            } else {
                format!("Entry {number} does not follow from entry {before}: one of the two was altered.")
            };
            return Err(fault(words));
        }
        if self.node.as_ref().is_some_and(|node| *node != entry.node) {
            return Err(fault(format!("Entry {number} belongs to another record.")));
        }
        self.node.get_or_insert_with(|| entry.node.clone());
        self.next += 1;
        self.head = digest_of(bytes);
        Ok(entry)
    }

    pub(crate) fn head(&self) -> Digest {
        self.head
    }

    pub(crate) fn report(self) -> ChainReport {
        ChainReport { node: self.node.unwrap_or_default(), entries: self.next - 1, head: hex::encode(self.head) }
    }
}

/// The last line of an export: it shows when entries were cut off at the end.
#[derive(Serialize, Deserialize)]
struct End {
    record: String,
    node: String,
    entries: i64,
    head: String,
}

pub(crate) fn end_line(report: &ChainReport) -> Vec<u8> {
    let ChainReport { node, entries, head } = report.clone();
    let end = End { record: "end".to_owned(), node, entries, head };
    serde_json::to_vec(&end).expect("texts and a number are always JSON")
}

/// Verifies an export (`record export`, JSON lines): every entry in order, then the closing line.
/// Finds an altered, a missing, a moved and a cut-off entry. `file` names it in problems.
pub fn verify_export(file: &str, lines: impl BufRead) -> Result<ChainReport, Problem> {
    let problem = |line: usize, what: String| Problem::new("record.broken", format!("{file}:{line}"), what);
    let mut chain = Chain::new();
    let mut closing: Option<(usize, End)> = None;
    for (index, line) in lines.split(b'\n').enumerate() {
        let place = index + 1;
        let line = line.map_err(|error| {
            Problem::new("record.unreadable", file, "The file can't be read.").why(error.to_string())
        })?;
        if line.is_empty() {
            continue;
        }
        if closing.is_some() {
            return Err(problem(place, "There is more after the closing line.".to_owned()));
        }
        if line.starts_with(b"{\"record\":") {
            let end = serde_json::from_slice(&line)
                .map_err(|error| problem(place, format!("The closing line can't be read: {error}.")))?;
            closing = Some((place, end));
            continue;
        }
        chain.follow(&line).map_err(|fault| problem(place, fault.words))?;
    }
    let report = chain.report();
    let Some((place, end)) = closing else {
        let what = format!("The closing line is missing after entry {}: the file was cut off.", report.entries);
        return Err(
            problem(0, what).hint("Export the record again; a whole export ends with a line {\"record\":\"end\"}.")
        );
    };
    if (end.record.as_str(), &end.node, end.entries, &end.head) != ("end", &report.node, report.entries, &report.head) {
        let what = format!(
            "The closing line speaks of {} entries with another last digest: the newest entries were altered or removed.",
            end.entries
        );
        return Err(problem(place, what));
    }
    Ok(report)
}
