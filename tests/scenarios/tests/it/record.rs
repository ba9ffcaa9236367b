//! The record of changes is proved offline: an export verifies, and whatever is altered in it is found with its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, free_port, packed_pump, pump_site};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_mins(1);

/// An edge on which some things were changed, and its record as a file.
async fn exported(folder: &Path) -> Result<(Edge, PathBuf)> {
    let site = folder.join("site.toml");
    let text = pump_site(free_port()?, &packed_pump(folder).await?)?;
    fs::write(&site, &text)?;
    let edge = Edge::start(&folder.join("data"), Some(&site)).await?;
    edge.lastmile(&["mode", "pump", "watch", "--because", "first look"]).await?.good()?;
    edge.lastmile(&["off", "pump"]).await?.good()?;
    fs::write(&site, text.replace("name = \"Line\"", "name = \"Line 1\""))?;
    let site = site.to_str().context("a path in UTF-8")?;
    edge.lastmile(&["apply", site, "--because", "it has a number now"]).await?.good()?;
    let record = edge.lastmile(&["record", "export"]).await?.good()?.stdout;
    let file = folder.join("record.jsonl");
    fs::write(&file, record)?;
    Ok((edge, file))
}

async fn verify(file: &Path) -> Result<Finished> {
    Finished::lastmile(&["record", "verify", file.to_str().context("a path in UTF-8")?], SOON).await
}

/// The record with line `number` (from 1) changed.
fn altered(file: &Path, number: usize, change: impl Fn(&str) -> String) -> Result<PathBuf> {
    let text = fs::read_to_string(file)?;
    let lines =
        text.lines().enumerate().map(|(at, line)| if at + 1 == number { change(line) } else { line.to_owned() });
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    let altered = file.with_extension("altered");
    fs::write(&altered, lines.join("\n") + "\n")?;
    Ok(altered)
}

#[tokio::test]
async fn a_record_as_exported_is_whole() -> Result<()> {
    let folder = TempDir::new()?;
    let (edge, file) = exported(folder.path()).await?;
    let text = fs::read_to_string(&file)?;
    for said in ["first look", "it has a number now"] {
        ensure!(text.contains(said), "`{said}` is not in the record:\n{text}");
    }
    verify(&file).await?.good()?;
    edge.lastmile(&["record", "verify", edge.http().base()]).await?.good()?;
    let last: Value = serde_json::from_str(text.lines().last().context("an empty record")?)?;
    ensure!(last.is_object(), "{last}");
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}

#[tokio::test]
async fn whatever_is_altered_is_found_with_its_place() -> Result<()> {
    let folder = TempDir::new()?;
    let (edge, file) = exported(folder.path()).await?;
    edge.stop(SOON).await?;
    let lines = fs::read_to_string(&file)?.lines().count();
    ensure!(lines >= 4, "{lines} entries");
    for number in 1..=lines {
        // the last digit in the line: a time, a number or a digest
        let flipped = altered(&file, number, |line| {
            let at = line.rfind(|digit: char| digit.is_ascii_digit()).unwrap_or(0);
            let mut bytes = line.as_bytes().to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })?;
        let found = verify(&flipped).await?.exit(1)?;
        // an entry proves the one before it: where the two part, either may be the altered one
        let places = [number, number + 1].map(|line| format!("record.altered:{line}:"));
        ensure!(places.iter().any(|place| found.stderr.contains(place)), "line {number}: {}", found.stderr);
    }
    let shorter = altered(&file, 2, |_| String::new())?;
    let found = verify(&shorter).await?.exit(1)?;
    ensure!(found.stderr.contains("record.altered:2:"), "{}", found.stderr);
    Ok(())
}
