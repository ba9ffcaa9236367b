//! Models made by `tests/peers/onnx`, run by the command or packed into bundles, and the processes that run them.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::{Finished, Program, lastmile_program, processes_below};

/// One process makes all models and the answers to them; the operator tests of ONNX take longest.
const MAKING: Duration = Duration::from_mins(5);
/// Commands that run at the same time.
const AT_ONCE: usize = 3;

/// One model with its inputs, and what the manifest says of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The file.
    pub model: PathBuf,
    /// All that the manifest says.
    pub said: Value,
}

/// How one `lastmile model run` ended.
#[derive(Debug)]
pub struct Ran {
    /// What was run.
    pub case: Case,
    /// How the process ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// From start to end of the process.
    pub took: Duration,
}

/// Models of one part, in this folder.
pub async fn made(folder: &Path, part: &str) -> Result<Vec<Case>> {
    let name = part.split('=').next().unwrap_or(part);
    let folder = folder.join(name);
    let arguments = [folder.as_os_str(), part.as_ref()];
    let mut making = Program::peer("onnx/make_models.py", &arguments)?;
    ensure!(making.ended(MAKING).await?.success(), "the models were not made:\n{}", making.output());
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json"))?)?;
    let cases = manifest.get(name).and_then(Value::as_array).with_context(|| format!("no `{name}` in the manifest"))?;
    let case = |said: &Value| {
        let text = |key: &str| said.get(key).and_then(Value::as_str).with_context(|| format!("no `{key}` in {said}"));
        Ok(Case { name: text("name")?.to_owned(), model: folder.join(text("model")?), said: said.clone() })
    };
    cases.iter().map(case).collect()
}

/// Runs `lastmile model run` on all, a few at a time; each must end within `limit`.
pub async fn model_runs(cases: Vec<Case>, limit: Duration) -> Result<Vec<Ran>> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire().await?;
            model_run(case, limit).await
        });
    }
    let mut all = Vec::new();
    while let Some(ran) = running.join_next().await {
        all.push(ran??);
    }
    Ok(all)
}

async fn model_run(case: Case, limit: Duration) -> Result<Ran> {
    let inputs = case.model.with_extension("json");
    std::fs::write(&inputs, case.said.get("inputs").context("no inputs")?.to_string())?;
    let arguments = ["--json".into(), "model".into(), "run".into(), case.model.clone(), "--inputs".into(), inputs];
    let begun = Instant::now();
    let ended = Finished::lastmile(&arguments, limit).await.with_context(|| case.name.clone())?;
    Ok(Ran { case, status: ended.status, stdout: ended.stdout, stderr: ended.stderr, took: begun.elapsed() })
}

/// Packs a model into a bundle of one signal `x`, of which the model sees the last value once a second.
pub async fn packed_model(folder: &Path, name: &str, version: &str, model: &Path) -> Result<PathBuf> {
    let source = folder.join(format!("{name}-{version}"));
    std::fs::create_dir_all(&source)?;
    std::fs::copy(model, source.join("model.onnx"))?;
    let contract = format!(
        "format = 1\nname = \"{name}\"\nversion = \"{version}\"\ntitle = {{ en = \"{name}\" }}\nmodel = \"model.onnx\"\n\
         [trigger]\nkind = \"every\"\nperiod = \"1s\"\n[window]\nlength = \"2s\"\nstep = \"1s\"\nalign = \"last\"\n\
         [[signal]]\nname = \"x\"\ntitle = {{ en = \"X\" }}\nrange = [-1.0, 70000.0]\nrate = \"1s\"\nmax_gap = \"10s\"\n\
         [[feature]]\nname = \"x_last\"\nsignal = \"x\"\nop = \"last\"\n\
         [tensor]\ninput = \"x\"\nlayout = \"features\"\ndtype = \"f32\"\n\
         [[output]]\nname = \"y\"\ntensor = \"y\"\nunit = \"1\"\ntitle = {{ en = \"Y\" }}\n"
    );
    std::fs::write(source.join("contract.toml"), contract)?;
    let packed = folder.join(format!("{name}-{version}.tar"));
    let arguments = ["bundle".into(), "pack".into(), source, "--out".into(), packed.clone()];
    Finished::lastmile(&arguments, Duration::from_mins(1)).await?.good()?;
    Ok(packed)
}

/// Model processes of the program under test that belong to nobody: what started them is gone, and they are not.
pub fn orphans() -> Result<Vec<u32>> {
    let program = std::fs::canonicalize(lastmile_program()?)?;
    let ours = processes_below(std::process::id());
    let all = std::fs::read_dir("/proc")?.flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    Ok(pids.filter(|pid| !ours.contains(pid) && is_worker(*pid, &program)).collect())
}

/// Model processes below this one.
pub fn workers_below(pid: u32) -> Result<Vec<u32>> {
    let program = std::fs::canonicalize(lastmile_program()?)?;
    Ok(processes_below(pid).into_iter().filter(|pid| is_worker(*pid, &program)).collect())
}

fn is_worker(pid: u32, program: &Path) -> bool {
    let runs = std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|runs| runs == program);
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    runs && words.split(|byte| *byte == 0).nth(1) == Some(b"worker")
}
