//! kill -9 of the edge, ten times under load: it predicts again within two seconds, and what it had acknowledged is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Program, SCORE, Sample, packed_pump, pump_site, say};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const SOON: Duration = Duration::from_mins(1);
const KILLS: u32 = 10;
const TO_FIRST_PREDICTION: Duration = Duration::from_secs(2);
/// Registers that are read four times a second, all as one scan group, beside the pump's.
const LOAD: usize = 800;
/// A tag of each scan group, the model's among them: together they have one sample for each scan that is kept.
const WITNESSES: [&str; 3] = ["line/load-0", "line/state", SCORE];

/// What was known when the process was killed.
struct Killed {
    at_ms: i64,
    acknowledged: u64,
    /// Scans that the process had synced since its start.
    scans: u64,
}

fn site_toml(port: u16, bundle: &Path) -> Result<String> {
    let load = (0..LOAD).map(|n| {
        format!("[[tag]]\nname = \"line/load-{n}\"\ndevice = \"plc\"\naddress = \"holding:{n}:uint16\"\nperiod = \"250ms\"\n")
    });
    Ok(pump_site(port, bundle)? + &load.collect::<String>())
}

/// Reads what is acknowledged for two to three seconds, another time at each turn, and kills the process.
async fn kill(edge: Edge, turn: u32) -> Result<Killed> {
    let until = Instant::now() + Duration::from_millis(2_000 + u64::from(turn) * 137);
    let (mut acknowledged, mut scans) = (0, 0);
    while Instant::now() < until {
        acknowledged = edge.acknowledged().await?;
        scans = edge.scans_kept().await?;
        sleep(Duration::from_millis(20)).await; // the pace of asking; the load comes from the devices
    }
    let at_ms = edge.now_ms().await?;
    edge.kill().await?;
    Ok(Killed { at_ms, acknowledged, scans })
}

fn nothing_acknowledged_is_lost(samples: &[Sample], kills: &[Killed]) -> Result<()> {
    let distinct: BTreeSet<(i64, &str)> =
        samples.iter().map(|sample| (sample.arrival_us, sample.tag.as_str())).collect();
    ensure!(distinct.len() == samples.len(), "{} samples are there twice", samples.len() - distinct.len());
    let mut scans = 0;
    for Killed { at_ms, scans: of_this_process, .. } in kills {
        scans += of_this_process;
        let there = u64::try_from(samples.iter().filter(|sample| sample.arrival_us / 1000 <= *at_ms).count())?;
        ensure!(there >= scans, "{scans} scans were acknowledged at {at_ms}, {there} are there");
    }
    Ok(())
}

/// The longest time without a scan of the pump's group, µs: the restarts.
fn longest_gap(samples: &[Sample]) -> i64 {
    let times: Vec<i64> =
        samples.iter().filter(|sample| sample.tag == WITNESSES[1]).map(|sample| sample.arrival_us).collect();
    times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).max().unwrap_or(0)
}

#[tokio::test]
async fn ten_kills_under_load_lose_nothing_acknowledged_and_predict_within_two_seconds() -> Result<()> {
    let folder = TempDir::new()?;
    let mut server = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&server.line_with("\"port\"", SOON).await?)?;
    let port = ready.get("port").and_then(Value::as_u64).context("the Modbus server says its port")?;
    let site = folder.path().join("site.toml");
    fs::write(&site, site_toml(u16::try_from(port)?, &packed_pump(folder.path()).await?)?)?;
    let data = folder.path().join("data");

    let mut edge = Edge::start(&data, Some(&site)).await?;
    edge.predicts(0).await.context("the model applies after 30 s in operation")?;
    let (mut kills, mut took) = (Vec::new(), Vec::new());
    for turn in 1..=KILLS {
        let killed = kill(edge, turn).await?;
        let begun = Instant::now();
        edge = Edge::start(&data, None).await?;
        let found = edge.acknowledged().await?;
        ensure!(
            found >= killed.acknowledged,
            "kill {turn}: {} was acknowledged, {found} is there",
            killed.acknowledged
        );
        edge.predicts(killed.at_ms).await?;
        took.push(begun.elapsed());
        kills.push(killed);
    }
    let (acknowledged, scans) = (edge.acknowledged().await?, edge.scans_kept().await?);
    kills.push(Killed { at_ms: edge.now_ms().await?, acknowledged, scans });
    let samples = edge.history(&WITNESSES).await?;
    edge.stop(SOON).await?;

    took.sort();
    let (median, slowest) = (took[took.len() / 2], took[took.len() - 1]);
    let gap = Duration::from_micros(u64::try_from(longest_gap(&samples))?);
    say(&format!(
        "kill: restart to first prediction {median:.2?} median, {slowest:.2?} slowest; longest gap {gap:.2?}"
    ));
    nothing_acknowledged_is_lost(&samples, &kills)?;
    ensure!(slowest <= TO_FIRST_PREDICTION, "one restart took {slowest:.2?}");
    Ok(())
}
