//! The newcomer's first minute: `lastmile demo` shows a process, a model judging it, and advice when it goes wrong.

use std::time::Duration;

use anyhow::Result;
use scenarios::Finished;
use serde_json::Value;

/// A quarter of an hour for a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_mins(15);

fn number(summary: &Value, key: &str) -> f64 {
    summary.get(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("`{key}` is missing in {summary}"))
}

#[tokio::test]
async fn a_worn_bearing_raises_advice_within_a_minute() -> Result<()> {
    let arguments = ["demo", "--headless", "--for", "75s", "--fault", "bearing-wear@15"];
    let summary = Finished::lastmile(&arguments, PATIENCE).await?.good()?.json()?;
    assert!(number(&summary, "samples") > 0.0, "{summary}");
    assert!(number(&summary, "predictions") > 0.0, "{summary}");
    assert!(number(&summary, "advisories") >= 1.0, "{summary}");
    Ok(())
}

#[tokio::test]
async fn a_healthy_plant_raises_none() -> Result<()> {
    let arguments = ["demo", "--headless", "--for", "45s"];
    let summary = Finished::lastmile(&arguments, PATIENCE).await?.good()?.json()?;
    assert!(number(&summary, "predictions") > 0.0, "{summary}");
    assert!(number(&summary, "advisories").abs() < 0.5, "{summary}");
    Ok(())
}
