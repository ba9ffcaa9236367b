//! kill -9 of the edge, ten times under load: it predicts again within two seconds, and what it had acknowledged is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Finished, Http, Program, eventually, python};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

const SOON: Duration = Duration::from_mins(1);
const KILLS: u32 = 10;
/// Long enough for the model's window of 20 s to be full once.
const WARM_UP: Duration = Duration::from_secs(25);
const FIRST_PREDICTION_S: f64 = 2.0;
/// Registers that are read four times a second, all as one scan group.
const TAGS: usize = 1000;
/// A tag of which every sample is looked for afterwards.
const WITNESS: &str = "line/tag-0";

const CONTRACT: &str = r#"
format = 1
name = "mean"
version = "1.0.0"
title = { en = "Mean" }
model = "model.onnx"
[trigger]
kind = "every"
period = "1s"
[window]
length = "20s"
step = "1s"
[[signal]]
name = "a"
title = { en = "A" }
rate = "1s"
[[signal]]
name = "b"
title = { en = "B" }
rate = "1s"
[[feature]]
name = "a_mean"
signal = "a"
op = "mean"
[[feature]]
name = "b_std"
signal = "b"
op = "std"
[tensor]
input = "x"
layout = "features"
[[output]]
name = "score"
tensor = "y"
title = { en = "Score" }
"#;

/// A model that returns the mean of its features.
const MODEL: &str = r#"
import sys, onnx
from onnx import TensorProto as T, helper as h
x, y = (h.make_tensor_value_info(n, T.FLOAT, ["N", w]) for n, w in (("x", 2), ("y", 1)))
graph = h.make_graph([h.make_node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=1)], "g", [x], [y])
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, sys.argv[1])
"#;

/// An edge that runs, and where it answers.
struct Edge {
    program: Program,
    http: Http,
}

impl Edge {
    async fn start(data: &str, site: Option<&str>) -> Result<Self> {
        let mut arguments = vec!["edge", "--data", data, "--listen", "127.0.0.1:0"];
        arguments.extend(site.map(|site| ["--site", site]).into_iter().flatten());
        let mut program = Program::lastmile(&arguments)?;
        let line = program.line_with("http://", SOON).await?;
        let at = line.find("http://").context("no address in the ready line")?;
        let url = line.get(at..).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        Ok(Self { http: Http::new(url)?, program })
    }

    async fn synced(&self) -> Result<u64> {
        let health = self.http.get("/healthz").await?;
        health.pointer("/log/data/synced_seq").and_then(Value::as_u64).context("no log.data.synced_seq in /healthz")
    }

    async fn first_prediction_s(&self) -> Result<f64> {
        eventually("a first prediction", SOON, || async {
            let health = self.http.get("/healthz").await?;
            Ok(health.get("first_prediction_s").and_then(Value::as_f64))
        })
        .await
    }
}

#[tokio::test]
async fn ten_kills_under_load_lose_nothing_acknowledged_and_predict_within_two_seconds() -> Result<()> {
    let folder = TempDir::new()?;
    let mut server = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&server.line_with("\"port\"", SOON).await?)?;
    let port = ready.get("port").and_then(Value::as_u64).context("the Modbus server says its port")?;
    let bundle = pack_model(folder.path()).await?;
    let site = folder.path().join("site.toml");
    fs::write(&site, site_toml(port, &bundle))?;
    let data = folder.path().join("data").display().to_string();

    let mut edge = Edge::start(&data, Some(&site.display().to_string())).await?;
    edge.first_prediction_s().await?;
    sleep(WARM_UP).await; // process time has to pass: nothing else fills a window
    let mut slowest: f64 = 0.0;
    for kill in 1..=KILLS {
        // at another point of the second each time
        let until = Instant::now() + Duration::from_millis(2_000 + u64::from(kill) * 137);
        let mut acknowledged = 0;
        while Instant::now() < until {
            acknowledged = edge.synced().await?;
            sleep(Duration::from_millis(20)).await;
        }
        edge.program.kill().await?;
        edge = Edge::start(&data, None).await?;
        let found = edge.synced().await?;
        ensure!(found >= acknowledged, "kill {kill}: {acknowledged} was acknowledged, {found} is there");
        slowest = slowest.max(edge.first_prediction_s().await?);
    }
    let acknowledged = edge.synced().await?;
    let samples = witness_samples(folder.path(), &data, edge.http.base()).await?;
    ensure!(
        samples >= acknowledged,
        "{acknowledged} scans were acknowledged, {samples} samples of {WITNESS} are there"
    );
    ensure!(slowest <= FIRST_PREDICTION_S, "the slowest first prediction came {slowest:.2} s after a start");
    edge.program.stop(SOON).await?;
    Ok(())
}

async fn pack_model(folder: &Path) -> Result<PathBuf> {
    let source = folder.join("mean");
    fs::create_dir(&source)?;
    fs::write(source.join("contract.toml"), CONTRACT)?;
    let mut write_model = Command::new(python());
    write_model.arg("-c").arg(MODEL).arg(source.join("model.onnx"));
    Finished::of(write_model, SOON).await?.good()?;
    let packed = folder.join("mean.tar");
    let arguments = ["bundle".into(), "pack".into(), source, "--out".into(), packed.clone()];
    Finished::lastmile(&arguments, SOON).await?.good()?;
    Ok(packed)
}

fn site_toml(port: u64, bundle: &Path) -> String {
    let tags: Vec<String> = (0..TAGS)
        .map(|n| format!("[[tag]]\nname = \"line/tag-{n}\"\ndevice = \"plc\"\naddress = \"holding:{n}:uint16\"\n"))
        .collect();
    format!(
        r#"
[site]
name = "Kill"
accept_unsigned = true
[[place]]
path = "line"
name = "Line"
level = "line"
[[device]]
name = "plc"
url = "modbus-tcp://127.0.0.1:{port}/1"
place = "line"
period = "250ms"
{tags}
[[deployment]]
name = "mean"
place = "line"
bundle = "{bundle}"
mode = "watch"
map = {{ a = "line/tag-1", b = "line/tag-2" }}
"#,
        tags = tags.concat(),
        bundle = bundle.display()
    )
}

/// How many samples of the witness are in the history, from a file as a user takes it out.
async fn witness_samples(folder: &Path, data: &str, url: &str) -> Result<u64> {
    let file = folder.join("witness.csv").display().to_string();
    let whole = ["--from", "0", "--to", "4102444800000000"];
    let mut arguments = vec!["history", "export", "--tags", WITNESS, "--at", url, "--data", data, &file];
    arguments.extend(whole);
    Finished::lastmile(&arguments, SOON).await?.good()?;
    let lines = fs::read_to_string(&file)?.lines().filter(|line| line.contains(WITNESS)).count();
    Ok(u64::try_from(lines)?)
}
