//! A shared line with a dead unit on it: what is counted, what is said, and what is computed before a change is saved.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, eventually, say};
use serde_json::{Value, json};
use tempfile::TempDir;

const SOON: Duration = Duration::from_mins(1);
/// Units 1 and 7 answer, 9 never does.
const UNITS: [u8; 3] = [1, 7, 9];

fn device<'a>(devices: &'a Value, name: &str) -> Result<&'a Value> {
    let found = devices.as_array().into_iter().flatten().find(|device| device["name"] == name);
    found.with_context(|| format!("no device {name} in {devices}"))
}

fn number(of: &Value, pointer: &str) -> f64 {
    of.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
}

fn count(of: &Value, pointer: &str) -> u64 {
    of.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

#[tokio::test]
async fn a_shared_line_says_how_it_keeps_up_and_what_a_scan_takes() -> Result<()> {
    let mut server = Program::peer("modbus/server.py", &["rtu-tcp", "--silent-strangers"])?;
    let ready: Value = serde_json::from_str(&server.line_with("\"port\"", SOON).await?)?;
    let url = format!("modbus-rtu-tcp://127.0.0.1:{}", ready["port"]);
    let folder = TempDir::new()?;
    let site = folder.path().join("site.toml");
    let devices = UNITS.map(|unit| {
        format!(
            "[[device]]\nname = \"unit-{unit}\"\nurl = \"{url}/{unit}\"\ntimeout = \"200ms\"\nperiod = \"500ms\"\n\
             [[tag]]\nname = \"t{unit}\"\ndevice = \"unit-{unit}\"\naddress = \"holding:5\"\n"
        )
    });
    fs::write(&site, format!("[site]\nname = \"Lines\"\n{}", devices.concat()))?;
    let edge = Edge::start(&folder.path().join("data"), Some(&site)).await?;

    let told = eventually("load and counts of every device", SOON, || async {
        let devices = edge.http().get("/api/v1/devices").await?;
        let one = device(&devices, "unit-1")?;
        let enough = number(one, "/groups/0/day/kept") >= 8.0
            && number(device(&devices, "unit-9")?, "/groups/0/day/missed") >= 8.0
            && number(one, "/load/line_percent") > 0.0;
        Ok(enough.then_some(devices))
    })
    .await?;
    let (one, dead) = (device(&told, "unit-1")?, device(&told, "unit-9")?);
    ensure!(count(one, "/load/on_line") == 3, "three devices share the line: {one}");
    ensure!(number(one, "/load/silent_percent") > 0.0, "the line waited for the dead unit: {one}");
    ensure!(number(one, "/load/line_percent") <= 100.0, "{one}");
    ensure!(number(dead, "/groups/0/day/kept") == 0.0, "{dead}");
    ensure!(dead.pointer("/load/overloaded") == Some(&json!(false)), "a dead unit is no overload: {dead}");
    let metrics = edge.http().text("/metrics").await?;
    for name in ["line_busy_ratio", "device_silent_ratio", "scan_overrun_total", "scan_lateness_worst_seconds"] {
        ensure!(metrics.contains(&format!("\nlastmile_{name}{{")), "no {name} in the metrics");
    }

    let typed = json!({ "name": "unit-1", "url": format!("{url}/1"), "period": "500ms" });
    let addresses: Vec<String> = (0..200).map(|at| format!("holding:{}", at * 7)).collect();
    let test = edge.http().post("/api/v1/devices/test", &json!({ "device": typed, "addresses": addresses })).await?;
    let time = &test["scan_time"];
    ensure!(count(time, "/others") == 2 && count(time, "/tags") == 201, "{time}");
    ensure!(time["measured"] == json!(true), "the line runs, so it is measured: {time}");
    ensure!(number(time, "/requests") >= 190.0, "what lies apart takes a request each: {time}");
    ensure!(number(time, "/round_ms") >= number(time, "/scan_ms"), "{time}");
    ensure!(time["fits"] == json!(false), "200 requests with 20 ms between them do not fit into 500 ms: {time}");
    ensure!(time["hints"].as_array().is_some_and(|hints| hints.contains(&json!("group-addresses"))), "{time}");
    say(&format!("lines: {}", one.pointer("/state/words").and_then(Value::as_str).unwrap_or_default()));
    ensure!(edge.stop(SOON).await?.success());

    let check = ["--json", "device", "check", "modbus-rtu:///dev/no-such-port?baud=9600", "holding:0", "holding:100"];
    let said = Finished::lastmile(&check, SOON).await?;
    let found: Value = serde_json::from_str(&said.stdout).with_context(|| said.stdout.clone())?;
    ensure!(count(&found, "/scan/requests") == 2 && found["scan"]["measured"] == json!(false), "{found}");
    Ok(())
}
