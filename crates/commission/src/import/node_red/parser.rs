//! The items of a buffer-parser node as tags: which registers, which type, which order of bytes.
//!
//! The parser swaps the whole buffer and then reads items from it. So that no rule has to be guessed, the positions of
//! the bytes are swapped in the same way; where an item's bytes come from says its register and its order.

use config::site::Scale;
use drivers::modbus::{Address, Kind, Order};
use serde_json::Value;

use super::flow::{Node, whole};
use super::request::Request;
use crate::import::number::{Comma, number};
use crate::import::{FoundTag, Imported, Remark};

/// Elements that one item may have; more is a block of raw data and no list of tags.
const ELEMENTS: usize = 125;

/// How an item is read from the buffer: a kind with its width in bytes, and whether the lowest byte comes first.
struct Read {
    kind: Kind,
    bytes: usize,
    low_first: bool,
}

/// The tags of a parser behind a request. What cannot be said with registers is told in the report.
pub(super) fn tags(parser: &Node, request: &Request, imported: &mut Imported) -> Vec<FoundTag> {
    let about = parser.title();
    let aside = |code, what: String| Remark::not_taken(code, about.clone(), what).word("about", &about);
    if request.table.is_bits() {
        let what = format!("{about} parses coils or discrete inputs as bytes");
        imported.report.push(aside("node-red.parser-bits", what).hint("add the bits by hand: coil:0, discrete:0"));
        return Vec::new();
    }
    if !matches!(parser.text("specificationType"), "" | "ui") {
        let what = format!("{about} gets its items from a message or a variable, which is not part of the flow");
        imported.report.push(aside("node-red.parser-dynamic", what).hint("add what it reads by hand"));
        return Vec::new();
    }
    let Some(positions) = swapped(parser, usize::from(request.quantity) * 2) else {
        let what = format!("{about} swaps bytes in a way that does not fit {} registers", request.quantity);
        imported
            .report
            .push(aside("node-red.parser-swap", what).hint("add what it reads by hand, and compare the live values"));
        return Vec::new();
    };
    let mut tags = Vec::new();
    for (number, item) in parser.list("items").iter().enumerate() {
        let name = item.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("{about} item {}", number + 1), str::to_owned);
        match item_tags(item, &name, request, &positions) {
            Ok(found) => tags.extend(found),
            Err(why) => {
                let what = format!("{name} of {about}: {why}");
                let remark = Remark::not_taken("node-red.parser-item", name.clone(), what).word("about", &name);
                imported.report.push(
                    remark.word("parser", &about).word("why", why).hint("add it by hand, if a register holds it"),
                );
            }
        }
    }
    tags
}

/// Where each byte of the swapped buffer was before. None when a swap does not divide the buffer, where the parser fails too.
fn swapped(parser: &Node, bytes: usize) -> Option<Vec<usize>> {
    let mut positions: Vec<usize> = (0..bytes).collect();
    for key in ["swap1", "swap2", "swap3"] {
        let width = match parser.text(key) {
            "" | "none" => continue,
            "swap16" | "swap" => 2,
            "swap32" => 4,
            "swap64" => 8,
            _ => return None,
        };
        if !bytes.is_multiple_of(width) {
            return None;
        }
        positions.chunks_mut(width).for_each(<[usize]>::reverse);
    }
    Some(positions)
}

fn item_tags(item: &Value, name: &str, request: &Request, positions: &[usize]) -> Result<Vec<FoundTag>, String> {
    let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
    let at = |key: &str| item.get(key).and_then(whole).and_then(|number| usize::try_from(number).ok());
    let kind = text("type").to_lowercase();
    let (offset, length) = (at("offset").unwrap_or(0), at("length").unwrap_or(1).max(1));
    if !text("mask").trim().is_empty() {
        return Err("a mask has no counterpart here".to_owned());
    }
    if matches!(kind.as_str(), "bool" | "boolean") {
        return bits(name, request, positions, offset, at("offsetbit").unwrap_or(0), length);
    }
    let scale = scale(item.get("scale"))?;
    if matches!(kind.as_str(), "string" | "ascii" | "utf8" | "latin1") {
        let bytes =
            u8::try_from(length).ok().filter(|bytes| *bytes <= 250).ok_or("a text has at most 250 characters")?;
        let read = Read { kind: Kind::Text(bytes, Order::Abcd), bytes: length, low_first: false };
        return Ok(vec![tag(name, address(request, positions, offset, &read)?, None)]);
    }
    let read = read_as(&kind).ok_or_else(|| format!("the type {kind} is no value of whole registers"))?;
    if length > ELEMENTS {
        return Err(format!("{length} values in one item are no list of tags"));
    }
    let one = |element: usize| {
        let name = if length == 1 { name.to_owned() } else { format!("{name} {}", element + 1) };
        Ok(tag(&name, address(request, positions, offset + element * read.bytes, &read)?, scale))
    };
    (0..length).map(one).collect()
}

fn tag(name: &str, address: Address, scale: Option<Scale>) -> FoundTag {
    let (name, address) = (name.to_owned(), address.to_string());
    FoundTag { label: name.clone(), name, address, scale, ..FoundTag::default() }
}

/// The types of whole registers; without `le` and `be` the highest byte comes first.
fn read_as(kind: &str) -> Option<Read> {
    let (plain, low_first) = match kind.strip_suffix("le") {
        Some(plain) if plain != "doub" => (plain, true),
        _ => (kind.strip_suffix("be").unwrap_or(kind), false),
    };
    let order = Order::Abcd;
    let (kind, bytes) = match plain {
        "int16" => (Kind::Int(16, order), 2),
        "uint16" => (Kind::Uint(16, order), 2),
        "int32" => (Kind::Int(32, order), 4),
        "uint32" => (Kind::Uint(32, order), 4),
        "bigint64" => (Kind::Int(64, order), 8),
        "biguint64" => (Kind::Uint(64, order), 8),
        "float" => (Kind::Float(32, order), 4),
        "double" => (Kind::Float(64, order), 8),
        "bcd" => (Kind::Bcd(16, order), 2),
        _ => return None,
    };
    Some(Read { kind, bytes, low_first })
}

/// The register and the order from which the bytes of an item come.
fn address(request: &Request, positions: &[usize], offset: usize, read: &Read) -> Result<Address, String> {
    let mut from = positions.get(offset..offset + read.bytes).ok_or("it reaches beyond what is read")?.to_vec();
    if read.low_first {
        from.reverse();
    }
    let first = from.iter().copied().min().unwrap_or(0);
    if !first.is_multiple_of(2) {
        return Err("it begins in the middle of a register".to_owned());
    }
    let relative: Vec<usize> = from.iter().map(|position| position - first).collect();
    let orders = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba];
    let order = orders.into_iter().find(|order| relative == sent(*order, read.bytes, read.kind));
    let order = order.ok_or("its bytes are not in an order that Modbus devices use")?;
    let kind = crate::import::data_type::with_order(read.kind, order).ok_or("a text has no word order")?;
    let registers = u16::try_from(first / 2).map_err(|_| "it reaches beyond what is read")?;
    let address = Address { table: request.table, offset: request.address.saturating_add(registers), kind };
    if address.end() > 0x1_0000 { Err("it reaches beyond the last register".to_owned()) } else { Ok(address) }
}

/// Where on the wire the bytes of a number stand, from its highest one on. A text keeps its order of words.
fn sent(order: Order, bytes: usize, kind: Kind) -> Vec<usize> {
    let (words, within) = match order {
        Order::Abcd => (false, false),
        Order::Cdab => (true, false),
        Order::Badc => (false, true),
        Order::Dcba => (true, true),
    };
    let words = words && !matches!(kind, Kind::Text(..));
    let place = |at: usize| {
        let word = if words { bytes / 2 - 1 - at / 2 } else { at / 2 };
        word * 2 + if within { 1 - at % 2 } else { at % 2 }
    };
    (0..bytes).map(place).collect()
}

/// Bits of bytes: bit 0 of the second byte of a register is its bit 0, bit 0 of the first one its bit 8.
fn bits(
    name: &str,
    request: &Request,
    positions: &[usize],
    offset: usize,
    first: usize,
    length: usize,
) -> Result<Vec<FoundTag>, String> {
    if length > ELEMENTS {
        return Err(format!("{length} bits in one item are no list of tags"));
    }
    let one = |n: usize| {
        let bit = first + n;
        let byte = *positions.get(offset + bit / 8).ok_or("it reaches beyond what is read")?;
        let within = bit % 8 + if byte.is_multiple_of(2) { 8 } else { 0 };
        let register = u16::try_from(byte / 2).map_err(|_| "it reaches beyond what is read")?;
        let kind = Kind::Bit(u8::try_from(within).map_err(|_| "a register has 16 bits")?);
        let address = Address { table: request.table, offset: request.address.saturating_add(register), kind };
        let name = if length == 1 { name.to_owned() } else { format!("{name} {}", n + 1) };
        Ok(tag(&name, address, None))
    };
    (0..length).map(one).collect()
}

/// The scale of an item: a factor, or an operator with a number (`/1000`, `*0.1`, `+20`).
fn scale(value: Option<&Value>) -> Result<Option<Scale>, String> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    };
    let strange = || format!("the scale `{text}` has no counterpart here");
    let factor = |factor: f64| Scale::Linear { factor, offset: 0.0 };
    let scale =
        match text.strip_prefix(['*', '/', '+']).map(|rest| (text.as_bytes().first(), number(rest, Comma::Decimal))) {
            Some((Some(b'*'), Some(by))) => factor(by),
            Some((Some(b'/'), Some(by))) if by != 0.0 => factor(1.0 / by),
            Some((Some(b'+'), Some(by))) => Scale::Linear { factor: 1.0, offset: by },
            Some(_) => return Err(strange()),
            None if text.is_empty() => return Ok(None),
            None => factor(number(&text, Comma::Decimal).ok_or_else(strange)?),
        };
    // none and zero mean unscaled to the parser
    let (by, offset) = scale.factor_offset();
    Ok((by != 0.0 && !(by.to_bits() == 1.0_f64.to_bits() && offset == 0.0)).then_some(scale))
}
