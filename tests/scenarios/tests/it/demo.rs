//! The newcomer's first minute: `lastmile demo` shows a process, a model judging it, and advice when it goes wrong.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Finished, Http, Program, eventually, say};
use serde_json::{Value, json};
use tokio::time::Instant;

const SOON: Duration = Duration::from_mins(1);
/// From the button to the advice.
const ADVICE: Duration = Duration::from_mins(1);
const VIBRATION: &str = "line-2/pump-7/vibration_de";
const DEPLOYMENT: &str = "pump-7-bearing";

fn list<'a>(answer: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no text at {pointer} in {value}"))
}

/// The session that the printed link gives: what the page does with the code in it.
async fn follow_link(ready: &Value) -> Result<Http> {
    let link = text(ready, "/log_in/link")?;
    let code = link.split_once("code=").context("no code in the link")?.1;
    let code: &str = code.split(['&', '#']).next().unwrap_or_default();
    let page = Http::new(text(ready, "/url")?)?;
    page.clone().text("/").await.context("the page")?;
    let signed_in = page.clone().signed_in(&json!({ "code": code })).await?;
    let again = page.signed_in(&json!({ "code": code })).await;
    ensure!(again.is_err(), "the link signed in twice");
    Ok(signed_in)
}

async fn vibration(http: &Http) -> Result<Option<(f64, i64)>> {
    let tags = http.get("/api/v1/tags").await?;
    let tags = tags.as_array().cloned().unwrap_or_default();
    let tag = tags.iter().find(|tag| tag.get("name").and_then(Value::as_str) == Some(VIBRATION));
    let latest = tag.and_then(|tag| tag.get("latest")).context("no such tag")?;
    if latest.get("quality").and_then(Value::as_str) != Some("good") {
        return Ok(None);
    }
    Ok(latest.pointer("/value").and_then(Value::as_f64).zip(latest.get("at_ms").and_then(Value::as_i64)))
}

async fn values_live(http: &Http) -> Result<()> {
    let (value, at_ms) = eventually("a value", SOON, || vibration(http)).await?;
    ensure!((0.5..6.0).contains(&value), "a new pump vibrates with {value} mm/s");
    eventually("a newer value", SOON, || async { Ok(vibration(http).await?.filter(|(_, now)| *now > at_ms)) }).await?;
    let path = format!("/api/v1/trend?tags={VIBRATION}&from_ms={}&to_ms={}&buckets=60", at_ms - 60_000, at_ms + 60_000);
    eventually("a trend with points", SOON, || async {
        let trend = http.get(&path).await?;
        let points = list(&trend, "series").flat_map(|series| list(series, "mean")).filter(|point| point.is_number());
        Ok((points.count() >= 2).then_some(()))
    })
    .await
}

/// Presses the button as the page does; gives the advisory and how long it took.
async fn break_the_bearing(http: &Http) -> Result<(Value, Duration)> {
    let about = http.get("/api/v1/about").await?;
    let faults = about.pointer("/demo/faults").and_then(Value::as_array).context("no faults to press")?;
    let fault = faults.iter().find(|fault| fault.get("name").and_then(Value::as_str) == Some("bearing-wear"));
    let path = text(fault.context("no bearing-wear")?, "/path")?.to_owned();
    let pressed = Instant::now();
    http.post(&path, &json!({ "on": true })).await?;
    let advisory = eventually("an advisory", ADVICE, || async {
        Ok(list(&http.get("/api/v1/advisories").await?, "advisories").next().cloned())
    })
    .await?;
    Ok((advisory, pressed.elapsed()))
}

async fn changes(http: &Http) -> Result<Vec<String>> {
    let changes = http.get("/api/v1/changes").await?;
    Ok(list(&changes, "changes").filter_map(|change| change.get("act")?.as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn a_newcomer_sees_values_a_trend_and_advice_and_switches_the_model_off() -> Result<()> {
    let mut demo = Program::lastmile(&["demo", "--headless", "--listen", "127.0.0.1:0"])?;
    let ready: Value = serde_json::from_str(&demo.line_with("\"ready\"", SOON).await?)?;
    let http = follow_link(&ready).await?;
    let stranger = Http::new(http.base())?;
    ensure!(stranger.get("/api/v1/tags").await.is_err(), "tags are shown without a session");
    values_live(&http).await?;
    let (advisory, took) = break_the_bearing(&http).await?;
    say(&format!("demo: the advisory came {:.1} s after the fault", took.as_secs_f64()));
    for part in ["/title/en", "/title/de", "/reason/en", "/response/en/0", "/because/0/signal"] {
        ensure!(!text(&advisory, part)?.is_empty(), "{part} is empty");
    }
    ensure!(text(&advisory, "/deployment")? == DEPLOYMENT, "{advisory}");

    let id = text(&advisory, "/id")?.to_owned();
    http.post(&format!("/api/v1/advisories/{id}/acknowledge"), &json!({})).await?;
    let seen = http.get(&format!("/api/v1/advisories/{id}")).await?;
    ensure!(seen.get("acknowledged_ms").is_some_and(Value::is_i64), "{seen}");
    ensure!(changes(&http).await?.iter().any(|act| act == "acknowledge"), "{:?}", changes(&http).await?);

    http.put(&format!("/api/v1/deployments/{DEPLOYMENT}/mode"), &json!({ "mode": "off" })).await?;
    let deployment = http.get(&format!("/api/v1/deployments/{DEPLOYMENT}")).await?;
    ensure!(deployment.to_string().contains("\"mode\":\"off\""), "{deployment}");
    ensure!(changes(&http).await?.first().is_some_and(|act| act == "set-mode"), "{:?}", changes(&http).await?);
    eventually("no advice while the model is off", SOON, || async {
        let advisories = http.get("/api/v1/advisories").await?;
        Ok(list(&advisories, "advisories").next().is_none().then_some(()))
    })
    .await?;
    ensure!(demo.stop(SOON).await?.success());
    Ok(())
}

fn number(summary: &Value, key: &str) -> Result<f64> {
    summary.get(key).and_then(Value::as_f64).with_context(|| format!("`{key}` is missing in {summary}"))
}

#[tokio::test]
async fn a_demo_that_stops_by_itself_tells_what_ran_in_one_line() -> Result<()> {
    let arguments = ["demo", "--headless", "--listen", "127.0.0.1:0", "--for", "20s"];
    let begun = Instant::now();
    let summary = Finished::lastmile(&arguments, SOON * 2).await?.good()?.json()?;
    say(&format!("demo: {summary}, {:.1} s in all", begun.elapsed().as_secs_f64()));
    ensure!(begun.elapsed() >= Duration::from_secs(20), "it stopped early");
    let is = |key: &str, low: f64, high: f64| -> Result<()> {
        let value = number(&summary, key)?;
        ensure!((low..=high).contains(&value), "`{key}` is {value}, not within {low} and {high}: {summary}");
        Ok(())
    };
    is("sites", 1.0, 1.0)?;
    is("devices", 1.0, 10.0)?;
    is("tags", 10.0, 1000.0)?;
    is("samples", number(&summary, "tags")? * 5.0, 1e6)?;
    is("missed_scans", 0.0, 0.0)?;
    is("predictions", 10.0, 25.0)?;
    is("advisories", 0.0, 0.0)?;
    is("rss_mb", 5.0, 500.0)?;
    // the model applies after 30 s in operation: until then its predictions have no value
    ensure!(summary.get("first_prediction_s").is_some_and(Value::is_null), "{summary}");
    Ok(())
}

#[tokio::test]
async fn a_fault_from_the_command_line_raises_advice_and_a_healthy_plant_does_not() -> Result<()> {
    let worn = ["demo", "--listen", "127.0.0.1:0", "--headless", "--for", "75s", "--fault", "bearing-wear@15"];
    let healthy = ["demo", "--listen", "127.0.0.1:0", "--headless", "--for", "75s"];
    let (worn, healthy) = tokio::join!(Finished::lastmile(&worn, SOON * 3), Finished::lastmile(&healthy, SOON * 3));
    let (worn, healthy) = (worn?.good()?.json()?, healthy?.good()?.json()?);
    ensure!(number(&worn, "advisories")? >= 1.0, "{worn}");
    ensure!(number(&healthy, "advisories")?.abs() < 0.5, "{healthy}");
    ensure!(number(&healthy, "predictions")? >= 60.0, "{healthy}");
    ensure!((30.0..40.0).contains(&number(&healthy, "first_prediction_s")?), "{healthy}");
    let unknown = Finished::lastmile(&["demo", "--headless", "--for", "5s", "--fault", "gremlins"], SOON).await?;
    ensure!(!unknown.status.success() && unknown.stderr.contains("bearing-wear"), "{unknown:?}");
    Ok(())
}
