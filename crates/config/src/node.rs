//! A file as a tree of values that know where they stand, the same for TOML and for JSON.

use std::ops::Range;

use domain::{Problem, Problems};
use toml::de::{DeTable, DeValue};

/// Larger files are refused: no person wrote them.
const MAX_BYTES: usize = 16 << 20;
/// So many syntax errors are shown; after that a file is not TOML at all.
const MAX_SYNTAX_ERRORS: usize = 20;

/// One value with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Bytes in the file; empty for JSON.
    pub span: Range<usize>,
}

/// What kind of value.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// true or false.
    Bool(bool),
    /// A whole number; none when it does not fit 64 bits.
    Integer(Option<i64>),
    /// A number, maybe infinite or NaN.
    Number(f64),
    /// A text.
    Text(String),
    /// A date or time of TOML, which none of our files has.
    Time,
    /// `null` of JSON: as if the key were not there.
    Nothing,
    /// A list.
    List(Vec<Node>),
    /// A table, in file order.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name stands.
    pub span: Range<usize>,
    /// What it is set to.
    pub node: Node,
}

impl Node {
    /// What kind of value it is, as a person says it.
    pub fn words(&self) -> &'static str {
        match self.kind {
            Kind::Bool(_) => "true or false",
            Kind::Integer(Some(_)) => "a whole number",
            Kind::Integer(None) => "a whole number beyond 64 bits",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::Time => "a date or time",
            Kind::Nothing => "nothing",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }

    /// The value of a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The text of a key, if this is a table that has it as a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.node.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A file for people: its tree, its lines, and what is wrong with its syntax.
#[derive(Clone, Debug)]
pub struct Document {
    /// The root table.
    pub root: Node,
    source: Option<Source>,
    /// Syntax errors with their first byte.
    pub(crate) syntax: Vec<(usize, String)>,
}

#[derive(Clone, Debug)]
struct Source {
    file: String,
    text: String,
    /// First byte of each line.
    lines: Vec<usize>,
}

impl Document {
    /// Reads TOML. A file with syntax errors gives what could be read, and the errors.
    pub fn toml(text: &str, file: &str) -> Result<Self, Problems> {
        if text.len() > MAX_BYTES {
            let what = format!("the file has {} bytes, more than the {MAX_BYTES} that are read", text.len());
            return Err(Problem::new("file.too-large", file, what).into());
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        let syntax = errors
            .iter()
            .take(MAX_SYNTAX_ERRORS)
            .map(|error| (error.span().map_or(text.len(), |span| span.start), error.message().to_owned()))
            .collect();
        let span = table.span();
        let root = Node { kind: table_of(table.into_inner()), span };
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let source = Source { file: file.to_owned(), text: text.to_owned(), lines };
        Ok(Self { root, source: Some(source), syntax })
    }

    /// Takes JSON; its places are names instead of lines.
    pub fn json(value: &serde_json::Value) -> Self {
        Self { root: from_json(value), source: None, syntax: Vec::new() }
    }

    /// Whether the file is not even TOML.
    pub fn has_syntax_errors(&self) -> bool {
        !self.syntax.is_empty()
    }

    /// `site.toml:12:8` for a byte of the file; none for JSON.
    pub(crate) fn place(&self, byte: usize) -> Option<String> {
        let source = self.source.as_ref()?;
        let (line, column) = self.line_column(byte)?;
        Some(format!("{}:{line}:{column}", source.file))
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn line_column(&self, byte: usize) -> Option<(usize, usize)> {
        let source = self.source.as_ref()?;
        let byte = byte.min(source.text.len());
        let line = source.lines.partition_point(|start| *start <= byte);
        let start = source.lines.get(line - 1).copied().unwrap_or(0);
        let before = source.text.get(start..byte).map_or(byte - start, |text| text.chars().count());
        Some((line, before + 1))
    }
}

/// The bytes of a file as text, or the problem that they are none.
pub fn text_of<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, Problems> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        Problem::new("file.not-text", format!("{file}:{line}:1"), "the file is not text in UTF-8")
            .hint("save it as UTF-8; a packed bundle or a spreadsheet is no such file")
            .into()
    })
}

fn table_of(table: DeTable<'_>) -> Kind {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let (key_span, span) = (key.span(), value.span());
            Entry {
                key: key.into_inner().into_owned(),
                span: key_span,
                node: Node { kind: kind_of(value.into_inner()), span },
            }
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    Kind::Table(entries)
}

fn kind_of(value: DeValue<'_>) -> Kind {
    match value {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => Kind::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Kind::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Kind::Bool(value),
        DeValue::Datetime(_) => Kind::Time,
        DeValue::Array(items) => {
            let node = |item: toml::Spanned<DeValue<'_>>| {
                let span = item.span();
                Node { kind: kind_of(item.into_inner()), span }
            };
            Kind::List(items.into_iter().map(node).collect())
        }
        DeValue::Table(table) => table_of(table),
    }
}

fn from_json(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let kind = match value {
        Json::Null => Kind::Nothing,
        Json::Bool(value) => Kind::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(whole), _) => Kind::Integer(Some(whole)),
            (None, true) => Kind::Number(number.as_f64().unwrap_or(f64::NAN)),
            (None, false) => Kind::Integer(None),
        },
        Json::String(text) => Kind::Text(text.clone()),
        Json::Array(items) => Kind::List(items.iter().map(from_json).collect()),
        Json::Object(map) => {
            let entry = |(key, value): (&String, &Json)| Entry { key: key.clone(), span: 0..0, node: from_json(value) };
            Kind::Table(map.iter().map(entry).collect())
        }
    };
    Node { kind, span: 0..0 }
}
