//! `lastmile hub`: runs a hub, or asks one that runs.

use domain::{Problem, Problems};
use hub::{HubOptions, Tls};
use serde_json::{Value, json};

use super::at::At;
use super::history::time;
use super::{Ended, asked_to_stop};
use crate::args::{AtArgs, AtHubArgs, HubArgs, HubCommand, HubRunArgs};
use crate::out::{Exit, Out};

pub(super) async fn run(args: HubArgs, out: Out) -> Ended {
    match args.command {
        None => serve(args.run, out).await,
        Some(command) => ask(command, out).await,
    }
}

async fn serve(args: HubRunArgs, out: Out) -> Ended {
    let HubRunArgs { data, listen, database, objects, tls_cert, tls_key } = args;
    let Some(data) = data else {
        let problem = Problem::new("hub.no-data", "--data", "A hub needs a folder for what it knows.");
        out.problems(&problem.hint("lastmile hub --data FOLDER; or ask one that runs: lastmile hub --help").into());
        return Ok(Exit::Usage);
    };
    let tls = tls_cert.zip(tls_key).map(|(certificate, key)| Tls { certificate, key });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let options = HubOptions { data: data.clone(), listen, database, objects, tls, clock: None };
    let running = hub::start(options).await.map_err(Problems::from)?;
    let url = format!("{scheme}://{}", running.address);
    let setup = running.state.set_up_code();
    out.say(
        format!("lastmile hub is ready: {url}"),
        &json!({ "event": "ready", "url": url, "data": data, "set_up_code": setup }),
    );
    asked_to_stop().await;
    running.stop().await;
    Ok(Exit::Ok)
}

async fn ask(command: HubCommand, out: Out) -> Ended {
    match command {
        HubCommand::Claim { place, at } => {
            let body = json!({ "place": place, "because": at.because });
            let claim: Value = hub_at(at)?.post("claims", &body).await?;
            let code = claim["code"].as_str().unwrap_or_default();
            out.say(format!("Type this code at the box: {code}"), &claim);
        }
        HubCommand::Edges { at } => {
            let edges: Value = hub_at(at)?.get("edges", &[]).await?;
            out.say(table(&edges), &edges);
        }
        HubCommand::Approve { key, at } => box_act(&key, "approve", at, out).await?,
        HubCommand::Decline { key, at } => box_act(&key, "decline", at, out).await?,
        HubCommand::Revoke { key, at } => box_act(&key, "revoke", at, out).await?,
        HubCommand::Choose { edge, epoch, at } => {
            let body = json!({ "epoch": epoch, "because": at.because });
            let done: Value = hub_at(at)?.put(&format!("edges/{edge}/box"), &body).await?;
            out.say(done["words"].as_str().unwrap_or_default(), &done);
        }
        HubCommand::Trend { edge, tags, from, to, buckets, at } => {
            let (from, to) = (time(&from)?.millis().to_string(), time(&to)?.millis().to_string());
            let query = [("tags", tags.join(",")), ("from_ms", from), ("to_ms", to), ("buckets", buckets.to_string())];
            let trend: Value = hub_at(at)?.get(&format!("edges/{edge}/trend"), &query).await?;
            out.say(trend_table(&trend), &trend);
        }
        HubCommand::Latest { edge, tags, at } => {
            let query = [("tags", tags.join(","))];
            let latest: Value = hub_at(at)?.get(&format!("edges/{edge}/latest"), &query).await?;
            out.say(latest_table(&latest), &latest);
        }
        HubCommand::Records { edge, stream, from, lives, at } => {
            let query = [("stream", stream), ("from", from.to_string()), ("lives", lives.to_string())];
            let mut lines = hub_at(at)?.stream(&format!("edges/{edge}/records"), &query).await?;
            let mut part = out.lines();
            while let Some(bytes) = lines.chunk().await.map_err(|error| broken_off(&error))? {
                part.bytes(&bytes);
            }
        }
    }
    Ok(Exit::Ok)
}

async fn box_act(key: &str, what: &str, at: AtHubArgs, out: Out) -> Result<(), Problems> {
    let because: Vec<(&str, String)> = at.because.iter().map(|because| ("because", because.clone())).collect();
    let done: Value = hub_at(at)?.ask(&format!("boxes/{key}/{what}"), &because).await?;
    out.say(done["words"].as_str().unwrap_or_default(), &done);
    Ok(())
}

fn hub_at(args: AtHubArgs) -> Result<At, Problems> {
    let AtHubArgs { at, token, data, because: _ } = args;
    At::new(&AtArgs { at, token, data })
}

/// One line for each bucket: series, time in ms, min, mean, max.
fn trend_table(trend: &Value) -> String {
    let mut lines = Vec::new();
    for series in trend["series"].as_array().into_iter().flatten() {
        let tag = series["tag"].as_str().unwrap_or_default();
        for (place, t) in series["t"].as_array().into_iter().flatten().enumerate() {
            let (min, mean, max) = (&series["min"][place], &series["mean"][place], &series["max"][place]);
            lines.push(format!("{tag}  {t}  {min}  {mean}  {max}"));
        }
        for gap in series["gaps"].as_array().into_iter().flatten() {
            let reason = gap["reason"].as_str().unwrap_or_default();
            lines.push(format!("{tag}  gap from {} to {}: {reason}", gap["from_ms"], gap["to_ms"]));
        }
        lines.extend(series["missing"].as_str().map(|missing| format!("{tag}  {missing}")));
    }
    lines.join("\n")
}

fn latest_table(latest: &Value) -> String {
    let line = |reading: &Value| {
        let text = |key: &str| reading[key].as_str().unwrap_or_default().to_owned();
        format!("{}  {}  {}  {}", text("tag"), reading["value"], text("status"), reading["at_ms"])
    };
    let readings = latest["readings"].as_array().into_iter().flatten();
    readings.map(line).collect::<Vec<_>>().join("\n")
}

fn broken_off(error: &reqwest::Error) -> Problems {
    Problem::new("hub.broken-off", "the hub", "The answer broke off.").why(error.to_string()).into()
}

/// As people read it: what has to be done first.
fn table(edges: &Value) -> String {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let each = |list: &str| edges[list].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for waiting in each("waiting") {
        let (key, print) = (text(&waiting, "key"), text(&waiting, "fingerprint"));
        let (name, place) = (text(&waiting, "name"), text(&waiting, "place"));
        lines.push(format!("waits    {place}  {name}  fingerprint {print}  key {key}"));
    }
    for claim in each("claims") {
        lines.push(format!("claimed  {}  by {}", text(&claim, "place"), text(&claim, "made_by")));
    }
    for edge in each("edges") {
        let there = if edge["connected"] == true { "connected" } else { "not connected" };
        let (state, place, id) = (text(&edge, "state"), text(&edge, "place"), text(&edge, "edge"));
        lines.push(format!("{state:<8} {place}  {there}  edge {id}  key {}", text(&edge, "key")));
        for problem in edge["problems"].as_array().into_iter().flatten() {
            lines.push(format!("         {} {}", text(problem, "what"), text(problem, "hint")));
        }
        if edge["problems"].as_array().is_some_and(|problems| !problems.is_empty()) {
            for life in edge["lives"].as_array().into_iter().flatten() {
                let present = if life["closed"] == true { "older" } else { "present" };
                lines.push(format!("         life {} ({present})", text(life, "epoch")));
            }
        }
    }
    if lines.is_empty() {
        "No edges yet. `lastmile hub claim PLACE` makes a place for one.".to_owned()
    } else {
        lines.join("\n")
    }
}
