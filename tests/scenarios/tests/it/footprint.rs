//! How much memory an idle edge takes: all its processes, shared pages counted by their share (PSS).

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, eventually, is_release, packed_pump, processes_below, say};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

const SOON: Duration = Duration::from_mins(1);
/// For a program as it is shipped; a debug build only shows its figure.
const LIMIT_MB: f64 = 60.0;
/// Two commits of the log, a seal and the first trims of the allocator are behind it by then.
const SETTLING: Duration = Duration::from_secs(20);

/// Proportional set size in MB.
fn pss_mb(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0 / 1e6)
}

/// The plant's site.toml with its bundle named by path instead of digest.
fn with_bundle(site: &str, bundle: &Path) -> Result<String> {
    let bundle = bundle.to_str().context("a path in UTF-8")?;
    let at = site.find("\"sha256:").context("no bundle in the site.toml")?;
    let (head, rest) = site.split_at(at + 1);
    let (_, tail) = rest.split_once('"').context("no end of the digest")?;
    Ok(format!("{head}{bundle}\"{tail}"))
}

#[tokio::test]
async fn an_idle_edge_with_the_demo_plant_stays_small() -> Result<()> {
    let folder = TempDir::new()?;
    // the plant runs in a process of its own, so that it is not counted
    let plant_data = folder.path().join("plant");
    let plant_folder = plant_data.to_str().context("a path in UTF-8")?;
    let mut plant = Program::lastmile(&["demo", "--headless", "--listen", "127.0.0.1:0", "--data", plant_folder])?;
    let ready: Value = serde_json::from_str(&plant.line_with("\"ready\"", SOON).await?)?;
    let url = ready.get("url").and_then(Value::as_str).context("no url")?;
    let site = Finished::lastmile(&["export", "--at", url, "--data", plant_folder], SOON).await?.good()?.stdout;
    let site_file = folder.path().join("site.toml");
    fs::write(&site_file, with_bundle(&site, &packed_pump(folder.path()).await?)?)?;

    let edge = Edge::start(&folder.path().join("data"), Some(&site_file)).await?;
    edge.first_prediction(SOON).await?;
    let pid = edge.program().pid().context("it ended")?;
    let workers = eventually("a worker", SOON, || async move {
        let workers = processes_below(pid);
        Ok((!workers.is_empty()).then_some(workers))
    })
    .await?;
    sleep(SETTLING).await; // idling is what is measured
    let own = pss_mb(pid)?;
    let worker: f64 = workers.iter().map(|worker| pss_mb(*worker)).sum::<Result<f64>>()?;
    let total = own + worker;
    let kind = if is_release() { "release" } else { "debug, for information" };
    say(&format!("footprint: {total:.1} MB ({kind}): edge {own:.1} MB, worker {worker:.1} MB"));
    ensure!(!is_release() || total <= LIMIT_MB, "an idle edge takes {total:.1} MB, more than {LIMIT_MB}");
    edge.stop(SOON).await?;
    plant.stop(SOON).await?;
    Ok(())
}
