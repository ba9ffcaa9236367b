//! Many tags at once, for the routes: what `commission` reads and finds, in the shapes of the interface.
//!
//! Long lists take a while, so they are worked through beside the threads that serve.

use std::sync::Arc;

use commission::import::Format;
use commission::{Against, Change, Level, TagDraft};
use config::SiteConfig;
use config::site::Scale;
use domain::Problem;
use domain::said::act as said;
use server::api::import::{
    CheckTags, ImportFormat, ImportRemark, ImportRemarkKind, ImportText, Imported, ImportedDevice, ImportedTag,
    TagFinding, TagFindingLevel, TagFix,
};
use server::api::tag::{ScaleSettings, TagSettings};

/// Reads a text.
pub(super) async fn import(ask: ImportText) -> Result<Imported, Problem> {
    beside(move || commission::import(&ask.text, format(ask.format)).map(told)).await?
}

/// Checks tags against the configuration as it is now.
pub(super) async fn check(site: Arc<SiteConfig>, ask: CheckTags) -> Result<Vec<TagFinding>, Problem> {
    if ask.tags.len() > commission::import::MAX_TAGS {
        let args = [("count", ask.tags.len().into()), ("most", commission::import::MAX_TAGS.into())];
        return Err(said::LIST_LONG.problem("tags", args));
    }
    beside(move || {
        let values = ask.values.into_iter().chain(std::iter::repeat(None));
        let drafts: Vec<TagDraft> = ask.tags.into_iter().zip(values).map(|(tag, value)| draft(tag, value)).collect();
        let against = Against { device: &ask.device, url: &ask.url, site: Some(&site) };
        commission::check_tags(&drafts, &against).into_iter().map(finding).collect()
    })
    .await
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::new("import.failed", "text", "reading it broke off").why(error.to_string()))
}

fn format(asked: ImportFormat) -> Format {
    match asked {
        ImportFormat::Auto => Format::Auto,
        ImportFormat::List => Format::List,
        ImportFormat::NodeRed => Format::NodeRed,
        ImportFormat::Kepware => Format::Kepware,
    }
}

fn told(found: commission::import::Imported) -> Imported {
    let remark = |remark: commission::import::Remark| ImportRemark {
        kind: match remark.kind {
            commission::import::RemarkKind::NotTaken => ImportRemarkKind::NotTaken,
            commission::import::RemarkKind::Assumed => ImportRemarkKind::Assumed,
            commission::import::RemarkKind::LeftAside => ImportRemarkKind::LeftAside,
        },
        code: remark.code.to_owned(),
        line: remark.line,
        about: remark.about,
        what: remark.what,
        hint: remark.hint,
        words: remark.words.into_iter().map(|(name, word)| (name.to_owned(), word)).collect(),
    };
    Imported {
        format: match found.format {
            Format::Auto => ImportFormat::Auto,
            Format::List => ImportFormat::List,
            Format::NodeRed => ImportFormat::NodeRed,
            Format::Kepware => ImportFormat::Kepware,
        },
        devices: found
            .devices
            .into_iter()
            .map(|device| ImportedDevice { name: device.name, url: device.url })
            .collect(),
        tags: found.tags.into_iter().map(tag).collect(),
        report: found.report.remarks.into_iter().map(remark).collect(),
        more: found.report.more,
    }
}

fn tag(found: commission::import::FoundTag) -> ImportedTag {
    let scale = found.scale.map(|scale| match scale {
        Scale::Linear { factor, offset } => {
            ScaleSettings { factor: Some(factor), offset: Some(offset), raw: None, to: None }
        }
        Scale::Points { raw, to } => {
            ScaleSettings { factor: None, offset: None, raw: Some(raw.into()), to: Some(to.into()) }
        }
    });
    ImportedTag {
        line: found.line,
        device: found.device,
        name: found.name,
        label: found.label,
        address: found.address,
        unit: found.unit,
        scale,
        range: found.range.map(Into::into),
        period_ms: found.period_ms,
        writable: found.writable,
    }
}

fn draft(tag: TagSettings, value: Option<domain::Value>) -> TagDraft {
    let scale = tag.scale.and_then(|scale| match (scale.raw, scale.to) {
        (Some(raw), Some(to)) => Some(Scale::Points { raw: raw.into(), to: to.into() }),
        _ if scale.factor.is_none() && scale.offset.is_none() => None,
        _ => Some(Scale::Linear { factor: scale.factor.unwrap_or(1.0), offset: scale.offset.unwrap_or(0.0) }),
    });
    let unit = tag.unit.filter(|unit| !unit.is_empty());
    TagDraft { name: tag.name, address: tag.address, unit, scale, range: tag.range.map(Into::into), value }
}

fn finding(found: commission::TagFinding) -> TagFinding {
    let fix = |fix: commission::Fix| {
        let empty = TagFix { becomes: fix.becomes, fits: fix.fits, ..TagFix::default() };
        match fix.change {
            Change::Name { name } => TagFix { change: "name".to_owned(), name: Some(name), ..empty },
            Change::Unit { unit, range } => {
                TagFix { change: "unit".to_owned(), unit: Some(unit), range: range.map(Into::into), ..empty }
            }
            Change::Factor { factor } => TagFix { change: "factor".to_owned(), factor: Some(factor), ..empty },
            Change::Address { address } => TagFix { change: "address".to_owned(), address: Some(address), ..empty },
            Change::WordOrder { address, order } => {
                TagFix { change: "word-order".to_owned(), address: Some(address), order: Some(order), ..empty }
            }
        }
    };
    TagFinding {
        tag: found.tag,
        level: match found.level {
            Level::Stop => TagFindingLevel::Stop,
            Level::Look => TagFindingLevel::Look,
        },
        code: found.code.to_owned(),
        what: found.what,
        hint: found.hint,
        words: found.words.into_iter().map(|(name, word)| (name.to_owned(), word)).collect(),
        fixes: found.fixes.into_iter().map(fix).collect(),
    }
}
