//! `lastmile history export`: samples of a running edge into a file.

use std::collections::BTreeMap;
use std::io::Write;

use domain::{Problem, Problems, Timestamp};
use serde_json::json;
use store::table::Units;

use super::Ended;
use super::at::At;
use crate::args::HistoryCommand;
use crate::out::{Exit, Out};

pub(super) async fn run(command: HistoryCommand, out: Out) -> Ended {
    let HistoryCommand::Export { tags, from, to, wide, file, at } = command;
    let format = match file.extension().and_then(std::ffi::OsStr::to_str) {
        Some("csv") => "csv",
        Some("parquet") => "parquet",
        _ => {
            return Err(Problem::new(
                "file.unknown-format",
                file.display().to_string(),
                "the file's ending says no format",
            )
            .hint("call it something.csv or something.parquet")
            .into());
        }
    };
    let (from, to) = (time(&from)?, time(&to)?);
    let query = [
        ("tags", tags.join(",")),
        ("from_ms", from.millis().to_string()),
        ("to_ms", to.millis().to_string()),
        ("format", format.to_owned()),
        ("layout", if wide { "wide" } else { "long" }.to_owned()),
    ];
    let edge = At::new(&at)?;
    let units = if format == "csv" { Some(units_of(&edge, &tags).await?) } else { None };
    let mut response = edge.stream("history/export", &query).await?;
    let unwritten = |error: std::io::Error| {
        Problems::from(Problem::new(
            "file.unwritable",
            file.display().to_string(),
            format!("the file cannot be written: {error}"),
        ))
    };
    let mut target = std::fs::File::create(&file).map_err(unwritten)?;
    let mut bytes = 0;
    loop {
        let piece = response.chunk().await;
        let piece = piece.map_err(|error| {
            Problem::new("edge.bad-answer", at.at.clone(), format!("the export broke off: {error}"))
        })?;
        let Some(piece) = piece else { break };
        bytes += piece.len();
        target.write_all(&piece).map_err(unwritten)?;
    }
    target.sync_all().map_err(unwritten)?;
    if let Some(units) = units {
        let beside = store::table::units_file(&file);
        std::fs::write(beside, store::table::units_text(&units)).map_err(unwritten)?;
    }
    out.say(format!("{} written, {bytes} bytes", file.display()), &json!({ "file": file, "bytes": bytes }));
    Ok(Exit::Ok)
}

/// The units of these columns now, `tag` or `name=tag`: a CSV file has no room for them. A tag whose unit is changed begins
/// anew, so all that is taken out has one.
async fn units_of(edge: &At, columns: &[String]) -> Result<Units, Problems> {
    let answer: serde_json::Value = edge.get("site", &[]).await?;
    let lists = ["tag", "variable"].map(|kind| answer["document"][kind].as_array());
    let said =
        lists.into_iter().flatten().flatten().filter_map(|tag| Some((tag["name"].as_str()?, tag["unit"].as_str()?)));
    let said: BTreeMap<&str, &str> = said.collect();
    let named = columns.iter().map(|column| column.split_once('=').unwrap_or((column.as_str(), column.as_str())));
    let units = named.filter_map(|(name, tag)| Some((name.to_owned(), (*said.get(tag)?).to_owned())));
    Ok(units.collect())
}

/// RFC 3339, or microseconds since 1970.
pub(super) fn time(text: &str) -> Result<Timestamp, Problem> {
    if let Ok(micros) = text.parse() {
        return Ok(Timestamp::from_micros(micros));
    }
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed.map(|time| Timestamp::from_micros(time.as_microsecond())).map_err(|error| {
        Problem::new("time.malformed", text, "this is no point in time")
            .why(error.to_string())
            .hint("write it like 2026-11-22T14:00:00Z, or in microseconds since 1970")
    })
}
