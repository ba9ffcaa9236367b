//! Hostile models: whatever a model does, `model run` ends within 15 s, and says in words what went wrong.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Finished, Program, say};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

const SOON: Duration = Duration::from_mins(2);
const LIMIT: Duration = Duration::from_secs(15);
/// These run into the limits of time or memory, or ask for what is not given to any model.
const MUST_FAIL: [&str; 5] = ["endless_loop", "huge", "gather_out_of_range", "external_data", "unknown_operator"];

#[tokio::test]
async fn no_model_keeps_the_command_longer_than_fifteen_seconds() -> Result<()> {
    let folder = TempDir::new()?;
    let made = folder.path().join("models");
    let mut making = Program::peer("onnx/make_models.py", &[made.as_os_str()])?;
    ensure!(making.ended(SOON).await?.success(), "the models were not made:\n{}", making.output());
    let manifest: Value = serde_json::from_str(&fs::read_to_string(made.join("manifest.json"))?)?;
    let models = manifest.get("hostile").and_then(Value::as_array).context("no hostile models")?;
    let mut tried = Vec::new();
    for model in models {
        let text = |key: &str| model.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name").to_owned();
        let inputs = folder.path().join("inputs.json");
        fs::write(&inputs, model.get("inputs").context("no inputs")?.to_string())?;
        let arguments = ["model".into(), "run".into(), made.join(text("model")), "--inputs".into(), inputs];
        let begun = Instant::now();
        let ended = Finished::lastmile(&arguments, LIMIT).await.with_context(|| name.clone())?;
        let took = begun.elapsed();
        let code = ended.status.code().with_context(|| format!("{name}: {}", ended.status))?;
        ensure!(!MUST_FAIL.contains(&name.as_str()) || code == 1, "{name} ended with {code}: {}", ended.stdout);
        if code != 0 {
            let words = ended.stderr.trim();
            ensure!(words.len() > 20 && !words.contains("panicked"), "{name}: {words}");
            say(&format!("hostile: {name} after {took:.1?}: {}", words.lines().next().unwrap_or_default()));
        }
        tried.push(name);
    }
    for name in MUST_FAIL {
        ensure!(tried.iter().any(|tried| tried == name), "{name} was not tried");
    }
    Ok(())
}
