//! Text to rows of cells: the separator found out, quotes understood, every row with its line.

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// One character: tab, semicolon or comma.
    One(u8),
    /// Any number of blanks.
    Blanks,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line it begins on, from 1.
    pub line: u32,
    /// Its cells, trimmed.
    pub cells: Vec<String>,
    /// One of its cells spans many lines: a quote that is never closed.
    pub spans_lines: bool,
}

/// A description may have a few lines; more mean a quote that is never closed.
const MOST_LINES: usize = 5;

/// Lines that are looked at to find the separator.
const LOOKED_AT: usize = 200;

/// The separator that most lines have; a comma only where it is no decimal comma.
pub(super) fn separator(text: &str) -> Separator {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT).collect();
    let most = |has: &dyn Fn(&str) -> bool| lines.iter().filter(|line| has(line)).count() * 2 > lines.len();
    let comma = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
        chars.iter().enumerate().any(|(at, c)| *c == ',' && !(digit(at.checked_sub(1)) && digit(Some(at + 1))))
    };
    if most(&|line| line.contains('\t')) {
        Separator::One(b'\t')
    } else if most(&|line| line.contains(';')) {
        Separator::One(b';')
    } else if most(&comma) {
        Separator::One(b',')
    } else {
        Separator::Blanks
    }
}

/// All rows that are not empty and no comment (`#`, `//`).
pub(super) fn rows(text: &str, separator: Separator) -> Vec<Row> {
    match separator {
        Separator::Blanks => blank_rows(text),
        Separator::One(byte) => split_rows(text, byte),
    }
}

fn blank_rows(text: &str) -> Vec<Row> {
    let numbered = text.lines().zip(1_u32..).filter(|(line, _)| !is_nothing(line));
    let row = |(line, number): (&str, u32)| Row {
        line: number,
        cells: line.split_whitespace().map(str::to_owned).collect(),
        spans_lines: false,
    };
    numbered.map(row).collect()
}

fn split_rows(text: &str, separator: u8) -> Vec<Row> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    // text is UTF-8 and rows may have any length, so nothing is left that could fail
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = record.position().map_or(0, |position| line_of(text, position));
        let first = record.get(0).unwrap_or_default();
        if record.iter().all(|cell| cell.trim().is_empty()) || is_comment(first) {
            continue;
        }
        rows.push(Row {
            line,
            spans_lines: record.iter().any(|cell| cell.lines().count() > MOST_LINES),
            cells: record.iter().map(|cell| cell.trim().to_owned()).collect(),
        });
    }
    rows
}

/// A record is placed where the one before it ends: empty lines in between are not its own.
fn line_of(text: &str, position: &csv::Position) -> u32 {
    let from = usize::try_from(position.byte()).ok().and_then(|at| text.as_bytes().get(at..)).unwrap_or_default();
    let empty = from.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n').count();
    u32::try_from(position.line()).unwrap_or(u32::MAX).saturating_add(u32::try_from(empty).unwrap_or(0))
}

fn is_nothing(line: &str) -> bool {
    line.trim().is_empty() || is_comment(line)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#') || line.trim_start().starts_with("//")
}
