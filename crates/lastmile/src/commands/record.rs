//! `lastmile record verify|export`: proof that nothing was altered, without a network where a file is given.

use std::io::BufReader;
use std::path::Path;

use domain::{Problem, Problems};
use serde_json::{Value, json};

use super::Ended;
use super::at::At;
use crate::args::RecordCommand;
use crate::out::{Exit, Out};

pub(super) async fn run(command: RecordCommand, out: Out) -> Ended {
    match command {
        RecordCommand::Verify { source, at } if source.starts_with("http://") || source.starts_with("https://") => {
            let at = At::new(&crate::args::AtArgs { at: source, ..at })?;
            let found: Value = at.get("changes/verify", &[]).await?;
            let good = found["ok"].as_bool().unwrap_or(false);
            out.say(found["words"].as_str().unwrap_or_default(), &found);
            Ok(if good { Exit::Ok } else { Exit::Finding })
        }
        RecordCommand::Verify { source, .. } => verify_file(&source, out),
        RecordCommand::Export(at) => {
            let response = At::new(&at)?.stream("changes/export", &[]).await?;
            let text = response.text().await;
            out.line(text.map_err(|error| Problem::new("edge.bad-answer", at.at, error.to_string()))?.trim_end());
            Ok(Exit::Ok)
        }
    }
}

fn verify_file(file: &str, out: Out) -> Ended {
    let opened = std::fs::File::open(Path::new(file)).map_err(|error| {
        Problems::from(Problem::new("file.unreadable", file, format!("the file cannot be read: {error}")))
    })?;
    let report = state::record::verify_export(file, BufReader::new(opened))?;
    out.say(
        format!("Whole: {} entries, each linked to the one before, none altered.", report.entries),
        &json!({ "ok": true, "entries": report.entries }),
    );
    Ok(Exit::Ok)
}
