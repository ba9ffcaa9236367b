//! What is wrong or odd about tags before they are saved: names, addresses, units, ranges, and what they read now.
//!
//! One place for screens and commands. Pure: the configuration and the values come in. Whether the configuration as a
//! whole may be saved is for `config` to say; what stops it there is found here first, with a way out.

mod live;
mod registers;
pub(crate) mod units;

use std::collections::{BTreeMap, HashMap, HashSet};

use config::SiteConfig;
use config::site::Scale;
use domain::{TagPath, Value, ValueType};
use drivers::DeviceUrl;
use drivers::modbus::{Address, Kind, Order};
use serde::Serialize;

/// A tag as it would be saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagDraft {
    /// Its whole name: `line-2/pump-7/vibration_de`.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its unit as written; none = a count, a state or a text.
    pub unit: Option<String>,
    /// From raw to engineering value.
    pub scale: Option<Scale>,
    /// Lowest and highest engineering value.
    pub range: Option<[f64; 2]>,
    /// What it reads now, raw; none = nothing was read.
    pub value: Option<Value>,
}

/// Where the tags would be saved.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The device they are read from.
    pub device: &'a str,
    /// Its URL; empty while nobody typed one.
    pub url: &'a str,
    /// The configuration they would come into; none = an empty one.
    pub site: Option<&'a SiteConfig>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It cannot be saved like this.
    Stop,
    /// It can be saved, and somebody should look at it.
    Look,
}

/// What is wrong or odd about one tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagFinding {
    /// Which of the tags, from 0.
    pub tag: usize,
    /// How much it matters.
    pub level: Level,
    /// Stable name, `tag.cause`; screens say it in the reader's language with `words`.
    pub code: &'static str,
    /// One sentence.
    pub what: String,
    /// What to do; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the sentence: names, numbers, units.
    pub words: BTreeMap<&'static str, String>,
    /// Ways out, the most likely one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
}

/// One way out of a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    /// What would change.
    #[serde(flatten)]
    pub change: Change,
    /// What the tag would read then, in its unit before the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<f64>,
    /// That is within the range, or nothing speaks against it.
    pub fits: bool,
}

/// A change of a tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Another name.
    Name {
        /// The whole name.
        name: String,
    },
    /// Another unit, and the range expressed in it.
    Unit {
        /// As people write it.
        unit: String,
        /// In that unit; none = as it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        range: Option<[f64; 2]>,
    },
    /// Another scale.
    Factor {
        /// From raw to engineering value.
        factor: f64,
    },
    /// Another type at the same place.
    Address {
        /// In full.
        address: String,
    },
    /// The same registers in another order of words and bytes; all four are offered, the present one too.
    WordOrder {
        /// In full.
        address: String,
        /// `abcd`, `cdab`, `badc` or `dcba`.
        order: String,
    },
}

impl TagFinding {
    fn new(tag: usize, level: Level, code: &'static str, what: impl Into<String>) -> Self {
        Self { tag, level, code, what: what.into(), hint: String::new(), words: BTreeMap::new(), fixes: Vec::new() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they made for it")]
    fn word(mut self, name: &'static str, word: impl ToString) -> Self {
        self.words.insert(name, word.to_string());
        self
    }

    fn fix(mut self, change: Change) -> Self {
        self.fixes.push(Fix { change, becomes: None, fits: true });
        self
    }
}

/// Everything that can be said about the tags, in their order, what stops first.
pub fn check_tags(tags: &[TagDraft], against: &Against<'_>) -> Vec<TagFinding> {
    let mut findings = Vec::new();
    check_names(tags, against, &mut findings);
    let addresses: Vec<Option<Address>> =
        tags.iter().enumerate().map(|(index, tag)| address(index, tag, against, &mut findings)).collect();
    registers::check(tags, &addresses, against, &mut findings);
    for (index, (tag, address)) in tags.iter().zip(&addresses).enumerate() {
        let unit = units::check(index, tag, &mut findings);
        let Some(address) = address else { continue };
        if check_numbers(index, tag, *address, &mut findings) {
            check_reach(index, tag, *address, &mut findings);
            live::check(index, tag, *address, unit.as_ref(), &mut findings);
        }
    }
    findings.sort_by_key(|finding| (finding.tag, finding.level));
    findings
}

/// The last part of a tag's name, made from what people call it: letters, digits, `_`, `-`, `.`; small letters.
pub fn own_name(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for c in label.trim().to_lowercase().chars() {
        match c {
            'ä' => name.push_str("ae"),
            'ö' => name.push_str("oe"),
            'ü' => name.push_str("ue"),
            'ß' => name.push_str("ss"),
            c if c.is_alphanumeric() || c == '.' || c == '-' => name.push(c),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    name.trim_matches(['_', '.', '-']).chars().take(80).collect()
}

/// `wanted`, or the first of `wanted_2`, `wanted_3` … that is not taken.
pub fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2_u32..).map(|count| format!("{wanted}_{count}"));
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_else(|| wanted.to_owned())
}

fn check_names(tags: &[TagDraft], against: &Against<'_>, findings: &mut Vec<TagFinding>) {
    let site = against.site;
    let points = site.iter().flat_map(|site| {
        let tags = site.tags.iter().map(|tag| tag.name.as_str());
        tags.chain(site.variables.iter().map(|variable| variable.name.as_str()))
    });
    let known: HashSet<&str> = points.collect();
    let places: HashSet<&str> =
        site.iter().flat_map(|site| site.places.iter().map(|place| place.path.as_str())).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mine: HashSet<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    let taken = |name: &str| known.contains(name) || places.contains(name) || mine.contains(name);
    for (index, tag) in tags.iter().enumerate() {
        let name = tag.name.as_str();
        let other = |code, what: String| {
            let finding = TagFinding::new(index, Level::Stop, code, what).word("name", name);
            finding.fix(Change::Name { name: free_name(name, taken) })
        };
        if let Err(why) = name.parse::<TagPath>() {
            let finding = TagFinding::new(index, Level::Stop, "tag.bad-name", why).word("name", name);
            findings.push(finding.hint("write it like line-2/pump-7/vibration_de"));
        } else if known.contains(name) {
            findings.push(other("tag.name-known", format!("a tag `{name}` exists already")));
        } else if places.contains(name) {
            findings.push(other("tag.name-of-a-place", format!("`{name}` is the path of a place")));
        } else if let Some(first) = seen.get(name) {
            let what = format!("`{name}` is also the name of tag {} of this list", first + 1);
            findings.push(other("tag.name-twice", what).word("first", first + 1));
        }
        seen.entry(name).or_insert(index);
    }
}

fn address(index: usize, tag: &TagDraft, against: &Against<'_>, findings: &mut Vec<TagFinding>) -> Option<Address> {
    // without a device there is no other protocol yet that an address could belong to
    let parsed = match against.url.parse::<DeviceUrl>() {
        Ok(url) => url.parse_address(&tag.address).map(|drivers::Address::Modbus(address)| address),
        Err(_) => tag.address.parse::<Address>(),
    };
    parsed
        .map_err(|problem| {
            let what = format!("`{}`: {}", tag.address, problem.what);
            let finding = TagFinding::new(index, Level::Stop, "tag.bad-address", what).word("address", &tag.address);
            findings.push(finding.word("why", problem.what).hint(problem.hint));
        })
        .ok()
}

/// Scale and range by themselves, and whether the type has numbers at all. True when they can be worked with.
fn check_numbers(index: usize, tag: &TagDraft, address: Address, findings: &mut Vec<TagFinding>) -> bool {
    let numbers = tag.unit.is_some() || tag.scale.is_some() || tag.range.is_some();
    match address.value_type() {
        ValueType::Text if numbers => {
            let what = "a text has no unit, scale or range";
            let finding = TagFinding::new(index, Level::Stop, "tag.text-with-numbers", what);
            findings.push(finding.hint("empty them, or read the address as a number"));
            return false;
        }
        ValueType::Bool if tag.scale.is_some() || tag.range.is_some() => {
            let what = "a yes/no has no scale and no range";
            let finding = TagFinding::new(index, Level::Look, "tag.bool-with-numbers", what);
            findings.push(finding.hint("empty them, or read the address as a number"));
            return false;
        }
        ValueType::Text | ValueType::Bool => return false,
        _ => {}
    }
    let (factor, offset) = tag.scale.map_or((1.0, 0.0), |scale| scale.factor_offset());
    if factor == 0.0 || !factor.is_finite() || !offset.is_finite() {
        let what = "the scale maps everything onto one value, or none";
        let finding = TagFinding::new(index, Level::Stop, "tag.scale-flat", what);
        findings.push(finding.hint("write the factor from raw to engineering value, such as 0.1"));
        return false;
    }
    match tag.range {
        Some([low, high]) if low >= high || !low.is_finite() || !high.is_finite() => {
            let what = format!("the range goes from {low} to {high}: there is nothing between");
            let finding = TagFinding::new(index, Level::Stop, "tag.range-empty", what);
            findings.push(finding.word("low", low).word("high", high).hint("write the lower number first"));
            false
        }
        _ => true,
    }
}

/// Whether the type, scaled, can have the values that the range promises.
fn check_reach(index: usize, tag: &TagDraft, address: Address, findings: &mut Vec<TagFinding>) {
    let (Some([low, high]), Some(raw)) = (tag.range, raw_reach(address.kind)) else { return };
    let (factor, offset) = tag.scale.map_or((1.0, 0.0), |scale| scale.factor_offset());
    let ends = raw.map(|end| end * factor + offset);
    let (least, most) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let slack = (high - low) * 1e-3;
    if low >= least - slack && high <= most + slack {
        return;
    }
    let (least, most) = (short(least), short(most));
    let typed = address.type_name();
    let what = format!(
        "{typed} with this scale reads {least} to {most}, so it never reaches {} to {}",
        short(low),
        short(high)
    );
    let finding =
        TagFinding::new(index, Level::Look, "tag.range-unreachable", what).word("type", typed).word("least", least);
    let mut finding = finding.word("most", most).word("low", short(low)).word("high", short(high));
    if let Kind::Uint(bits, order) = address.kind
        && low < 0.0
        && factor > 0.0
    {
        let signed = Address { kind: Kind::Int(bits, order), ..address };
        finding = finding.fix(Change::Address { address: signed.to_string() });
    }
    findings.push(finding.hint("correct the range, the scale or the type"));
}

/// The lowest and highest raw value of a type; none where it has no end worth naming.
fn raw_reach(kind: Kind) -> Option<[f64; 2]> {
    match kind {
        Kind::Int(bits, _) => {
            let half = 2_f64.powi(i32::from(bits) - 1);
            Some([-half, half - 1.0])
        }
        Kind::Uint(bits, _) => Some([0.0, 2_f64.powi(i32::from(bits)) - 1.0]),
        Kind::Bcd(bits, _) => Some([0.0, 10_f64.powi(i32::from(bits / 4)) - 1.0]),
        Kind::Bool | Kind::Bit(_) | Kind::Float(..) | Kind::Text(..) => None,
    }
}

/// A number as a sentence has it: five digits that matter.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.4e}").parse().unwrap_or(number);
    if rounded != 0.0 && !(1e-4..1e12).contains(&rounded.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}

/// The four orders, by the letters people use.
const ORDERS: [Order; 4] = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba];

#[cfg(test)]
mod tests;
