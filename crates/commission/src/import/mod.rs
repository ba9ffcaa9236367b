//! Tag lists of other systems: from text to one common list, with a report of what was not understood.
//!
//! Pure: text in, tags and remarks out; no device is asked and nothing is saved. Whatever is in the text and does not
//! become a tag is named in the report: nothing is dropped silently. Readers never fail half-way.

mod columns;
mod data_type;
mod kepware;
mod list;
mod node_red;
mod number;
mod remark;
mod table;

use config::site::Scale;
use domain::Problem;
use serde::{Deserialize, Serialize};

pub use remark::{Remark, RemarkKind, Report};

/// The longest text that is read: more than any list a person exports.
pub const MAX_BYTES: usize = 10_000_000;

/// The most tags that are taken from one text.
pub const MAX_TAGS: usize = 100_000;

/// What kind of text it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Find out.
    #[default]
    Auto,
    /// A pasted list, CSV or TSV: one tag a line.
    List,
    /// The flow of Node-RED as JSON, with nodes of node-red-contrib-modbus.
    NodeRed,
    /// The tags of a Kepware device as CSV, as `KEPServerEX` exports them.
    Kepware,
}

impl Format {
    /// As it is named on the command line and in the interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::List => "list",
            Self::NodeRed => "node-red",
            Self::Kepware => "kepware",
        }
    }
}

/// A device that the text names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundDevice {
    /// As the text calls it; tags refer to it by this.
    pub name: String,
    /// Where it is, when the text says it and the protocol is one of ours.
    pub url: Option<String>,
}

/// One tag as the text has it. What it does not say is none, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FoundTag {
    /// The line of the text it begins on, from 1; none where lines mean nothing (JSON).
    pub line: Option<u32>,
    /// The device of [`Imported::devices`] it is read from; none = the text does not say.
    pub device: Option<String>,
    /// Its name in the text; may be empty. The last part of the tag's path is made from it ([`crate::own_name`]).
    pub name: String,
    /// What people read: the description where the text has one, else the name.
    pub label: String,
    /// Where it is, as we write it: `holding:100:float32:cdab`.
    pub address: String,
    /// Unit as the text has it; whether it is one is for [`crate::check_tags`] to say.
    pub unit: Option<String>,
    /// From raw to engineering value.
    pub scale: Option<Scale>,
    /// Lowest and highest engineering value.
    pub range: Option<[f64; 2]>,
    /// How often the other system reads it, in milliseconds.
    pub period_ms: Option<u64>,
    /// Whether the other system may write it; a hint and no permission.
    pub writable: Option<bool>,
}

/// What a text holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// What kind of text it was.
    pub format: Format,
    /// The devices it names, in its order.
    pub devices: Vec<FoundDevice>,
    /// Its tags, in its order, at most [`MAX_TAGS`].
    pub tags: Vec<FoundTag>,
    /// What was not taken, what was assumed, what was left aside.
    pub report: Report,
}

impl Imported {
    fn new(format: Format) -> Self {
        Self { format, devices: Vec::new(), tags: Vec::new(), report: Report::default() }
    }

    /// Takes one tag more, or says once that the text is too long.
    fn take(&mut self, tag: FoundTag) {
        if self.tags.len() < MAX_TAGS {
            self.tags.push(tag);
        } else {
            self.report.count_beyond();
        }
    }
}

/// Reads a text. Only one that is too long to be looked at is an error.
pub fn import(text: &str, format: Format) -> Result<Imported, Problem> {
    if text.len() > MAX_BYTES {
        let what = format!("the text has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(Problem::new("import.too-long", "text", what).hint("split it by device or by area"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut imported = match format {
        Format::Auto => return import(text, recognised(text)),
        Format::List => list::read(text),
        Format::NodeRed => node_red::read(text),
        Format::Kepware => kepware::read(text),
    };
    imported.report.finish(MAX_TAGS);
    Ok(imported)
}

/// JSON is a flow, a table with Kepware's columns is one of theirs, everything else is a list.
fn recognised(text: &str) -> Format {
    let begin = text.trim_start();
    if begin.starts_with(['[', '{']) {
        return Format::NodeRed;
    }
    let first = begin.lines().next().unwrap_or_default();
    if kepware::is_header(first) { Format::Kepware } else { Format::List }
}

#[cfg(test)]
mod tests;
