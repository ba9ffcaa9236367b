//! The tags of one Kepware device, as `KEPServerEX` exports them to CSV, for its Modbus drivers.
//!
//! Addresses follow the help of the driver "Modbus Ethernet": `400001` and `40001` count from 1, `400001.03` is a bit,
//! `400010.20H` a text of 20 bytes with the first in the high byte (`L`: in the low byte), `H4…` is hexadecimal,
//! `400001[10]` and `400001[2][5]` are arrays row by row. What the CSV does not say are the device's data encoding settings;
//! their defaults are assumed and the report says so.

use std::collections::BTreeMap;

use config::site::Scale;
use drivers::modbus::{Address, Kind, Order, Table};

use super::number::{Comma, number};
use super::table::{Row, Separator, rows, separator};
use super::{Format, FoundTag, Imported, Remark};

/// An array of more elements is a table or a buffer, and nobody wants a tag for each.
const ELEMENTS: u32 = 64;

/// Whether a line is the header of such an export.
pub(super) fn is_header(line: &str) -> bool {
    let plain = line.to_lowercase().replace('"', "");
    ["tag name", "address", "data type"]
        .iter()
        .all(|column| plain.split([',', ';', '\t']).any(|cell| cell.trim() == *column))
}

pub(super) fn read(text: &str) -> Imported {
    let mut imported = Imported::new(Format::Kepware);
    let separator = match separator(text.lines().next().unwrap_or_default()) {
        Separator::Blanks => Separator::One(b','),
        one @ Separator::One(_) => one,
    };
    let rows = rows(text, separator);
    let Some((header, rows)) = rows.split_first().filter(|(header, _)| is_header(&header.cells.join(","))) else {
        let what = "the text does not begin with the columns of a Kepware export: Tag Name, Address, Data Type, …";
        let hint = "export the tags of the device with File ▸ Export CSV, or read the text as a list";
        imported.report.push(Remark::not_taken("kepware.no-header", "line 1", what).hint(hint));
        return imported;
    };
    let columns: BTreeMap<String, usize> =
        header.cells.iter().enumerate().map(|(at, cell)| (cell.to_lowercase(), at)).collect();
    let mut totals = Totals::default();
    for row in rows {
        let cells = Cells { columns: &columns, row };
        match tags(&cells, &mut totals) {
            Ok(tags) => {
                totals.aside(&cells);
                for tag in tags {
                    imported.take(tag);
                }
            }
            Err(remark) => imported.report.push(remark.line(row.line)),
        }
    }
    totals.say(&mut imported);
    imported
}

/// One row by the names of its columns.
struct Cells<'a> {
    columns: &'a BTreeMap<String, usize>,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    /// Empty where the row or the column ends.
    fn get(&self, column: &str) -> &'a str {
        self.columns.get(column).and_then(|at| self.row.cells.get(*at)).map_or("", String::as_str)
    }

    fn number(&self, column: &str) -> Option<f64> {
        number(self.get(column), Comma::Decimal)
    }
}

/// What is said once about many tags.
#[derive(Default)]
struct Totals {
    low_word_first: usize,
    clamped: usize,
    written: usize,
    rates: BTreeMap<String, usize>,
    default_type: usize,
}

/// The tag of a row; of an array, one tag per element.
fn tags(cells: &Cells<'_>, totals: &mut Totals) -> Result<Vec<FoundTag>, Remark> {
    let (name, text, typed) = (cells.get("tag name"), cells.get("address"), cells.get("data type"));
    let about = if name.is_empty() { text } else { name };
    if cells.row.spans_lines {
        let what = format!("{about}: a quote in this row is not closed");
        return Err(Remark::not_taken("kepware.open-quote", about, what).hint("close it, or remove it"));
    }
    let elements = elements(about, text, typed)?;
    if typed.is_empty() || typed.eq_ignore_ascii_case("default") {
        totals.default_type += 1;
    }
    let two_words = |address: &Address| {
        matches!(address.kind, Kind::Int(32 | 64, _) | Kind::Uint(32 | 64, _) | Kind::Float(..) | Kind::Bcd(32, _))
    };
    totals.low_word_first += elements.iter().filter(|(_, address)| two_words(address)).count();
    let (scale, range) = scaling(about, cells)?;
    let description = cells.get("description");
    let label = if description.is_empty() { name.to_owned() } else { first_line(description) };
    let tag = |(index, address): (String, Address)| FoundTag {
        line: Some(cells.row.line),
        device: None,
        name: format!("{name}{index}"),
        label: format!("{label}{index}"),
        address: address.to_string(),
        unit: Some(cells.get("eng units").to_owned()).filter(|unit| !unit.is_empty()),
        scale,
        range,
        period_ms: None,
        writable: match cells.get("client access").to_lowercase().as_str() {
            "r/w" | "read/write" | "wo" => Some(true),
            "ro" | "read only" => Some(false),
            _ => None,
        },
    };
    Ok(elements.into_iter().map(tag).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// What a row reads, with what its name gets behind it: nothing for one value, `[3]` or `[1][2]` for an element.
fn elements(about: &str, text: &str, typed: &str) -> Result<Vec<(String, Address)>, Remark> {
    let (base, sizes) = text.split_once('[').map_or((text, None), |(base, sizes)| (base, Some(sizes)));
    let one_type = strip_array(typed);
    let Some(sizes) = sizes else {
        let one = if one_type == typed { address(about, text, typed) } else { Err(not_an_array(about, text, typed)) };
        return Ok(vec![(String::new(), one?)]);
    };
    let sizes: Option<Vec<u16>> = sizes
        .strip_suffix(']')
        .and_then(|sizes| sizes.split('[').map(|size| size.trim().trim_end_matches(']').trim().parse().ok()).collect());
    let (rows, columns) = match sizes.as_deref() {
        Some([columns]) => (None, *columns),
        Some([rows, columns]) => (Some(*rows), *columns),
        _ => return Err(not_an_array(about, text, typed)),
    };
    let count = u32::from(rows.unwrap_or(1)) * u32::from(columns);
    // a text of an array has a length of its own in the address, which no row of a real export has shown
    if !(1..=ELEMENTS).contains(&count) || base.contains('.') {
        return Err(not_an_array(about, text, typed));
    }
    let first = address(about, base.trim_end(), one_type)?;
    let element = |number: u32| {
        let index = match rows {
            None => format!("[{number}]"),
            Some(_) => format!("[{}][{}]", number / u32::from(columns), number % u32::from(columns)),
        };
        let offset = u32::from(first.offset) + number * u32::from(first.kind.count());
        let offset = u16::try_from(offset).map_err(|_| beyond(about, text, typed))?;
        let address = Address { offset, ..first };
        if address.end() > 0x1_0000 { Err(beyond(about, text, typed)) } else { Ok((index, address)) }
    };
    (0..count).map(element).collect()
}

fn strip_array(typed: &str) -> &str {
    let behind = typed.len().saturating_sub("array".len());
    match typed.split_at_checked(behind) {
        Some((one, array)) if array.eq_ignore_ascii_case("array") => one.trim_end(),
        _ => typed,
    }
}

fn not_an_array(about: &str, text: &str, typed: &str) -> Remark {
    let what = format!("{about} is an array ({text}) that is not read as one tag per element");
    let hint = format!("an array of 1 to {ELEMENTS} numbers is; list the elements that matter, one row each");
    wrong("kepware.array", about, text, typed, what, &hint)
}

fn beyond(about: &str, text: &str, typed: &str) -> Remark {
    let what = format!("{about}: {text} as {typed} reaches beyond the last register");
    wrong("kepware.beyond", about, text, typed, what, "the last one is 465536")
}

fn wrong(code: &'static str, about: &str, text: &str, typed: &str, what: String, hint: &str) -> Remark {
    Remark::not_taken(code, about, what).word("about", about).word("address", text).word("type", typed).hint(hint)
}

/// Address and data type together say what is read.
fn address(about: &str, text: &str, typed: &str) -> Result<Address, Remark> {
    let (digits, behind) = text.split_once('.').map_or((text, ""), |(digits, behind)| (digits, behind));
    let Some((table, offset)) = place(digits) else {
        let what = format!("{about}: `{text}` is not an address of Kepware's Modbus drivers");
        let hint = "addresses look like 400001, 400001.03, 400010.20H, 300001, 100001 or 000001; other drivers are not read yet";
        return Err(wrong("kepware.address", about, text, typed, what, hint));
    };
    let kind = kind(typed, table, behind).ok_or_else(|| {
        let what = format!("{about}: the data type {typed} at {text} has no counterpart here");
        wrong(
            "kepware.type",
            about,
            text,
            typed,
            what,
            "Boolean, Short, Word, Long, DWord, LLong, QWord, Float, Double, BCD, LBCD and String are read",
        )
    })?;
    let address = Address { table, offset, kind };
    if address.end() > 0x1_0000 {
        return Err(beyond(about, text, typed));
    }
    Ok(address)
}

/// `400001`, `40001`, `0400001`, `H400001`: the table by its digit, the position counted from 1, here from 0.
fn place(digits: &str) -> Option<(Table, u16)> {
    let (digits, radix) = match digits.strip_prefix(['H', 'h']) {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    if !(5..=6).contains(&digits.len()) {
        return None;
    }
    let (first, number) = digits.split_at_checked(1)?;
    let table = match first {
        "0" => Table::Coil,
        "1" => Table::Discrete,
        "3" => Table::Input,
        "4" => Table::Holding,
        _ => return None,
    };
    let number = number.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(number, radix).ok())??;
    u16::try_from(number.checked_sub(1)?).ok().map(|offset| (table, offset))
}

/// Kepware's names of types; `behind` is what stands behind the point of the address.
fn kind(typed: &str, table: Table, behind: &str) -> Option<Kind> {
    // first word low in 32-bit and first double word low in 64-bit types: the driver's default
    let order = Order::Cdab;
    let typed = typed.to_lowercase();
    if table.is_bits() {
        return (behind.is_empty() && matches!(typed.as_str(), "boolean" | "default" | "")).then_some(Kind::Bool);
    }
    if !behind.is_empty() {
        let length = behind.trim_end_matches(['H', 'h', 'L', 'l']);
        let order = if behind.ends_with(['L', 'l']) { Order::Badc } else { Order::Abcd };
        return match typed.as_str() {
            "boolean" => behind.parse().ok().filter(|bit| *bit < 16).map(Kind::Bit),
            "string" => {
                length.parse().ok().filter(|bytes| (1..=250).contains(bytes)).map(|bytes| Kind::Text(bytes, order))
            }
            _ => None,
        };
    }
    Some(match typed.as_str() {
        "word" | "default" | "" => Kind::Uint(16, Order::Abcd),
        "short" => Kind::Int(16, Order::Abcd),
        "dword" => Kind::Uint(32, order),
        "long" => Kind::Int(32, order),
        "qword" => Kind::Uint(64, order),
        "llong" => Kind::Int(64, order),
        "float" => Kind::Float(32, order),
        "double" => Kind::Float(64, order),
        "bcd" => Kind::Bcd(16, Order::Abcd),
        "lbcd" => Kind::Bcd(32, order),
        _ => return None,
    })
}

/// Linear scaling becomes a scale through two points, with the scaled ends as the range.
fn scaling(about: &str, cells: &Cells<'_>) -> Result<(Option<Scale>, Option<[f64; 2]>), Remark> {
    let negate = matches!(cells.get("negate value").to_lowercase().as_str(), "1" | "true" | "yes");
    let sign = if negate { -1.0 } else { 1.0 };
    let method = cells.get("scaling").to_lowercase();
    match method.as_str() {
        "" | "none" => return Ok((negate.then_some(Scale::Linear { factor: -1.0, offset: 0.0 }), None)),
        "linear" => {}
        _ => {
            let what = format!("{about}: the scaling `{}` has no counterpart here", cells.get("scaling"));
            let remark = Remark::not_taken("kepware.scaling", about, what).word("about", about);
            let hint = "let the transmitter or the PLC extract the root, and read what it gives";
            return Err(remark.word("scaling", cells.get("scaling")).hint(hint));
        }
    }
    let ends = ["raw low", "raw high", "scaled low", "scaled high"].map(|column| cells.number(column));
    let [Some(raw_low), Some(raw_high), Some(low), Some(high)] = ends else {
        let what = format!("{about}: one of Raw Low, Raw High, Scaled Low and Scaled High is no number");
        return Err(Remark::not_taken("kepware.scaling-numbers", about, what)
            .word("about", about)
            .hint("correct it in the file"));
    };
    if raw_low.total_cmp(&raw_high).is_eq() || low.total_cmp(&high).is_eq() {
        let what = format!("{about}: its scaling maps everything onto one value");
        return Err(Remark::not_taken("kepware.scaling-flat", about, what)
            .word("about", about)
            .hint("correct it in the file"));
    }
    let to = [low * sign, high * sign];
    Ok((Some(Scale::Points { raw: [raw_low, raw_high], to }), Some([to[0].min(to[1]), to[0].max(to[1])])))
}

impl Totals {
    /// Settings of one tag that are left aside.
    fn aside(&mut self, cells: &Cells<'_>) {
        let on = |column| matches!(cells.get(column).to_lowercase().as_str(), "1" | "true" | "yes");
        self.clamped += usize::from(on("clamp low") || on("clamp high"));
        self.written += usize::from(cells.get("client access").eq_ignore_ascii_case("r/w"));
        let rate = cells.get("scan rate");
        if !rate.is_empty() && self.rates.len() < 8 {
            *self.rates.entry(rate.to_owned()).or_default() += 1;
        }
    }

    fn say(self, imported: &mut Imported) {
        let report = &mut imported.report;
        if self.low_word_first > 0 {
            let n = self.low_word_first;
            let what =
                format!("{n} values of 32 and 64 bits are read with the low word first (cdab), Kepware's default");
            let hint =
                "the CSV does not say it: see Data Encoding of the device in Kepware, and compare the live values";
            report.push(Remark::assumed("kepware.word-order", "word order", what).word("n", n).hint(hint));
        }
        if self.default_type > 0 {
            let n = self.default_type;
            let what = format!("{n} tags name no data type and are read as Word, the driver's default");
            report.push(Remark::assumed("kepware.default-type", "data type", what).word("n", n));
        }
        if self.clamped > 0 {
            let n = self.clamped;
            let what =
                format!("{n} tags are clamped in Kepware; here a value outside its range is kept and marked uncertain");
            report.push(Remark::left_aside("kepware.clamp", "Clamp Low, Clamp High", what).word("n", n));
        }
        if self.written > 0 {
            let n = self.written;
            let what = format!("{n} tags may be written in Kepware; here nothing writes them");
            report.push(Remark::left_aside("kepware.write", "Client Access", what).word("n", n));
        }
        if !self.rates.is_empty() {
            let rates = self.rates.keys().map(|rate| format!("{rate} ms")).collect::<Vec<_>>().join(", ");
            let what = format!("the scan rates of the export ({rates}) are not taken: the device's own period holds");
            report.push(Remark::left_aside("kepware.scan-rate", "Scan Rate", what).word("rates", rates));
        }
    }
}
