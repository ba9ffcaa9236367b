//! Models that mean harm: whatever they do, `model run` ends in time and in words, and on a running edge nothing but their
//! own deployment notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Case, Edge, Program, Ran, eventually, made, model_runs, orphans, packed_model, say, workers_below};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

const SOON: Duration = Duration::from_mins(2);
const LIMIT: Duration = Duration::from_secs(15);
/// Damaged files in a run of all tests.
const MUTANTS: usize = 200;

/// Registers of the peer that may be written, each a tag: `line/calm` stays 0, the others make a model do harm when they
/// are 1.
const REGISTERS: [(&str, u16); 4] = [("calm", 8000), ("one", 8001), ("two", 8002), ("three", 8003)];

#[tokio::test]
async fn no_model_keeps_the_command_longer_than_fifteen_seconds() -> Result<()> {
    let folder = TempDir::new()?;
    for ran in model_runs(made(folder.path(), "hostile").await?, LIMIT).await? {
        let name = &ran.case.name;
        match ran.case.said.get("code").and_then(Value::as_str) {
            None => ensure!(ran.status.success(), "{name}: {}", ran.stderr),
            Some(code) => {
                let what = in_words(&ran, Some(code))?;
                say(&format!("hostile: {name} after {:.1?}: {what}", ran.took));
            }
        }
    }
    none_left().await
}

#[tokio::test]
async fn damaged_files_end_in_words_or_run() -> Result<()> {
    let folder = TempDir::new()?;
    let (mut refused, mut longest) = (0, Duration::ZERO);
    for ran in model_runs(made(folder.path(), &format!("mutants={MUTANTS}")).await?, LIMIT).await? {
        longest = longest.max(ran.took);
        if ran.status.success() {
            let given: Value = serde_json::from_str(&ran.stdout).with_context(|| ran.case.name.clone())?;
            ensure!(given.is_object(), "{}: {given}", ran.case.name);
        } else {
            in_words(&ran, None)?;
            refused += 1;
        }
    }
    say(&format!("hostile: {refused} of {MUTANTS} damaged files were refused, the longest took {longest:.1?}"));
    ensure!(refused > MUTANTS / 2, "only {refused} were refused: the files are hardly damaged");
    none_left().await
}

/// The one problem of a run that failed: exit code 1, place, what, why and hint, and nothing else printed.
fn in_words(ran: &Ran, code: Option<&str>) -> Result<String> {
    let name = &ran.case.name;
    ensure!(ran.status.code() == Some(1), "{name}: {} with\n{}", ran.status, ran.stderr);
    let answer: Value =
        serde_json::from_str(ran.stdout.trim()).with_context(|| format!("{name}: {}\n{}", ran.stdout, ran.stderr))?;
    let problems = answer.get("problems").and_then(Value::as_array).context("no problems")?;
    let [problem] = problems.as_slice() else { anyhow::bail!("{name}: {answer}") };
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    for key in ["code", "place", "what", "why", "hint"] {
        ensure!(!text(key).is_empty(), "{name}: `{key}` is empty in {problem}");
    }
    ensure!(code.is_none_or(|code| text("code") == code), "{name}: not {code:?}: {problem}");
    ensure!(
        !text("code").starts_with("worker.") && !ran.stderr.contains("panicked"),
        "{name}: {problem}\n{}",
        ran.stderr
    );
    Ok(text("what").to_owned())
}

async fn none_left() -> Result<()> {
    eventually("no model process without an owner", SOON, || async { Ok(orphans()?.is_empty().then_some(())) }).await
}

/// One edge, one real device, a good model, and deployments that are good in their first revision.
struct Plant {
    edge: Edge,
    _server: Program,
    port: u16,
    folder: TempDir,
    good: PathBuf,
}

/// A deployment of a plant: name, bundle, the tag that is its signal.
struct Deployed {
    name: String,
    bundle: PathBuf,
    tag: &'static str,
}

impl Plant {
    async fn start(good: &Path, deployed: &[Deployed], folder: TempDir) -> Result<Self> {
        let mut server = Program::peer("modbus/server.py", &["tcp"])?;
        let ready: Value = serde_json::from_str(&server.line_with("\"port\"", SOON).await?)?;
        let port =
            ready.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()).context("no port")?;
        let good = packed_model(folder.path(), "good", "1.0.0", good).await?;
        let site = folder.path().join("site.toml");
        fs::write(&site, site_of(port, &good, deployed)?)?;
        let edge = Edge::start(&folder.path().join("data"), Some(&site)).await?;
        Ok(Self { edge, _server: server, port, folder, good })
    }

    async fn apply(&self, deployed: &[Deployed]) -> Result<()> {
        let site = self.folder.path().join("next.toml");
        fs::write(&site, site_of(self.port, &self.good, deployed)?)?;
        let site = site.to_str().context("a path in UTF-8")?;
        self.edge.lastmile(&["apply", site, "--because", "a test"]).await?.good()?;
        Ok(())
    }

    /// How a deployment is, and the sentence.
    async fn health(&self, name: &str) -> Result<(String, String)> {
        let detail = self.edge.http().get(&format!("/api/v1/deployments/{name}")).await?;
        let runtime =
            detail.pointer("/deployment/runtime/0").with_context(|| format!("{name} does not run: {detail}"))?;
        let text = |key: &str| runtime.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((text("health"), text("words")))
    }

    async fn runs(&self, name: &str) -> Result<()> {
        let what = format!("{name} runs");
        eventually(&what, SOON, || async { Ok((self.health(name).await?.0 == "running").then_some(())) }).await
    }

    async fn fails(&self, name: &str, words: &str) -> Result<String> {
        let what = format!("{name} fails with `{words}`");
        eventually(&what, SOON, || async {
            let (health, said) = self.health(name).await?;
            ensure!(health != "failed" || said.contains(words), "{name}: {said}");
            Ok((health == "failed").then_some(said))
        })
        .await
    }

    /// A number from `/metrics`, summed over all that have this label.
    async fn metric(&self, name: &str, label: &str) -> Result<f64> {
        let text = self.edge.http().text("/metrics").await?;
        let lines = text.lines().filter(|line| line.contains(&format!("{name}{{")) && line.contains(label));
        let numbers: Vec<f64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        ensure!(!numbers.is_empty(), "no {name} with {label} in\n{text}");
        Ok(numbers.iter().sum())
    }

    async fn predictions(&self, name: &str) -> Result<f64> {
        self.metric("prediction_total", &format!("deployment=\"{name}\"")).await
    }

    /// Waits until a deployment has made so many more predictions, and is well.
    async fn goes_on(&self, name: &str, more: f64) -> Result<()> {
        let before = self.predictions(name).await?;
        eventually(&format!("{name} goes on"), SOON, || async {
            Ok((self.predictions(name).await? >= before + more).then_some(()))
        })
        .await?;
        self.runs(name).await
    }

    /// Writes the register of a tag as any other program in the plant does (function 6).
    async fn write(&self, tag: &str, value: u16) -> Result<()> {
        let known = REGISTERS.iter().find(|(name, _)| tag.strip_prefix("line/") == Some(name));
        let (_, register) = known.with_context(|| format!("no tag {tag}"))?;
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let mut request = vec![0, 1, 0, 0, 0, 6, 1, 6];
        request.extend(register.to_be_bytes());
        request.extend(value.to_be_bytes());
        stream.write_all(&request).await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        ensure!(answer[7] == 6, "the register was not written: {answer:?}");
        Ok(())
    }

    fn pid(&self) -> Result<u32> {
        self.edge.program().pid().context("the edge is gone")
    }

    async fn signal(&self, signal: &str) -> Result<Vec<u32>> {
        let workers = workers_below(self.pid()?)?;
        let pids = workers.iter().map(ToString::to_string);
        ensure!(Command::new("kill").arg(signal).args(pids).status().await?.success(), "kill {signal} {workers:?}");
        Ok(workers)
    }

    /// Waits until so many model processes are there, and no more.
    async fn has_workers(&self, count: usize) -> Result<()> {
        eventually(&format!("{count} model processes"), SOON, || async {
            let workers = workers_below(self.pid()?)?;
            ensure!(workers.len() == count, "there are {workers:?}");
            Ok(Some(()))
        })
        .await
    }

    /// The largest that the edge itself has been, in MB.
    fn peak_mb(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.split_whitespace().next().context("no number")?.parse::<u64>()? / 1024)
    }

    /// The end of each test: nothing was missed, and everything that was started ends.
    async fn stop(self) -> Result<()> {
        let missed = self.metric("scan_missed_total", "device=\"plc\"").await?;
        let kept = self.metric("scan_kept_total", "device=\"plc\"").await?;
        say(&format!("hostile: {kept} scans on time, {missed} missed, the edge was {} MB at most", self.peak_mb()?));
        ensure!(missed == 0.0, "{missed} scans were missed");
        let workers = workers_below(self.pid()?)?;
        ensure!(self.edge.stop(SOON).await?.success());
        for pid in workers {
            ensure!(!Path::new(&format!("/proc/{pid}")).exists(), "the model process {pid} is still there");
        }
        none_left().await
    }
}

/// The good model as deployment `good` and the others, each at a place of its own, all on one device.
fn site_of(port: u16, good: &Path, deployed: &[Deployed]) -> Result<String> {
    let deployment = |name: &str, bundle: &Path, tag: &str| -> Result<String> {
        let bundle = bundle.to_str().context("a path in UTF-8")?;
        Ok(format!(
            "[[place]]\npath = \"line/{name}\"\nname = \"{name}\"\nlevel = \"cell\"\n[[deployment]]\nname = \"{name}\"\n\
             place = \"line/{name}\"\nbundle = \"{bundle}\"\nmode = \"watch\"\nmap = {{ x = \"{tag}\" }}\n"
        ))
    };
    let tag = |name: &str, register: u16| {
        format!(
            "[[tag]]\nname = \"line/{name}\"\ndevice = \"plc\"\naddress = \"holding:{register}:uint16\"\nperiod = \"1s\"\n"
        )
    };
    let mut site = format!(
        "[site]\nname = \"Test\"\naccept_unsigned = true\n[[place]]\npath = \"line\"\nname = \"Line\"\nlevel = \"line\"\n\
         [[device]]\nname = \"plc\"\nurl = \"modbus-tcp://127.0.0.1:{port}/1\"\nplace = \"line\"\nperiod = \"1s\"\n"
    );
    site.extend(REGISTERS.iter().map(|(name, register)| tag(name, *register)));
    site += &deployment("good", good, "line/calm")?;
    for one in deployed {
        site += &deployment(&one.name, &one.bundle, one.tag)?;
    }
    Ok(site)
}

fn model<'a>(cases: &'a [Case], name: &str) -> Result<&'a Path> {
    let case = cases.iter().find(|case| case.name == name);
    Ok(&case.with_context(|| format!("no model {name}"))?.model)
}

/// What harms always, and what its deployment must say.
const HOSTILE: [(&str, &str); 11] = [
    ("endless_loop", "too slow: no answer within 5 s"),
    ("huge", "more memory than the 2048 MiB"),
    ("huge_answer", "too large"),
    ("crash", "signal 8, arithmetic error"),
    ("crash_at_load", "signal 8, arithmetic error"),
    ("cyclic_tree", "refused"),
    ("lying_dims", "refused"),
    ("external_parent", "external data"),
    ("external_symlink", "external data"),
    ("unknown_operator", "Nonsense"),
    ("tree_beyond_features", "1000"),
];

#[tokio::test]
async fn a_hostile_model_harms_its_own_deployment_and_nothing_else() -> Result<()> {
    let folder = TempDir::new()?;
    let models = made(folder.path(), "hostile").await?;
    let good = model(&models, "tree")?;
    let (mut sound, mut harmful) = (Vec::new(), Vec::new());
    for kind in HOSTILE.iter().map(|(kind, _)| *kind).chain(["slow_to_load", "if_20_deep"]) {
        let name = kind.replace('_', "-");
        for (version, model, all) in [("1.0.0", good, &mut sound), ("1.1.0", model(&models, kind)?, &mut harmful)] {
            let bundle = packed_model(folder.path(), &name, version, model).await?;
            // the answer is huge only when x is not 0
            all.push(Deployed { name: name.clone(), bundle, tag: "line/one" });
        }
    }
    let plant = Plant::start(good, &sound, folder).await?;
    plant.write("line/one", 1).await?;
    for one in &sound {
        plant.runs(&one.name).await?;
    }
    let before = plant.peak_mb()?;

    plant.apply(&harmful).await?;
    for (kind, words) in HOSTILE {
        let said = plant.fails(&kind.replace('_', "-"), words).await?;
        say(&format!("hostile: {kind}: {said}"));
    }
    plant.runs("if-20-deep").await?;
    plant.goes_on("good", 5.0).await?;
    ensure!(plant.health("slow-to-load").await?.0 == "starting", "{:?}", plant.health("slow-to-load").await?);

    // the revision before, while one of them still loads and another one hangs
    plant.apply(&sound).await?;
    for one in &sound {
        plant.runs(&one.name).await?;
    }
    plant.goes_on("good", 3.0).await?;
    plant.has_workers(sound.len() + 1).await?;
    let after = plant.peak_mb()?;
    ensure!(after < before + 100, "the edge grew from {before} to {after} MB");
    plant.stop().await
}

#[tokio::test]
async fn a_model_that_harms_on_some_inputs_fails_and_recovers() -> Result<()> {
    let folder = TempDir::new()?;
    let models = made(folder.path(), "hostile").await?;
    let mut deployed = Vec::new();
    for (kind, name, tag) in [
        ("crash_sometimes", "crash", "line/one"),
        ("crash_sometimes", "neighbour", "line/calm"),
        ("endless_sometimes", "endless", "line/two"),
        ("huge_sometimes", "huge", "line/three"),
    ] {
        // those of the same kind are one bundle, and so share a process
        let bundle = packed_model(folder.path(), &kind.replace('_', "-"), "1.0.0", model(&models, kind)?).await?;
        deployed.push(Deployed { name: name.to_owned(), bundle, tag });
    }
    let plant = Plant::start(model(&models, "tree")?, &deployed, folder).await?;
    for one in &deployed {
        plant.runs(&one.name).await?;
    }
    for (name, tag, words) in [
        ("crash", "line/one", "signal 8, arithmetic error"),
        ("huge", "line/three", "more memory"),
        ("endless", "line/two", "too slow"),
    ] {
        plant.write(tag, 1).await?;
        let said = plant.fails(name, words).await?;
        say(&format!("hostile: {name}: {said}"));
        plant.write(tag, 0).await?;
        plant.runs(name).await?;
    }
    // it shared a process with `crash`, never had a bad input, and so has nothing to recover from
    plant.goes_on("neighbour", 2.0).await?;
    // `crash` got one of its own
    plant.has_workers(deployed.len() + 1).await?;
    plant.stop().await
}

#[tokio::test]
async fn a_model_process_that_is_killed_or_stopped_is_replaced() -> Result<()> {
    let folder = TempDir::new()?;
    let models = made(folder.path(), "hostile").await?;
    let plant = Plant::start(model(&models, "tree")?, &[], folder).await?;
    plant.runs("good").await?;
    let killed = plant.signal("-KILL").await?;
    plant.goes_on("good", 3.0).await?;
    let stopped = plant.signal("-STOP").await?;
    ensure!(stopped.len() == 1 && stopped != killed, "{killed:?} {stopped:?}");
    let said = plant.fails("good", "too slow: no answer within 5 s").await?;
    say(&format!("hostile: stopped: {said}"));
    plant.goes_on("good", 3.0).await?;
    plant.has_workers(1).await?;
    plant.stop().await
}
