//! What a tag reads now against what it should read: outside its range, or a number that only a wrong order makes.

use domain::Value;
use domain::unit::Unit;
use drivers::modbus::{Address, Kind, value};

use super::{Change, Fix, Level, ORDERS, TagDraft, TagFinding, short, units};

/// Factors that are forgotten.
const TENTHS: [f64; 3] = [0.1, 0.01, 0.001];

pub(super) fn check(
    index: usize,
    tag: &TagDraft,
    address: Address,
    unit: Option<&Unit>,
    findings: &mut Vec<TagFinding>,
) {
    let Some(raw) = tag.value.as_ref() else { return };
    let scaled = |value: &Value| {
        let (factor, offset) = tag.scale.map_or((1.0, 0.0), |scale| scale.factor_offset());
        value.as_f64().map(|number| number * factor + offset)
    };
    let Some(value) = scaled(raw) else { return };
    let within = |number: f64| {
        tag.range.map_or(is_usual(number), |[low, high]| number >= low && number <= high && is_usual(number))
    };
    if within(value) {
        return;
    }
    // next to nothing is within many ranges, and is what a wrong order makes
    let meant = |number: f64| {
        within(number) && tag.range.is_none_or(|[low, high]| number == 0.0 || number.abs() >= (high - low) * 1e-4)
    };
    let mut fixes = in_all_orders(address, raw, &|other| scaled(other), &meant);
    // another order explains more than another unit: with one that fits nothing else is offered
    if !fixes.iter().any(|fix| fix.fits) {
        fixes.extend(signed(address, raw, &|other| scaled(other), &within));
        if let (Some(unit), Some(range)) = (unit, tag.range) {
            let fit = units::that_fits(value, unit, range);
            fixes.extend(fit.map(|(unit, becomes, range)| Fix {
                change: Change::Unit { unit, range: Some(range) },
                becomes: Some(becomes),
                fits: true,
            }));
        }
        if tag.range.is_some() && !fixes.iter().any(|fix| fix.fits) {
            fixes.extend(tenth(tag, value, &within));
        }
    }
    let shown = unit.map_or_else(String::new, Unit::display);
    let code = if tag.range.is_some() { "tag.value-outside" } else { "tag.value-strange" };
    let what = match tag.range {
        Some([low, high]) => format!("reads {}, range {} to {} {shown}", short(value), short(low), short(high)),
        None => format!("reads {}, which no instrument does", short(value)),
    };
    let finding =
        TagFinding::new(index, Level::Look, code, what.trim_end()).word("value", short(value)).word("unit", shown);
    let [low, high] = tag.range.unwrap_or_default().map(short);
    let hint = if address.kind.count() > 1 {
        "the word order, the unit, the scale or the range is wrong"
    } else {
        "the unit, the scale or the range is wrong"
    };
    findings.push(TagFinding { fixes, ..finding.word("low", low).word("high", high).hint(hint) });
}

/// No instrument reads numbers this small or this large; wrongly ordered floats do.
fn is_usual(number: f64) -> bool {
    number == 0.0 || (1e-20..1e20).contains(&number.abs())
}

/// The same registers in each of the four orders.
fn in_all_orders(
    address: Address,
    raw: &Value,
    scaled: &dyn Fn(&Value) -> Option<f64>,
    within: &dyn Fn(f64) -> bool,
) -> Vec<Fix> {
    if address.kind.count() < 2 {
        return Vec::new();
    }
    let Ok(registers) = value::encode(address.kind, raw) else { return Vec::new() };
    let mut fixes: Vec<Fix> = Vec::new();
    for order in ORDERS {
        let kind = match address.kind {
            Kind::Int(bits, _) => Kind::Int(bits, order),
            Kind::Uint(bits, _) => Kind::Uint(bits, order),
            Kind::Float(bits, _) => Kind::Float(bits, order),
            Kind::Bcd(bits, _) => Kind::Bcd(bits, order),
            Kind::Bool | Kind::Bit(_) | Kind::Text(..) => return Vec::new(),
        };
        let becomes = value::decode(kind, &registers).as_ref().and_then(scaled);
        fixes.push(Fix {
            change: Change::WordOrder {
                address: Address { kind, ..address }.to_string(),
                order: order.name().to_owned(),
            },
            becomes,
            fits: becomes.is_some_and(within),
        });
    }
    fixes
}

/// 65531 is −5 when it is signed.
fn signed(
    address: Address,
    raw: &Value,
    scaled: &dyn Fn(&Value) -> Option<f64>,
    within: &dyn Fn(f64) -> bool,
) -> Option<Fix> {
    let registers = value::encode(address.kind, raw).ok()?;
    let kind = match address.kind {
        Kind::Uint(bits, order) => Kind::Int(bits, order),
        Kind::Int(bits, order) => Kind::Uint(bits, order),
        _ => return None,
    };
    let becomes = value::decode(kind, &registers).as_ref().and_then(scaled)?;
    let change = Change::Address { address: Address { kind, ..address }.to_string() };
    within(becomes).then_some(Fix { change, becomes: Some(becomes), fits: true })
}

fn tenth(tag: &TagDraft, value: f64, within: &dyn Fn(f64) -> bool) -> Option<Fix> {
    let (factor, offset) = tag.scale.map_or((1.0, 0.0), |scale| scale.factor_offset());
    let with = |by: f64| ((value - offset) * by + offset, factor * by);
    let (becomes, factor) = TENTHS.into_iter().map(with).find(|(becomes, _)| within(*becomes))?;
    Some(Fix { change: Change::Factor { factor }, becomes: Some(becomes), fits: true })
}
