//! A pasted list, CSV or TSV: one tag a line, with a header in English or German, or in any order without one.

use std::collections::{BTreeMap, BTreeSet};

use config::site::Scale;
use domain::Problem;
use drivers::modbus::{Address, Kind, Order, Table};

use super::columns::{self, Column, access, of_cell, with_type};
use super::number::{Comma, either, number, pair};
use super::table::{Row, Separator, rows, separator};
use super::{Format, FoundDevice, FoundTag, Imported, Remark, data_type};

/// A header stands in one of the first rows: titles and dates may come before it.
const HEADER_WITHIN: usize = 8;

pub(super) fn read(text: &str) -> Imported {
    let mut imported = Imported::new(Format::List);
    let separator = separator(text);
    let rows = rows(text, separator);
    let header = match separator {
        Separator::Blanks => None,
        Separator::One(_) => rows.iter().take(HEADER_WITHIN).position(|row| columns::header(&row.cells).is_some()),
    };
    let named = header.and_then(|at| columns::header(&rows.get(at)?.cells));
    let comma = if separator == Separator::One(b',') { Comma::Thousands } else { Comma::Decimal };
    let mut reader = Reader { comma, ..Reader::default() };
    Reader::titles(&rows, header, named.as_deref(), &mut imported);
    for row in rows.iter().skip(header.map_or(0, |at| at + 1)) {
        if row.spans_lines {
            let what = format!("a quote that begins in line {} is not closed", row.line);
            let remark = Remark::not_taken("list.open-quote", "list", what).line(row.line);
            imported.report.push(remark.hint("close it, or remove it"));
            continue;
        }
        let parts = match (&named, separator) {
            (Some(columns), _) => Parts::by_columns(&row.cells, columns),
            (None, Separator::Blanks) => Parts::from_words(&row.cells, comma),
            (None, Separator::One(_)) => Parts::by_content(&row.cells, comma),
        };
        reader.row(row, &parts, &mut imported);
    }
    reader.say(separator, named.is_some(), &mut imported);
    imported
}

/// The cells of one row by what they are.
#[derive(Debug, Default)]
struct Parts<'a> {
    by: BTreeMap<Column, &'a str>,
    name: String,
    /// The first number that means nothing where it stands.
    numbers_left: Option<&'a str>,
    /// What the cells were taken for, in their order.
    taken_for: Vec<Option<Column>>,
}

impl<'a> Parts<'a> {
    fn by_columns(cells: &'a [String], columns: &[Option<Column>]) -> Self {
        let mut parts = Self::default();
        for (cell, column) in cells.iter().zip(columns) {
            if let (Some(column), false) = (column, cell.is_empty()) {
                parts.by.entry(*column).or_insert(cell);
            }
        }
        let name = parts.by.get(&Column::Name).or_else(|| parts.by.get(&Column::Label));
        parts.name = name.map(|name| (*name).to_owned()).unwrap_or_default();
        parts
    }

    /// In any order. Words are the name, unless there are none: then the first thing that could be a word is it.
    fn by_content(cells: &'a [String], comma: Comma) -> Self {
        let mut parts = Self::default();
        let mut words: Vec<&str> = Vec::new();
        for cell in cells {
            let has_address = parts.by.contains_key(&Column::Address);
            let column = match of_cell(cell, comma) {
                Some(Column::Address) if has_address && number(cell, comma).is_some() => Some(Column::Factor),
                column => column,
            };
            // a number before the address counts the rows, and must never become a scale
            if column == Some(Column::Factor) && (!has_address || parts.by.contains_key(&Column::Factor)) {
                parts.numbers_left = parts.numbers_left.or(Some(cell));
                parts.taken_for.push(None);
                continue;
            }
            let column = match column.filter(|column| !parts.by.contains_key(column)) {
                Some(column) => {
                    parts.by.insert(column, cell);
                    Some(column)
                }
                None if cell.is_empty() => None,
                None => {
                    words.push(cell);
                    Some(Column::Name)
                }
            };
            parts.taken_for.push(column);
        }
        if words.is_empty()
            && let Some(unit) = parts.by.remove(&Column::Unit)
        {
            words.push(unit);
        }
        parts.name = words.join(" ");
        parts
    }

    /// One line of words: the address anywhere, range, unit and scale at the end, the rest is the name.
    fn from_words(cells: &'a [String], comma: Comma) -> Self {
        let mut parts = Self::default();
        let address = cells.iter().position(|cell| columns::looks_like_address(cell));
        if let Some(at) = address
            && let Some(cell) = cells.get(at)
        {
            parts.by.insert(Column::Address, cell);
        }
        let mut words: Vec<&'a str> =
            cells.iter().enumerate().filter(|(at, _)| Some(*at) != address).map(|(_, cell)| cell.as_str()).collect();
        while let [_, .., last] | [last] = words.as_slice() {
            let column =
                of_cell(last, comma).filter(|column| *column != Column::Access && !parts.by.contains_key(column));
            // `Pump 7` is a name; a scale has decimals
            let column = column.filter(|column| *column != Column::Factor || last.contains(['.', ',']));
            let Some(column) = column else { break };
            parts.by.insert(column, last);
            words.pop();
        }
        parts.name = words.join(" ");
        parts
    }

    fn get(&self, column: Column) -> Option<&'a str> {
        self.by.get(&column).copied()
    }
}

/// What is learned over all rows.
#[derive(Default)]
struct Reader {
    comma: Comma,
    seen: BTreeSet<String>,
    devices: BTreeSet<String>,
    votes: Vec<BTreeMap<Column, usize>>,
    plain_numbers: usize,
    /// How often a number meant nothing, and the first of them.
    numbers_left: (usize, String),
    commas: Option<String>,
}

impl Reader {
    /// Rows before the header, and columns that mean nothing here.
    fn titles(rows: &[Row], header: Option<usize>, named: Option<&[Option<Column>]>, imported: &mut Imported) {
        for row in rows.iter().take(header.unwrap_or(0)) {
            let what = "this line stands before the header";
            imported.report.push(Remark::left_aside("list.before-header", row.cells.join(" "), what).line(row.line));
        }
        let (Some(columns), Some(row)) = (named, header.and_then(|at| rows.get(at))) else { return };
        let strange = row.cells.iter().zip(columns).filter(|(cell, column)| column.is_none() && !cell.is_empty());
        let strange: Vec<&str> = strange.map(|(cell, _)| cell.as_str()).collect();
        if !strange.is_empty() {
            let names = strange.join(", ");
            let what = format!("these columns mean nothing here: {names}");
            imported
                .report
                .push(Remark::left_aside("list.columns-unused", "header", what).word("names", names).line(row.line));
        }
    }

    fn row(&mut self, row: &Row, parts: &Parts<'_>, imported: &mut Imported) {
        for (at, column) in parts.taken_for.iter().enumerate().take(40) {
            if self.votes.len() <= at {
                self.votes.resize_with(at + 1, BTreeMap::new);
            }
            if let (Some(column), Some(votes)) = (column, self.votes.get_mut(at)) {
                *votes.entry(*column).or_default() += 1;
            }
        }
        if let Some(cell) = parts.numbers_left {
            if self.numbers_left.0 == 0 {
                cell.clone_into(&mut self.numbers_left.1);
            }
            self.numbers_left.0 += 1;
        }
        let line = shortened(&row.cells.join(" "));
        let Some(text) = parts.get(Column::Address) else {
            let what = format!("line {} has no address: {line}", row.line);
            let remark = Remark::not_taken("list.no-address", line.clone(), what).line(row.line).word("line", &line);
            let hint = "Modbus addresses look like holding:100:float32:cdab, 40101 or 400101";
            imported.report.push(remark.hint(hint));
            return;
        };
        let about = if parts.name.is_empty() { text.to_owned() } else { parts.name.clone() };
        let address = match self.address(text, parts) {
            Ok(address) => address,
            Err(problem) => {
                let what = format!("`{text}`: {}", problem.what);
                let remark = Remark::not_taken("list.bad-address", about, what).line(row.line).word("address", text);
                imported.report.push(remark.word("why", problem.what).hint(problem.hint));
                return;
            }
        };
        let device = parts.get(Column::Device).map(str::to_owned);
        let key = format!("{} {address}", device.as_deref().unwrap_or_default());
        if !self.seen.insert(key) {
            let what = format!("the address {address} stands in the list twice");
            let remark = Remark::not_taken("list.address-again", about, what).line(row.line).word("address", address);
            imported.report.push(remark.hint("it was taken where it stands first"));
            return;
        }
        if let Some(name) = &device
            && self.devices.insert(name.clone())
        {
            imported.devices.push(FoundDevice { name: name.clone(), url: None });
        }
        let (range, unit) = self.range(row.line, &about, parts, imported);
        let tag = FoundTag {
            line: Some(row.line),
            device,
            name: parts.name.clone(),
            label: parts.get(Column::Label).map_or_else(|| parts.name.clone(), str::to_owned),
            address: address.to_string(),
            unit: parts.get(Column::Unit).map(str::to_owned).or(unit).filter(|unit| unit != "-" && unit != "1"),
            scale: self.scale(row.line, &about, parts, imported),
            range,
            period_ms: None,
            writable: parts.get(Column::Access).and_then(access),
        };
        imported.take(tag);
    }

    /// The address with what other columns say about it.
    fn address(&mut self, text: &str, parts: &Parts<'_>) -> Result<Address, Problem> {
        let wrong = |what: String| Problem::new("address.malformed", text, what);
        let table = match parts.get(Column::Table) {
            None => None,
            Some(cell) => Some(columns::table(cell).ok_or_else(|| {
                wrong(format!("`{cell}` is no table")).hint("tables are coil, discrete, input and holding")
            })?),
        };
        let kind = match parts.get(Column::Type) {
            None => None,
            Some(cell) => Some(data_type::kind(cell).ok_or_else(|| {
                wrong(format!("`{cell}` is no type"))
                    .hint("types are bool int16 uint16 int32 uint32 int64 uint64 float32 float64 bcd16 bcd32 string(N)")
            })?),
        };
        let order = match parts.get(Column::Order) {
            None => None,
            Some(cell) => Some(data_type::order(cell).ok_or_else(|| {
                wrong(format!("`{cell}` is no word order")).hint("word orders are abcd, cdab, badc and dcba")
            })?),
        };
        let address = self.place(text, table, kind)?;
        with_type(address, kind, order).filter(|address| address.end() <= 0x1_0000).ok_or_else(|| {
            wrong("type and address do not go together".to_owned())
                .hint("a yes/no of a register is one of its bits: holding:10:bit:3")
        })
    }

    /// A full address, or a number in the table that another column names: then counted from 0, unless it is written
    /// in the classic way.
    fn place(&mut self, text: &str, table: Option<Table>, kind: Option<Kind>) -> Result<Address, Problem> {
        let parsed = text.to_lowercase().parse::<Address>();
        if let Ok(address) = &parsed
            && table.is_none_or(|table| table == address.table)
        {
            return parsed;
        }
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let position = digits.map_or_else(|| text.parse::<u16>().ok(), |hex| u16::from_str_radix(hex, 16).ok());
        let Some(offset) = position else { return parsed };
        if table.is_none() {
            self.plain_numbers += 1;
        }
        let table = table.unwrap_or(if kind == Some(Kind::Bool) { Table::Coil } else { Table::Holding });
        let kind = if table.is_bits() { Kind::Bool } else { Kind::Uint(16, Order::Abcd) };
        Ok(Address { table, offset, kind })
    }

    fn number(&mut self, cell: &str) -> Option<f64> {
        if either(cell) && self.commas.is_none() {
            self.commas = Some(cell.to_owned());
        }
        number(cell, self.comma)
    }

    fn scale(&mut self, line: u32, about: &str, parts: &Parts<'_>, imported: &mut Imported) -> Option<Scale> {
        let mut part = |column| {
            let cell = parts.get(column)?;
            let found = self.number(cell);
            if found.is_none() {
                let what = format!("`{cell}` is no number, so {about} has no {}", column.word());
                let remark = Remark::left_aside("list.no-number", about, what).line(line);
                imported.report.push(remark.word("cell", cell).word("column", column.word()).word("about", about));
            }
            found
        };
        let (factor, divisor, offset) = (part(Column::Factor), part(Column::Divisor), part(Column::Offset));
        let factor = factor.unwrap_or(1.0) / divisor.filter(|divisor| *divisor != 0.0).unwrap_or(1.0);
        let offset = offset.unwrap_or(0.0);
        (factor.to_bits() != 1.0_f64.to_bits() || offset != 0.0).then_some(Scale::Linear { factor, offset })
    }

    /// The range, and the unit that may stand behind it.
    fn range(
        &mut self,
        line: u32,
        about: &str,
        parts: &Parts<'_>,
        imported: &mut Imported,
    ) -> (Option<[f64; 2]>, Option<String>) {
        let mut bad = |cell: &str| {
            let what = format!("`{cell}` is no range, so {about} has none");
            imported.report.push(
                Remark::left_aside("list.no-range", about, what).line(line).word("cell", cell).word("about", about),
            );
        };
        if let Some(cell) = parts.get(Column::Range) {
            let found = pair(cell, self.comma);
            if found.is_none() {
                bad(cell);
            }
            let unit = found.map(|(_, rest)| rest.to_owned()).filter(|rest| !rest.is_empty());
            return (found.map(|(range, _)| range), unit);
        }
        let (Some(low), Some(high)) = (parts.get(Column::Low), parts.get(Column::High)) else { return (None, None) };
        match (self.number(low), self.number(high)) {
            (Some(low), Some(high)) if low < high => (Some([low, high]), None),
            _ => {
                bad(&format!("{low} – {high}"));
                (None, None)
            }
        }
    }

    /// What was guessed, once for all rows.
    fn say(self, separator: Separator, named: bool, imported: &mut Imported) {
        if imported.tags.is_empty() {
            return;
        }
        let guessed = self
            .votes
            .iter()
            .map(|votes| votes.iter().max_by_key(|(_, n)| **n).map_or("–", |(column, _)| column.word()));
        let guessed: Vec<&str> = guessed.collect();
        if !named && separator != Separator::Blanks && guessed.len() > 1 {
            let columns = guessed.join(", ");
            let what = format!("no header: the columns were taken for {columns}, by what stands in them");
            imported.report.push(Remark::assumed("list.columns", "columns", what).word("columns", columns));
        }
        if self.plain_numbers > 0 {
            let n = self.plain_numbers;
            let what = format!(
                "{n} register numbers without a table were read as holding registers (yes/no: coils), counted from 0"
            );
            let hint = "if the list counts from 1, or means input registers, add a column `table` or write 40001 for the first";
            imported.report.push(Remark::assumed("list.plain-numbers", "addresses", what).word("n", n).hint(hint));
        }
        let (n, cell) = self.numbers_left;
        if n > 0 {
            let what =
                format!("a number that stands before the address means nothing here, such as `{cell}`, in {n} lines");
            let remark = Remark::left_aside("list.numbers-left", "numbers", what).word("n", n).word("cell", cell);
            imported
                .report
                .push(remark.hint("if it is a scale, write it behind the address, or name the columns in a header"));
        }
        if let Some(cell) = self.commas {
            let (code, read) = match self.comma {
                Comma::Decimal => ("list.comma-decimal", "decimals"),
                Comma::Thousands => ("list.comma-thousands", "thousands"),
            };
            let what = format!("the comma of `{cell}` was read as one of {read}");
            imported.report.push(Remark::assumed(code, "numbers", what).word("cell", cell));
        }
    }
}

/// As much of a line as one sentence can hold.
fn shortened(line: &str) -> String {
    const MOST: usize = 80;
    if line.chars().count() <= MOST { line.to_owned() } else { line.chars().take(MOST).chain(['…']).collect() }
}
