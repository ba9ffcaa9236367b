//! A disk that is really full: nothing ordinary works and everything says so; stopping works, acquisition goes on, and
//! with room again all is as before.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use faults::{Device, Look, Plant, Shape, VARIABLE};
use scenarios::{Edge, Finished, Launch, SCORE, eventually, say};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::SOON;

/// Above the store's reserve, so that the edge records at first.
const DISK: u64 = 700_000_000;

/// Writes a file until there is no room at all.
fn fill(folder: &Path) -> Result<u64> {
    let mut file = File::create(folder.join("filler"))?;
    let block = vec![0x55; 1 << 20];
    let mut size = 1 << 20;
    let mut written = 0;
    while size > 0 {
        match file.write(block.get(..size).unwrap_or_default()) {
            Ok(0) => size /= 2,
            Ok(count) => written += count as u64,
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => size /= 2,
            Err(error) => bail!("filling the disk: {error}"),
        }
    }
    Ok(written)
}

async fn until(what: &str, edge: &Edge, plant: &Plant, holds: impl Fn(&Look) -> bool) -> Result<Look> {
    eventually(what, SOON, || async {
        let look = Look::take(edge.http(), plant).await?;
        Ok(holds(&look).then_some(look))
    })
    .await
}

fn scans(look: &Look, device: Device) -> f64 {
    look.metric(&format!("scan_kept_total{{device=\"{}\",period_ms=\"500\"}}", device.name()))
}

async fn set(edge: &Edge, value: i64) -> Result<Value> {
    let path = format!("/api/v1/variables/{}", VARIABLE.replace('/', "%2F"));
    edge.http().put(&path, &json!({ "value": value, "because": "full disk" })).await
}

#[tokio::test]
async fn on_a_full_disk_stopping_works_acquisition_goes_on_and_the_page_says_so() -> Result<()> {
    let folder = TempDir::new()?;
    let plant = Plant::start(folder.path()).await?;
    let (data, site) = (folder.path().join("data"), folder.path().join("site.toml"));
    fs::create_dir(&data)?;
    fs::write(&site, plant.site_toml(&Shape::default())?)?;
    let launch = Launch {
        data: &data,
        site: Some(&site),
        environment: Vec::new(),
        disk_bytes: Some(DISK),
        arguments: Vec::new(),
    };
    let edge = Edge::launch(launch).await?;
    until("recording", &edge, &plant, |look| look.synced("data") > 10).await?;
    set(&edge, 1).await.context("with room, a variable can be set")?;

    let filled = fill(edge.data())?;
    let full = until("the full disk is said", &edge, &plant, |look| look.words().contains("disk")).await?;
    // the room that the log gave back is taken, too: now there is none
    let filled = filled + fill_more(edge.data())?;
    say(&format!("full-disk: {filled} bytes filled; {}", full.words()));
    ensure!(full.health.get("status").and_then(Value::as_str) == Some("degraded"), "{}", full.health);

    let refused = set(&edge, 2).await.err().context("a variable was set on a full disk")?;
    ensure!(format!("{refused:#}").contains("disk is full"), "{refused:#}");
    for turn in 0..3 {
        edge.lastmile(&["off", "pump"]).await?.good().with_context(|| format!("switching off, turn {turn}"))?;
        let off = until("the model is off", &edge, &plant, |look| !look.is_good(SCORE)).await?;
        let before = scans(&off, Device(1));
        until("healthy devices are still read", &edge, &plant, |look| scans(look, Device(1)) >= before + 6.0).await?;
        let on = edge.lastmile(&["mode", "pump", "watch", "--because", "on again"]).await?;
        ensure!(!on.status.success(), "an ordinary act was done on a full disk: {}", on.stdout);
        if turn == 0 {
            fill_more(edge.data())?;
        }
    }

    fs::remove_file(edge.data().join("filler"))?;
    until("it records again", &edge, &plant, |look| {
        look.synced("data") > full.synced("data") + 10 && look.words().is_empty()
    })
    .await?;
    set(&edge, 3).await.context("with room again, a variable can be set")?;
    edge.lastmile(&["mode", "pump", "watch", "--because", "on again"]).await?.good()?;
    let record = edge.lastmile(&["record", "export"]).await?.good()?.stdout;
    let file = folder.path().join("record.jsonl");
    fs::write(&file, record)?;
    Finished::lastmile(&["record".as_ref(), "verify".as_ref(), file.as_os_str()], SOON).await?.good()?;
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}

/// The same into another file.
fn fill_more(folder: &Path) -> Result<u64> {
    let aside = folder.join("more");
    fs::create_dir_all(&aside)?;
    let written = fill(&aside)?;
    Ok(written)
}
