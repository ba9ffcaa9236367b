//! A list of another system becomes tags that an edge reads: the export of Kepware through the command line into a
//! site.toml, with everything that was not understood said above them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, eventually};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_mins(1);

const EXPORT: &str = "\
Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value
\"Pump 7.Speed\",\"400101\",Word,1,R/W,100,Linear,0,1000,0,100,Float,0,0,%,\"Speed of the pump\",
\"Pump 7.Running\",\"000003\",Boolean,1,RO,100,,,,,,,,,,\"\",
\"Pump 7.Curve\",\"400201[100]\",Word Array,1,RO,100,,,,,,,,,,\"\",
";

#[tokio::test]
async fn an_export_of_kepware_becomes_tags_that_an_edge_reads() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&server.line_with("port", SOON).await?)?;
    let url = format!("modbus-tcp://127.0.0.1:{}/1", ready["port"]);
    let export = folder.path().join("export.csv");
    fs::write(&export, EXPORT)?;
    let export = export.to_str().context("a path of plain letters")?;
    let arguments = ["device", "import", export, "--device", "plc-9", "--url", &url, "--place", "line-1", "--live"];

    // exit code 1: one row was not taken
    let printed = Finished::lastmile(&arguments, SOON).await?.exit(1)?.stdout;
    ensure!(printed.contains("# NOT TAKEN line 4: Pump 7.Curve is an array"), "{printed}");
    let told: Value = serde_json::from_str(
        &Finished::lastmile(&[&["--json"], &arguments[..]].concat(), SOON).await?.exit(1)?.stdout,
    )?;
    ensure!(told["format"] == "kepware" && told["tags"].as_array().is_some_and(|tags| tags.len() == 2), "{told}");

    let site = folder.path().join("site.toml");
    let head = "[site]\nname = \"Plant\"\n\n[[place]]\npath = \"line-1\"\nname = \"Line 1\"\nlevel = \"line\"\n\n";
    fs::write(&site, format!("{head}{printed}"))?;
    let edge = Edge::start(&folder.path().join("data"), Some(&site)).await?;
    let speed = "/api/v1/tags/line-1%2Fpump_7.speed";
    let tag = eventually("the speed is read", SOON, || async {
        let tag = edge.http().get(speed).await?;
        Ok((tag["latest"]["quality"] == "good").then_some(tag))
    });
    let tag = tag.await?;
    // register 100 holds 100; scaled from 0–1000 to 0–100 %
    ensure!(
        tag["latest"]["value"] == json!(10.0) && tag["unit"] == "%" && tag["label"]["en"] == "Speed of the pump",
        "{tag}"
    );

    // the same list again: both names and both addresses are taken, and it says so before anything is saved
    let asked = json!({"text": EXPORT});
    let again = edge.http().post("/api/v1/tags/import", &asked).await?;
    ensure!(
        again["report"].as_array().is_some_and(|report| report.iter().any(|one| one["code"] == "kepware.array")),
        "{again}"
    );
    let tags = json!([{"name": "line-1/pump_7.speed", "device": "plc-9", "address": "holding:100"}]);
    let findings =
        edge.http().post("/api/v1/tags/check", &json!({"device": "plc-9", "url": url, "tags": tags})).await?;
    let codes: Vec<&str> = findings.as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).collect();
    ensure!(codes == ["tag.name-known", "tag.read-twice"], "{findings}");
    edge.stop(SOON).await?;
    Ok(())
}
