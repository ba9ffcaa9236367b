//! `lastmile device import`: the tag list of another system as tags of site.toml, with a report.
//!
//! The report is printed as comments above the tags, so that the output may go into a file and nothing is lost.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::Path;

use commission::import::{Format, FoundTag, Imported, MAX_BYTES, RemarkKind};
use commission::{Against, Level, TagDraft, TagFinding};
use config::SiteConfig;
use config::site::{Device, Tag};
use domain::unit::Unit;
use domain::{Problem, Problems, Value};
use serde_json::json;

use super::Ended;
use crate::args::ImportArgs;
use crate::out::{Exit, Out};

/// Addresses read at once with `--live`.
const LIVE: usize = 500;

pub(super) async fn run(args: ImportArgs, out: Out) -> Ended {
    let text = read(&args.file)?;
    let format = match args.format.as_str() {
        "list" => Format::List,
        "node-red" => Format::NodeRed,
        "kepware" => Format::Kepware,
        _ => Format::Auto,
    };
    let imported = commission::import(&text, format)?;
    let site = args.site.as_deref().map(site).transpose()?;
    let mut made = Made::of(&imported, &args, site.as_ref());
    if args.live {
        made.read_live().await?;
    }
    let findings = made.check(site.as_ref());
    let stopped = findings.iter().any(|finding| finding.level == Level::Stop);
    if out.json {
        let (format, devices) = (imported.format.name(), &imported.devices);
        out.json(&json!({"format": format, "devices": devices, "tags": made.tags, "report": imported.report, "findings": findings}));
    } else {
        out.line(words(&imported, &made, &findings, site.as_ref()).trim_end());
    }
    let lost = imported.report.not_taken() > 0 || made.tags.is_empty();
    Ok(if lost || stopped { Exit::Finding } else { Exit::Ok })
}

/// At most what an import reads, and one byte more so that too much is noticed there.
fn read(file: &Path) -> Result<String, Problem> {
    let unreadable = |error: &std::io::Error| {
        Problem::new("file.unreadable", file.display().to_string(), format!("the file cannot be read: {error}"))
    };
    let most = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(most).read_to_end(&mut bytes))
    }
    .map_err(|error| unreadable(&error))?;
    // lists of older programs are in Latin-1: every byte is a letter there
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()))
}

fn site(file: &Path) -> Result<SiteConfig, Problems> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::new("file.unreadable", name.clone(), format!("the file cannot be read: {error}")))?;
    config::check_site(&text, &name, &config::AnyAddress)
}

/// One tag on its way to the file.
struct Row {
    draft: TagDraft,
    device: usize,
    found: FoundTag,
}

/// What goes into the file.
struct Made {
    devices: Vec<(String, Option<String>)>,
    tags: Vec<Tag>,
    rows: Vec<Row>,
}

impl Made {
    fn of(imported: &Imported, args: &ImportArgs, site: Option<&SiteConfig>) -> Self {
        let name = args.device.clone().unwrap_or_else(|| "device".to_owned());
        let known = site.and_then(|site| site.device(&name)).map(|device| device.url.clone());
        let mut devices = vec![(name, args.url.clone().or(known))];
        for found in &imported.devices {
            let own = commission::own_name(&found.name);
            let taken = |name: &str| devices.iter().any(|(known, _)| known == name);
            let name = commission::free_name(if own.is_empty() { "device" } else { &own }, taken);
            devices.push((name, found.url.clone()));
        }
        let by_name: BTreeMap<&str, usize> =
            imported.devices.iter().map(|device| device.name.as_str()).zip(1..).collect();
        let known = site.iter().flat_map(|site| &site.tags).map(|tag| tag.name.to_string());
        let mut names: HashSet<String> = known.collect();
        let rows = imported.tags.iter().map(|found| {
            let device = found.device.as_deref().and_then(|name| by_name.get(name)).copied().unwrap_or(0);
            let name = path(found, &args.place, &mut names);
            let (unit, scale) = (found.unit.clone(), found.scale);
            let draft = TagDraft { name, address: found.address.clone(), unit, scale, range: found.range, value: None };
            Row { draft, device, found: found.clone() }
        });
        let rows: Vec<Row> = rows.collect();
        let tags = rows.iter().filter_map(|row| tag(row, &devices.get(row.device)?.0)).collect();
        Self { devices, tags, rows }
    }

    async fn read_live(&mut self) -> Result<(), Problems> {
        for (index, (name, url)) in self.devices.iter().enumerate() {
            let mut rows: Vec<&mut Row> = self.rows.iter_mut().filter(|row| row.device == index).collect();
            if rows.is_empty() {
                continue;
            }
            let url = url.as_deref().ok_or_else(|| {
                Problem::new("device.no-url", name.clone(), "nobody said where this device is")
                    .hint("give its URL with --url")
            })?;
            for chunk in rows.chunks_mut(LIVE) {
                let addresses: Vec<String> = chunk.iter().map(|row| row.draft.address.clone()).collect();
                let lines = commission::read(url, &addresses, edge::clock::Clock::start().now()).await?;
                for (row, line) in chunk.iter_mut().zip(lines) {
                    row.draft.value = line.value;
                }
            }
        }
        Ok(())
    }

    /// Findings, with the number of a tag among all of them.
    fn check(&self, site: Option<&SiteConfig>) -> Vec<TagFinding> {
        let mut findings = Vec::new();
        for (index, (device, url)) in self.devices.iter().enumerate() {
            let of_device = |row: &Row| row.device == index;
            let numbers: Vec<usize> =
                self.rows.iter().enumerate().filter(|(_, row)| of_device(row)).map(|(at, _)| at).collect();
            let drafts: Vec<TagDraft> =
                self.rows.iter().filter(|row| of_device(row)).map(|row| row.draft.clone()).collect();
            let against = Against { device, url: url.as_deref().unwrap_or_default(), site };
            let found = commission::check_tags(&drafts, &against).into_iter();
            findings
                .extend(found.filter_map(|finding| Some(TagFinding { tag: *numbers.get(finding.tag)?, ..finding })));
        }
        findings
    }

    /// The devices that have tags and a URL, and are not in the file yet.
    fn devices(&self, site: Option<&SiteConfig>) -> Vec<Device> {
        let used = |index: usize| self.rows.iter().any(|row| row.device == index);
        let known = |name: &str| site.is_some_and(|site| site.device(name).is_some());
        let devices = self.devices.iter().enumerate().filter(|(index, (name, _))| used(*index) && !known(name));
        let made = devices
            .filter_map(|(_, (name, url))| serde_json::from_value(json!({"name": name, "url": url.as_deref()?})).ok());
        made.collect()
    }
}

/// A free name below the place, from the name in the list, else from its label, else from its address.
fn path(found: &FoundTag, place: &str, names: &mut HashSet<String>) -> String {
    let own = [&found.name, &found.label, &found.address]
        .into_iter()
        .map(|text| commission::own_name(text))
        .find(|own| !own.is_empty());
    let own = own.unwrap_or_else(|| "tag".to_owned());
    let wanted = if place.is_empty() { own } else { format!("{place}/{own}") };
    let name = commission::free_name(&wanted, |name| names.contains(name));
    names.insert(name.clone());
    name
}

/// As it stands in site.toml. A unit that nobody knows is left out; the findings name it.
fn tag(row: &Row, device: &str) -> Option<Tag> {
    let draft = &row.draft;
    let unit = draft.unit.as_deref().and_then(|unit| Unit::parse(unit).ok());
    let label = Some(&row.found.label).filter(|label| !label.is_empty());
    let value = json!({"name": draft.name, "label": label, "device": device, "address": draft.address, "unit": unit, "scale": draft.scale,
        "range": draft.range});
    serde_json::from_value(value).ok()
}

fn words(imported: &Imported, made: &Made, findings: &[TagFinding], site: Option<&SiteConfig>) -> String {
    let mut text = format!("# {} tags from a text of the kind {}\n", made.tags.len(), imported.format.name());
    let mut say = |sentence: &str, hint: &str| {
        let hint = if hint.is_empty() { String::new() } else { format!(" → {hint}") };
        for line in format!("{sentence}{hint}").lines() {
            text.extend(["# ", line, "\n"]);
        }
    };
    for remark in &imported.report.remarks {
        let kind = match remark.kind {
            RemarkKind::NotTaken => "NOT TAKEN",
            RemarkKind::Assumed => "assumed",
            RemarkKind::LeftAside => "left aside",
        };
        let line = remark.line.map(|line| format!(" line {line}")).unwrap_or_default();
        say(&format!("{kind}{line}: {}", remark.what), &remark.hint);
    }
    if imported.report.more > 0 {
        say(&format!("{} more sentences like these", imported.report.more), "");
    }
    for finding in findings {
        let name = made.rows.get(finding.tag).map_or("", |row| row.draft.name.as_str());
        let level = if finding.level == Level::Stop { "STOPS" } else { "look" };
        say(&format!("{level} {name}: {}{}", finding.what, ways_out(finding)), &finding.hint);
    }
    text.push('\n');
    text + &config::part_to_toml(&made.devices(site), &made.tags)
}

fn ways_out(finding: &TagFinding) -> String {
    let ways = finding.fixes.iter().map(|fix| {
        let change = match &fix.change {
            commission::Change::Name { name } => format!("name {name}"),
            commission::Change::Unit { unit, .. } => format!("unit {unit}"),
            commission::Change::Factor { factor } => format!("scale {factor}"),
            commission::Change::Address { address } => address.clone(),
            commission::Change::WordOrder { order, .. } => order.clone(),
        };
        let becomes = fix.becomes.map(|value| {
            format!(" reads {}", Value::from_f64(value).map_or_else(String::new, |value| value.to_string()))
        });
        format!("{change}{}{}", becomes.unwrap_or_default(), if fix.fits { " (fits)" } else { "" })
    });
    let ways: Vec<String> = ways.collect();
    if ways.is_empty() { String::new() } else { format!(" [{}]", ways.join("; ")) }
}
