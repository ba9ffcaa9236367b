//! The wall clock wrong across a restart: a board that boots in 1970 and is told the time later, and one that was ahead.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use faults::{Device, Live, Look, Plant, Shape};
use scenarios::{Edge, Launch, SCORE, eventually, say};
use tempfile::TempDir;
use testkit::Preload;
use tokio::time::Instant;

use crate::SOON;

const HOUR: i64 = 3_600_000_000;
/// Days of history that lie ahead of the clock, as far as the test is concerned.
const FAR: i64 = 400 * 24 * HOUR;

/// Waits until the model predicts on fresh values, checking every look meanwhile.
async fn predicts(edge: &Edge, plant: &Plant, live: &mut Live) -> Result<Duration> {
    let begun = Instant::now();
    let pid = edge.program().pid().context("it ended")?;
    let end = begun + SOON;
    loop {
        let look = Look::take(edge.http(), plant).await?;
        live.check(&look, pid);
        let fresh = [SCORE.to_owned(), Device(1).stamp_tag(0)].iter().all(|tag| look.is_good(tag));
        if fresh {
            return Ok(begun.elapsed());
        }
        ensure!(
            Instant::now() < end,
            "no prediction within {SOON:?}; {}",
            edge.http().get("/api/v1/deployments").await?
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn started(data: &std::path::Path, site: Option<&std::path::Path>, preload: &Preload) -> Result<Edge> {
    Edge::launch(Launch { data, site, environment: preload.environment(), disk_bytes: None, arguments: Vec::new() })
        .await
}

#[tokio::test]
async fn a_clock_that_was_ahead_or_is_in_1970_keeps_nobody_from_predicting() -> Result<()> {
    let folder = TempDir::new()?;
    let plant = Plant::start(folder.path()).await?;
    let (data, site) = (folder.path().join("data"), folder.path().join("site.toml"));
    fs::create_dir(&data)?;
    fs::write(&site, plant.site_toml(&Shape::default())?)?;
    let preload = Preload::build(&data, 1)?;
    let mut live = Live::default();

    preload.set_clock(HOUR)?;
    let edge = started(&data, Some(&site), &preload).await?;
    let mut took = vec![predicts(&edge, &plant, &mut live).await.context("an hour ahead")?];
    for (ahead, what) in [(0, "right, after an hour ahead"), (-FAR, "far behind"), (0, "right again")] {
        // while it runs the clock steps, and nothing stops
        preload.set_clock(ahead)?;
        predicts(&edge, &plant, &mut live).await.with_context(|| format!("stepped to {what}"))?;
    }
    edge.kill().await?;
    for (ahead, what) in [(HOUR, "ahead"), (0, "right, after an hour ahead"), (-FAR, "far behind"), (0, "right again")]
    {
        preload.set_clock(ahead)?;
        let edge = started(&data, None, &preload).await?;
        took.push(
            predicts(&edge, &plant, &mut live).await.with_context(|| format!("started with a clock that is {what}"))?,
        );
        eventually("it records", SOON, || async { Ok((edge.acknowledged().await? > 0).then_some(())) }).await?;
        edge.kill().await?;
    }
    say(&format!("clock: to the first fresh prediction after each start: {took:.1?}"));
    live.findings.into_result()
}
