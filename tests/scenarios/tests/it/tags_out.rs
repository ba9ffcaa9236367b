//! Tags out of a whole edge: a broker, readers and a master that nobody here wrote get what the edge reads and predicts,
//! and nothing that is bad looks good.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, eventually, free_port, packed_pump, pump_site, python, workspace};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Command;

const SOON: Duration = Duration::from_mins(1);

/// Debian's mosquitto on a port that was free; another when somebody else was quicker.
async fn broker(folder: &Path) -> Result<(Program, u16)> {
    let conf = folder.join("mosquitto.conf");
    for _ in 0..5 {
        let port = free_port()?;
        fs::write(&conf, format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))?;
        let mut command = Command::new("mosquitto");
        // Debian keeps it where only root looks for programs
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())).arg("-c").arg(&conf);
        let broker = Program::start(command).context("mosquitto (Debian package mosquitto)")?;
        let listens = eventually("the broker listens", Duration::from_secs(10), || async {
            Ok(TcpStream::connect(("127.0.0.1", port)).await.ok())
        });
        if listens.await.is_ok() {
            return Ok((broker, port));
        }
    }
    anyhow::bail!("mosquitto does not listen")
}

/// paho, subscribed to everything.
async fn reader(port: u16) -> Result<Program> {
    let mut reader = Program::peer("mqtt/reader.py", &[port.to_string().as_str(), "#"])?;
    reader.line_with("subscribed", SOON).await?;
    Ok(reader)
}

/// The first message on a topic whose payload is as wished.
async fn message(reader: &Program, topic: &str, wished: impl Fn(&Value) -> bool) -> Result<Value> {
    eventually(&format!("a message on {topic}"), SOON, || async {
        let said = reader.output();
        let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let here = lines.filter(|line| line["topic"] == topic);
        let payloads = here.filter_map(|line| serde_json::from_str(line["payload"].as_str()?).ok());
        Ok(payloads.into_iter().find(|payload| wished(payload)))
    })
    .await
}

/// What pymodbus gets for each of these commands.
async fn master(port: u16, commands: &[&str]) -> Result<Value> {
    let mut command = Command::new(python());
    command.arg(workspace().join("tests/peers/modbus/poke.py")).arg(port.to_string()).args(commands);
    Finished::of(command, SOON).await?.good()?.json()
}

fn site(plc: u16, broker: u16, scada: u16, bundle: &Path) -> Result<String> {
    let outlets = format!(
        r#"
[[variable]]
name = "line/recipe_number"
type = "u64"
value = 1
range = [0, 100]

[[outlet]]
name = "plant"
url = "mqtt://127.0.0.1:{broker}"
qos = 1
retain = true
[outlet.namespace]
prefix = "acme"

[[outlet]]
name = "own-form"
url = "mqtt://127.0.0.1:{broker}"
[[outlet.message]]
each = {{ side = ["de", "nde"] }}
on = "line/vibration_{{side}}"
topic = "dash/{{side}}"
payload = '{{"v":{{line/vibration_{{side}}}},"speed":{{line/speed}},"recipe":{{line/recipe_number}}}}'

[[outlet]]
name = "scada"
url = "modbus-tcp://127.0.0.1:{scada}/1"
[[outlet.register]]
tag = "line/speed"
address = "holding:0:float32:cdab"
[[outlet.register]]
tag = "line/motor_current"
address = "holding:2:float32"
quality = "input:0"
[[outlet.register]]
tag = "line/recipe_number"
address = "holding:10:uint16"
write = true
[[outlet.register]]
tag = "line/pump-bearing/score"
address = "holding:20:float64"
quality = "input:1"
"#
    );
    Ok(pump_site(plc, bundle)? + &outlets)
}

#[tokio::test]
async fn others_read_what_the_edge_reads_and_nothing_bad_looks_good() -> Result<()> {
    let folder = TempDir::new()?;
    let mut plc = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&plc.line_with("\"port\"", SOON).await?)?;
    let plc_port = u16::try_from(ready["port"].as_u64().context("a port")?)?;
    let (_broker, broker_port) = broker(folder.path()).await?;
    let reader = reader(broker_port).await?;
    let scada = free_port()?;
    let file = folder.path().join("site.toml");
    fs::write(&file, site(plc_port, broker_port, scada, &packed_pump(folder.path()).await?)?)?;
    let edge = Edge::start(&folder.path().join("data"), Some(&file)).await?;

    // over MQTT: tags, predictions, and a form of one's own made of one scan
    let speed = message(&reader, "acme/Test/line/speed", |said| said["quality"] == "Good").await?;
    ensure!(speed["value"] == json!(1480.0) && speed["unit"] == "1/min" && speed["time"].is_string(), "{speed}");
    message(&reader, "acme/Test/_status/plant", |said| said["state"] == "online").await?;
    let score = message(&reader, "acme/Test/line/pump-bearing/score", |said| said["value"].is_number()).await?;
    ensure!(score["quality"] == "Good", "{score}");
    // what nobody has set yet is not good
    let dash = message(&reader, "dash/nde", |said| said["v"].is_number()).await?;
    ensure!(dash == json!({"v": 1900.0 * 0.001, "speed": 1480.0, "recipe": null}), "{dash}");

    // over Modbus: values in the order of words that was asked for, qualities beside, and one variable to write
    let read = ["holding:0:2", "holding:2:2", "input:0:2", "holding:1:4", "holding:30:1"];
    let words = |words: &[u16]| json!({"words": words});
    let good = eventually("good registers", SOON, || async {
        let read = master(scada, &read).await?;
        Ok((read[2] == words(&[0, 0])).then_some(read))
    })
    .await?;
    ensure!(good[0] == words(&[0, 0x44B9]) && good[1] == words(&[0x418C, 0]), "{good}");
    ensure!(good[3] == json!({"exception": 2}) && good[4] == json!({"exception": 2}), "holes are refused: {good}");
    let written = master(scada, &["set:10:7", "holding:10:1", "set:10:101", "set:0:1"]).await?;
    let expected = json!([words(&[7]), words(&[7]), {"exception": 3}, {"exception": 2}]);
    ensure!(written == expected, "{written}");
    message(&reader, "acme/Test/line/recipe_number", |said| said["value"] == 7).await?;
    let changes = edge.http().get("/api/v1/changes").await?.to_string();
    ensure!(changes.contains("outlet scada") && changes.contains("line/recipe_number"), "{changes}");

    // what is said of it
    let outlets = edge.http().get("/api/v1/outlets").await?;
    let open = outlets.as_array().context("a list")?.iter().all(|outlet| outlet["state"]["kind"] == "open");
    ensure!(open && outlets[0]["dropped"] == 0 && outlets[2]["written"] == 1, "{outlets}");
    let metrics = edge.http().text("/metrics").await?;
    ensure!(metrics.contains("lastmile_outlet_messages_sent_total{outlet=\"plant\"}"), "{metrics}");

    // the machine dies: nobody may take its last values for good
    plc.kill().await?;
    let bad = message(&reader, "acme/Test/line/speed", |said| said["quality"] != "Good").await?;
    ensure!(bad["value"].is_null() || bad["quality"] == "UncertainLastUsableValue", "{bad}");
    message(&reader, "dash/de", |said| said["v"].is_null() && said["recipe"] == 7).await?;
    let dead = eventually("bad registers", SOON, || async {
        let read = master(scada, &read).await?;
        Ok((read[0] == json!({"exception": 4})).then_some(read))
    })
    .await?;
    ensure!(dead[1] == words(&[0x418C, 0]) && dead[2]["words"][0] == 2, "the last value, marked bad: {dead}");
    ensure!(edge.stop(Duration::from_secs(10)).await?.success(), "it did not end well");
    message(&reader, "acme/Test/_status/plant", |said| said["state"] == "offline").await?;
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_an_outlet_is_said_before_it_runs() -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("site.toml");
    let wrong = r#"
[site]
name = "Test"
[[outlet]]
name = "open"
url = "modbus-tcp://0.0.0.0:1502/1"
[[outlet.register]]
tag = "line/nothing"
address = "holding:0:float33"
write = true
[[outlet]]
name = "plant"
url = "mqtts://broker"
[[outlet.message]]
on = "x"
topic = "a/#"
payload = "1"
"#;
    fs::write(&file, wrong)?;
    let edge = Edge::start(&folder.path().join("data"), None).await?;
    let file = file.to_str().context("a path in UTF-8")?;
    let said = edge.lastmile(&["apply", file, "--dry-run"]).await?.exit(1)?;
    let said = said.stdout + &said.stderr;
    for part in ["open_to_network", "site.toml:8:", "float33", "nobody vouches", "`#`"] {
        ensure!(said.contains(part), "`{part}` is not said: {said}");
    }
    Ok(())
}
