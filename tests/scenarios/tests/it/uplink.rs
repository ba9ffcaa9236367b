//! An edge and its hub, both real: every record is at the hub once, whatever is cut, killed, swallowed or away for a while; and what
//! keeps an edge from its hub is said in words.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Hub, Launch, Program, Wire, eventually, free_port, packed_pump_with, pump_site, say};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

const SOON: Duration = Duration::from_mins(1);
/// What was swallowed is noticed after the time that a request has.
const LATER: Duration = Duration::from_mins(3);
/// An edge whose hub was away for a while tries again after this at the latest.
const BACK_OFF: Duration = Duration::from_mins(2);
const STREAMS: [&str; 4] = ["change", "alarm", "prediction", "data"];
/// Periods of further scan groups: about 150 scans a second together.
const PERIODS_MS: [u32; 4] = [20, 25, 30, 40];

fn loopback() -> Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], free_port()?)))
}

/// The pump station whose bearing is worn, with fast scans beside it.
async fn plant(folder: &Path) -> Result<(Program, std::path::PathBuf)> {
    let mut server = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&server.line_with("\"port\"", SOON).await?)?;
    let port = u16::try_from(ready.get("port").and_then(Value::as_u64).context("the Modbus server says its port")?)?;
    let bundle = packed_pump_with(folder, |contract| contract.replace("for = \"30s\"", "for = \"2s\"")).await?;
    let fast = PERIODS_MS.map(|period| {
        format!("[[tag]]\nname = \"line/fast-{period}\"\ndevice = \"plc\"\naddress = \"holding:{period}:uint16\"\nperiod = \"{period}ms\"\n")
    });
    // the drive end vibrates four times as strongly as its model knows it
    let site = pump_site(port, &bundle)?.replacen("factor = 0.001", "factor = 0.004", 1);
    let site = format!("{site}{}[hub]\nbackfill_bytes_per_s = \"30kB\"\n", fast.concat());
    let file = folder.join("site.toml");
    fs::write(&file, site)?;
    Ok((server, file))
}

async fn start(data: &Path, site: Option<&Path>, arguments: &[&str]) -> Result<Edge> {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    Edge::launch(Launch { data, site, environment: Vec::new(), disk_bytes: None, arguments }).await
}

async fn link(edge: &Edge) -> Result<Value> {
    edge.http().get("/api/v1/link").await
}

fn text<'a>(link: &'a Value, pointer: &str) -> &'a str {
    link.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Waits until the link is in this state.
async fn is(edge: &Edge, kind: &str, within: Duration) -> Result<Value> {
    let what = format!("the link is {kind}");
    let found = eventually(&what, within, || async {
        let link = link(edge).await?;
        Ok((text(&link, "/state/kind") == kind).then_some(link))
    });
    match found.await {
        Ok(link) => Ok(link),
        Err(error) => Err(error.context(link(edge).await?.to_string())),
    }
}

fn of_stream(link: &Value, stream: &str, key: &str) -> Result<u64> {
    let streams = link.get("streams").and_then(Value::as_array).context("no streams")?;
    let found = streams.iter().find(|one| one.get("stream").and_then(Value::as_str) == Some(stream));
    found
        .and_then(|one| one.get(key))
        .and_then(Value::as_u64)
        .with_context(|| format!("no {key} of {stream} in {link}"))
}

/// Waits until the hub has everything of each stream that there is now; gives the newest numbers of now.
async fn caught_up(edge: &Edge, within: Duration) -> Result<Vec<(&'static str, u64)>> {
    // what was recorded until now is seen when the newest scan is: all streams are looked at together
    let before = of_stream(&link(edge).await?, "data", "tip")?;
    let now = eventually("the log is looked at", SOON, || async {
        let link = link(edge).await?;
        Ok((of_stream(&link, "data", "tip")? > before).then_some(link))
    })
    .await?;
    let tips = STREAMS.map(|stream| Ok((stream, of_stream(&now, stream, "tip")?)));
    let tips: Vec<_> = tips.into_iter().collect::<Result<_>>()?;
    let caught = eventually("the hub has everything", within, || async {
        let link = link(edge).await?;
        for (stream, tip) in &tips {
            let owed = link.get("streams").and_then(Value::as_array).into_iter().flatten();
            let owed = owed.filter_map(|one| one.get("owed")?.as_array()).any(|owed| !owed.is_empty());
            if of_stream(&link, stream, "at_hub")? < *tip || owed {
                return Ok(None);
            }
        }
        Ok(Some(()))
    });
    match caught.await {
        Ok(()) => Ok(tips),
        Err(error) => Err(error.context(link(edge).await?.to_string())),
    }
}

/// Enrols an edge at a hub through this address, with the fingerprint that both show.
async fn join(hub: &Hub, through: &str, data: &Path, site: &Path, more: &[&str]) -> Result<(Edge, String)> {
    let code = hub.claim("north/line").await?;
    let edge = start(data, Some(site), &[&["--hub", through, "--claim", &code], more].concat()).await?;
    let waiting = is(&edge, "waiting", SOON).await?;
    hub.approve(text(&waiting, "/fingerprint")).await?;
    let connected = is(&edge, "connected", SOON).await?;
    ensure!(text(&connected, "/place") == "north/line", "{connected}");
    let id = text(&connected, "/edge").to_owned();
    Ok((edge, id))
}

/// Every record that the edge had at some moment is at the hub, once, and says the same.
async fn compare(edge: &Edge, hub: &Hub, id: &str, within: Duration) -> Result<()> {
    let tips = caught_up(edge, within).await?;
    for (stream, tip) in tips {
        let at_hub = hub.records(id, stream).await?;
        at_hub.is_whole(tip).with_context(|| stream.to_owned())?;
        say(&format!("uplink: {stream} up to {tip} is at the hub once"));
        if stream == "change" {
            let export = edge.lastmile(&["record", "export"]).await?.good()?.stdout;
            let entries: Vec<Value> = export.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
            let entries = entries.iter().filter(|entry| entry.get("number").is_some());
            ensure!(entries.zip(&at_hub.contents).all(|(ours, theirs)| ours == theirs), "{:?}", at_hub.contents);
        }
        if stream == "alarm" && tip > 0 {
            let kinds: Vec<&str> = at_hub.contents.iter().map(|content| text(content, "/kind")).collect();
            ensure!(kinds.first() == Some(&"raise"), "{kinds:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_record_is_at_the_hub_once_whatever_is_cut_killed_and_swallowed() -> Result<()> {
    let folder = TempDir::new()?;
    let (_plant, site) = plant(folder.path()).await?;
    let (hub_data, data, listen) = (folder.path().join("hub"), folder.path().join("data"), loopback()?);
    let mut hub = Hub::start(&hub_data, listen, &[]).await?;
    let wire = Wire::to(listen).await?;
    let through = format!("http://{}", wire.address());
    let (mut edge, id) = join(&hub, &through, &data, &site, &[]).await?;

    eventually("an advisory: the bearing is worn", LATER, || async {
        Ok((of_stream(&link(&edge).await?, "alarm", "tip")? > 0).then_some(()))
    })
    .await?;
    for turn in 0_u64..20 {
        wire.cut();
        sleep(Duration::from_millis(100 + turn * 37)).await; // another moment of a request at each turn
    }
    edge.lastmile(&["mode", "pump", "watch", "--because", "first look"]).await?.good()?;
    edge.lastmile(&["mode", "pump", "advise", "--because", "it is right"]).await?.good()?;
    for turn in 0_u64..3 {
        hub.kill().await?;
        sleep(Duration::from_millis(300 * turn)).await;
        hub = Hub::start(&hub_data, listen, &[]).await?;
        is(&edge, "connected", SOON).await?;
        sleep(Duration::from_millis(700 + turn * 211)).await; // parcels are under way
    }
    for turn in 0_u64..2 {
        edge.kill().await?;
        edge = start(&data, None, &[]).await?;
        is(&edge, "connected", SOON).await?;
        sleep(Duration::from_millis(400 + turn * 300)).await;
    }
    wire.delay(Duration::from_millis(20));
    compare(&edge, &hub, &id, LATER).await?;
    wire.delay(Duration::ZERO);
    wire.swallow(true);
    let away = is(&edge, "away", LATER).await?;
    ensure!(text(&away, "/problems/0/code") == "hub.silent", "{away}");
    wire.swallow(false);
    is(&edge, "connected", LATER).await?;
    compare(&edge, &hub, &id, LATER).await?;
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}

#[tokio::test]
async fn after_a_hub_was_away_what_is_new_goes_before_what_is_made_up_for() -> Result<()> {
    let folder = TempDir::new()?;
    let (_plant, site) = plant(folder.path()).await?;
    let (hub_data, data, listen) = (folder.path().join("hub"), folder.path().join("data"), loopback()?);
    let hub = Hub::start(&hub_data, listen, &[]).await?;
    let (edge, id) = join(&hub, hub.url(), &data, &site, &[]).await?;
    caught_up(&edge, SOON).await?;
    let before = of_stream(&link(&edge).await?, "data", "at_hub")?;
    hub.kill().await?;
    eventually("more than two thousand records wait", LATER, || async {
        let link = link(&edge).await?;
        Ok((of_stream(&link, "data", "waiting")? > 3_000).then_some(()))
    })
    .await?;
    let away = is(&edge, "away", SOON).await?;
    ensure!(text(&away, "/problems/0/code") == "hub.unreachable" && !text(&away, "/state/hint").is_empty(), "{away}");
    let missed = of_stream(&away, "data", "tip")?;

    let hub = Hub::start(&hub_data, listen, &[]).await?;
    let began = Instant::now();
    let owes = eventually("new records are there while older ones are owed", BACK_OFF, || async {
        let link = link(&edge).await?;
        let ahead = of_stream(&link, "data", "at_hub")? > missed;
        let owed = link.pointer("/streams/0/owed/0").is_some();
        Ok((ahead && owed).then_some(link))
    })
    .await?;
    ensure!(owes.pointer("/streams/0/owed/0/first").and_then(Value::as_u64) > Some(before), "{owes}");
    ensure!(text(&owes, "/streams/0/stream") == "data" && text(&owes, "/state/kind") == "connected", "{owes}");
    compare(&edge, &hub, &id, LATER).await?;
    say(&format!("uplink: {} records were made up for in {:.1?}", missed - before, began.elapsed()));
    let metrics = edge.http().text("/metrics").await?;
    for name in ["uplink_connected 1", "uplink_parcels_total", "uplink_waiting_records{stream=\"data\"}"] {
        ensure!(metrics.contains(&format!("lastmile_{name}")), "no {name}");
    }
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}

/// An edge without a plant: its configuration is empty.
async fn lonely(folder: &Path, name: &str, arguments: &[&str]) -> Result<Edge> {
    start(&folder.join(name), None, arguments).await
}

async fn trouble(edge: &Edge, code: &str) -> Result<()> {
    let away = is(edge, "away", SOON).await?;
    ensure!(text(&away, "/problems/0/code") == code, "{code} instead of {away}");
    ensure!(text(&away, "/state/words").starts_with("Nothing reaches the hub: "), "{away}");
    ensure!(
        !text(&away, "/state/hint").is_empty() && away.pointer("/state/since_ms").is_some_and(Value::is_i64),
        "{away}"
    );
    let doctor = edge.http().get("/api/v1/doctor").await?;
    ensure!(doctor.to_string().contains("hub.link"), "{doctor}");
    let health = edge.http().get("/healthz").await?;
    ensure!(text(&health, "/status") == "ok", "a hub that is away makes no edge ill: {health}");
    Ok(())
}

#[tokio::test]
async fn a_hub_that_is_not_there_or_is_none_is_said_in_words() -> Result<()> {
    let folder = TempDir::new()?;
    let code = ["--claim", "K7QF-2M9X"];
    let nobody = format!("http://{}", loopback()?);
    let edge = lonely(folder.path(), "nobody", &[&["--hub", &nobody][..], &code].concat()).await?;
    trouble(&edge, "hub.unreachable").await?;
    edge.stop(SOON).await?;

    let other = lonely(folder.path(), "other", &[]).await?;
    let edge = lonely(folder.path(), "page", &[&["--hub", other.http().base()][..], &code].concat()).await?;
    trouble(&edge, "hub.nonsense").await?;
    edge.stop(SOON).await?;
    let link = link(&other).await?;
    ensure!(text(&link, "/state/kind") == "none" && link.get("hub").is_some_and(Value::is_null), "{link}");
    other.stop(SOON).await?;

    let mute = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", mute.local_addr()?);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = mute.accept().await {
            let mut some = [0; 64];
            let _asked = stream.read(&mut some).await;
            held.push(stream);
        }
    });
    let edge = lonely(folder.path(), "mute", &[&["--hub", &url][..], &code].concat()).await?;
    trouble(&edge, "hub.silent").await?;
    edge.stop(SOON).await?;
    Ok(())
}

/// A certificate for this computer that vouches for itself, and its key, as files.
fn certificate(folder: &Path) -> Result<(String, String)> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.join("hub.pem"), folder.join("hub.key.pem"));
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let text = |path: &Path| path.to_str().map(str::to_owned).context("a path in UTF-8");
    Ok((text(&certificate)?, text(&key)?))
}

#[tokio::test]
async fn a_hub_is_trusted_with_the_certificate_that_was_given_and_forgotten_when_told_to() -> Result<()> {
    let folder = TempDir::new()?;
    let (certificate, key) = certificate(folder.path())?;
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let hub = Hub::start(&folder.path().join("hub"), loopback()?, &tls).await?;
    let join = ["--hub", hub.url(), "--claim", "K7QF-2M9X"];
    let edge = lonely(folder.path(), "data", &join).await?;
    trouble(&edge, "hub.untrusted").await?;
    edge.stop(SOON).await?;

    let edge = lonely(folder.path(), "data", &["--hub-ca", &certificate]).await?;
    trouble(&edge, "claim.wrong").await?;
    edge.stop(SOON).await?;

    let edge = lonely(folder.path(), "data", &["--hub", "none"]).await?;
    let link = link(&edge).await?;
    ensure!(text(&link, "/state/kind") == "none", "{link}");
    for file in ["edge.key", "uplink.json"] {
        ensure!(!folder.path().join("data").join(file).exists(), "{file} is still there");
    }
    edge.stop(SOON).await?;
    Ok(())
}
