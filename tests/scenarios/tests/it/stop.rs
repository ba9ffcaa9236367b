//! An edge ends when it is asked to, and its workers end with it, however it ends.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, eventually, free_port, is_running, packed_pump, processes_below, pump_site};
use tempfile::TempDir;

const SOON: Duration = Duration::from_mins(1);
const TO_STOP: Duration = Duration::from_secs(3);

/// An edge with a model in a worker process, and the ids of its processes. Its device does not answer.
async fn with_worker(folder: &Path) -> Result<(Edge, Vec<u32>)> {
    let site = folder.join("site.toml");
    fs::write(&site, pump_site(free_port()?, &packed_pump(folder).await?)?)?;
    let edge = Edge::start(&folder.join("data"), Some(&site)).await?;
    let pid = edge.program().pid().context("it ended")?;
    let workers = eventually("a worker", SOON, || async move {
        let workers = processes_below(pid);
        Ok((!workers.is_empty()).then_some(workers))
    })
    .await?;
    Ok((edge, workers))
}

async fn gone(processes: &[u32]) -> Result<()> {
    eventually("workers end with the edge", TO_STOP, || async {
        let left = processes.iter().any(|pid| is_running(*pid));
        Ok((!left).then_some(()))
    })
    .await
}

#[tokio::test]
async fn an_edge_that_is_asked_to_stop_stops_with_its_workers() -> Result<()> {
    let folder = TempDir::new()?;
    let (edge, workers) = with_worker(folder.path()).await?;
    let status = edge.stop(TO_STOP).await?;
    ensure!(status.success(), "it ended with {status}");
    gone(&workers).await
}

#[tokio::test]
async fn an_edge_that_is_killed_leaves_no_worker_behind() -> Result<()> {
    let folder = TempDir::new()?;
    let (edge, workers) = with_worker(folder.path()).await?;
    edge.kill().await?;
    gone(&workers).await
}
